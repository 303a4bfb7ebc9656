/*
 * Random wire: see random_wire.h.
 */
#include "support/random_wire.h"

#include "codec/field.h"
#include "support/wire.h"

#include <string.h>

static uint64_t random_number(random_source *source)
{
    static const uint64_t borders[] = {0,
                                       1,
                                       2,
                                       127,
                                       128,
                                       INT32_MAX,
                                       (uint64_t)INT32_MIN,
                                       UINT32_MAX,
                                       INT64_MAX,
                                       (uint64_t)INT64_MIN,
                                       UINT64_MAX};

    if (random_below(source, 3) != 0)
        return borders[random_below(source, sizeof(borders) / sizeof(borders[0]))];
    return random_next(source) >> random_below(source, 64);
}

static void append_text(random_source *source, nm_buffer *buffer, bool is_text)
{
    static const char *const characters[] = {"a", "Z", " ", "\"", "\\", "\n",          "\x01",
                                             "<", "/", "é", "€",  "𝄞",  "\xe2\x80\xa8"};
    size_t length = 0;

    char text[100];
    for (size_t i = random_below(source, 20); i > 0; i--) {
        const char *next = characters[random_below(source, sizeof(characters) / sizeof(char *))];
        if (is_text) {
            memcpy(text + length, next, strlen(next));
            length += strlen(next);
        } else {
            text[length++] = (char)random_next(source);
        }
    }
    wire_put_delimited(buffer, text, length);
}

/* A number in the wire type of the field. */
static void append_number(random_source *source, ProtobufCType type, nm_buffer *buffer)
{
    uint64_t value = random_number(source);

    if (nm_wire_type_of(type) == NM_WIRE_VARINT) {
        wire_put_varint(buffer, type == PROTOBUF_C_TYPE_BOOL ? value & 1 : value);
        return;
    }
    size_t size = nm_wire_type_of(type) == NM_WIRE_FIXED32 ? 4 : 8;
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    nm_buffer_append(buffer, bytes, size);
}

static void append_message(random_source *source, const ProtobufCMessageDescriptor *descriptor,
                           size_t *left, nm_buffer *buffer);

static void append_inner(random_source *source, const ProtobufCFieldDescriptor *field, size_t *left,
                         nm_buffer *buffer)
{
    nm_buffer inner = NM_BUFFER_INIT;

    append_message(source, field->descriptor, left, &inner);
    wire_put_delimited(buffer, inner.data, inner.length);
    nm_buffer_free(&inner);
}

static void append_packed(random_source *source, const ProtobufCFieldDescriptor *field,
                          nm_buffer *buffer)
{
    nm_buffer elements = NM_BUFFER_INIT;

    wire_put_tag(buffer, field->id, NM_WIRE_DELIMITED);
    for (size_t i = random_below(source, 6); i > 0; i--)
        append_number(source, field->type, &elements);
    wire_put_delimited(buffer, elements.data, elements.length);
    nm_buffer_free(&elements);
}

static void append_field(random_source *source, const ProtobufCFieldDescriptor *field, size_t *left,
                         nm_buffer *buffer)
{
    nm_wire_type wire_type = nm_wire_type_of(field->type);

    *left -= *left > 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED && wire_type != NM_WIRE_DELIMITED &&
        random_below(source, 2) == 0) {
        append_packed(source, field, buffer);
        return;
    }
    wire_put_tag(buffer, field->id, wire_type);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        append_inner(source, field, left, buffer);
    else if (wire_type == NM_WIRE_DELIMITED)
        append_text(source, buffer, field->type == PROTOBUF_C_TYPE_STRING);
    else
        append_number(source, field->type, buffer);
}

/* Required messages that hold themselves would have no end; no type of the tests does. */
static void append_message(random_source *source, const ProtobufCMessageDescriptor *descriptor,
                           size_t *left, nm_buffer *buffer)
{
    size_t count = random_below(source, (*left < 12 ? *left : 12) + 1);

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
            append_field(source, &descriptor->fields[i], left, buffer);
    for (size_t i = 0; i < count && descriptor->n_fields > 0 && *left > 0; i++)
        append_field(source, &descriptor->fields[random_below(source, descriptor->n_fields)], left,
                     buffer);
}

void random_wire_append(random_source *source, const ProtobufCMessageDescriptor *descriptor,
                        size_t size, nm_buffer *buffer)
{
    append_message(source, descriptor, &size, buffer);
}
