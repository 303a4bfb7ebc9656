/*
 * Segments of the reliable transport: messages as they lie in a frame, and the memory of those that
 * are done with, which the next messages fill.
 */
#include "transport/reliable/state.h"

#include <stdlib.h>
#include <string.h>

/* Segments for later messages are kept up to this many bytes, as long as the call runs. */
#define SPARE_BYTES ((size_t)4 * 1024 * 1024)

static void free_segment(nm_segment *segment)
{
    free(segment->bytes);
    free(segment);
}

void nm_segment_spare(nm_reliable *reliable, nm_segment *segment)
{
    if (segment->capacity < reliable->fill ||
        reliable->spare_bytes + segment->capacity > SPARE_BYTES) {
        free_segment(segment);
        return;
    }
    reliable->spare_bytes += segment->capacity;
    segment->next = reliable->spare;
    reliable->spare = segment;
}

nm_segment *nm_segment_take(nm_reliable *reliable, size_t room)
{
    nm_segment *segment = reliable->spare;
    if (segment != NULL && segment->capacity >= room && room >= reliable->fill) {
        reliable->spare = segment->next;
        reliable->spare_bytes -= segment->capacity;
    } else {
        segment = malloc(sizeof(*segment));
        if (segment == NULL)
            return NULL;
        segment->bytes = malloc(room + NM_FRAME_CONTROL_SIZE);
        if (segment->bytes == NULL) {
            free(segment);
            return NULL;
        }
        segment->capacity = room;
    }
    segment->next = NULL;
    segment->count = 0;
    segment->message_bytes = 0;
    segment->has_end = segment->published = segment->acknowledged = false;
    return segment;
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

void nm_segment_free_spare(nm_reliable *reliable)
{
    nm_segment *next;
    for (nm_segment *segment = reliable->spare; segment != NULL; segment = next) {
        next = segment->next;
        free_segment(segment);
    }
    reliable->spare = NULL;
    reliable->spare_bytes = 0;
}

uint64_t nm_segment_last(const nm_segment *segment)
{
    return segment->first + segment->count - !segment->has_end;
}

void nm_segment_join(nm_reliable *reliable, nm_segment *segment)
{
    for (nm_segment *next; (next = segment->next) != NULL; nm_segment_spare(reliable, next)) {
        size_t added = next->length - next->messages;
        if (next->published != segment->published || segment->has_end ||
            segment->length + added > segment->full)
            return;
        if (segment->length + added > segment->capacity &&
            !nm_segment_resize(segment, segment->full))
            return;
        reliable->kept_bytes -= NM_SEGMENT_OVERHEAD;
        memcpy(segment->bytes + segment->length, next->bytes + next->messages, added);
        segment->length += added;
        segment->count += next->count;
        segment->message_bytes += next->message_bytes;
        segment->has_end = next->has_end;
        segment->next = next->next;
        if (reliable->kept_last == next)
            reliable->kept_last = segment;
    }
}
