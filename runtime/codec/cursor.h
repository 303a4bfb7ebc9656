/*
 * Cursor: takes a message's bytes apart, front to back. What it takes protobuf-c's unpack would
 * take, too.
 */
#ifndef NM_CODEC_CURSOR_H
#define NM_CODEC_CURSOR_H

#include <protobuf-c/protobuf-c.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_LONGEST_VARINT 10
#define NM_LONGEST_TAG    5
#define NM_LONGEST_LENGTH 5

typedef struct nm_cursor {
    const uint8_t *at;
    const uint8_t *end;
} nm_cursor;

/* `bytes` may be NULL where `length` is 0. */
static inline nm_cursor nm_cursor_over(const uint8_t *bytes, size_t length)
{
    static const uint8_t nothing;
    const uint8_t *start = length == 0 ? &nothing : bytes;

    return (nm_cursor){start, start + length};
}

static inline size_t nm_cursor_left(const nm_cursor *s)
{
    return (size_t)(s->end - s->at);
}

/* The same as below, for those of more bytes than one. */
static inline bool nm_take_long_varint(nm_cursor *s, size_t longest, uint64_t *value)
{
    const uint8_t *at = s->at;
    const uint8_t *stop = nm_cursor_left(s) < longest ? s->end : at + longest;
    uint64_t number = 0;

    for (unsigned shift = 0; at < stop; shift += 7) {
        uint8_t byte = *at++;

        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            s->at = at;
            *value = number;
            return true;
        }
    }
    return false;
}

/* Takes a varint of at most `longest` bytes; false when it is cut off or longer. */
static inline bool nm_take_varint(nm_cursor *s, size_t longest, uint64_t *value)
{
    if (s->at == s->end || *s->at >= 0x80)
        return nm_take_long_varint(s, longest, value);
    *value = *s->at++;
    return true;
}

/* Takes a number of a fixed length, the low byte first. */
static inline bool nm_take_fixed(nm_cursor *s, size_t length, uint64_t *value)
{
    if (nm_cursor_left(s) < length)
        return false;
    *value = 0;
    for (size_t i = 0; i < length; i++)
        *value |= (uint64_t)s->at[i] << (8 * i);
    s->at += length;
    return true;
}

/* Takes a length and as many bytes, which `content` becomes. Returns what is wrong, or NULL. */
static inline const char *nm_take_delimited(nm_cursor *s, nm_cursor *content)
{
    uint64_t length = 0;

    if (!nm_take_varint(s, NM_LONGEST_LENGTH, &length))
        return "truncated length";
    if (length > INT_MAX || length > nm_cursor_left(s))
        return "a length that reaches past the end";
    content->at = s->at;
    content->end = s->at + length;
    s->at = content->end;
    return NULL;
}

/* What values of a type are written as. */
static inline unsigned nm_wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

#endif
