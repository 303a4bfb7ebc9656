/*
 * Lex: see lex.h. A string is passed over twice: once to check it and to know its length, so that
 * it is copied to memory of that length.
 */
#include "json/lex.h"

#include "base/utf8.h"
#include "json/decimal.h"
#include "json/plain.h"

bool nm_json_take(nm_json_reader *r, uint8_t byte, const char *expected)
{
    return nm_json_try(r, byte) || nm_json_unexpected(r, expected);
}

bool nm_json_take_literal(nm_json_reader *r, const char *literal)
{
    size_t length = strlen(literal);

    nm_json_peek(r);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, literal, length) != 0)
        return nm_json_refuse(r, r->at, "expected %s", literal);
    r->at += length;
    return true;
}

bool nm_json_take_next(nm_json_reader *r, bool is_first, uint8_t closing)
{
    if (nm_json_try(r, closing))
        return false;
    if (is_first)
        return true;
    if (nm_json_try(r, ','))
        return true;
    return nm_json_unexpected(r, closing == '}' ? "',' or '}'" : "',' or ']'");
}

/* ---- strings ---- */

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of `\uXXXX` at `at`, or -1 if there is none. */
static int32_t escaped_unit(const uint8_t *at, const uint8_t *end)
{
    int32_t unit = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int value = hex_value(at[i]);
        if (value < 0)
            return -1;
        unit = unit << 4 | value;
    }
    return unit;
}

static bool is_high_surrogate(int32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

static size_t utf8_size(int32_t character)
{
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/* Takes the character of `\u…`, of two of them for a pair of surrogates. -1: there is none. */
static int32_t take_unicode(const uint8_t **at, const uint8_t *end)
{
    int32_t unit = escaped_unit(*at, end);

    if (unit < 0 || is_low_surrogate(unit))
        return -1;
    *at += 6;
    if (!is_high_surrogate(unit))
        return unit;
    int32_t low = escaped_unit(*at, end);
    if (!is_low_surrogate(low))
        return -1;
    *at += 6;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* What a backslash and this letter stand for, or 0. */
static uint8_t short_escape(uint8_t letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

static bool pass_escape(nm_json_reader *r, nm_json_string *string)
{
    const uint8_t *start = r->at;

    string->is_escaped = true;
    if (r->end - r->at >= 2 && short_escape(r->at[1]) != 0) {
        r->at += 2;
        string->length++;
        return true;
    }
    int32_t character = take_unicode(&r->at, r->end);
    if (character < 0)
        return nm_json_refuse(r, start, "a string with an invalid escape");
    string->has_nul = string->has_nul || character == 0;
    string->length += utf8_size(character);
    return true;
}

/* Passes over one character that is neither plain nor the closing quote. */
static bool pass_odd(nm_json_reader *r, nm_json_string *string)
{
    if (r->at == r->end)
        return nm_json_refuse(r, string->raw - 1, "a string without its end");
    if (*r->at == '\\')
        return pass_escape(r, string);
    if (*r->at < 0x20)
        return nm_json_refuse(r, r->at, "a string with a control character, which must be escaped");
    size_t size = nm_utf8_length(r->at, (size_t)(r->end - r->at));
    if (size == 0)
        return nm_json_refuse(r, r->at, "a string that is not UTF-8");
    r->at += size;
    string->length += size;
    return true;
}

bool nm_json_take_string(nm_json_reader *r, nm_json_string *string, const char *expected)
{
    if (!nm_json_take(r, '"', expected))
        return false;
    *string = (nm_json_string){.raw = r->at};
    for (;;) {
        size_t plain = nm_json_plain_length(r->at, (size_t)(r->end - r->at));
        r->at += plain;
        string->length += plain;
        if (r->at < r->end && *r->at == '"')
            break;
        if (!pass_odd(r, string))
            return false;
    }
    string->raw_length = (size_t)(r->at - string->raw);
    r->at++;
    return true;
}

static uint8_t *put_utf8(uint8_t *to, int32_t character)
{
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t size = utf8_size(character);

    for (size_t i = size - 1; i > 0; i--, character >>= 6)
        to[i] = (uint8_t)(0x80 | (character & 0x3f));
    to[0] = (uint8_t)(first[size] | character);
    return to + size;
}

void nm_json_unescape(const nm_json_string *string, uint8_t *to)
{
    const uint8_t *at = string->raw;
    const uint8_t *end = at + string->raw_length;

    while (at < end) {
        const uint8_t *escape = memchr(at, '\\', (size_t)(end - at));
        size_t before = (size_t)((escape != NULL ? escape : end) - at);
        memcpy(to, at, before);
        to += before;
        at += before;
        if (escape == NULL)
            return;
        if (at[1] == 'u') {
            to = put_utf8(to, take_unicode(&at, end));
        } else {
            *to++ = short_escape(at[1]);
            at += 2;
        }
    }
}

const uint8_t *nm_json_characters(const nm_json_string *string, uint8_t *room, size_t size)
{
    if (!string->is_escaped)
        return string->raw;
    if (string->length > size)
        return NULL;
    nm_json_unescape(string, room);
    return room;
}

bool nm_json_string_is(const nm_json_string *string, const char *text)
{
    size_t length = strlen(text);

    if (string->length != length)
        return false;
    uint8_t room[16];
    const uint8_t *characters = nm_json_characters(string, room, sizeof(room));
    return characters != NULL && memcmp(characters, text, length) == 0;
}

/* ---- values of any kind ---- */

static bool skip_value(nm_json_reader *r, bool is_in_array);

/* Notes where the type of an object is; its first member is looked at anyway. */
static bool note_type(nm_json_reader *r, const uint8_t *object, const nm_json_string *name)
{
    nm_json_type_place place = {object, r->at};

    if (!nm_json_string_is(name, "@type"))
        return true;
    nm_buffer_append(&r->types, &place, sizeof(place));
    return !r->types.failed || nm_json_exhausted(r);
}

static bool skip_name(nm_json_reader *r, const uint8_t *object)
{
    nm_json_string name;

    return nm_json_take_string(r, &name, "a member's name") && nm_json_take(r, ':', "':'") &&
           (!r->notes_types || note_type(r, object, &name));
}

static bool skip_members(nm_json_reader *r, uint8_t closing)
{
    const uint8_t *start = r->at++;

    for (bool is_first = true; nm_json_take_next(r, is_first, closing); is_first = false)
        if ((closing == '}' && !skip_name(r, start)) || !skip_value(r, closing == ']'))
            return false;
    return r->status == NATSMICRO_OK;
}

/*
 * An object is as deep as a message, at least; so is an array in an array. An array in an object is
 * a field of the message.
 */
static bool skip_nested(nm_json_reader *r, uint8_t closing, bool is_in_array)
{
    uint32_t level = closing == '}' || is_in_array;

    if (r->depth + level > r->max_depth)
        return nm_json_refuse(r, r->at, "nested deeper than the %u of max_depth",
                              (unsigned)r->max_depth);
    r->depth += level;
    bool done = skip_members(r, closing);
    r->depth -= level;
    return done;
}

static bool skip_number(nm_json_reader *r)
{
    nm_json_decimal ignored;
    size_t length = nm_json_take_decimal(r->at, (size_t)(r->end - r->at), &ignored);

    if (length == 0)
        return nm_json_unexpected(r, "a value");
    r->at += length;
    return true;
}

static bool skip_value(nm_json_reader *r, bool is_in_array)
{
    nm_json_string ignored;

    switch (nm_json_peek(r)) {
    case '{':
        return skip_nested(r, '}', is_in_array);
    case '[':
        return skip_nested(r, ']', is_in_array);
    case '"':
        return nm_json_take_string(r, &ignored, "a string");
    case 't':
        return nm_json_take_literal(r, "true");
    case 'f':
        return nm_json_take_literal(r, "false");
    case 'n':
        return nm_json_take_literal(r, "null");
    default:
        return skip_number(r);
    }
}

bool nm_json_skip(nm_json_reader *r)
{
    return skip_value(r, false);
}
