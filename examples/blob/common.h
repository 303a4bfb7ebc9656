/*
 * Common: what the service and the command share: a connection with the options that natsmicro
 * recommends, SHA-256 as hexadecimal digits, the names of headers.
 */
#ifndef BLOB_COMMON_H
#define BLOB_COMMON_H

#include <nats/nats.h>
#include <sha2.h>

#include <stdbool.h>
#include <stdint.h>

#define HEADER_NAME   "Blob-Name"
#define HEADER_SIZE   "Blob-Size"
#define HEADER_SHA256 "Blob-Sha256"

/* 64 digits and a NUL. */
typedef char sha256_hex[SHA256_DIGEST_STRING_LENGTH];

/* Connects to a NATS server. Returns NULL, after a line on stderr, when that fails. */
natsConnection *connect_to(const char *url);

/* Computes the hash and the size of a file. Returns false, with errno, if it cannot be read. */
bool hash_file(const char *path, sha256_hex hex, int64_t *size);

#endif
