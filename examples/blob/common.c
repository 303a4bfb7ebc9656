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

bool hash_file(const char *path, sha256_hex hex, int64_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    SHA2_CTX hash;
    SHA256Init(&hash);
    *size = 0;
    uint8_t buffer[65536];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        SHA256Update(&hash, buffer, (size_t)got);
        *size += got;
    }
    int error = errno;
    close(fd);
    SHA256End(&hash, hex);
    errno = error;
    return got == 0;
}
