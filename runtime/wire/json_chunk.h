/*
 * JSON chunk: writes and reads the JSON text of chunk messages without the messages. Such a text is
 * a head, the base64 of the blob's bytes, and a tail: {"data":"AAAA"}. Any thread may use one.
 */
#ifndef NM_WIRE_JSON_CHUNK_H
#define NM_WIRE_JSON_CHUNK_H

#include "base/buffer.h"
#include "base/bytes.h"

typedef struct nm_json_chunk {
    nm_buffer text; /* of a chunk of three zero bytes; owned */
    size_t head;    /* the length of what is before the base64, and after it */
    size_t tail;
} nm_json_chunk;

/* The text is there already. False: it has no base64 of three zero bytes. */
bool nm_json_chunk_init(nm_json_chunk *chunk);
void nm_json_chunk_free(nm_json_chunk *chunk);

/* The most bytes of a chunk whose text is not longer than `length`. */
size_t nm_json_chunk_fits(const nm_json_chunk *chunk, size_t length);

/* Appends the text of a chunk whose bytes are given in pieces. */
void nm_json_chunk_write(const nm_json_chunk *chunk, const nm_bytes *pieces, size_t count,
                         nm_buffer *buffer);

/*
 * Whether a text begins and ends like ours; *base64 then points to what is between. If it does not,
 * or that is no base64, the JSON reader must say whether it is a chunk message or malformed.
 */
bool nm_json_chunk_is_plain(const nm_json_chunk *chunk, const void *text, size_t length,
                            nm_bytes *base64);

#endif
