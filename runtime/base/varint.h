/*
 * Varint: numbers as protobuf writes them, seven bits a byte, the low ones first; every byte but
 * the last has its high bit set.
 *
 * Reading follows protobuf's rule: an encoding may be padded with zero bits, and bits above the
 * 64th are dropped. A stricter caller then asks nm_varint_is_shortest, which refuses padding, or
 * nm_varint_fits, which refuses numbers of more than 64 bits.
 *
 * The functions are inline because a message of a few bytes consists of little else.
 */
#ifndef NM_BASE_VARINT_H
#define NM_BASE_VARINT_H

#include "base/compare.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest encodings of numbers of 64 and of 32 bits. */
#define NM_VARINT_SIZE   10
#define NM_VARINT32_SIZE 5

/* The length of a number's shortest encoding. */
static inline size_t nm_varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

/* Writes the shortest encoding, at most NM_VARINT_SIZE bytes; returns its end. */
static inline uint8_t *nm_varint_write(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* nm_varint_read for encodings of any length. */
static inline size_t nm_varint_read_long(const uint8_t *bytes, size_t length, size_t longest,
                                         uint64_t *value)
{
    size_t most = nm_smaller(length, longest);
    uint64_t number = 0;

    for (size_t i = 0; i < most; i++) {
        number |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
        if (bytes[i] < 0x80) {
            *value = number;
            return i + 1;
        }
    }
    return 0;
}

/*
 * Reads the varint that `length` bytes begin with; `bytes` may be NULL if there are none. Returns
 * the length of its encoding, or 0, leaving *value as it is, if the bytes end within it or it is
 * longer than `longest` bytes (at most NM_VARINT_SIZE).
 */
static inline size_t nm_varint_read(const uint8_t *bytes, size_t length, size_t longest,
                                    uint64_t *value)
{
    if (length == 0 || bytes[0] >= 0x80)
        return nm_varint_read_long(bytes, length, longest, value);
    *value = bytes[0];
    return 1;
}

/* Whether an encoding that was read, `size` bytes long, has no padding. */
static inline bool nm_varint_is_shortest(const uint8_t *bytes, size_t size)
{
    return size == 1 || bytes[size - 1] != 0;
}

/* Whether an encoding that was read, `size` bytes long, has no bit above the 64th. */
static inline bool nm_varint_fits(const uint8_t *bytes, size_t size)
{
    return size < NM_VARINT_SIZE || bytes[NM_VARINT_SIZE - 1] <= 1;
}

#endif
