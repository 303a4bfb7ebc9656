/*
 * Segment: messages of one direction as they lie in a frame, kept until they are acknowledged. A
 * pool recycles the memory of segments for the next messages, so that a running stream allocates
 * nothing.
 */
#ifndef NM_TRANSPORT_RELIABLE_SEGMENT_H
#define NM_TRANSPORT_RELIABLE_SEGMENT_H

#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_segment {
    struct nm_segment *next;
    uint64_t first; /* number of its first message, or of the end */
    uint32_t count; /* messages */
    uint64_t message_bytes;
    bool has_end;
    bool published;    /* once at least */
    bool acknowledged; /* while it is being published: the publishing thread recycles it */
    size_t messages;   /* where their encodings begin */
    size_t full;       /* a segment of this length is published */
    size_t length;     /* of messages and end; the control fields are written after it */
    size_t capacity;   /* of what may lie before the control fields */
    uint8_t *bytes;    /* capacity + NM_FRAME_CONTROL_SIZE */
} nm_segment;

/* Bytes that a segment takes beside its messages: it may hold only one. */
#define NM_SEGMENT_OVERHEAD (sizeof(nm_segment) + NM_FRAME_CONTROL_SIZE + 32)

/* All zero: empty. */
typedef struct nm_segment_pool {
    nm_segment *first;
    size_t bytes;
    size_t least; /* smaller segments are freed at once */
} nm_segment_pool;

/*
 * A segment for `room` bytes of messages and end, recycled if a whole frame is wanted. NULL: no
 * memory.
 */
nm_segment *nm_segment_take(nm_segment_pool *pool, size_t room);

/* The segment is no longer needed. */
void nm_segment_recycle(nm_segment_pool *pool, nm_segment *segment);

/* Frees what was recycled. */
void nm_segment_pool_clear(nm_segment_pool *pool);

/* Changes the capacity. False: no memory, and the segment stays as it is. */
bool nm_segment_resize(nm_segment *segment, size_t capacity);

/*
 * Appends the content of the next segment, which the caller then takes out of its list. False: no
 * room, or one of the two has been published and the other has not.
 */
bool nm_segment_absorb(nm_segment *segment, const nm_segment *next);

/* The first things of a segment that go together, after its headers. */
typedef struct nm_segment_head {
    size_t length;  /* of headers and messages, and the end if that belongs to it */
    uint32_t count; /* messages */
} nm_segment_head;

/* As many messages as fit into `most` bytes with the headers; maybe none. */
nm_segment_head nm_segment_fitting(const nm_segment *segment, size_t most);

/* The first thing alone, message or end. *size: its bytes, of a message without its encoding. */
nm_segment_head nm_segment_first_thing(const nm_segment *segment, size_t *size);

/*
 * Moves everything after `head`, of which something is left, into a new segment, which the caller
 * puts into its list. Only the lengths of the old one change. NULL: no memory.
 */
nm_segment *nm_segment_split(nm_segment_pool *pool, nm_segment *segment,
                             const nm_segment_head *head);

/* The number of the last thing in it, message or end. */
static inline uint64_t nm_segment_last(const nm_segment *segment)
{
    return segment->first + segment->count - !segment->has_end;
}

#endif
