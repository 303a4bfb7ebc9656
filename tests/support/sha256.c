/*
 * SHA-256: see sha256.h. OpenSSL does it, which every program with nats.c has loaded already.
 */
#include "support/sha256.h"

#include "support/process.h"

#include <openssl/evp.h>
#include <stdio.h>

static void check(int done)
{
    if (done != 1)
        support_die("OpenSSL cannot hash");
}

void sha256_begin(sha256 *self)
{
    self->context = EVP_MD_CTX_new();
    check(self->context != NULL);
    check(EVP_DigestInit_ex(self->context, EVP_sha256(), NULL));
}

void sha256_add(sha256 *self, const void *data, size_t length)
{
    check(EVP_DigestUpdate(self->context, data, length));
}

void sha256_end(sha256 *self, sha256_hex hex)
{
    unsigned length = 0;
    unsigned char digest[EVP_MAX_MD_SIZE];
    check(EVP_DigestFinal_ex(self->context, digest, &length));
    EVP_MD_CTX_free(self->context);
    self->context = NULL;
    check(2 * length + 1 == sizeof(sha256_hex));
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
}

void sha256_of(const void *data, size_t length, sha256_hex hex)
{
    sha256 self;
    sha256_begin(&self);
    sha256_add(&self, data, length);
    sha256_end(&self, hex);
}
