/*
 * Known: see known.h.
 */
#include "json/known.h"

#define PACKAGE "google.protobuf."

#define MAX_FIELDS 6

/* Its fields have the numbers 1, 2, …; all have the same shape. */
typedef struct known_type {
    const char *name;
    nm_json_known known;
    nm_json_shape shape;
    size_t n_fields;
    nm_json_kind kinds[MAX_FIELDS];
} known_type;

static const known_type known_types[] = {
    {"Empty", NM_JSON_EMPTY, NM_JSON_SINGLE, 0, {0}},
    {"Any", NM_JSON_ANY, NM_JSON_SINGLE, 2, {NM_JSON_STRING, NM_JSON_BYTES}},
    {"Timestamp", NM_JSON_TIMESTAMP, NM_JSON_SINGLE, 2, {NM_JSON_INT64, NM_JSON_INT32}},
    {"Duration", NM_JSON_DURATION, NM_JSON_SINGLE, 2, {NM_JSON_INT64, NM_JSON_INT32}},
    {"FieldMask", NM_JSON_FIELD_MASK, NM_JSON_LIST, 1, {NM_JSON_STRING}},
    {"Struct", NM_JSON_STRUCT, NM_JSON_MAP, 1, {NM_JSON_MESSAGE}},
    {"ListValue", NM_JSON_LIST_VALUE, NM_JSON_LIST, 1, {NM_JSON_MESSAGE}},
    {"Value",
     NM_JSON_VALUE,
     NM_JSON_SINGLE,
     6,
     {NM_JSON_ENUM, NM_JSON_DOUBLE, NM_JSON_STRING, NM_JSON_BOOL, NM_JSON_MESSAGE,
      NM_JSON_MESSAGE}},
    {"DoubleValue", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_DOUBLE}},
    {"FloatValue", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_FLOAT}},
    {"Int64Value", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_INT64}},
    {"UInt64Value", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_UINT64}},
    {"Int32Value", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_INT32}},
    {"UInt32Value", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_UINT32}},
    {"BoolValue", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_BOOL}},
    {"StringValue", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_STRING}},
    {"BytesValue", NM_JSON_WRAPPER, NM_JSON_SINGLE, 1, {NM_JSON_BYTES}},
};

static const known_type *find(const char *full_name)
{
    const size_t prefix = sizeof(PACKAGE) - 1;

    if (strncmp(full_name, PACKAGE, prefix) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++)
        if (strcmp(full_name + prefix, known_types[i].name) == 0)
            return &known_types[i];
    return NULL;
}

nm_json_known nm_json_known_of(const char *full_name)
{
    const known_type *found = find(full_name);

    return found == NULL ? NM_JSON_ORDINARY : found->known;
}

/* What a Value holds is in a oneof; the others' fields are not. */
static bool field_fits(const nm_json_type *type, size_t i, const known_type *expected)
{
    const nm_json_field *field = &type->fields[i];

    return field->number == i + 1 && field->kind == expected->kinds[i] &&
           field->shape == expected->shape &&
           (type->known == NM_JSON_VALUE) == (field->presence == NM_JSON_IF_CHOSEN);
}

bool nm_json_known_fits(const nm_json_type *type)
{
    const known_type *expected = find(type->message->full_name);

    if (expected == NULL)
        return true;
    if (type->n_fields != expected->n_fields)
        return false;
    for (size_t i = 0; i < expected->n_fields; i++)
        if (!field_fits(type, i, expected))
            return false;
    return true;
}
