/*
 * Digest: the checksum of one direction of a reliable stream: XXH3-64 with seed 0 over the
 * encodings of its messages. It detects faults of software and memory, not forgery. One thread at a
 * time.
 */
#ifndef NM_WIRE_DIGEST_H
#define NM_WIRE_DIGEST_H

#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of the hash's state, and the alignment that it needs whatever the struct's own is. */
#define NM_DIGEST_STATE     576
#define NM_DIGEST_ALIGNMENT 64

/* Must not move once it has begun. There is nothing to free. */
typedef struct nm_digest {
    uint8_t memory[NM_DIGEST_STATE + NM_DIGEST_ALIGNMENT];
} nm_digest;

/* Begins with no message. */
void nm_digest_begin(nm_digest *digest);

/*
 * Makes one that has begun in memory of its own, unless *digest is there; free() it. Streams that
 * carry nothing do without. False: no memory.
 */
bool nm_digest_need(nm_digest **digest);

/* Adds encodings of messages, as frames have them. One long run is faster than many short ones. */
void nm_digest_add(nm_digest *digest, const uint8_t *encodings, size_t length);

/* Adds the messages of a frame that was read, from the cursor on. */
void nm_digest_add_messages(nm_digest *digest, const nm_frame *frame, nm_frame_cursor cursor);

/* The digest of all that was added so far; more may follow. NULL: of no message. */
uint64_t nm_digest_value(const nm_digest *digest);

/* The hash of some bytes, for itself. */
uint64_t nm_digest_of(const uint8_t *bytes, size_t length);

#endif
