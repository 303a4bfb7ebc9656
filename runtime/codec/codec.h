/*
 * Codec: decodes and encodes messages, with limits. protobuf-c has none of its own: it recurses as
 * deep as the bytes say, allocates many times their size, and accepts strings that are not UTF-8 or
 * contain NUL. So bytes are checked against the descriptor before they are unpacked, and unpacked
 * by an allocator that counts. A message field that occurs in pieces, which protobuf-c cannot
 * always merge, is joined before; the joined copy counts, too.
 *
 * No function keeps state: any thread, with buffers and arenas of its own. An `error` may be NULL.
 */
#ifndef NM_CODEC_CODEC_H
#define NM_CODEC_CODEC_H

#include "base/buffer.h"
#include "base/error.h"
#include "codec/direct.h"

#include <protobuf-c/protobuf-c.h>

typedef struct nm_codec_limits {
    uint32_t max_depth;      /* of nested messages, the outermost included; 0: the default */
    size_t max_decode_bytes; /* of memory for one decoded message; 0: no limit */
} nm_codec_limits;

#define NM_DEFAULT_MAX_DEPTH 100

/* max_depth, or the default; `limits` may be NULL. */
static inline uint32_t nm_codec_depth_limit(const nm_codec_limits *limits)
{
    return limits == NULL || limits->max_depth == 0 ? NM_DEFAULT_MAX_DEPTH : limits->max_depth;
}

/* max_decode_bytes; no limit if `limits` is NULL. */
static inline size_t nm_codec_memory_limit(const nm_codec_limits *limits)
{
    return limits == NULL ? 0 : limits->max_decode_bytes;
}

/*
 * RESOURCE_EXHAUSTED for a message that takes more memory than the limit (0: none), or than there
 * is.
 */
natsmicro_status nm_codec_exhausted(const ProtobufCMessageDescriptor *descriptor, size_t limit,
                                    nm_error *error);

/*
 * Checks and unpacks bytes into the arena, which is reset first; *message is valid until the
 * arena's next reset. INVALID_ARGUMENT: the bytes are malformed or nest too deep.
 * RESOURCE_EXHAUSTED: the message takes more than max_decode_bytes, or memory is short. *message is
 * NULL then.
 */
natsmicro_status nm_decode(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                           size_t length, const nm_codec_limits *limits, nm_arena *arena,
                           ProtobufCMessage **message, nm_error *error);

/*
 * The same into memory of its own, which the caller frees with
 * protobuf_c_message_free_unpacked(message, NULL).
 */
natsmicro_status nm_decode_owned(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                                 size_t length, const nm_codec_limits *limits,
                                 ProtobufCMessage **message, nm_error *error);

/*
 * Packs a message into the buffer, which is reset first. INVALID_ARGUMENT: the message is NULL, is
 * not of the descriptor's type, lacks a required field or data of bytes that have a length, or has
 * a string that is not UTF-8.
 * RESOURCE_EXHAUSTED: memory is short.
 */
natsmicro_status nm_encode(const ProtobufCMessageDescriptor *descriptor, const void *message,
                           nm_buffer *buffer, nm_error *error);

/*
 * The fast path of nm_decode for the type of a plan. Returns NULL, without an error, if nm_decode
 * must do it: the type is not simple, or the bytes are unusual.
 */
static inline ProtobufCMessage *nm_decode_directly(const nm_plan *plan, const uint8_t *bytes,
                                                   size_t length, const nm_codec_limits *limits,
                                                   nm_arena *arena)
{
    nm_arena_reset(arena);
    arena->limit = nm_codec_memory_limit(limits);
    return nm_direct_unpack(plan, bytes, length, arena);
}

/* nm_decode and nm_encode for the type of a plan, by the fast path where that is possible. */
natsmicro_status nm_decode_by_plan(const nm_plan *plan, const uint8_t *bytes, size_t length,
                                   const nm_codec_limits *limits, nm_arena *arena,
                                   ProtobufCMessage **message, nm_error *error);
natsmicro_status nm_encode_by_plan(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                   nm_error *error);

/* An encoded message in pieces: one long field is in the message itself, the rest in a buffer. */
typedef struct nm_encoding {
    nm_bytes pieces[3];
    size_t count; /* of pieces; 1: all bytes are in the buffer */
} nm_encoding;

/*
 * nm_encode_by_plan without copying a long field. The pieces are valid as long as message and
 * buffer are, unchanged.
 */
natsmicro_status nm_encode_in_pieces(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                     nm_encoding *encoding, nm_error *error);

#endif
