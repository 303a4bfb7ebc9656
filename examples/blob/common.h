/*
 * What the service and the command share: a connection as natsmicro recommends it, SHA-256 in hex,
 * the names of headers.
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

/* NULL, and a line on stderr, when there is no server. */
natsConnection *connect_to(const char *url);

/* The hash and size of a file; false with errno when it cannot be read. */
bool hash_file(const char *path, sha256_hex hex, int64_t *size);

#endif
