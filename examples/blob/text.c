/*
 * See text.h.
 */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- UTF-8 (RFC 3629) ---- */

/* Returns how many bytes a character has that begins with this one; 0 if none does. */
static size_t length_by_first(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Returns the length of the character that the text begins with; 0 if it begins with none. */
static size_t decode(const char *text, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = length_by_first(bytes[0]);
    if (length <= 1) {
        *character = bytes[0];
        return length;
    }
    *character = bytes[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) /* the NUL at the end, too */
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3fU);
    }
    bool is_surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character >= least[length] && *character <= 0x10ffff && !is_surrogate ? length : 0;
}

/* ---- what is plain ---- */

static bool is_plain(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character <= 0x9f))
        return false; /* control characters: C0, DEL, C1 */
    if (character == 0x061c || character == 0x200e || character == 0x200f ||
        (character >= 0x202a && character <= 0x202e) ||
        (character >= 0x2066 && character <= 0x2069))
        return false;                                  /* they set the direction of text */
    return character != 0x2028 && character != 0x2029; /* separators of lines and paragraphs */
}

/* Returns the length of the plain character that the text begins with; 0 if it begins with none. */
static size_t plain_length(const char *text)
{
    uint32_t character;
    size_t length = decode(text, &character);
    return length > 0 && is_plain(character) ? length : 0;
}

bool text_is_plain(const char *text)
{
    while (*text != '\0') {
        size_t length = plain_length(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

/* ---- showing ---- */

void text_show(const char *text, char *buffer, size_t size)
{
    size_t used = 0;
    while (*text != '\0') {
        size_t length = plain_length(text);
        if (used + (length > 0 ? length : 4) >= size)
            break;
        if (length > 0)
            memcpy(buffer + used, text, length);
        else
            snprintf(buffer + used, size - used, "\\x%02x", (unsigned char)*text);
        used += length > 0 ? length : 4;
        text += length > 0 ? length : 1;
    }
    buffer[used] = '\0';
}

shown_text show(const char *text)
{
    shown_text shown;
    text_show(text, shown.text, sizeof(shown.text));
    return shown;
}
