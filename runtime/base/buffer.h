/*
 * Buffer: a run of bytes that grows; also the string builder. A `fixed` buffer uses memory of the
 * caller's, and fails where it would have to grow. A buffer has no lock.
 *
 * Once an allocation has failed, a buffer stays `failed` until it is reset: further appends do
 * nothing. So a sequence of appends need be checked only at its end.
 */
#ifndef NM_BASE_BUFFER_H
#define NM_BASE_BUFFER_H

#include "natsmicro/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_buffer {
    uint8_t *data; /* NULL while empty */
    size_t length;
    size_t capacity;
    bool failed;
    bool fixed;
} nm_buffer;

#define NM_BUFFER_INIT           \
    {                            \
        NULL, 0, 0, false, false \
    }

/* Frees the memory; the buffer is as after NM_BUFFER_INIT. Not for a fixed one. */
void nm_buffer_free(nm_buffer *buffer);

/* Sets the length to 0 and keeps the memory. The buffer is not failed any more. */
static inline void nm_buffer_reset(nm_buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
}

/* nm_buffer_reserve for a buffer that must grow or has failed. */
uint8_t *nm_buffer_grow(nm_buffer *buffer, size_t more);

/*
 * Returns room for `more` bytes after those that are there, or NULL if memory is short. The caller
 * writes to it and adds to `length`. The next call may move all bytes.
 */
static inline uint8_t *nm_buffer_reserve(nm_buffer *buffer, size_t more)
{
    if (buffer->data == NULL || buffer->failed || more > buffer->capacity - buffer->length)
        return nm_buffer_grow(buffer, more);
    return buffer->data + buffer->length;
}

/* Append bytes, a string without its NUL, or a printf text. */
void nm_buffer_append(nm_buffer *buffer, const void *data, size_t length);
void nm_buffer_append_string(nm_buffer *buffer, const char *string);
void nm_buffer_append_format(nm_buffer *buffer, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/*
 * Adds a NUL, which `length` does not count, and returns the bytes as a string, which the buffer
 * owns. NULL if an append failed.
 */
const char *nm_buffer_string(nm_buffer *buffer);

#endif
