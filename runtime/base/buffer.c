/*
 * Buffer: see buffer.h.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void nm_buffer_free(nm_buffer *buffer)
{
    free(buffer->data);
    *buffer = (nm_buffer)NM_BUFFER_INIT;
}

/* Doubles, so that many small appends cost few reallocations. */
static bool grow(nm_buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity;

    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *nm_buffer_grow(nm_buffer *buffer, size_t more)
{
    if (buffer->failed)
        return NULL;
    if (buffer->fixed || more > SIZE_MAX - buffer->length || !grow(buffer, buffer->length + more)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->length;
}

void nm_buffer_append(nm_buffer *buffer, const void *data, size_t length)
{
    if (length == 0)
        return;
    uint8_t *room = nm_buffer_reserve(buffer, length);
    if (room == NULL)
        return;
    memcpy(room, data, length);
    buffer->length += length;
}

void nm_buffer_append_string(nm_buffer *buffer, const char *string)
{
    nm_buffer_append(buffer, string, strlen(string));
}

void nm_buffer_append_format(nm_buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    uint8_t *room = nm_buffer_reserve(buffer, (size_t)length + 1);
    if (room == NULL)
        return;
    va_start(arguments, format);
    vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

const char *nm_buffer_string(nm_buffer *buffer)
{
    uint8_t *room = nm_buffer_reserve(buffer, 1);

    if (room == NULL)
        return NULL;
    *room = '\0';
    return (const char *)buffer->data;
}
