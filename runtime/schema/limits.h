/*
 * Limits: how large a schema, and what is in it, may be.
 */
#ifndef NM_SCHEMA_LIMITS_H
#define NM_SCHEMA_LIMITS_H

#include <stddef.h>

#define NM_SCHEMA_MOST_BYTES ((size_t)16 << 20) /* of all files together */
#define NM_SCHEMA_MOST_NAME  2048               /* bytes of a full name, a file's or a JSON name */
#define NM_SCHEMA_MOST_DEPTH 100                /* of messages declared in messages */

/*
 * A schema takes at most NM_SCHEMA_SPARE and NM_SCHEMA_FACTOR bytes for each byte of its files, and
 * twice as much again while it is made.
 */
#define NM_SCHEMA_SPARE  ((size_t)64 * 1024)
#define NM_SCHEMA_FACTOR 32

#endif
