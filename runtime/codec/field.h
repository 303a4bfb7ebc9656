/*
 * Field: what the codec's readers and texts need to know of a field that protobuf-c describes.
 */
#ifndef NM_CODEC_FIELD_H
#define NM_CODEC_FIELD_H

#include "base/cursor.h"

#include <protobuf-c/protobuf-c.h>

#include <limits.h>
#include <string.h>

/*
 * The name of a message's type, for texts: "message" if protoc-gen-c has left names out, as it does
 * for a file that is optimized for code size.
 */
static inline const char *nm_type_name(const ProtobufCMessageDescriptor *descriptor)
{
    return descriptor->name != NULL ? descriptor->name : "message";
}

/*
 * Whether a message of one type may be taken for one of the other. A program may have two copies of
 * a type, mostly of a well-known one; then the names are equal.
 */
static inline bool nm_is_same_type(const ProtobufCMessageDescriptor *actual,
                                   const ProtobufCMessageDescriptor *expected)
{
    return actual == expected ||
           (actual->sizeof_message == expected->sizeof_message && actual->name != NULL &&
            expected->name != NULL && strcmp(actual->name, expected->name) == 0);
}

/* The name of a field, for texts, or else its number, which is written to the buffer. */
#define NM_FIELD_NUMBER_SIZE 12
const char *nm_field_name(const ProtobufCFieldDescriptor *field, char buffer[NM_FIELD_NUMBER_SIZE]);

/* How many bytes a value of this type takes in a message's struct. */
size_t nm_field_size(ProtobufCType type);

/*
 * Whether a oneof is set to another member, or has_… says that an optional field is not set.
 * `members` is the message.
 */
static inline bool nm_field_is_unset(const uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REQUIRED || field->quantifier_offset == 0)
        return false;
    uint32_t value;
    memcpy(&value, members + field->quantifier_offset, sizeof(value));
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? value != field->id : value == 0;
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

/*
 * Takes a length and as many bytes, which `content` becomes. Returns the fault, or NULL. It refuses
 * what protobuf-c's unpack refuses, which keeps lengths in an int.
 */
static inline const char *nm_take_delimited(nm_cursor *s, nm_cursor *content)
{
    uint64_t length = 0;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &length))
        return "truncated length";
    if (length > INT_MAX || !nm_take_bytes(s, length, content))
        return "a length that reaches past the end";
    return NULL;
}

#endif
