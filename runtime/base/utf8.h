/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, each character in its shortest
 * form.
 */
#ifndef NM_BASE_UTF8_H
#define NM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the character that the bytes begin with, 1 for NUL; 0 if they begin with none.
 * `length` is at least 1.
 */
size_t nm_utf8_length(const uint8_t *bytes, size_t length);

/* Whether the bytes are UTF-8 without NUL, as a proto3 string must be. */
bool nm_utf8_is_valid(const uint8_t *bytes, size_t length);

#endif
