/*
 * UTF-8: see utf8.h. Text is ASCII for the most part, so words of ASCII are passed over at once.
 */
#include "base/utf8.h"

#include <string.h>

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t nm_utf8_length(const uint8_t *bytes, size_t length)
{
    uint8_t first = bytes[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (size == 1)
        return 1;
    if (first < 0xc2 || first > 0xf4 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if (!is_continuation(bytes[i]))
            return 0;
    /* Longer than the shortest form, a surrogate, or above U+10FFFF. */
    if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) ||
        (first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return size;
}

/* Not 0 if one of eight bytes is 0 (the subtraction borrows) or has its high bit set. */
static inline uint64_t odd_bytes(const uint8_t *bytes)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    static const uint64_t highs = UINT64_C(0x8080808080808080);
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return (word | (word - ones)) & highs;
}

/*
 * How many bytes at the front are ASCII without NUL. Looks at four words at a time, then at one,
 * then at single bytes.
 */
static size_t plain_length(const uint8_t *bytes, size_t length)
{
    size_t done = 0;

    while (length - done >= 32 &&
           (odd_bytes(bytes + done) | odd_bytes(bytes + done + 8) | odd_bytes(bytes + done + 16) |
            odd_bytes(bytes + done + 24)) == 0)
        done += 32;
    while (length - done >= 8 && odd_bytes(bytes + done) == 0)
        done += 8;
    /* The last bytes are the end of a word that begins among the bytes seen before. */
    if (done > 0 && length - done < 8 && odd_bytes(bytes + length - 8) == 0)
        return length;
    while (done < length && bytes[done] > 0 && bytes[done] < 0x80)
        done++;
    return done;
}

bool nm_utf8_is_valid(const uint8_t *bytes, size_t length)
{
    size_t at = 0;

    while (at < length) {
        at += plain_length(bytes + at, length - at);
        if (at == length)
            return true;
        if (bytes[at] == 0)
            return false;
        size_t size = nm_utf8_length(bytes + at, length - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}
