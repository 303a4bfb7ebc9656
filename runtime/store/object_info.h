/*
 * Object info: what an object store says of an object, as JSON, and the subjects under which info
 * and chunks lie. Whoever may write to the bucket has written it, so it is read with limits, and
 * nothing of it becomes part of a subject unless it can be one token there. No I/O.
 */
#ifndef NM_STORE_OBJECT_INFO_H
#define NM_STORE_OBJECT_INFO_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/rules.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

/* What other clients write is as long as our nuids. */
#define NM_OBJECT_NUID_LIMIT 64

/* All zero: no chunks, no digest, no link. */
typedef struct nm_object_info {
    char nuid[NM_OBJECT_NUID_LIMIT + 1]; /* its chunks' token; "": it has none */
    uint64_t size;                       /* bytes, less than 2^63 */
    uint64_t chunks;
    bool has_digest; /* false: none, or one of another kind than SHA-256 */
    uint8_t digest[NM_SHA256_BYTES];
    bool deleted;
    bool is_link;
    char link_bucket[NM_BUCKET_LIMIT + 1];
    char *link_name; /* owned; NULL: the link is to a whole bucket */
} nm_object_info;

/*
 * Reads an info in place of what `info` held. INTERNAL, and a text that begins with `what`: it is
 * none, or beyond the limits.
 */
natsmicro_status nm_object_info_read(nm_object_info *info, nm_bytes json, const char *what,
                                     nm_error *error);

/* What it holds; it is all zero then. */
void nm_object_info_free(nm_object_info *info);

/*
 * Appends the info of an object that is no link. `name` is one without a fault, `chunk_size` the
 * most bytes of its chunks. The buffer has failed where memory is short.
 */
void nm_object_info_write(nm_buffer *json, const char *bucket, const char *name,
                          const nm_object_info *info, size_t chunk_size);

/* Append the subject of an object's info, and of its chunks. */
void nm_object_info_subject(nm_buffer *subject, const char *bucket, const char *name);
void nm_object_chunks_subject(nm_buffer *subject, const char *bucket, const char *nuid);

#endif
