/*
 * SHA-256 of FIPS 180-4: the lab service answers uploads with it, and long recorded payloads are
 * kept as it.
 */
#ifndef VECTORS_SHA256_H
#define VECTORS_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct sha256 {
    uint32_t state[8];
    uint8_t block[64];
    uint64_t length;
} sha256;

void sha256_init(sha256 *self);
void sha256_add(sha256 *self, const void *data, size_t length);

/* As 64 hexadecimal digits and a NUL. */
void sha256_hex(sha256 *self, char hex[65]);

#endif
