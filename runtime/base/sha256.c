/*
 * SHA-256: see sha256.h. Short, not fast: it hashes some kilobytes once. The names of variables are
 * the standard's.
 */
#include "base/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64

static const uint32_t constants[BLOCK] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t word, int bits)
{
    return word >> bits | word << (32 - bits);
}

static void schedule(uint32_t w[BLOCK], const uint8_t *block)
{
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < BLOCK; i++) {
        uint32_t s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void add_block(uint32_t hash[8], const uint8_t *block)
{
    enum { A, B, C, D, E, F, G, H };
    uint32_t w[BLOCK];
    schedule(w, block);
    uint32_t v[8];
    memcpy(v, hash, sizeof(v));
    for (size_t i = 0; i < BLOCK; i++) {
        uint32_t s1 = turn(v[E], 6) ^ turn(v[E], 11) ^ turn(v[E], 25);
        uint32_t choice = (v[E] & v[F]) ^ (~v[E] & v[G]);
        uint32_t t1 = v[H] + s1 + choice + constants[i] + w[i];
        uint32_t s0 = turn(v[A], 2) ^ turn(v[A], 13) ^ turn(v[A], 22);
        uint32_t majority = (v[A] & v[B]) ^ (v[A] & v[C]) ^ (v[B] & v[C]);
        memmove(&v[B], &v[A], 7 * sizeof(v[0]));
        v[E] += t1;
        v[A] = t1 + s0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        hash[i] += v[i];
}

/* The rest, a bit, and the number of bits at the end of the last block. */
static void add_end(uint32_t hash[8], const uint8_t *rest, size_t left, uint64_t bits)
{
    uint8_t last[2 * BLOCK] = {0};
    const size_t size = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    if (left != 0)
        memcpy(last, rest, left);
    last[left] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[size - 1 - i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < size; at += BLOCK)
        add_block(hash, last + at);
}

void nm_sha256(char text[NM_SHA256_SIZE], const void *bytes, size_t length)
{
    uint32_t hash[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const uint8_t *at = bytes;
    size_t left = length;
    for (; left >= BLOCK; at += BLOCK, left -= BLOCK)
        add_block(hash, at);
    add_end(hash, at, left, (uint64_t)length * 8);
    for (size_t i = 0; i < 8; i++)
        snprintf(text + 8 * i, 9, "%08x", hash[i]);
}
