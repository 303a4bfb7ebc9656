/*
 * Field: see field.h.
 */
#include "codec/field.h"

#include <inttypes.h>
#include <stdio.h>

const char *nm_field_name(const ProtobufCFieldDescriptor *field, char buffer[NM_FIELD_NUMBER_SIZE])
{
    if (field->name != NULL)
        return field->name;
    snprintf(buffer, NM_FIELD_NUMBER_SIZE, "%" PRIu32, field->id);
    return buffer;
}

size_t nm_field_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return sizeof(uint32_t);
    }
}
