/*
 * Chunk: the bytes of a chunk message, which has one field, the blob's bytes. It is written as that
 * field's head, the bytes being elsewhere, and nearly always arrives as just head and bytes: then
 * there is nothing to decode. No I/O.
 */
#ifndef NM_WIRE_CHUNK_H
#define NM_WIRE_CHUNK_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* A head is a tag and a length, varints of 32 bits at most. */
#define NM_LONGEST_CHUNK_HEAD 10

/* What stands before `length` bytes of this field (less than 4 GiB); returns its own length. */
size_t nm_chunk_head(uint8_t to[NM_LONGEST_CHUNK_HEAD], uint32_t field, size_t length);

/*
 * Whether a message is the field's head and its bytes and nothing else; then *bytes are they. If
 * not, it may still be a chunk message (empty, with unknown fields, the field twice), or be
 * malformed.
 */
bool nm_chunk_is_plain(const uint8_t *message, size_t length, uint32_t field, nm_bytes *bytes);

#endif
