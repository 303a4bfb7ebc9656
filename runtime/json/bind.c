/*
 * Bind: see bind.h.
 */
#include "json/bind.h"

#include "json/known.h"
#include "json/text.h"

#include <stdlib.h>

/* What protobuf-c and this room call the types of the schema. */
typedef struct scalar {
    ProtobufCType type;
    nm_json_kind kind;
} scalar;

static const scalar scalars[] = {
    [NM_FIELD_DOUBLE] = {PROTOBUF_C_TYPE_DOUBLE, NM_JSON_DOUBLE},
    [NM_FIELD_FLOAT] = {PROTOBUF_C_TYPE_FLOAT, NM_JSON_FLOAT},
    [NM_FIELD_INT64] = {PROTOBUF_C_TYPE_INT64, NM_JSON_INT64},
    [NM_FIELD_UINT64] = {PROTOBUF_C_TYPE_UINT64, NM_JSON_UINT64},
    [NM_FIELD_INT32] = {PROTOBUF_C_TYPE_INT32, NM_JSON_INT32},
    [NM_FIELD_FIXED64] = {PROTOBUF_C_TYPE_FIXED64, NM_JSON_UINT64},
    [NM_FIELD_FIXED32] = {PROTOBUF_C_TYPE_FIXED32, NM_JSON_UINT32},
    [NM_FIELD_BOOL] = {PROTOBUF_C_TYPE_BOOL, NM_JSON_BOOL},
    [NM_FIELD_STRING] = {PROTOBUF_C_TYPE_STRING, NM_JSON_STRING},
    [NM_FIELD_MESSAGE] = {PROTOBUF_C_TYPE_MESSAGE, NM_JSON_MESSAGE},
    [NM_FIELD_BYTES] = {PROTOBUF_C_TYPE_BYTES, NM_JSON_BYTES},
    [NM_FIELD_UINT32] = {PROTOBUF_C_TYPE_UINT32, NM_JSON_UINT32},
    [NM_FIELD_ENUM] = {PROTOBUF_C_TYPE_ENUM, NM_JSON_ENUM},
    [NM_FIELD_SFIXED32] = {PROTOBUF_C_TYPE_SFIXED32, NM_JSON_INT32},
    [NM_FIELD_SFIXED64] = {PROTOBUF_C_TYPE_SFIXED64, NM_JSON_INT64},
    [NM_FIELD_SINT32] = {PROTOBUF_C_TYPE_SINT32, NM_JSON_INT32},
    [NM_FIELD_SINT64] = {PROTOBUF_C_TYPE_SINT64, NM_JSON_INT64},
};

size_t nm_json_kind_size(nm_json_kind kind)
{
    static const size_t sizes[] = {
        [NM_JSON_INT32] = sizeof(int32_t),
        [NM_JSON_UINT32] = sizeof(uint32_t),
        [NM_JSON_INT64] = sizeof(int64_t),
        [NM_JSON_UINT64] = sizeof(uint64_t),
        [NM_JSON_FLOAT] = sizeof(float),
        [NM_JSON_DOUBLE] = sizeof(double),
        [NM_JSON_BOOL] = sizeof(protobuf_c_boolean),
        [NM_JSON_ENUM] = sizeof(int32_t),
        [NM_JSON_STRING] = sizeof(char *),
        [NM_JSON_BYTES] = sizeof(ProtobufCBinaryData),
        [NM_JSON_MESSAGE] = sizeof(ProtobufCMessage *),
    };

    return sizes[kind];
}

nm_json_type *nm_json_type_new(nm_json *json, const nm_json_secret *secret,
                               const ProtobufCMessageDescriptor *descriptor,
                               const nm_schema_message *message)
{
    size_t n_fields = message->n_fields;
    nm_json_type *type = calloc(1, sizeof(*type) + n_fields * sizeof(type->fields[0]));

    if (type == NULL)
        return NULL;
    type->json = json;
    type->secret = *secret;
    type->descriptor = descriptor;
    type->message = message;
    type->known = nm_json_known_of(message->full_name);
    type->n_fields = n_fields;
    return type;
}

void nm_json_type_free(nm_json_type *type)
{
    free(type->initial);
    free(type->names);
    free(type->slots);
    free(type);
}

static natsmicro_status misfit(const nm_json_type *type, const char *field, const char *reason,
                               nm_error *error)
{
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "the schema and the program's code for %s do not fit: field %s: %s",
                        type->message->full_name, field, reason);
}

static bool is_key(const nm_schema_field *field)
{
    switch (field->type) {
    case NM_FIELD_DOUBLE:
    case NM_FIELD_FLOAT:
    case NM_FIELD_GROUP:
    case NM_FIELD_MESSAGE:
    case NM_FIELD_BYTES:
    case NM_FIELD_ENUM:
        return false;
    default:
        return !field->is_repeated;
    }
}

/* A message's entries are found as fields 0 and 1. */
static bool is_entry(const nm_schema_message *message)
{
    return message->n_fields == 2 && message->fields[0].number == 1 &&
           message->fields[1].number == 2 && is_key(&message->fields[0]) &&
           !message->fields[1].is_repeated;
}

/* Returns the fault, or NULL. */
static const char *field_fault(const nm_schema_field *field,
                               const ProtobufCFieldDescriptor *descriptor)
{
    if (descriptor->id != field->number)
        return "another number";
    if (field->type == NM_FIELD_GROUP)
        return "a group, which protobuf-c does not have";
    if (descriptor->type != scalars[field->type].type)
        return "another type";
    if ((descriptor->label == PROTOBUF_C_LABEL_REPEATED) != field->is_repeated)
        return "repeated on one side only";
    if ((descriptor->label == PROTOBUF_C_LABEL_REQUIRED) != field->is_required)
        return "required on one side only";
    if (field->is_map && !is_entry(field->message))
        return "a map of entries that are none";
    return NULL;
}

static nm_json_presence presence_of(const ProtobufCFieldDescriptor *descriptor)
{
    if (descriptor->label == PROTOBUF_C_LABEL_REQUIRED)
        return NM_JSON_ALWAYS;
    if ((descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return NM_JSON_IF_CHOSEN;
    if (descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        return NM_JSON_IF_POINTER;
    if (descriptor->label == PROTOBUF_C_LABEL_NONE)
        return NM_JSON_IF_VALUE;
    return descriptor->type == PROTOBUF_C_TYPE_STRING ? NM_JSON_IF_POINTER : NM_JSON_IF_HAS;
}

/* Whether JSON does not name the fields of a type. */
static bool is_nameless(nm_json_known known)
{
    return known == NM_JSON_STRUCT || known == NM_JSON_LIST_VALUE || known == NM_JSON_VALUE ||
           known == NM_JSON_WRAPPER;
}

static natsmicro_status fill_field(nm_json_type *type, size_t i, nm_error *error)
{
    const nm_schema_field *field = &type->message->fields[i];
    const ProtobufCFieldDescriptor *descriptor = &type->descriptor->fields[i];
    nm_json_field *bound = &type->fields[i];
    const char *fault = field_fault(field, descriptor);

    if (fault != NULL)
        return misfit(type, field->name, fault, error);
    bound->kind = scalars[field->type].kind;
    bound->shape = field->is_map ? NM_JSON_MAP : field->is_repeated ? NM_JSON_LIST : NM_JSON_SINGLE;
    bound->presence = presence_of(descriptor);
    bound->number = field->number;
    bound->offset = descriptor->offset;
    bound->quantifier_offset = descriptor->quantifier_offset;
    bound->enumeration = field->enumeration;
    bound->is_nameless = is_nameless(type->known);
    bound->is_null_value = field->enumeration != NULL &&
                           strcmp(field->enumeration->full_name, "google.protobuf.NullValue") == 0;
    bound->default_value = descriptor->default_value;
    bound->json = (nm_json_name){field->json_name, strlen(field->json_name), {NULL, 0}};
    bound->proto = (nm_json_name){field->name, strlen(field->name), {NULL, 0}};
    if (bound->presence == NM_JSON_ALWAYS && bound->default_value == NULL)
        type->has_required = true;
    return NATSMICRO_OK;
}

/* ---- names ---- */

/* Writes `,"name":`; only its length counts until all are written. */
static void put_member(nm_json_name *name, nm_buffer *names)
{
    size_t start = names->length;

    nm_buffer_append_string(names, ",");
    nm_json_put_string(names, (const uint8_t *)name->text, name->length);
    nm_buffer_append_string(names, ":");
    name->member.length = names->length - start;
}

static bool fill_names(nm_json_type *type)
{
    nm_buffer names = NM_BUFFER_INIT;

    for (size_t i = 0; i < type->n_fields; i++) {
        put_member(&type->fields[i].json, &names);
        put_member(&type->fields[i].proto, &names);
    }
    type->names = names.data;
    size_t at = 0;
    for (size_t i = 0; !names.failed && i < type->n_fields; i++) {
        type->fields[i].json.member.data = names.data + at;
        at += type->fields[i].json.member.length;
        type->fields[i].proto.member.data = names.data + at;
        at += type->fields[i].proto.member.length;
    }
    return !names.failed;
}

/* The upper bits, as the lower ones depend on the lower ones of the factor only. */
static size_t hash(const nm_json_type *type, const uint8_t *name, size_t length)
{
    uint64_t value = type->secret.start;

    for (size_t i = 0; i < length; i++)
        value = (value ^ name[i]) * type->secret.factor;
    return (size_t)(value >> 32);
}

static const nm_json_name *name_of(const nm_json_type *type, uint32_t slot)
{
    const nm_json_field *field = &type->fields[(slot - 1) / 2];

    return (slot - 1) % 2 == 0 ? &field->json : &field->proto;
}

/* The slot that has the name, or the empty one where it belongs. */
static uint32_t *find_slot(const nm_json_type *type, const uint8_t *name, size_t length)
{
    size_t at = hash(type, name, length) & (type->n_slots - 1);

    while (type->slots[at] != 0) {
        const nm_json_name *other = name_of(type, type->slots[at]);
        if (other->length == length && memcmp(other->text, name, length) == 0)
            break;
        at = (at + 1) & (type->n_slots - 1);
    }
    return &type->slots[at];
}

/* A name that is already there keeps its field: JSON's names, which are added first, win. */
static void add_name(nm_json_type *type, uint32_t slot)
{
    const nm_json_name *name = name_of(type, slot);
    uint32_t *place = find_slot(type, (const uint8_t *)name->text, name->length);

    if (*place == 0)
        *place = slot;
}

static bool fill_slots(nm_json_type *type)
{
    type->n_slots = 4;
    while (type->n_slots < type->n_fields * 4)
        type->n_slots *= 2;
    type->slots = calloc(type->n_slots, sizeof(type->slots[0]));
    if (type->slots == NULL)
        return false;
    for (size_t i = 0; i < type->n_fields; i++)
        add_name(type, (uint32_t)(2 * i + 1));
    for (size_t i = 0; i < type->n_fields; i++)
        add_name(type, (uint32_t)(2 * i + 2));
    return true;
}

const nm_json_field *nm_json_find_field(const nm_json_type *type, const uint8_t *name,
                                        size_t length)
{
    uint32_t slot = *find_slot(type, name, length);

    return slot == 0 ? NULL : &type->fields[(slot - 1) / 2];
}

/* ---- the type ---- */

static void set_default(uint8_t *message, const ProtobufCFieldDescriptor *descriptor,
                        nm_json_kind kind)
{
    const void *value = descriptor->default_value;

    if (value == NULL || descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        return;
    if (kind == NM_JSON_STRING)
        memcpy(message + descriptor->offset, &value, sizeof(value));
    else if (kind != NM_JSON_MESSAGE)
        memcpy(message + descriptor->offset, value, nm_json_kind_size(kind));
}

/* Dynamic descriptors have no message_init. */
static bool fill_initial(nm_json_type *type)
{
    ProtobufCMessage *initial = calloc(1, type->descriptor->sizeof_message);

    type->initial = initial;
    if (initial == NULL)
        return false;
    if (type->descriptor->message_init != NULL) {
        type->descriptor->message_init(initial);
        return true;
    }
    initial->descriptor = type->descriptor;
    for (size_t i = 0; i < type->n_fields; i++)
        set_default((uint8_t *)initial, &type->descriptor->fields[i], type->fields[i].kind);
    return true;
}

natsmicro_status nm_json_type_fill(nm_json_type *type, nm_error *error)
{
    if (type->descriptor->n_fields != type->n_fields)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "the schema and the program's code for %s do not fit: %zu fields and "
                            "%u fields",
                            type->message->full_name, type->n_fields, type->descriptor->n_fields);
    for (size_t i = 0; i < type->n_fields; i++) {
        natsmicro_status status = fill_field(type, i, error);
        if (status != NATSMICRO_OK)
            return status;
    }
    if (!nm_json_known_fits(type))
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "the schema's %s is not the well-known type of that name",
                            type->message->full_name);
    if (!fill_names(type) || !fill_slots(type) || !fill_initial(type))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory for the JSON names of %s", type->message->full_name);
    return NATSMICRO_OK;
}
