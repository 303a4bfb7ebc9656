/*
 * SHA-256 (FIPS 180-4), of bytes that lie together or come one after the other.
 */
#ifndef NM_BASE_SHA256_H
#define NM_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64 hexadecimal digits and a NUL. */
#define NM_SHA256_SIZE 65

/* Writes the hash as text. `bytes` may be NULL if `length` is 0. False: memory is short. */
bool nm_sha256(char text[NM_SHA256_SIZE], const void *bytes, size_t length);

#define NM_SHA256_BYTES 32

/* A hash of what comes in pieces. It has no lock. */
typedef struct nm_sha256_sum {
    void *state; /* owned */
    bool failed; /* memory is short; it stays so */
} nm_sha256_sum;

/* Begins, or begins anew; the sum is zero before the first time. */
void nm_sha256_begin(nm_sha256_sum *sum);
void nm_sha256_add(nm_sha256_sum *sum, const void *bytes, size_t length);

/* False: memory was short. Begin anew after it. */
bool nm_sha256_end(nm_sha256_sum *sum, uint8_t hash[NM_SHA256_BYTES]);
void nm_sha256_free(nm_sha256_sum *sum);

#endif
