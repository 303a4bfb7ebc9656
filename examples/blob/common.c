/*
 * See common.h.
 */
#include "common.h"

#include <natsmicro/natsmicro.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

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

/* Hashes what is left to be read; false with errno. */
static bool hash_rest(int fd, EVP_MD_CTX *hash, int64_t *size)
{
    *size = 0;
    uint8_t buffer[65536];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        EVP_DigestUpdate(hash, buffer, (size_t)got);
        *size += got;
    }
    return got == 0;
}

bool hash_file(const char *path, sha256_hex hex, int64_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    EVP_MD_CTX *hash = hash_begin();
    bool hashed = hash != NULL && hash_rest(fd, hash, size);
    int error = errno;
    close(fd);
    if (hash != NULL)
        hash_end(hash, hex);
    errno = error;
    return hashed;
}
