/*
 * Item: one field of a message as it lies in the bytes, and where its type describes it. Scan and
 * join walk over a message item by item.
 */
#ifndef NM_CODEC_ITEM_H
#define NM_CODEC_ITEM_H

#include "codec/field.h"

/* Points into the bytes that it was taken from. */
typedef struct nm_item {
    const uint8_t *start; /* of the tag */
    const uint8_t *value; /* after the tag; the length of a length-delimited value comes first */
    const uint8_t *end;
    nm_cursor content; /* of a length-delimited value */
    uint32_t number;
    unsigned wire_type;
} nm_item;

/* Takes a tag. Returns the fault, or NULL. */
static inline const char *nm_take_tag(nm_cursor *s, nm_item *item)
{
    uint64_t tag = 0;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &tag))
        return "truncated tag";
    if (tag >> 3 == 0 || tag >> 3 > NM_LARGEST_FIELD_NUMBER)
        return "an invalid field number";
    item->number = (uint32_t)(tag >> 3);
    item->wire_type = (unsigned)(tag & 7);
    return NULL;
}

/* Takes the value of a tag. Returns the fault, or NULL. */
static inline const char *nm_take_value(nm_cursor *s, nm_item *item)
{
    uint64_t ignored;

    switch (item->wire_type) {
    case NM_WIRE_VARINT:
        return nm_take_varint(s, NM_VARINT_SIZE, &ignored) ? NULL : "truncated varint";
    case NM_WIRE_FIXED64:
        return nm_take_fixed(s, 8, &ignored) ? NULL : "truncated 64-bit value";
    case NM_WIRE_DELIMITED:
        return nm_take_delimited(s, &item->content);
    case NM_WIRE_FIXED32:
        return nm_take_fixed(s, 4, &ignored) ? NULL : "truncated 32-bit value";
    case 3:
    case 4:
        return "a group, which protobuf-c cannot decode";
    default:
        return "unknown wire type";
    }
}

/* Takes the next item. Returns the fault, or NULL. */
static inline const char *nm_take_item(nm_cursor *s, nm_item *item)
{
    item->start = s->at;
    const char *fault = nm_take_tag(s, item);
    if (fault != NULL)
        return fault;
    item->value = s->at;
    fault = nm_take_value(s, item);
    item->end = s->at;
    return fault;
}

/*
 * The field of a number, or NULL. Fields mostly come in order or repeat, so the last one found and
 * the next one are tried before a search. `last` is at first descriptor->fields.
 */
static inline const ProtobufCFieldDescriptor *
nm_find_field(const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *last,
              uint32_t number)
{
    if (descriptor->n_fields == 0)
        return NULL;
    if (last->id == number)
        return last;
    if (last + 1 < descriptor->fields + descriptor->n_fields && last[1].id == number)
        return last + 1;
    return protobuf_c_message_descriptor_get_field(descriptor, number);
}

/* Whether a message holds at most one message in this field. */
static inline bool nm_is_single_message(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
}

#endif
