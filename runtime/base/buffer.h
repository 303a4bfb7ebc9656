/*
 * Buffer: the one growable run of bytes, and the one string builder. A `fixed` one is somebody
 * else's memory, and fails where it would have to grow.
 *
 * A failed allocation makes the buffer `failed` for good (until reset): appends do nothing then, so
 * that only the end of a sequence of appends has to be checked.
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

void nm_buffer_free(nm_buffer *buffer);

/* Length 0, not failed; keeps the memory. */
static inline void nm_buffer_reset(nm_buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
}

/* nm_buffer_reserve where memory is to be got, or a buffer has failed. */
uint8_t *nm_buffer_grow(nm_buffer *buffer, size_t more);

/* Room for `more` bytes behind `length`, not counted yet; NULL when memory is short. */
static inline uint8_t *nm_buffer_reserve(nm_buffer *buffer, size_t more)
{
    if (buffer->data == NULL || buffer->failed || more > buffer->capacity - buffer->length)
        return nm_buffer_grow(buffer, more);
    return buffer->data + buffer->length;
}

void nm_buffer_append(nm_buffer *buffer, const void *data, size_t length);
void nm_buffer_append_string(nm_buffer *buffer, const char *string);
void nm_buffer_append_format(nm_buffer *buffer, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/* The bytes as a string (a NUL is put behind them); NULL when an append failed. */
const char *nm_buffer_string(nm_buffer *buffer);

#endif
