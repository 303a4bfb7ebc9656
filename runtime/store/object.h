/*
 * Object: objects of an object store, whole or in chunks, so that they may be larger than memory.
 * Deadlines and statuses are those of store.h.
 */
#ifndef NM_STORE_OBJECT_H
#define NM_STORE_OBJECT_H

#include "store/store.h"

/* ---- whole ---- */

/*
 * Appends the object to `value`; at most `limit` bytes, else RESOURCE_EXHAUSTED. One that is
 * replaced while it is read is read anew.
 */
natsmicro_status nm_object_get(nm_bucket *bucket, const char *name, size_t limit, int64_t deadline,
                               nm_buffer *value, nm_error *error);
natsmicro_status nm_object_put(nm_bucket *bucket, const char *name, nm_bytes value,
                               int64_t deadline, nm_error *error);

/* ---- in chunks; a reader or writer is one thread's at a time, and ends before its store ---- */

typedef struct nm_object_reader nm_object_reader;
typedef struct nm_object_writer nm_object_writer;

/*
 * Opens an object, or the one that it is a link to, and reads its first chunk. FAILED_PRECONDITION:
 * the link leads to another link, or to a whole bucket.
 */
natsmicro_status nm_object_open(nm_bucket *bucket, const char *name, int64_t deadline,
                                nm_object_reader **reader, nm_error *error);
uint64_t nm_object_size(const nm_object_reader *reader);

/*
 * The next chunk, which lives until the next read or the close. END: the object is complete, and
 * its digest is right; what was read before may be used only then. ABORTED: it was replaced or
 * removed while it was read. After DEADLINE_EXCEEDED it may be read on.
 */
natsmicro_status nm_object_read(nm_object_reader *reader, int64_t deadline, nm_bytes *chunk,
                                nm_error *error);
void nm_object_close(nm_object_reader *reader);

/*
 * Begins an object, which takes the place of the one of that name once it is committed. A writer
 * that is abandoned, or that has failed, leaves nothing: chunks that cannot be removed in time are
 * removed by the next writer of the bucket in this store. A process that ends before leaves them,
 * where nobody reads them. After a failure a writer can only be abandoned.
 */
natsmicro_status nm_object_begin(nm_bucket *bucket, const char *name, int64_t deadline,
                                 nm_object_writer **writer, nm_error *error);
natsmicro_status nm_object_write(nm_object_writer *writer, nm_bytes data, int64_t deadline,
                                 nm_error *error);

/*
 * Frees the writer, in any case. Another writer of the object does no harm: the later one wins.
 * After DEADLINE_EXCEEDED and UNAVAILABLE with "may have been stored" it is there, or the one
 * before.
 */
natsmicro_status nm_object_commit(nm_object_writer *writer, int64_t deadline, nm_error *error);

/* Frees the writer; blocks for a second at most. */
void nm_object_abandon(nm_object_writer *writer);

#endif
