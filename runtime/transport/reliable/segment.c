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
