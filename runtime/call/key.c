/*
 * Key: see key.h.
 */
#include "call/key.h"

#include "base/last_error.h"
#include "base/rules.h"
#include "call/stub.h"
#include "codec/field.h"
#include "natsmicro/client.h"
#include "json/shortest.h"
#include "json/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

_Static_assert(NATSMICRO_KEY_SIZE == NM_KEY_LIMIT + 1, "each key has room in NATSMICRO_KEY_SIZE");

/* ---- numbers as Go prints them ---- */

/* From 1e-4 on and below 1e6 they have no exponent. */
#define LARGEST_POINT  6
#define SMALLEST_POINT (-3)

static void put_zeros(nm_buffer *key, int count)
{
    for (int i = 0; i < count; i++)
        nm_buffer_append_string(key, "0");
}

static void put_with_exponent(nm_buffer *key, const nm_json_digits *d)
{
    int exponent = d->point - 1;
    nm_buffer_append(key, d->digits, 1);
    if (d->count > 1)
        nm_buffer_append_string(key, ".");
    nm_buffer_append(key, d->digits + 1, (size_t)d->count - 1);
    nm_buffer_append_format(key, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static void put_digits(nm_buffer *key, const nm_json_digits *d)
{
    if (d->point > LARGEST_POINT || d->point < SMALLEST_POINT) {
        put_with_exponent(key, d);
    } else if (d->point <= 0) {
        nm_buffer_append_string(key, "0.");
        put_zeros(key, -d->point);
        nm_buffer_append(key, d->digits, (size_t)d->count);
    } else if (d->count <= d->point) {
        nm_buffer_append(key, d->digits, (size_t)d->count);
        put_zeros(key, d->point - d->count);
    } else {
        nm_buffer_append(key, d->digits, (size_t)d->point);
        nm_buffer_append_string(key, ".");
        nm_buffer_append(key, d->digits + d->point, (size_t)(d->count - d->point));
    }
}

static void put_number(nm_buffer *key, double value, bool is_float)
{
    if (isnan(value) || isinf(value)) {
        nm_buffer_append_string(key, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (signbit(value))
        nm_buffer_append_string(key, "-");
    if (value == 0) {
        nm_buffer_append_string(key, "0");
        return;
    }
    nm_json_digits d;
    nm_json_shortest(&d, fabs(value), is_float);
    put_digits(key, &d);
}

/* ---- fields ---- */

/* What the field has where it is not set: the default that it has in proto2, or 0. */
static const void *default_of(const ProtobufCFieldDescriptor *field)
{
    static const uint64_t zero;
    return field->default_value != NULL ? field->default_value : &zero;
}

static const char *string_in(const uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    const char *string = NULL;
    if (!nm_field_is_unset(members, field))
        memcpy(&string, members + field->offset, sizeof(string));
    if (string == NULL)
        string = field->default_value;
    return string != NULL ? string : "";
}

/* One that the program does not know, since it is newer, has no name. */
static natsmicro_status put_enum(nm_buffer *key, const ProtobufCFieldDescriptor *field,
                                 int32_t number, nm_error *error)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (value != NULL && value->name == NULL)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "a key has the names of an enum, which optimize_for = CODE_SIZE in its "
                            ".proto leaves out");
    if (value != NULL)
        nm_buffer_append_string(key, value->name);
    else
        nm_buffer_append_format(key, "%" PRId32, number);
    return NATSMICRO_OK;
}

/* As the members of protobuf-c's messages are. */
typedef union scalar {
    int32_t int32;
    uint32_t uint32;
    int64_t int64;
    uint64_t uint64;
    float float32;
    double float64;
} scalar;

static scalar scalar_in(const uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    bool is_unset = nm_field_is_unset(members, field);
    scalar value = {.uint64 = 0};
    memcpy(&value, is_unset ? default_of(field) : members + field->offset,
           nm_field_size(field->type));
    return value;
}

/* FAILED_PRECONDITION: a key cannot have such a field. */
static natsmicro_status put_field(nm_buffer *key, const uint8_t *members,
                                  const ProtobufCFieldDescriptor *field, nm_error *error)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        nm_buffer_append_string(key, string_in(members, field));
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_BOOL:
        nm_buffer_append_string(key, scalar_in(members, field).int32 != 0 ? "true" : "false");
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return put_enum(key, field, scalar_in(members, field).int32, error);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        nm_buffer_append_format(key, "%" PRId32, scalar_in(members, field).int32);
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        nm_buffer_append_format(key, "%" PRIu32, scalar_in(members, field).uint32);
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        nm_buffer_append_format(key, "%" PRId64, scalar_in(members, field).int64);
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        nm_buffer_append_format(key, "%" PRIu64, scalar_in(members, field).uint64);
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_FLOAT:
        put_number(key, (double)scalar_in(members, field).float32, true);
        return NATSMICRO_OK;
    case PROTOBUF_C_TYPE_DOUBLE:
        put_number(key, scalar_in(members, field).float64, false);
        return NATSMICRO_OK;
    default:
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "a key cannot have a message or bytes");
    }
}

static natsmicro_status put_part(nm_buffer *key, const ProtobufCMessage *request,
                                 const natsmicro_stub_key_part *part, nm_error *error)
{
    if (part->field == 0) {
        nm_buffer_append_string(key, part->text);
        return NATSMICRO_OK;
    }
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(request->descriptor, part->field);
    if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                            "a key needs \"%s\", which is no single field of the request",
                            part->text);
    return put_field(key, (const uint8_t *)request, field, error);
}

/* ---- keys that cannot be ---- */

static const char *fault_of(const natsmicro_stub_store *store, const char *key)
{
    return store->bucket.kind == NATSMICRO_STORE_KV ? nm_kv_key_fault(key)
                                                    : nm_object_name_fault(key);
}

/* How much a field's value is to blame that no key can have. */
typedef enum blame { BLAME_NONE, BLAME_EMPTY, BLAME_WRONG } blame;

static blame blame_of(const natsmicro_stub_store *store, nm_buffer *value)
{
    const char *text = nm_buffer_string(value);
    if (text == NULL || fault_of(store, text) == NULL)
        return BLAME_NONE;
    return text[0] == '\0' ? BLAME_EMPTY : BLAME_WRONG;
}

/* The field that is to blame most, the first of several, with its value. NULL: there is none. */
static const natsmicro_stub_key_part *
find_culprit(const natsmicro_stub_store *store, const ProtobufCMessage *request, nm_buffer *value)
{
    const natsmicro_stub_key_part *culprit = NULL;
    blame most = BLAME_NONE;
    for (size_t i = 0; i < store->n_key; i++) {
        const natsmicro_stub_key_part *part = &store->key[i];
        nm_buffer_reset(value);
        if (part->field == 0 || put_part(value, request, part, NULL) != NATSMICRO_OK)
            continue;
        blame its = blame_of(store, value);
        if (culprit == NULL || its > most) {
            culprit = part;
            most = its;
        }
    }
    nm_buffer_reset(value);
    if (culprit != NULL && put_part(value, request, culprit, NULL) != NATSMICRO_OK)
        return NULL;
    return culprit;
}

/* The text says which field of the request it is, and what it has. */
static natsmicro_status refuse(const natsmicro_stub_store *store, const ProtobufCMessage *request,
                               const char *key, const char *fault, nm_error *error)
{
    const char *what = store->bucket.kind == NATSMICRO_STORE_KV ? "key" : "object's name";
    nm_buffer value = NM_BUFFER_INIT;
    const natsmicro_stub_key_part *culprit = find_culprit(store, request, &value);
    const char *text = culprit != NULL ? nm_buffer_string(&value) : key;
    if (text == NULL)
        text = "";
    size_t length = strlen(text);
    size_t shown = nm_json_shown(text, length);
    const char *rest = shown < length ? "…" : "";
    if (culprit != NULL)
        nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                     "the request's %s \"%.*s%s\" makes no %s of the bucket \"%s\": it %s",
                     culprit->text, (int)shown, text, rest, what, store->bucket.name, fault);
    else
        nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                     "no %s of the bucket \"%s\" is \"%.*s%s\": it %s", what, store->bucket.name,
                     (int)shown, text, rest, fault);
    nm_buffer_free(&value);
    return NATSMICRO_INVALID_ARGUMENT;
}

natsmicro_status nm_key_write(const natsmicro_stub_store *store, const ProtobufCMessage *request,
                              nm_buffer *key, nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    nm_buffer_reset(key);
    for (size_t i = 0; i < store->n_key && status == NATSMICRO_OK; i++)
        status = put_part(key, request, &store->key[i], error);
    if (status != NATSMICRO_OK)
        return status;
    const char *text = nm_buffer_string(key);
    if (text == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory for a key of the bucket \"%s\"", store->bucket.name);
    const char *fault = fault_of(store, text);
    return fault == NULL ? NATSMICRO_OK : refuse(store, request, text, fault, error);
}

/* ---- for generated code ---- */

/* Whether a request is one of the method's, which generated code sees to. */
static natsmicro_status check_request(const natsmicro_stub_method *method,
                                      const ProtobufCMessage *request, nm_error *error)
{
    if (request == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the request is NULL");
    if (request->descriptor == NULL || !nm_is_same_type(request->descriptor, method->request))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the request is not a %s",
                            nm_type_name(method->request));
    return NATSMICRO_OK;
}

static natsmicro_status find_key(const natsmicro_stub_service *service, size_t method_index,
                                 natsmicro_stub_bucket_kind kind, const void *request,
                                 nm_buffer *key, nm_error *error)
{
    natsmicro_status status = nm_check_stub(service, error);
    if (status != NATSMICRO_OK)
        return status;
    const natsmicro_stub_store *store = nm_stub_store(service, method_index, kind);
    const natsmicro_stub_method *method = &service->methods[method_index];
    if (store == NULL)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s has no %s", method->name,
                            nm_store_option(kind));
    status = check_request(method, request, error);
    return status == NATSMICRO_OK ? nm_key_write(store, request, key, error) : status;
}

natsmicro_status natsmicro_stub_key(const natsmicro_stub_service *service, size_t method_index,
                                    natsmicro_stub_bucket_kind kind, const void *request, char *key,
                                    size_t size)
{
    if (key == NULL)
        return NM_REFUSE_NULL(key);
    nm_error error = NM_ERROR_INIT;
    nm_buffer text = NM_BUFFER_INIT;
    natsmicro_status status = find_key(service, method_index, kind, request, &text, &error);
    if (status == NATSMICRO_OK && text.length >= size)
        status =
            nm_error_set(&error, NATSMICRO_RESOURCE_EXHAUSTED,
                         "a key of %zu bytes and a 0 do not fit into %zu bytes", text.length, size);
    if (status == NATSMICRO_OK)
        memcpy(key, text.data, text.length + 1);
    else
        nm_last_error_set(status, "%s: %s", nm_stub_name(service), nm_error_text(&error));
    nm_buffer_free(&text);
    nm_error_clear(&error);
    return status;
}
