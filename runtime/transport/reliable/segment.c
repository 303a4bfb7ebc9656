/*
 * See segment.h.
 */
#include "transport/reliable/segment.h"

#include <stdlib.h>
#include <string.h>

/* A pool keeps no more than this, as long as the call runs. */
#define MOST_RECYCLED_BYTES ((size_t)4 * 1024 * 1024)

static void free_segment(nm_segment *segment)
{
    free(segment->bytes);
    free(segment);
}

void nm_segment_recycle(nm_segment_pool *pool, nm_segment *segment)
{
    if (segment->capacity < pool->least || pool->bytes + segment->capacity > MOST_RECYCLED_BYTES) {
        free_segment(segment);
        return;
    }
    pool->bytes += segment->capacity;
    segment->next = pool->first;
    pool->first = segment;
}

static nm_segment *make_segment(size_t room)
{
    nm_segment *segment = malloc(sizeof(*segment));
    if (segment == NULL)
        return NULL;
    segment->bytes = malloc(room + NM_FRAME_CONTROL_SIZE);
    if (segment->bytes == NULL) {
        free(segment);
        return NULL;
    }
    segment->capacity = room;
    return segment;
}

nm_segment *nm_segment_take(nm_segment_pool *pool, size_t room)
{
    nm_segment *segment = pool->first;
    if (segment != NULL && segment->capacity >= room && room >= pool->least) {
        pool->first = segment->next;
        pool->bytes -= segment->capacity;
    } else {
        segment = make_segment(room);
        if (segment == NULL)
            return NULL;
    }
    segment->next = NULL;
    segment->count = 0;
    segment->message_bytes = 0;
    segment->has_end = segment->published = segment->acknowledged = false;
    return segment;
}

void nm_segment_pool_clear(nm_segment_pool *pool)
{
    nm_segment *next;
    for (nm_segment *segment = pool->first; segment != NULL; segment = next) {
        next = segment->next;
        free_segment(segment);
    }
    pool->first = NULL;
    pool->bytes = 0;
}

bool nm_segment_resize(nm_segment *segment, size_t capacity)
{
    uint8_t *bytes = realloc(segment->bytes, capacity + NM_FRAME_CONTROL_SIZE);
    if (bytes == NULL)
        return false;
    segment->bytes = bytes;
    segment->capacity = capacity;
    return true;
}

bool nm_segment_absorb(nm_segment *segment, const nm_segment *next)
{
    size_t added = next->length - next->messages;
    if (next->published != segment->published || segment->has_end ||
        segment->length + added > segment->full)
        return false;
    if (segment->length + added > segment->capacity && !nm_segment_resize(segment, segment->full))
        return false;
    memcpy(segment->bytes + segment->length, next->bytes + next->messages, added);
    segment->length += added;
    segment->count += next->count;
    segment->message_bytes += next->message_bytes;
    segment->has_end = next->has_end;
    return true;
}

/* ---- splitting ---- */

/* The messages of a segment, and the end after them, if it has one. */
static nm_frame_cursor content(const nm_segment *segment)
{
    return (nm_frame_cursor){segment->bytes + segment->messages, segment->bytes + segment->length};
}

/* The length of a segment up to here. */
static size_t length_before(const nm_segment *segment, const nm_frame_cursor *cursor)
{
    return (size_t)(cursor->at - segment->bytes);
}

nm_segment_head nm_segment_fitting(const nm_segment *segment, size_t most)
{
    nm_frame_cursor cursor = content(segment);
    nm_segment_head head = {.length = segment->messages};
    for (uint32_t count = 1; count <= segment->count; count++) {
        nm_frame_skip(&cursor, 1);
        if (length_before(segment, &cursor) > most)
            break;
        head = (nm_segment_head){length_before(segment, &cursor), count};
    }
    return head;
}

nm_segment_head nm_segment_first_thing(const nm_segment *segment, size_t *size)
{
    if (segment->count == 0) {
        *size = segment->length - segment->messages;
        return (nm_segment_head){segment->length, 0};
    }
    nm_frame_cursor cursor = content(segment);
    const uint8_t *data;
    nm_frame_next_message(&cursor, &data, size);
    return (nm_segment_head){length_before(segment, &cursor), 1};
}

/* Bytes of the messages after `head`, without their encodings' heads. */
static uint64_t message_bytes_after(const nm_segment *segment, const nm_segment_head *head)
{
    nm_frame_cursor cursor = {segment->bytes + head->length, segment->bytes + segment->length};
    uint64_t bytes = 0;
    for (uint32_t count = head->count; count < segment->count; count++) {
        const uint8_t *data;
        size_t length;
        nm_frame_next_message(&cursor, &data, &length);
        bytes += length;
    }
    return bytes;
}

nm_segment *nm_segment_split(nm_segment_pool *pool, nm_segment *segment,
                             const nm_segment_head *head)
{
    size_t moved = segment->length - head->length;
    nm_segment *rest = nm_segment_take(pool, moved);
    if (rest == NULL)
        return NULL;
    memcpy(rest->bytes, segment->bytes + head->length, moved);
    rest->first = segment->first + head->count;
    rest->count = segment->count - head->count;
    rest->message_bytes = message_bytes_after(segment, head);
    rest->has_end = segment->has_end;
    rest->published = segment->published;
    rest->messages = 0;
    rest->length = moved;
    segment->count = head->count;
    segment->message_bytes -= rest->message_bytes;
    segment->has_end = false;
    segment->length = head->length;
    return rest;
}
