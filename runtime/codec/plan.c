/*
 * Plan: see plan.h.
 */
#include "codec/plan.h"

#include "codec/field.h"

#include <stdlib.h>

/* The bits of `required`. */
#define MOST_FIELDS 64

/* The longest tag and number together. */
#define MOST_NUMBER 15

static nm_plan_presence presence_of(const ProtobufCFieldDescriptor *field)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return NM_PLAN_IF_CHOSEN;
    if (field->label == PROTOBUF_C_LABEL_REQUIRED)
        return NM_PLAN_ALWAYS;
    return field->label == PROTOBUF_C_LABEL_OPTIONAL ? NM_PLAN_IF_HAS : NM_PLAN_IF_VALUE;
}

static bool is_simple_field(const ProtobufCFieldDescriptor *field)
{
    nm_plan_presence presence = presence_of(field);
    bool needs_has = presence == NM_PLAN_IF_CHOSEN ||
                     (presence == NM_PLAN_IF_HAS && field->type != PROTOBUF_C_TYPE_STRING);

    return field->label != PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_MESSAGE &&
           (!needs_has || field->quantifier_offset != 0);
}

static bool is_simple(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!is_simple_field(&descriptor->fields[i]))
            return false;
    return descriptor->n_fields <= MOST_FIELDS && descriptor->message_init != NULL;
}

static uint64_t significant_bits(ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_FLOAT)
        return UINT32_MAX >> 1;
    return type == PROTOBUF_C_TYPE_DOUBLE ? UINT64_MAX >> 1 : UINT64_MAX;
}

static nm_plan_kind kind_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
        return NM_PLAN_UINT32;
    case PROTOBUF_C_TYPE_SINT32:
        return NM_PLAN_SINT32;
    case PROTOBUF_C_TYPE_BOOL:
        return NM_PLAN_BOOL;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return NM_PLAN_VARINT64;
    case PROTOBUF_C_TYPE_SINT64:
        return NM_PLAN_SINT64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return NM_PLAN_FIXED32;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return NM_PLAN_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
        return NM_PLAN_STRING;
    case PROTOBUF_C_TYPE_BYTES:
        return NM_PLAN_BYTES;
    default:
        return NM_PLAN_INT32;
    }
}

static nm_plan_field plan_of(const ProtobufCFieldDescriptor *field)
{
    nm_plan_presence presence = presence_of(field);

    return (nm_plan_field){
        .default_value = field->default_value,
        .significant = significant_bits(field->type),
        .tag = field->id << 3 | nm_wire_type_of(field->type),
        .offset = field->offset,
        .has_offset = presence == NM_PLAN_ALWAYS ? 0 : field->quantifier_offset,
        .has_value = presence == NM_PLAN_IF_CHOSEN ? field->id : 1,
        .kind = kind_of(field->type),
        .presence = presence,
    };
}

nm_plan *nm_plan_new(const ProtobufCMessageDescriptor *descriptor)
{
    bool simple = is_simple(descriptor);
    size_t n_fields = simple ? descriptor->n_fields : 0;
    nm_plan *plan = calloc(1, sizeof(*plan) + n_fields * sizeof(plan->fields[0]));

    if (plan == NULL)
        return NULL;
    plan->descriptor = descriptor;
    plan->is_simple = simple;
    plan->room = n_fields * MOST_NUMBER;
    plan->n_fields = n_fields;
    for (size_t i = 0; i < n_fields; i++) {
        nm_plan_field *field = &plan->fields[i];

        *field = plan_of(&descriptor->fields[i]);
        field->bit = UINT64_C(1) << i;
        if (field->presence == NM_PLAN_ALWAYS && field->default_value == NULL)
            plan->required |= field->bit;
    }
    return plan;
}

void nm_plan_free(nm_plan *plan)
{
    free(plan);
}
