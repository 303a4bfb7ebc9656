/*
 * Plain: passes over the characters of a string that JSON does not escape, a word at a time.
 */
#ifndef NM_JSON_PLAIN_H
#define NM_JSON_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether a byte is ASCII, and may stand in a string as it is. */
static inline bool nm_json_is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/*
 * Not 0 if one of eight bytes is not plain. A subtraction borrows from the high bit of a byte that
 * is smaller; what it borrows from the next byte can only be seen if the first is not plain either.
 */
static inline uint64_t nm_json_odd_bytes(const uint8_t *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    uint64_t quotes = word ^ (ones * '"');
    uint64_t backslashes = word ^ (ones * '\\');
    return (word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & (ones * 0x80);
}

/* How many bytes at the front are plain. */
static inline size_t nm_json_plain_length(const uint8_t *bytes, size_t length)
{
    size_t done = 0;

    while (length - done >= 8 && nm_json_odd_bytes(bytes + done) == 0)
        done += 8;
    while (done < length && nm_json_is_plain(bytes[done]))
        done++;
    return done;
}

#endif
