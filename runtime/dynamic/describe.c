/*
 * Describe: see describe.h.
 */
#include "dynamic/describe.h"

#include "dynamic/layout.h"
#include "schema/defaults.h"

#include <stdlib.h>
#include <string.h>

/* ---- default values ---- */

static const void *keep(nm_arena *arena, const void *value, size_t size)
{
    void *copy = nm_arena_alloc(arena, size);

    if (copy != NULL)
        memcpy(copy, value, size);
    return copy;
}

/* As it is in memory: 4-byte booleans, for one. */
static const void *keep_number(nm_arena *arena, const nm_schema_field *field,
                               const nm_schema_default *value)
{
    switch (field->type) {
    case NM_FIELD_BOOL: {
        protobuf_c_boolean truth = value->truth;
        return keep(arena, &truth, sizeof(truth));
    }
    case NM_FIELD_FLOAT:
        return keep(arena, &value->f32, sizeof(value->f32));
    case NM_FIELD_DOUBLE:
        return keep(arena, &value->f64, sizeof(value->f64));
    case NM_FIELD_INT64:
    case NM_FIELD_SINT64:
    case NM_FIELD_SFIXED64:
    case NM_FIELD_UINT64:
    case NM_FIELD_FIXED64:
        return keep(arena, &value->u64, sizeof(value->u64));
    default:
        return keep(arena, &value->u32, sizeof(value->u32));
    }
}

static const void *keep_bytes(nm_arena *arena, const nm_schema_field *field)
{
    ProtobufCBinaryData bytes = {0, nm_arena_alloc(arena, strlen(field->default_text) + 1)};

    if (bytes.data == NULL || !nm_schema_read_default_bytes(field, bytes.data, &bytes.len))
        return NULL;
    return keep(arena, &bytes, sizeof(bytes));
}

static const void *keep_default(nm_arena *arena, const nm_schema_field *field)
{
    if (field->type == NM_FIELD_STRING)
        return field->default_text;
    if (field->type == NM_FIELD_BYTES)
        return keep_bytes(arena, field);
    nm_schema_default value;
    if (!nm_schema_read_default(field, &value))
        return NULL;
    return keep_number(arena, field, &value);
}

/* An enum's default in proto2 is its first value, which need not be 0. */
static bool defaults_to_first_value(const nm_schema_field *field)
{
    return field->type == NM_FIELD_ENUM && field->is_optional &&
           field->enumeration->values[0].number != 0;
}

/* Returns false if memory is short. */
static bool set_default(nm_arena *arena, const nm_schema_message *message,
                        const nm_schema_field *field, ProtobufCFieldDescriptor *descriptor)
{
    if (field->oneof >= 0)
        return true;
    if (field->default_text != NULL)
        descriptor->default_value = keep_default(arena, field);
    else if (defaults_to_first_value(field))
        descriptor->default_value = &field->enumeration->values[0].number;
    else if (message->file->is_proto3 && field->type == NM_FIELD_STRING)
        descriptor->default_value = protobuf_c_empty_string;
    return field->default_text == NULL || descriptor->default_value != NULL;
}

/* ---- fields ---- */

static uint32_t flags_of(const nm_schema_field *field)
{
    return (field->is_packed ? PROTOBUF_C_FIELD_FLAG_PACKED : 0u) |
           (field->oneof >= 0 ? PROTOBUF_C_FIELD_FLAG_ONEOF : 0u);
}

static bool describe_fields(const nm_schema_message *message, nm_arena *arena,
                            const nm_place *places, ProtobufCFieldDescriptor *descriptors)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        const nm_schema_field *field = &message->fields[i];
        descriptors[i] = (ProtobufCFieldDescriptor){
            .name = field->name,
            .id = field->number,
            .label = nm_layout_label(message, field),
            .type = nm_layout_type(field->type),
            .quantifier_offset = places[i].quantifier,
            .offset = places[i].offset,
            .flags = flags_of(field),
        };
        if (!set_default(arena, message, field, &descriptors[i]))
            return false;
    }
    return true;
}

static int compare_names(const void *a, const void *b)
{
    const nm_schema_field *const *left = a;
    const nm_schema_field *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* Returns NULL if memory is short. */
static const unsigned *sort_by_name(const nm_schema_message *message, nm_arena *arena)
{
    const nm_schema_field **sorted = malloc(message->n_fields * sizeof(sorted[0]));
    unsigned *indices = nm_arena_alloc(arena, message->n_fields * sizeof(indices[0]));

    if (sorted != NULL && indices != NULL) {
        for (size_t i = 0; i < message->n_fields; i++)
            sorted[i] = &message->fields[i];
        qsort(sorted, message->n_fields, sizeof(sorted[0]), compare_names);
        for (size_t i = 0; i < message->n_fields; i++)
            indices[i] = (unsigned)(sorted[i] - message->fields);
    }
    bool ok = sorted != NULL;
    free(sorted);
    return ok ? indices : NULL;
}

static bool begins_range(const nm_schema_message *message, size_t i)
{
    return i == 0 || message->fields[i].number != message->fields[i - 1].number + 1;
}

/* Runs of numbers without a gap, and a last one that says how many fields there are. */
static bool set_ranges(const nm_schema_message *message, nm_arena *arena,
                       ProtobufCMessageDescriptor *descriptor)
{
    size_t n_ranges = 0;

    for (size_t i = 0; i < message->n_fields; i++)
        n_ranges += begins_range(message, i);
    ProtobufCIntRange *ranges = nm_arena_alloc(arena, (n_ranges + 1) * sizeof(ranges[0]));
    if (ranges == NULL)
        return false;
    descriptor->n_field_ranges = (unsigned)n_ranges;
    descriptor->field_ranges = ranges;
    for (size_t i = 0; i < message->n_fields; i++)
        if (begins_range(message, i))
            *ranges++ = (ProtobufCIntRange){(int)message->fields[i].number, (unsigned)i};
    *ranges = (ProtobufCIntRange){0, (unsigned)message->n_fields};
    return true;
}

/* Returns the size of the message; 0: memory is short. */
static size_t describe_layout(const nm_schema_message *message, nm_arena *arena,
                              ProtobufCFieldDescriptor *fields)
{
    nm_place *places = malloc((message->n_fields + message->n_oneofs) * sizeof(places[0]));

    if (places == NULL)
        return 0;
    size_t size = nm_layout(message, places, places + message->n_fields);
    bool ok = describe_fields(message, arena, places, fields);
    free(places);
    return ok ? size : 0;
}

bool nm_describe(const nm_schema_message *message, nm_arena *arena,
                 ProtobufCMessageDescriptor *descriptor, ProtobufCFieldDescriptor **fields)
{
    *fields = NULL;
    *descriptor = (ProtobufCMessageDescriptor){
        .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
        .name = message->full_name,
        .short_name = message->name,
        .c_name = message->name,
        .package_name = message->file->package,
        .sizeof_message = sizeof(ProtobufCMessage),
        .n_fields = (unsigned)message->n_fields,
    };
    if (message->n_fields == 0)
        return true;
    *fields = nm_arena_alloc(arena, message->n_fields * sizeof((*fields)[0]));
    if (*fields == NULL)
        return false;
    descriptor->fields = *fields;
    descriptor->sizeof_message = describe_layout(message, arena, *fields);
    descriptor->fields_sorted_by_name = sort_by_name(message, arena);
    return descriptor->sizeof_message != 0 && descriptor->fields_sorted_by_name != NULL &&
           set_ranges(message, arena, descriptor);
}
