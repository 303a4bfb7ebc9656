/*
 * Cursor: what the codec's readers add to base/cursor.h: protobuf-c's types and its limit of a
 * length. What they take protobuf-c's unpack would take, too.
 */
#ifndef NM_CODEC_CURSOR_H
#define NM_CODEC_CURSOR_H

#include "base/cursor.h"

#include <protobuf-c/protobuf-c.h>

#include <limits.h>

/* Takes a length and as many bytes, which `content` becomes. Returns the fault, or NULL. */
static inline const char *nm_take_delimited(nm_cursor *s, nm_cursor *content)
{
    uint64_t length = 0;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &length))
        return "truncated length";
    if (length > INT_MAX || !nm_take_bytes(s, length, content))
        return "a length that reaches past the end";
    return NULL;
}

/* The wire type of a value that is not packed. */
static inline nm_wire_type nm_wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return NM_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return NM_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return NM_WIRE_DELIMITED;
    default:
        return NM_WIRE_VARINT;
    }
}

#endif
