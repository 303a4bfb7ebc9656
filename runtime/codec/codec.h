/*
 * Codec: messages ⇄ bytes, with limits. protobuf-c itself has none: it recurses as deep as the
 * bytes say, multiplies memory, and accepts strings that are no UTF-8 or hold NUL. So bytes are
 * scanned against the descriptor before they are unpacked, and unpacked through an allocator that
 * counts.
 */
#ifndef NM_CODEC_CODEC_H
#define NM_CODEC_CODEC_H

#include "base/buffer.h"
#include "base/error.h"
#include "codec/direct.h"

#include <protobuf-c/protobuf-c.h>

typedef struct nm_codec_limits {
    uint32_t max_depth;      /* of nested messages and groups; the outermost is 1 */
    size_t max_decode_bytes; /* of memory for one decoded message */
} nm_codec_limits;

#define NM_DEFAULT_MAX_DEPTH 100

/* `limits` may be NULL; 0: none. */
static inline size_t nm_codec_memory_limit(const nm_codec_limits *limits)
{
    return limits == NULL ? 0 : limits->max_decode_bytes;
}

/*
 * Scans and unpacks into the arena, which is reset first: *message lives until the arena's next
 * reset. INVALID_ARGUMENT, or RESOURCE_EXHAUSTED past max_decode_bytes.
 */
natsmicro_status nm_decode(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                           size_t length, const nm_codec_limits *limits, nm_arena *arena,
                           ProtobufCMessage **message, nm_error *error);

/* The same into memory of its own: freed with protobuf_c_message_free_unpacked(message, NULL). */
natsmicro_status nm_decode_owned(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                                 size_t length, const nm_codec_limits *limits,
                                 ProtobufCMessage **message, nm_error *error);

/*
 * Packs a message into the buffer (reset first). INVALID_ARGUMENT: it is NULL, no message of the
 * descriptor's type, lacks a required field, or holds a string that is no UTF-8.
 * RESOURCE_EXHAUSTED: memory.
 */
natsmicro_status nm_encode(const ProtobufCMessageDescriptor *descriptor, const void *message,
                           nm_buffer *buffer, nm_error *error);

/* nm_decode of the plan's type where that is a simple one. NULL: it is left to nm_decode. */
static inline ProtobufCMessage *nm_decode_directly(const nm_plan *plan, const uint8_t *bytes,
                                                   size_t length, const nm_codec_limits *limits,
                                                   nm_arena *arena)
{
    nm_arena_reset(arena);
    arena->limit = nm_codec_memory_limit(limits);
    return nm_direct_unpack(plan, bytes, length, arena);
}

/* The same as nm_decode and nm_encode of the plan's type: faster where it is a simple one. */
natsmicro_status nm_decode_by_plan(const nm_plan *plan, const uint8_t *bytes, size_t length,
                                   const nm_codec_limits *limits, nm_arena *arena,
                                   ProtobufCMessage **message, nm_error *error);
natsmicro_status nm_encode_by_plan(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                   nm_error *error);

/* A message in pieces: a long field of it lies in the message, all else in a buffer. */
typedef struct nm_encoding {
    nm_bytes pieces[3];
    size_t count; /* of those; 1: all lies in the buffer */
} nm_encoding;

/* nm_encode_by_plan without a copy of the longest part: good while message and buffer are. */
natsmicro_status nm_encode_in_pieces(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                     nm_encoding *encoding, nm_error *error);

#endif
