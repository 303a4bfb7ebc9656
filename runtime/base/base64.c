/*
 * Base64: see base64.h.
 */
#include "base/base64.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char standard[] = LETTERS_AND_DIGITS "+/";
static const char url_safe[] = LETTERS_AND_DIGITS "-_";

#define NO 0x80 /* no character of base64 */

/* The six bits of a character, in either alphabet. */
static const uint8_t values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, 62, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};

/* ---- writing ---- */

static inline uint8_t *put_four(uint8_t *to, uint32_t bits, const char *alphabet)
{
    to[0] = (uint8_t)alphabet[bits >> 18];
    to[1] = (uint8_t)alphabet[bits >> 12 & 63];
    to[2] = (uint8_t)alphabet[bits >> 6 & 63];
    to[3] = (uint8_t)alphabet[bits & 63];
    return to + 4;
}

static inline uint8_t *put(uint8_t *to, const void *bytes, size_t length, const char *alphabet)
{
    const uint8_t *at = bytes;
    for (; length >= 3; at += 3, length -= 3)
        to = put_four(to, (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2], alphabet);
    if (length == 0)
        return to;
    to = put_four(to, (uint32_t)at[0] << 16 | (length == 2 ? (uint32_t)at[1] << 8 : 0), alphabet);
    to[-1] = '=';
    if (length == 1)
        to[-2] = '=';
    return to;
}

uint8_t *nm_base64_write(uint8_t *to, const void *bytes, size_t length)
{
    return put(to, bytes, length, standard);
}

uint8_t *nm_base64_write_url_safe(uint8_t *to, const void *bytes, size_t length)
{
    return put(to, bytes, length, url_safe);
}

/* ---- reading ---- */

/* How many of the characters are not padding; at most two are, and only at the end of a four. */
static size_t without_padding(const uint8_t *text, size_t length)
{
    if (length % 4 != 0 || length == 0 || text[length - 1] != '=')
        return length;
    return text[length - 2] == '=' ? length - 2 : length - 1;
}

/* The bytes of two or three characters that are left at the end. */
static bool read_rest(const uint8_t *text, size_t length, uint8_t *to)
{
    uint8_t third = length == 3 ? values[text[2]] : 0;
    uint32_t bits =
        (uint32_t)values[text[0]] << 18 | (uint32_t)values[text[1]] << 12 | (uint32_t)third << 6;
    to[0] = (uint8_t)(bits >> 16);
    if (length == 3)
        to[1] = (uint8_t)(bits >> 8);
    return ((values[text[0]] | values[text[1]] | third) & NO) == 0;
}

bool nm_base64_read(const void *text, size_t length, uint8_t *to, size_t *bytes)
{
    const uint8_t *at = text;
    size_t left = without_padding(at, length);
    uint8_t faults = 0;
    *bytes = left / 4 * 3 + left % 4 * 3 / 4;
    for (; left >= 4; at += 4, to += 3, left -= 4) {
        uint8_t a = values[at[0]];
        uint8_t b = values[at[1]];
        uint8_t c = values[at[2]];
        uint8_t d = values[at[3]];
        faults |= a | b | c | d;
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
    }
    if ((faults & NO) != 0 || left == 1)
        return false;
    return left == 0 || read_rest(at, left, to);
}
