/*
 * Read scalar: see read_scalar.h.
 */
#include "json/read_scalar.h"

#include "base/base64.h"
#include "json/decimal.h"
#include "json/lex.h"
#include "json/text.h"

#include <math.h>

/* More characters than any name or number needs that is written with escapes. */
#define ROOM 256

/* ---- numbers ---- */

static bool may_be_in_number(uint8_t byte)
{
    return nm_json_begins_number(byte) || byte == '+' || byte == '.' || (byte | 0x20) == 'e';
}

/* The number that a string consists of. False: it is none. */
static bool number_in(const nm_json_string *string, nm_json_decimal *decimal, uint8_t room[ROOM])
{
    const uint8_t *text = nm_json_characters(string, room, ROOM);

    return text != NULL && string->length > 0 &&
           nm_json_take_decimal(text, string->length, decimal) == string->length;
}

/* Stores an integer of the field's kind. Returns the fault, or NULL. */
static const char *store_integer(nm_json_kind kind, const nm_json_decimal *decimal, void *at)
{
    bool is_signed = kind == NM_JSON_INT32 || kind == NM_JSON_INT64 || kind == NM_JSON_ENUM;
    bool is_long = kind == NM_JSON_INT64 || kind == NM_JSON_UINT64;
    int64_t value = 0;
    uint64_t magnitude = 0;
    const char *fault =
        is_signed ? nm_json_to_signed(decimal, is_long ? INT64_MIN : INT32_MIN,
                                      is_long ? INT64_MAX : INT32_MAX, &value)
                  : nm_json_to_unsigned(decimal, is_long ? UINT64_MAX : UINT32_MAX, &magnitude);

    if (fault != NULL)
        return fault;
    uint64_t bits = is_signed ? (uint64_t)value : magnitude;
    uint32_t short_bits = (uint32_t)bits;
    if (is_long)
        memcpy(at, &bits, sizeof(bits));
    else
        memcpy(at, &short_bits, sizeof(short_bits));
    return NULL;
}

static const char *store_float(nm_json_kind kind, const nm_json_decimal *decimal, void *at)
{
    if (kind == NM_JSON_FLOAT) {
        float value = nm_json_to_float(decimal);
        memcpy(at, &value, sizeof(value));
        return isinf(value) ? "is out of range" : NULL;
    }
    double value = nm_json_to_double(decimal);
    memcpy(at, &value, sizeof(value));
    return isinf(value) ? "is out of range" : NULL;
}

static const char *store_number(nm_json_kind kind, const nm_json_decimal *decimal, void *at)
{
    return kind == NM_JSON_FLOAT || kind == NM_JSON_DOUBLE ? store_float(kind, decimal, at)
                                                           : store_integer(kind, decimal, at);
}

static void store_special(nm_json_kind kind, double value, void *at)
{
    float narrow = (float)value;

    if (kind == NM_JSON_FLOAT)
        memcpy(at, &narrow, sizeof(narrow));
    else
        memcpy(at, &value, sizeof(value));
}

/* Stores "NaN", "Infinity" or "-Infinity". False: the string is none of them. */
static bool store_if_special(const nm_json_string *string, nm_json_kind kind, void *at)
{
    if (nm_json_string_is(string, "NaN"))
        store_special(kind, (double)NAN, at);
    else if (nm_json_string_is(string, "Infinity"))
        store_special(kind, (double)INFINITY, at);
    else if (nm_json_string_is(string, "-Infinity"))
        store_special(kind, -(double)INFINITY, at);
    else
        return false;
    return true;
}

static bool read_quoted_number(nm_json_reader *r, nm_json_kind kind, void *at)
{
    const uint8_t *start = r->at;
    nm_json_string string;

    if (!nm_json_take_string(r, &string, "a number"))
        return false;
    if ((kind == NM_JSON_FLOAT || kind == NM_JSON_DOUBLE) && store_if_special(&string, kind, at))
        return true;
    nm_json_decimal decimal;
    uint8_t room[ROOM]; /* the decimal points into it */
    if (!number_in(&string, &decimal, room))
        return nm_json_refuse_value(r, start, "is not a number");
    const char *fault = store_number(kind, &decimal, at);
    return fault == NULL || nm_json_refuse_value(r, start, fault);
}

static bool read_plain_number(nm_json_reader *r, nm_json_kind kind, void *at)
{
    const uint8_t *start = r->at;
    nm_json_decimal decimal;
    size_t length = nm_json_take_decimal(start, (size_t)(r->end - start), &decimal);

    if (length == 0) {
        while (r->at < r->end && may_be_in_number(*r->at))
            r->at++;
        return nm_json_refuse_value(r, start, "is not a number as JSON has them");
    }
    r->at += length;
    const char *fault = store_number(kind, &decimal, at);
    return fault == NULL || nm_json_refuse_value(r, start, fault);
}

static bool read_number(nm_json_reader *r, nm_json_kind kind, void *at)
{
    uint8_t next = nm_json_peek(r);

    if (nm_json_begins_number(next))
        return read_plain_number(r, kind, at);
    if (next == '"')
        return read_quoted_number(r, kind, at);
    return nm_json_unexpected(r, "a number");
}

/* ---- others ---- */

static void store_bool(bool value, void *at)
{
    protobuf_c_boolean stored = value;
    memcpy(at, &stored, sizeof(stored));
}

static bool read_bool(nm_json_reader *r, void *at)
{
    uint8_t next = nm_json_peek(r);

    if (next != 't' && next != 'f')
        return nm_json_unexpected(r, "true or false");
    store_bool(next == 't', at);
    return nm_json_take_literal(r, next == 't' ? "true" : "false");
}

static bool refuse_name(nm_json_reader *r, const nm_schema_enum *enumeration, const uint8_t *start)
{
    size_t length = (size_t)(r->at - start);

    return nm_json_refuse(r, start, "%s has no value %.*s", enumeration->full_name,
                          (int)nm_json_shown((const char *)start, length), (const char *)start);
}

static bool read_enum_name(nm_json_reader *r, const nm_json_field *field, void *at)
{
    const uint8_t *start = r->at;
    nm_json_string string;

    if (!nm_json_take_string(r, &string, "a name"))
        return false;
    uint8_t room[ROOM];
    const uint8_t *name = nm_json_characters(&string, room, sizeof(room));
    const nm_schema_value *value =
        name == NULL ? NULL
                     : nm_schema_enum_value(field->enumeration, (const char *)name, string.length);
    if (value != NULL) {
        memcpy(at, &value->number, sizeof(value->number));
        return true;
    }
    r->is_dropped = r->options.ignore_unknown;
    return r->is_dropped || refuse_name(r, field->enumeration, start);
}

static bool read_enum(nm_json_reader *r, const nm_json_field *field, void *at)
{
    static const int32_t null_value = 0;
    uint8_t next = nm_json_peek(r);

    if (next == '"')
        return read_enum_name(r, field, at);
    if (nm_json_begins_number(next))
        return read_plain_number(r, NM_JSON_ENUM, at);
    if (next != 'n' || !field->is_null_value)
        return nm_json_unexpected(r, "a name or a number");
    memcpy(at, &null_value, sizeof(null_value));
    return nm_json_take_literal(r, "null");
}

static bool read_string(nm_json_reader *r, void *at)
{
    nm_json_peek(r);
    const uint8_t *start = r->at;
    nm_json_string string;
    if (!nm_json_take_string(r, &string, "a string"))
        return false;
    if (string.has_nul)
        return nm_json_refuse(r, start, "a string that contains NUL");
    uint8_t *copy = nm_json_alloc(r, string.length + 1);
    if (copy == NULL)
        return false;
    if (string.is_escaped)
        nm_json_unescape(&string, copy);
    else
        memcpy(copy, string.raw, string.length);
    copy[string.length] = '\0';
    memcpy(at, &copy, sizeof(copy));
    return true;
}

/* The characters of a string of any length, copied to the arena if they are escaped. */
static const uint8_t *all_characters(nm_json_reader *r, const nm_json_string *string)
{
    if (!string->is_escaped)
        return string->raw;
    uint8_t *copy = nm_json_alloc(r, string->length);
    if (copy != NULL)
        nm_json_unescape(string, copy);
    return copy;
}

static bool read_bytes(nm_json_reader *r, void *at)
{
    nm_json_peek(r);
    const uint8_t *start = r->at;
    nm_json_string string;
    if (!nm_json_take_string(r, &string, "a string of base64"))
        return false;
    const uint8_t *text = all_characters(r, &string);
    if (text == NULL)
        return false;
    ProtobufCBinaryData bytes;
    bytes.data = nm_json_alloc(r, nm_base64_room(string.length));
    if (bytes.data == NULL)
        return false;
    if (!nm_base64_read(text, string.length, bytes.data, &bytes.len))
        return nm_json_refuse_value(r, start, "is not base64");
    memcpy(at, &bytes, sizeof(bytes));
    return true;
}

bool nm_json_read_scalar(nm_json_reader *r, const nm_json_field *field, void *at)
{
    switch (field->kind) {
    case NM_JSON_STRING:
        return read_string(r, at);
    case NM_JSON_BYTES:
        return read_bytes(r, at);
    case NM_JSON_BOOL:
        return read_bool(r, at);
    case NM_JSON_ENUM:
        return read_enum(r, field, at);
    default:
        return read_number(r, field->kind, at);
    }
}

/* ---- keys ---- */

static bool read_bool_key(nm_json_reader *r, void *at)
{
    const uint8_t *start = r->at;
    nm_json_string string;

    if (!nm_json_take_string(r, &string, "a key"))
        return false;
    bool value = nm_json_string_is(&string, "true");
    if (!value && !nm_json_string_is(&string, "false"))
        return nm_json_refuse_value(r, start, "is not a key of bool: \"true\" or \"false\"");
    store_bool(value, at);
    return true;
}

bool nm_json_read_key(nm_json_reader *r, const nm_json_field *key, void *at)
{
    if (nm_json_peek(r) != '"')
        return nm_json_unexpected(r, "a key, which is a string");
    if (key->kind == NM_JSON_STRING)
        return read_string(r, at);
    if (key->kind == NM_JSON_BOOL)
        return read_bool_key(r, at);
    return read_quoted_number(r, key->kind, at);
}
