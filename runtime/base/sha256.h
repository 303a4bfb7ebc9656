/*
 * SHA-256 (FIPS 180-4) of bytes that lie together. Pure functions.
 */
#ifndef NM_BASE_SHA256_H
#define NM_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>

/* 64 hexadecimal digits and a NUL. */
#define NM_SHA256_SIZE 65

/* Writes the hash as text. `bytes` may be NULL if `length` is 0. False: memory is short. */
bool nm_sha256(char text[NM_SHA256_SIZE], const void *bytes, size_t length);

#endif
