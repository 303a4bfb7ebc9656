/*
 * Text: see text.h.
 */
#include "json/text.h"

#include "base/utf8.h"
#include "json/plain.h"

/* The longest text that stands for one character: \u001f. */
#define ESCAPE_SIZE 6

#define SHOWN 40

static uint8_t *put_escaped(uint8_t *at, uint8_t character)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                   ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'};

    *at++ = '\\';
    if (letters[character] != 0) {
        *at++ = (uint8_t)letters[character];
        return at;
    }
    memcpy(at, "u00", 3);
    at[3] = (uint8_t)hex[character >> 4];
    at[4] = (uint8_t)hex[character & 15];
    return at + 5;
}

/* Appends a character that is not plain. Returns its length, or 0 if it is not UTF-8. */
static size_t put_odd(nm_buffer *buffer, const uint8_t *string, size_t length)
{
    size_t size = nm_utf8_length(string, length);

    if (size != 1) {
        nm_buffer_append(buffer, string, size);
        return size;
    }
    uint8_t *room = nm_buffer_reserve(buffer, ESCAPE_SIZE);
    if (room != NULL)
        buffer->length += (size_t)(put_escaped(room, string[0]) - room);
    return 1;
}

/* Appends what follows on the plain characters at the front, and the closing quote. */
static bool put_rest(nm_buffer *buffer, const uint8_t *string, size_t length)
{
    while (length > 0) {
        size_t size = put_odd(buffer, string, length);
        if (size == 0)
            return false;
        size_t plain = nm_json_plain_length(string + size, length - size);
        nm_buffer_append(buffer, string + size, plain);
        string += size + plain;
        length -= size + plain;
    }
    nm_buffer_append(buffer, "\"", 1);
    return true;
}

bool nm_json_put_string(nm_buffer *buffer, const uint8_t *string, size_t length)
{
    size_t plain = nm_json_plain_length(string, length);
    uint8_t *room = nm_buffer_reserve(buffer, plain + 2);

    if (room == NULL)
        return true;
    room[0] = '"';
    memcpy(room + 1, string, plain);
    buffer->length += plain + 1;
    if (plain < length)
        return put_rest(buffer, string + plain, length - plain);
    room[plain + 1] = '"';
    buffer->length++;
    return true;
}

/* U+0080 to U+009F are such characters, too: U+009B is to some terminals what ESC and [ are. */
static bool is_control(const uint8_t *at, size_t length)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && length > 1 && at[1] < 0xa0);
}

size_t nm_json_shown(const char *bytes, size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes;
    size_t shown = 0;

    while (shown < length && !is_control(at + shown, length - shown)) {
        size_t size = nm_utf8_length(at + shown, length - shown);
        if (size == 0 || shown + size > SHOWN)
            break;
        shown += size;
    }
    return shown;
}
