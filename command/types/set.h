/*
 * Set: a serialized google.protobuf.FileDescriptorSet, taken apart and put together.
 */
#ifndef CMD_TYPES_SET_H
#define CMD_TYPES_SET_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "request/pool.h"

/* The most bytes of a set; protoc's of a very large project has one or two million. */
#define CMD_LARGEST_SET (64 << 20)

/* Lists the files, which point into the set. False: it is malformed. */
bool cmd_split_set(gen_pool *pool, const nm_buffer *set, nm_bytes **files, size_t *n_files);

/* Appends a file. */
void cmd_append_to_set(nm_buffer *set, nm_bytes file);

#endif
