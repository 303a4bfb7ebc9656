/*
 * SHA-256: see sha256.h. OpenSSL does it, which nats.c brings into every process.
 */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>

bool nm_sha256(char text[NM_SHA256_SIZE], const void *bytes, size_t length)
{
    unsigned size = 0;
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes, length, hash, &size, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return true;
}

void nm_sha256_begin(nm_sha256_sum *sum)
{
    if (sum->state == NULL)
        sum->state = EVP_MD_CTX_new();
    sum->failed = sum->state == NULL || EVP_DigestInit_ex(sum->state, EVP_sha256(), NULL) != 1;
}

void nm_sha256_add(nm_sha256_sum *sum, const void *bytes, size_t length)
{
    if (!sum->failed && EVP_DigestUpdate(sum->state, bytes, length) != 1)
        sum->failed = true;
}

bool nm_sha256_end(nm_sha256_sum *sum, uint8_t hash[NM_SHA256_BYTES])
{
    if (!sum->failed && EVP_DigestFinal_ex(sum->state, hash, NULL) != 1)
        sum->failed = true;
    return !sum->failed;
}

void nm_sha256_free(nm_sha256_sum *sum)
{
    EVP_MD_CTX_free(sum->state);
    sum->state = NULL;
}
