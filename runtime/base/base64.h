/*
 * Base64: bytes as text, of four characters for each three bytes. Written in the standard alphabet
 * or the URL-safe one, with padding. Read in either, with padding or without. Pure functions.
 */
#ifndef NM_BASE_BASE64_H
#define NM_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the text for `length` bytes. */
static inline size_t nm_base64_length(size_t length)
{
    return length / 3 * 4 + (length % 3 == 0 ? 0 : 4);
}

/* The most bytes for which the text is not longer than `length`. */
static inline size_t nm_base64_fits(size_t length)
{
    return length / 4 * 3;
}

/* The most bytes that a text of `length` characters stands for, also one without padding. */
static inline size_t nm_base64_room(size_t length)
{
    return length / 4 * 3 + length % 4;
}

/* Writes nm_base64_length(length) characters; returns the end of them. */
uint8_t *nm_base64_write(uint8_t *to, const void *bytes, size_t length);

/* The same with - and _ in place of + and /. */
uint8_t *nm_base64_write_url_safe(uint8_t *to, const void *bytes, size_t length);

/*
 * Reads `length` characters into `to`, which has nm_base64_room(length) bytes, and tells how many
 * bytes they are. False: it is no base64.
 */
bool nm_base64_read(const void *text, size_t length, uint8_t *to, size_t *bytes);

#endif
