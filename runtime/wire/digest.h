/*
 * Digest: what a direction of a reliable stream adds up to, XXH3-64 with seed 0 over the encodings
 * of its messages. It guards against software and memory that go wrong, not against forgers.
 */
#ifndef NM_WIRE_DIGEST_H
#define NM_WIRE_DIGEST_H

#include "wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/* What the hash's state takes, and what it takes to align that within memory of any alignment. */
#define NM_DIGEST_STATE     576
#define NM_DIGEST_ALIGNMENT 64

/* Stays where it is once it has begun. Nothing to free. */
typedef struct nm_digest {
    uint8_t memory[NM_DIGEST_STATE + NM_DIGEST_ALIGNMENT];
} nm_digest;

void nm_digest_begin(nm_digest *digest);

/* Takes encodings of messages, as they are in a frame; in one piece wherever possible. */
void nm_digest_add(nm_digest *digest, const uint8_t *encodings, size_t length);

/* Takes a read frame's messages from the cursor on; the cursor stays. */
void nm_digest_add_messages(nm_digest *digest, const nm_frame *frame, nm_frame_cursor cursor);

/* The digest of all that was taken so far; more may follow. */
uint64_t nm_digest_value(const nm_digest *digest);

#endif
