/*
 * Object: objects of an object store, whole or in chunks, so that they may be larger than memory.
 * Deadlines and statuses are those of store.h.
 */
#ifndef NM_STORE_OBJECT_H
#define NM_STORE_OBJECT_H

#include "store/store.h"

/* ---- whole ---- */

/* Appends the object to `value`; at most `limit` bytes, else RESOURCE_EXHAUSTED. */
natsmicro_status nm_object_get(nm_bucket *bucket, const char *name, size_t limit, int64_t deadline,
                               nm_buffer *value, nm_error *error);
natsmicro_status nm_object_put(nm_bucket *bucket, const char *name, nm_bytes value,
                               int64_t deadline, nm_error *error);

/* ---- in chunks; a reader or writer is one thread's at a time ---- */

typedef struct nm_object_reader nm_object_reader;
typedef struct nm_object_writer nm_object_writer;

natsmicro_status nm_object_open(nm_bucket *bucket, const char *name, int64_t deadline,
                                nm_object_reader **reader, nm_error *error);
uint64_t nm_object_size(const nm_object_reader *reader);

/*
 * The next chunk, which lives until the next read or the close. END: the object is complete, and
 * its digest is right.
 */
natsmicro_status nm_object_read(nm_object_reader *reader, int64_t deadline, nm_bytes *chunk,
                                nm_error *error);
void nm_object_close(nm_object_reader *reader);

/*
 * Begins an object, which takes the place of the one of that name once it is committed. A writer
 * that is abandoned, or that has failed, leaves nothing.
 */
natsmicro_status nm_object_begin(nm_bucket *bucket, const char *name, int64_t deadline,
                                 nm_object_writer **writer, nm_error *error);
natsmicro_status nm_object_write(nm_object_writer *writer, nm_bytes data, int64_t deadline,
                                 nm_error *error);

/* Frees the writer, in any case. */
natsmicro_status nm_object_commit(nm_object_writer *writer, int64_t deadline, nm_error *error);
void nm_object_abandon(nm_object_writer *writer);

#endif
