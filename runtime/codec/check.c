/*
 * Check: see check.h. It recurses as deep as the user's message is nested, as pack does.
 */
#include "codec/check.h"

#include "codec/field.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Checks a value that is to be written. `may_be_null`: a field that has no value is left out. */
static bool can_encode_value(ProtobufCType type, const uint8_t *at, bool may_be_null)
{
    const void *pointer;
    ProtobufCBinaryData bytes;

    switch (type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        memcpy(&pointer, at, sizeof(pointer));
        return pointer == NULL ? may_be_null : nm_can_encode(pointer);
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&pointer, at, sizeof(pointer));
        return pointer != NULL || may_be_null;
    case PROTOBUF_C_TYPE_BYTES:
        memcpy(&bytes, at, sizeof(bytes));
        return bytes.data != NULL || bytes.len == 0;
    default:
        return true;
    }
}

/* Whether an element can lack something, which numbers cannot. */
static bool can_lack(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_MESSAGE || type == PROTOBUF_C_TYPE_STRING ||
           type == PROTOBUF_C_TYPE_BYTES;
}

static bool can_encode_list(const uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    size_t count;
    memcpy(&count, members + field->quantifier_offset, sizeof(count));
    const uint8_t *elements;
    memcpy(&elements, members + field->offset, sizeof(elements));
    if (count > 0 && elements == NULL)
        return false;
    if (!can_lack(field->type))
        return true;
    size_t size = nm_field_size(field->type);
    for (size_t i = 0; i < count; i++)
        if (!can_encode_value(field->type, elements + i * size, false))
            return false;
    return true;
}

bool nm_can_encode(const ProtobufCMessage *message)
{
    const uint8_t *members = (const uint8_t *)message;
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    if (descriptor == NULL || descriptor->magic != PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC)
        return false;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (!can_encode_list(members, field))
                return false;
        } else if (!nm_field_is_unset(members, field)) {
            if (!can_encode_value(field->type, members + field->offset,
                                  field->label != PROTOBUF_C_LABEL_REQUIRED))
                return false;
        }
    }
    return true;
}
