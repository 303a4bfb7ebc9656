/*
 * Digest: see digest.h.
 */
#include "text/digest.h"

#include "request/pool.h"

#include <openssl/evp.h>
#include <stdio.h>

void cmd_digest_begin(cmd_digest *digest)
{
    *digest = (cmd_digest){EVP_MD_CTX_new(), 0};
    if (digest->state == NULL || EVP_DigestInit_ex(digest->state, EVP_sha256(), NULL) != 1)
        gen_out_of_memory();
}

void cmd_digest_add(void *digest, const void *data, size_t length)
{
    cmd_digest *self = digest;
    EVP_DigestUpdate(self->state, data, length);
    self->length += length;
}

void cmd_digest_end(cmd_digest *digest, cmd_hex hex)
{
    unsigned char bytes[EVP_MAX_MD_SIZE] = {0};
    EVP_DigestFinal_ex(digest->state, bytes, NULL);
    EVP_MD_CTX_free(digest->state);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

void cmd_digest_of(const void *data, size_t length, cmd_hex hex)
{
    cmd_digest digest;
    cmd_digest_begin(&digest);
    cmd_digest_add(&digest, data, length);
    cmd_digest_end(&digest, hex);
}
