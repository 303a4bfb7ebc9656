/*
 * Show: see show.h. Widths are those of Unicode's East Asian Width and of combining marks, in the
 * ranges that names are written with; the C library knows them only where the locale is UTF-8.
 */
#include "text/show.h"

#include "base/utf8.h"

#include <string.h>

typedef struct cmd_range {
    uint32_t first;
    uint32_t last;
} cmd_range;

/* Control characters, and those that set the direction of text or end a line. */
static const cmd_range harmful[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                                    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

static const cmd_range without_width[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
    {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};

static const cmd_range twice_as_wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},  {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},  {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

#define IS_IN(ranges, character) is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), character)

static bool is_in(const cmd_range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }
    return false;
}

/* The character that valid UTF-8 of this length encodes. */
static uint32_t decode(const uint8_t *bytes, size_t length)
{
    if (length == 1)
        return bytes[0];
    uint32_t character = bytes[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (bytes[i] & 0x3fU);
    return character;
}

void cmd_show_bytes(nm_buffer *buffer, const void *text, size_t length)
{
    const uint8_t *at = text;
    const uint8_t *end = at + length;
    while (at < end) {
        size_t size = nm_utf8_length(at, (size_t)(end - at));
        if (size > 0 && !IS_IN(harmful, decode(at, size))) {
            nm_buffer_append(buffer, at, size);
            at += size;
        } else {
            nm_buffer_append_format(buffer, "\\x%02x", *at++);
        }
    }
}

void cmd_show(nm_buffer *buffer, const char *text)
{
    cmd_show_bytes(buffer, text, strlen(text));
}

/* The first byte of all harmful characters that JSON does not have to escape. */
static bool may_be_harmful(uint8_t byte)
{
    return byte == 0x7f || byte == 0xc2 || byte == 0xd8 || byte == 0xe2;
}

void cmd_show_json_text(nm_buffer *buffer, const void *json, size_t length)
{
    const uint8_t *begin = json;
    const uint8_t *end = begin + length;
    for (const uint8_t *at = begin; at < end; at++) {
        if (!may_be_harmful(*at))
            continue;
        size_t size = nm_utf8_length(at, (size_t)(end - at));
        if (size == 0 || !IS_IN(harmful, decode(at, size)))
            continue;
        nm_buffer_append(buffer, begin, (size_t)(at - begin));
        nm_buffer_append_format(buffer, "\\u%04x", (unsigned)decode(at, size));
        begin = at + size;
        at = begin - 1;
    }
    nm_buffer_append(buffer, begin, (size_t)(end - begin));
}

bool cmd_is_plain_name(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return *name != '\0' && *name != '-' && name[strspn(name, plain)] == '\0';
}

static size_t width_of(uint32_t character)
{
    if (IS_IN(without_width, character))
        return 0;
    return IS_IN(twice_as_wide, character) ? 2 : 1;
}

/* Goes on from *used by one character; returns its width. */
static size_t take_character(const char *text, size_t length, size_t *used)
{
    const uint8_t *at = (const uint8_t *)text + *used;
    size_t size = nm_utf8_length(at, length - *used);
    *used += size > 0 ? size : 1;
    return size > 0 ? width_of(decode(at, size)) : 1;
}

size_t cmd_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t used = 0; used < length;)
        width += take_character(text, length, &used);
    return width;
}

size_t cmd_fit(const char *text, size_t length, size_t columns)
{
    size_t width = 0;
    size_t used = 0;
    while (used < length) {
        size_t next = used;
        width += take_character(text, length, &next);
        if (width > columns)
            break;
        used = next;
    }
    return used;
}
