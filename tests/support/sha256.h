/*
 * SHA-256: the lab service answers uploads with it, and long recorded payloads are kept as it.
 */
#ifndef SUPPORT_SHA256_H
#define SUPPORT_SHA256_H

#include <stddef.h>

/* 64 hexadecimal digits and a NUL. */
typedef char sha256_hex[65];

typedef struct sha256 {
    void *context; /* OpenSSL's */
} sha256;

void sha256_begin(sha256 *self);
void sha256_add(sha256 *self, const void *data, size_t length);

/* Frees what the hash holds: each that was begun is ended once. */
void sha256_end(sha256 *self, sha256_hex hex);

/* All three at once. */
void sha256_of(const void *data, size_t length, sha256_hex hex);

#endif
