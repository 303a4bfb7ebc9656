/*
 * Write scalar: see write_scalar.h.
 */
#include "json/write_scalar.h"

#include "base/base64.h"
#include "json/number.h"
#include "json/text.h"

static bool write_string(nm_json_writer *w, const char *string)
{
    /* An element of a list, or a required field, that the user has not set. */
    if (string == NULL)
        return nm_json_invalid(w, "a string that is NULL");
    if (!nm_json_put_string(w->out, (const uint8_t *)string, strlen(string)))
        return nm_json_invalid(w, "not UTF-8");
    return true;
}

static bool write_bytes(nm_json_writer *w, const void *at)
{
    ProtobufCBinaryData bytes;
    memcpy(&bytes, at, sizeof(bytes));
    if (bytes.data == NULL && bytes.len > 0)
        return nm_json_invalid(w, "bytes that have a length, and no data");
    if (bytes.len > SIZE_MAX / 2) {
        w->out->failed = true;
        return true;
    }
    uint8_t *room = nm_buffer_reserve(w->out, nm_base64_length(bytes.len) + 2);
    if (room == NULL)
        return true;
    uint8_t *end = room;
    *end++ = '"';
    end = nm_base64_write(end, bytes.data, bytes.len);
    *end++ = '"';
    w->out->length += (size_t)(end - room);
    return true;
}

static bool write_enum(nm_json_writer *w, const nm_json_field *field, int32_t number)
{
    if (field->is_null_value) {
        nm_buffer_append(w->out, "null", 4);
        return true;
    }
    const char *name = nm_schema_enum_name(field->enumeration, number);
    if (name != NULL)
        return write_string(w, name);
    uint8_t *room = nm_buffer_reserve(w->out, NM_JSON_NUMBER_SIZE);
    if (room != NULL)
        w->out->length += (size_t)(nm_json_put_signed(room, number) - room);
    return true;
}

static uint8_t *put_literal(uint8_t *at, bool value)
{
    size_t length = value ? 4 : 5;
    memcpy(at, value ? "true" : "false", length);
    return at + length;
}

static uint8_t *put_quoted(uint8_t *at, const nm_json_field *field, const void *value)
{
    int64_t number = nm_json_int64_in(value, 0);
    *at++ = '"';
    at = field->kind == NM_JSON_INT64 ? nm_json_put_signed(at, number)
                                      : nm_json_put_unsigned(at, (uint64_t)number);
    *at++ = '"';
    return at;
}

/* Writes a number or a bool, at most NM_JSON_NUMBER_SIZE characters; returns the end. */
static uint8_t *put_number(uint8_t *at, const nm_json_field *field, const void *value)
{
    double as_double;
    float as_float;

    switch (field->kind) {
    case NM_JSON_INT32:
        return nm_json_put_signed(at, nm_json_int32_in(value, 0));
    case NM_JSON_UINT32:
        return nm_json_put_unsigned(at, (uint32_t)nm_json_int32_in(value, 0));
    case NM_JSON_BOOL:
        return put_literal(at, nm_json_int32_in(value, 0) != 0);
    case NM_JSON_FLOAT:
        memcpy(&as_float, value, sizeof(as_float));
        return nm_json_put_float(at, as_float);
    case NM_JSON_DOUBLE:
        memcpy(&as_double, value, sizeof(as_double));
        return nm_json_put_double(at, as_double);
    default:
        return put_quoted(at, field, value);
    }
}

bool nm_json_write_scalar(nm_json_writer *w, const nm_json_field *field, const void *at)
{
    if (field->kind == NM_JSON_STRING)
        return write_string(w, nm_json_pointer_in(at, 0));
    if (field->kind == NM_JSON_BYTES)
        return write_bytes(w, at);
    if (field->kind == NM_JSON_ENUM)
        return write_enum(w, field, nm_json_int32_in(at, 0));
    uint8_t *room = nm_buffer_reserve(w->out, NM_JSON_NUMBER_SIZE);
    if (room != NULL)
        w->out->length += (size_t)(put_number(room, field, at) - room);
    return true;
}

bool nm_json_write_key(nm_json_writer *w, const nm_json_field *key, const void *at)
{
    if (key->kind == NM_JSON_STRING) {
        const char *string = nm_json_pointer_in(at, 0);
        return write_string(w, string != NULL ? string : "");
    }
    bool is_quoted = key->kind == NM_JSON_INT64 || key->kind == NM_JSON_UINT64;
    uint8_t *room = nm_buffer_reserve(w->out, NM_JSON_NUMBER_SIZE + 2);
    if (room == NULL)
        return true;
    uint8_t *end = room;
    if (!is_quoted)
        *end++ = '"';
    end = put_number(end, key, at);
    if (!is_quoted)
        *end++ = '"';
    w->out->length += (size_t)(end - room);
    return true;
}
