/*
 * JSON chunk: see json_chunk.h.
 */
#include "wire/json_chunk.h"

#include "base/base64.h"

#include <string.h>

#define SAMPLE_TEXT "AAAA"
#define SAMPLE_SIZE (sizeof(SAMPLE_TEXT) - 1)

bool nm_json_chunk_init(nm_json_chunk *chunk)
{
    size_t length = chunk->text.length;
    const uint8_t *text = chunk->text.data;
    for (size_t at = length; at >= SAMPLE_SIZE; at--) {
        if (memcmp(text + at - SAMPLE_SIZE, SAMPLE_TEXT, SAMPLE_SIZE) != 0)
            continue;
        chunk->head = at - SAMPLE_SIZE;
        chunk->tail = length - at;
        return true;
    }
    return false;
}

void nm_json_chunk_free(nm_json_chunk *chunk)
{
    nm_buffer_free(&chunk->text);
}

size_t nm_json_chunk_fits(const nm_json_chunk *chunk, size_t length)
{
    size_t frame = chunk->head + chunk->tail;
    return length > frame ? nm_base64_fits(length - frame) : 0;
}

/* ---- writing ---- */

/* The base64 of pieces, whose bytes are taken by threes across the borders of pieces. */
typedef struct writer {
    uint8_t *at;
    uint8_t waiting[3];
    size_t count; /* of bytes that wait for a third one */
} writer;

static void write_waiting(writer *self)
{
    self->at = nm_base64_write(self->at, self->waiting, self->count);
    self->count = 0;
}

static void add(writer *self, nm_bytes piece)
{
    const uint8_t *bytes = piece.data;
    size_t left = piece.length;
    for (; left > 0 && self->count > 0; left--) {
        self->waiting[self->count++] = *bytes++;
        if (self->count == 3)
            write_waiting(self);
    }
    size_t whole = left - left % 3;
    self->at = nm_base64_write(self->at, bytes, whole);
    for (size_t i = whole; i < left; i++)
        self->waiting[self->count++] = bytes[i];
}

void nm_json_chunk_write(const nm_json_chunk *chunk, const nm_bytes *pieces, size_t count,
                         nm_buffer *buffer)
{
    size_t base64 = nm_base64_length(nm_bytes_length(pieces, count));
    uint8_t *room = nm_buffer_reserve(buffer, chunk->head + base64 + chunk->tail);
    if (room == NULL)
        return;
    memcpy(room, chunk->text.data, chunk->head);
    writer self = {.at = room + chunk->head};
    for (size_t i = 0; i < count; i++)
        add(&self, pieces[i]);
    write_waiting(&self);
    memcpy(self.at, chunk->text.data + chunk->text.length - chunk->tail, chunk->tail);
    buffer->length += chunk->head + base64 + chunk->tail;
}

/* ---- reading ---- */

bool nm_json_chunk_is_plain(const nm_json_chunk *chunk, const void *text, size_t length,
                            nm_bytes *base64)
{
    const uint8_t *at = text;
    size_t frame = chunk->head + chunk->tail;
    const uint8_t *own_tail = chunk->text.data + chunk->text.length - chunk->tail;
    if (length < frame || memcmp(at, chunk->text.data, chunk->head) != 0 ||
        memcmp(at + length - chunk->tail, own_tail, chunk->tail) != 0)
        return false;
    *base64 = (nm_bytes){at + chunk->head, length - frame};
    return true;
}
