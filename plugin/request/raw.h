/*
 * Raw: the .proto files of a request in the very bytes that protoc wrote. Packing an unpacked file
 * again would not give them back: protobuf-c moves extensions of options to the end.
 */
#ifndef GEN_RAW_H
#define GEN_RAW_H

#include "request/context.h"
#include "request/wire.h"

/* What is kept of the places and comments in a file. */
typedef enum gen_source_info { GEN_NO_SOURCE_INFO, GEN_LEADING_COMMENTS } gen_source_info;

/*
 * The serialized FileDescriptorProto of each file, as many and in the order in which they are in
 * the unpacked request. `request` holds its bytes, and must be one that could be unpacked.
 */
const nm_cursor *gen_raw_files(gen_pool *pool, const nm_buffer *request, size_t n_files);

/* A copy of a file without its source info, or with some of it. */
nm_cursor gen_raw_strip(gen_pool *pool, nm_cursor file, gen_source_info kept);

#endif
