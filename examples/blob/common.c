/*
 * See common.h.
 */
#include "common.h"

#include <natsmicro/natsmicro.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

natsConnection *connect_to(const char *url)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, url);
    if (status == NATS_OK && natsmicro_options_prepare(options) != NATSMICRO_OK)
        status = NATS_INVALID_ARG;
    if (status == NATS_OK)
        status = natsConnection_Connect(&connection, options);
    natsOptions_Destroy(options);
    if (status != NATS_OK)
        fprintf(stderr, "cannot connect to %s: %s\n", url, natsStatus_GetText(status));
    return connection;
}

bool asks_for_help(int argc, char **argv)
{
    return argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

EVP_MD_CTX *hash_begin(void)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1)
        return hash;
    EVP_MD_CTX_free(hash);
    errno = ENOMEM;
    return NULL;
}

void hash_end(EVP_MD_CTX *hash, sha256_hex hex)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void hash_add(void *user_data, const void *data, size_t length)
{
    hashed *self = user_data;
    EVP_DigestUpdate(self->hash, data, length);
    self->size += (int64_t)length;
}
