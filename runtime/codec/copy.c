/*
 * Copy: see copy.h. A copy that is not complete yet can be freed: its members are NULL, defaults or
 * owned.
 */
#include "codec/copy.h"

#include "codec/field.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Each of these copies one value from `from` to `to`, and returns false if memory is short. */

static bool copy_string(const uint8_t *from, uint8_t *to)
{
    const char *string;
    memcpy(&string, from, sizeof(string));
    char *copy = string != NULL ? strdup(string) : NULL;
    memcpy(to, &copy, sizeof(copy));
    return copy != NULL || string == NULL;
}

static bool copy_bytes(const uint8_t *from, uint8_t *to)
{
    ProtobufCBinaryData bytes;
    memcpy(&bytes, from, sizeof(bytes));
    ProtobufCBinaryData copy = {0, NULL};
    if (bytes.len > 0) {
        copy.data = malloc(bytes.len);
        if (copy.data == NULL)
            return false;
        copy.len = bytes.len;
        memcpy(copy.data, bytes.data, bytes.len);
    }
    memcpy(to, &copy, sizeof(copy));
    return true;
}

static bool copy_message(const uint8_t *from, uint8_t *to)
{
    const ProtobufCMessage *message;
    memcpy(&message, from, sizeof(message));
    ProtobufCMessage *copy = message != NULL ? nm_copy_owned(message) : NULL;
    memcpy(to, &copy, sizeof(copy));
    return copy != NULL || message == NULL;
}

static bool copy_value(ProtobufCType type, const uint8_t *from, uint8_t *to)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        return copy_string(from, to);
    case PROTOBUF_C_TYPE_BYTES:
        return copy_bytes(from, to);
    case PROTOBUF_C_TYPE_MESSAGE:
        return copy_message(from, to);
    default:
        memcpy(to, from, nm_field_size(type));
        return true;
    }
}

static bool copy_list(const ProtobufCFieldDescriptor *field, const uint8_t *from, uint8_t *to)
{
    size_t count;
    memcpy(&count, from + field->quantifier_offset, sizeof(count));
    const uint8_t *elements;
    memcpy(&elements, from + field->offset, sizeof(elements));
    if (count == 0)
        return true;
    size_t size = nm_field_size(field->type);
    uint8_t *copies = calloc(count, size);
    if (copies == NULL)
        return false;
    memcpy(to + field->offset, &copies, sizeof(copies));
    memcpy(to + field->quantifier_offset, &count, sizeof(count));
    for (size_t i = 0; i < count; i++)
        if (!copy_value(field->type, elements + i * size, copies + i * size))
            return false;
    return true;
}

/* Whether a string or bytes are the type's default, which is nobody's to free. */
static bool is_default(const ProtobufCFieldDescriptor *field, const uint8_t *from)
{
    if (field->default_value == NULL ||
        (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES))
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *string;
        memcpy(&string, from + field->offset, sizeof(string));
        return string == field->default_value;
    }
    ProtobufCBinaryData bytes;
    memcpy(&bytes, from + field->offset, sizeof(bytes));
    return bytes.data == ((const ProtobufCBinaryData *)field->default_value)->data;
}

/* Copies a single field, with its member has_… or …_case. */
static bool copy_single(const ProtobufCFieldDescriptor *field, const uint8_t *from, uint8_t *to)
{
    if (field->quantifier_offset != 0) {
        uint32_t value;
        memcpy(&value, from + field->quantifier_offset, sizeof(value));
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && value != field->id)
            return true;
        memcpy(to + field->quantifier_offset, &value, sizeof(value));
    }
    if (is_default(field, from)) {
        memcpy(to + field->offset, from + field->offset, nm_field_size(field->type));
        return true;
    }
    return copy_value(field->type, from + field->offset, to + field->offset);
}

ProtobufCMessage *nm_copy_owned(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const uint8_t *from = (const uint8_t *)message;
    ProtobufCMessage *copy = calloc(1, descriptor->sizeof_message);

    if (copy == NULL)
        return NULL;
    copy->descriptor = descriptor; /* all other members are copied, unless they are unset */
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool copied = field->label == PROTOBUF_C_LABEL_REPEATED
                          ? copy_list(field, from, (uint8_t *)copy)
                          : copy_single(field, from, (uint8_t *)copy);
        if (!copied) {
            protobuf_c_message_free_unpacked(copy, NULL);
            return NULL;
        }
    }
    return copy;
}
