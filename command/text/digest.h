/*
 * Digest: SHA-256 as hexadecimal digits.
 */
#ifndef CMD_TEXT_DIGEST_H
#define CMD_TEXT_DIGEST_H

#include <stddef.h>

typedef struct cmd_digest {
    void *state;
    size_t length; /* bytes so far */
} cmd_digest;

/* 64 digits and a NUL. */
typedef char cmd_hex[65];

void cmd_digest_begin(cmd_digest *digest);

/* A natsmicro_watch: `digest` is a cmd_digest. */
void cmd_digest_add(void *digest, const void *data, size_t length);

/* Writes the digits, and frees what begin has made. */
void cmd_digest_end(cmd_digest *digest, cmd_hex hex);

/* The digest of all bytes at once. */
void cmd_digest_of(const void *data, size_t length, cmd_hex hex);

#endif
