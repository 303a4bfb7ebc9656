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
