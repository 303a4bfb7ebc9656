/*
 * Layout: see layout.h.
 */
#include "dynamic/layout.h"

#include "base/compare.h"

#include <stdalign.h>

/* How much room a member takes. */
typedef struct extent {
    size_t size;
    size_t align;
} extent;

#define EXTENT_OF(type)             \
    (extent)                        \
    {                               \
        sizeof(type), alignof(type) \
    }

static extent extent_of(nm_field_type type)
{
    switch (type) {
    case NM_FIELD_DOUBLE:
        return EXTENT_OF(double);
    case NM_FIELD_FLOAT:
        return EXTENT_OF(float);
    case NM_FIELD_BOOL:
        return EXTENT_OF(protobuf_c_boolean);
    case NM_FIELD_STRING:
    case NM_FIELD_GROUP:
    case NM_FIELD_MESSAGE:
        return EXTENT_OF(void *);
    case NM_FIELD_BYTES:
        return EXTENT_OF(ProtobufCBinaryData);
    case NM_FIELD_INT64:
    case NM_FIELD_UINT64:
    case NM_FIELD_FIXED64:
    case NM_FIELD_SFIXED64:
    case NM_FIELD_SINT64:
        return EXTENT_OF(int64_t);
    default:
        return EXTENT_OF(int32_t);
    }
}

/* Puts a member at the end of the struct. */
static unsigned place(size_t *end, extent member)
{
    size_t offset = (*end + member.align - 1) / member.align * member.align;

    *end = offset + member.size;
    return (unsigned)offset;
}

/* A member has_… says whether the field is set. Strings and messages are NULL if they are not. */
static bool has_flag(const nm_schema_message *message, const nm_schema_field *field)
{
    return nm_layout_label(message, field) == PROTOBUF_C_LABEL_OPTIONAL && field->oneof < 0 &&
           field->type != NM_FIELD_STRING && field->type != NM_FIELD_MESSAGE;
}

static nm_place place_field(const nm_schema_message *message, const nm_schema_field *field,
                            size_t *end)
{
    nm_place placed = {0, 0};

    if (field->is_repeated)
        placed.quantifier = place(end, EXTENT_OF(size_t));
    else if (has_flag(message, field))
        placed.quantifier = place(end, EXTENT_OF(protobuf_c_boolean));
    placed.offset = place(end, field->is_repeated ? EXTENT_OF(void *) : extent_of(field->type));
    return placed;
}

/* The union of the oneof's members, and the number before it that tells which one is set. */
static nm_place place_oneof(extent members, size_t *end)
{
    nm_place placed = {0, 0};

    placed.quantifier = place(end, EXTENT_OF(uint32_t));
    placed.offset = place(end, members);
    return placed;
}

/* Until the unions are placed, `oneofs` holds their extents. */
static void measure_oneofs(const nm_schema_message *message, nm_place *oneofs)
{
    for (size_t i = 0; i < message->n_oneofs; i++)
        oneofs[i] = (nm_place){0, 1};
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        if (field->oneof < 0)
            continue;
        extent member = extent_of(field->type);
        nm_place *measured = &oneofs[field->oneof];
        measured->offset = (unsigned)nm_larger(measured->offset, member.size);
        measured->quantifier = (unsigned)nm_larger(measured->quantifier, member.align);
    }
}

size_t nm_layout(const nm_schema_message *message, nm_place *fields, nm_place *oneofs)
{
    size_t end = sizeof(ProtobufCMessage);

    measure_oneofs(message, oneofs);
    for (size_t i = 0; i < message->n_oneofs; i++)
        oneofs[i] = place_oneof((extent){oneofs[i].offset, oneofs[i].quantifier}, &end);
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        fields[i] = field->oneof >= 0 ? oneofs[field->oneof] : place_field(message, field, &end);
    }
    place(&end, (extent){0, alignof(max_align_t)});
    return end;
}

ProtobufCType nm_layout_type(nm_field_type type)
{
    static const ProtobufCType types[] = {
        [NM_FIELD_DOUBLE] = PROTOBUF_C_TYPE_DOUBLE,
        [NM_FIELD_FLOAT] = PROTOBUF_C_TYPE_FLOAT,
        [NM_FIELD_INT64] = PROTOBUF_C_TYPE_INT64,
        [NM_FIELD_UINT64] = PROTOBUF_C_TYPE_UINT64,
        [NM_FIELD_INT32] = PROTOBUF_C_TYPE_INT32,
        [NM_FIELD_FIXED64] = PROTOBUF_C_TYPE_FIXED64,
        [NM_FIELD_FIXED32] = PROTOBUF_C_TYPE_FIXED32,
        [NM_FIELD_BOOL] = PROTOBUF_C_TYPE_BOOL,
        [NM_FIELD_STRING] = PROTOBUF_C_TYPE_STRING,
        [NM_FIELD_GROUP] = PROTOBUF_C_TYPE_MESSAGE, /* for the table only: it has no descriptor */
        [NM_FIELD_MESSAGE] = PROTOBUF_C_TYPE_MESSAGE,
        [NM_FIELD_BYTES] = PROTOBUF_C_TYPE_BYTES,
        [NM_FIELD_UINT32] = PROTOBUF_C_TYPE_UINT32,
        [NM_FIELD_ENUM] = PROTOBUF_C_TYPE_ENUM,
        [NM_FIELD_SFIXED32] = PROTOBUF_C_TYPE_SFIXED32,
        [NM_FIELD_SFIXED64] = PROTOBUF_C_TYPE_SFIXED64,
        [NM_FIELD_SINT32] = PROTOBUF_C_TYPE_SINT32,
        [NM_FIELD_SINT64] = PROTOBUF_C_TYPE_SINT64,
    };

    return types[type];
}

ProtobufCLabel nm_layout_label(const nm_schema_message *message, const nm_schema_field *field)
{
    if (field->is_repeated)
        return PROTOBUF_C_LABEL_REPEATED;
    if (field->is_required)
        return PROTOBUF_C_LABEL_REQUIRED;
    return message->file->is_proto3 ? PROTOBUF_C_LABEL_NONE : PROTOBUF_C_LABEL_OPTIONAL;
}
