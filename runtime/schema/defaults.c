/*
 * Defaults: see defaults.h. Numbers are read as in C, whatever the program's locale is.
 */
#include "schema/defaults.h"

#include "schema/find.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_signed(const char *text, int64_t least, int64_t most, int64_t *value)
{
    if (!is_digit(text[text[0] == '-']))
        return false;
    errno = 0;
    char *end;
    long long read = strtoll(text, &end, 10);
    *value = read;
    return *end == '\0' && errno == 0 && read >= least && read <= most;
}

static bool read_unsigned(const char *text, uint64_t most, uint64_t *value)
{
    if (!is_digit(text[0]))
        return false;
    errno = 0;
    char *end;
    unsigned long long read = strtoull(text, &end, 10);
    *value = read;
    return *end == '\0' && errno == 0 && read <= most;
}

/* A number too large or too small for a double is one to protoc, too: infinity, or 0. */
static bool read_finite(const char *text, double *value)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (plain == (locale_t)0)
        return false;
    locale_t before = uselocale(plain);
    char *end;
    *value = strtod(text, &end);
    uselocale(before);
    freelocale(plain);
    return *end == '\0' && end > text;
}

static bool read_real(const char *text, double *value)
{
    const char *digits = text + (text[0] == '-');

    if (strcmp(digits, "inf") == 0)
        *value = text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    else if (strcmp(digits, "nan") == 0)
        *value = text[0] == '-' ? -(double)NAN : (double)NAN;
    else
        return digits[strspn(digits, "0123456789.eE+-")] == '\0' && read_finite(text, value);
    return true;
}

static bool read_bool(const char *text, bool *value)
{
    *value = strcmp(text, "true") == 0;
    return *value || strcmp(text, "false") == 0;
}

static bool read_enum(const nm_schema_field *field, int32_t *number)
{
    const nm_schema_value *value =
        nm_schema_enum_value(field->enumeration, field->default_text, strlen(field->default_text));

    if (value == NULL)
        return false;
    *number = value->number;
    return true;
}

bool nm_schema_read_default(const nm_schema_field *field, nm_schema_default *value)
{
    const char *text = field->default_text;
    int64_t number = 0;
    uint64_t count = 0;
    double real = 0;
    bool ok;

    switch (field->type) {
    case NM_FIELD_INT32:
    case NM_FIELD_SINT32:
    case NM_FIELD_SFIXED32:
        ok = read_signed(text, INT32_MIN, INT32_MAX, &number);
        value->i32 = (int32_t)number;
        return ok;
    case NM_FIELD_INT64:
    case NM_FIELD_SINT64:
    case NM_FIELD_SFIXED64:
        return read_signed(text, INT64_MIN, INT64_MAX, &value->i64);
    case NM_FIELD_UINT32:
    case NM_FIELD_FIXED32:
        ok = read_unsigned(text, UINT32_MAX, &count);
        value->u32 = (uint32_t)count;
        return ok;
    case NM_FIELD_UINT64:
    case NM_FIELD_FIXED64:
        return read_unsigned(text, UINT64_MAX, &value->u64);
    case NM_FIELD_FLOAT:
        ok = read_real(text, &real);
        value->f32 = (float)real;
        return ok;
    case NM_FIELD_DOUBLE:
        return read_real(text, &value->f64);
    case NM_FIELD_BOOL:
        return read_bool(text, &value->truth);
    case NM_FIELD_ENUM:
        return read_enum(field, &value->i32);
    default:
        return false;
    }
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads up to three octal digits. */
static bool read_octal(const char **text, uint8_t *byte)
{
    unsigned value = 0;

    for (int i = 0; i < 3 && **text >= '0' && **text <= '7'; i++, ++*text)
        value = value * 8 + (unsigned)(**text - '0');
    *byte = (uint8_t)value;
    return value <= UINT8_MAX;
}

/* Reads one or two hexadecimal digits. */
static bool read_hex(const char **text, uint8_t *byte)
{
    unsigned value = 0;
    int digits = 0;

    for (; digits < 2 && hex_digit(**text) >= 0; digits++, ++*text)
        value = value * 16 + (unsigned)hex_digit(**text);
    *byte = (uint8_t)value;
    return digits > 0;
}

/* Reads what follows a backslash. */
static bool read_escape(const char **text, uint8_t *byte)
{
    static const char letters[] = "abfnrtv\\'\"?";
    static const char meanings[] = "\a\b\f\n\r\t\v\\'\"?";

    if (**text >= '0' && **text <= '7')
        return read_octal(text, byte);
    char letter = *(*text)++;
    if (letter == 'x' || letter == 'X')
        return read_hex(text, byte);
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found == NULL)
        return false;
    *byte = (uint8_t)meanings[found - letters];
    return true;
}

bool nm_schema_read_default_bytes(const nm_schema_field *field, uint8_t *to, size_t *length)
{
    const char *text = field->default_text;

    *length = 0;
    while (*text != '\0') {
        uint8_t byte = (uint8_t)*text++;
        if (byte == '\\' && !read_escape(&text, &byte))
            return false;
        to[(*length)++] = byte;
    }
    return true;
}
