/*
 * Common: what the service and the command share: a connection with the options that natsmicro
 * recommends, SHA-256 as hexadecimal digits, the names of headers.
 */
#ifndef BLOB_COMMON_H
#define BLOB_COMMON_H

#include <nats/nats.h>
#include <openssl/evp.h>

#include <stdbool.h>
#include <stdint.h>

#define HEADER_NAME   "Blob-Name"
#define HEADER_SIZE   "Blob-Size"
#define HEADER_SHA256 "Blob-Sha256"

/* 64 digits and a NUL. */
typedef char sha256_hex[65];

/* Connects to a NATS server. Returns NULL, after a line on stderr, when that fails. */
natsConnection *connect_to(const char *url);

/* Whether a program is called with --help or -h alone. */
bool asks_for_help(int argc, char **argv);

/* Makes a hash to add bytes to with EVP_DigestUpdate. Returns NULL, with errno, without memory. */
EVP_MD_CTX *hash_begin(void);

/* Writes the hash of the bytes that were added to `hex`, and frees what hash_begin made. */
void hash_end(EVP_MD_CTX *hash, sha256_hex hex);

/* What is known of bytes that have passed. */
typedef struct hashed {
    EVP_MD_CTX *hash;
    int64_t size;
} hashed;

/* A natsmicro_watch that adds the bytes to the `hashed` that `user_data` points to. */
void hash_add(void *user_data, const void *data, size_t length);

#endif
