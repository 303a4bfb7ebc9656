/*
 * Chunk: writes and reads chunk messages without the codec. Such a message has one field, bytes of
 * the blob. So it can be sent as the head of that field followed by the bytes, which need not be
 * copied, and nearly always arrives as just that. Pure functions.
 */
#ifndef NM_WIRE_CHUNK_H
#define NM_WIRE_CHUNK_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* A head is a tag and a length, both varints of at most 32 bits. */
#define NM_LONGEST_CHUNK_HEAD 10

/* Writes the head of a field of `length` bytes (less than 4 GiB); returns the head's own length. */
size_t nm_chunk_head(uint8_t to[NM_LONGEST_CHUNK_HEAD], uint32_t field, size_t length);

/*
 * Whether a message consists of the field's head and its bytes alone; *bytes then points to these.
 * If it does not, the codec must say whether it is a chunk message (an empty one, one with unknown
 * fields or with the field twice) or malformed.
 */
bool nm_chunk_is_plain(const uint8_t *message, size_t length, uint32_t field, nm_bytes *bytes);

#endif
