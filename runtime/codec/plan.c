/*
 * Plan: see plan.h.
 */
#include "codec/plan.h"

#include "codec/cursor.h"

#include <stdlib.h>

#define MOST_FIELDS \
    64 /* as `required` has bits; protobuf-c takes no memory for its own set up to 128 */
#define MOST_NUMBER 15 /* bytes of a tag and a number */

static bool is_simple_field(const ProtobufCFieldDescriptor *field)
{
    bool needs_has =
        field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING;

    return field->label != PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_MESSAGE &&
           (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 &&
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

static bool is_wide(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_SINT64 ||
           type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64 ||
           type == PROTOBUF_C_TYPE_SFIXED64 || type == PROTOBUF_C_TYPE_DOUBLE;
}

static nm_plan_field plan_of(const ProtobufCFieldDescriptor *field)
{
    return (nm_plan_field){
        .default_value = field->default_value,
        .significant = significant_bits(field->type),
        .tag = field->id << 3 | nm_wire_type_of(field->type),
        .offset = field->offset,
        .has_offset = field->label == PROTOBUF_C_LABEL_REQUIRED ? 0 : field->quantifier_offset,
        .type = field->type,
        .label = field->label,
        .wire_type = nm_wire_type_of(field->type),
        .is_wide = is_wide(field->type),
    };
}

nm_plan *nm_plan_new(const ProtobufCMessageDescriptor *descriptor)
{
    bool simple = is_simple(descriptor);
    size_t n_fields = simple ? descriptor->n_fields : 0;
    nm_plan *plan = calloc(1, sizeof *plan + n_fields * sizeof plan->fields[0]);

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
        if (field->label == PROTOBUF_C_LABEL_REQUIRED && field->default_value == NULL)
            plan->required |= field->bit;
    }
    return plan;
}

void nm_plan_free(nm_plan *plan)
{
    free(plan);
}
