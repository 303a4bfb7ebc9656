/*
 * What a reliable stream has received and nobody has read yet. A frame is kept as it came, and its
 * messages are read out of it; but where frames pile up of which little is messages, those are
 * copied together. So what waits takes memory by the bytes that the window allows, however they
 * came.
 */
#include "transport/reliable/state.h"

#include <stdlib.h>

#define FIRST_QUEUE 16

/* A longer one is not kept for the next call. */
#define LONGEST_KEPT_QUEUE 64

/* What nats.c takes for a message beside its payload. */
#define MESSAGE_OVERHEAD ((size_t)512)

/* While no more frames wait than this, each may waste this much. */
#define FEW_FRAMES 64
#define MOST_WASTE ((size_t)16 * 1024)

/* Messages are copied together up to this size. */
#define FIRST_COPY   ((size_t)64)
#define LARGEST_COPY ((size_t)16 * 1024)

void nm_reliable_frame_free(nm_reliable_frame *frame)
{
    natsMsg_Destroy(frame->message);
    free(frame->copy);
    *frame = (nm_reliable_frame){.message = NULL};
}

void nm_reliable_trim_queue(nm_reliable *reliable)
{
    if (reliable->queue_capacity <= LONGEST_KEPT_QUEUE)
        return;
    free(reliable->queue);
    reliable->queue = NULL;
    reliable->queue_capacity = 0;
}

bool nm_reliable_dequeue(nm_reliable *reliable, nm_reliable_frame *frame)
{
    if (reliable->queue_count == 0)
        return false;
    *frame = reliable->queue[reliable->queue_first];
    reliable->queue_first = (reliable->queue_first + 1) % reliable->queue_capacity;
    reliable->queue_count--;
    return true;
}

void nm_reliable_drop_received(nm_reliable *reliable)
{
    nm_reliable_frame frame;
    while (nm_reliable_dequeue(reliable, &frame))
        nm_reliable_frame_free(&frame);
}

static bool grow_queue(nm_reliable *reliable)
{
    size_t capacity = reliable->queue_capacity == 0 ? FIRST_QUEUE : reliable->queue_capacity * 2;
    nm_reliable_frame *queue = malloc(capacity * sizeof(*queue));
    if (queue == NULL)
        return false;
    for (size_t i = 0; i < reliable->queue_count; i++)
        queue[i] = reliable->queue[(reliable->queue_first + i) % reliable->queue_capacity];
    free(reliable->queue);
    reliable->queue = queue;
    reliable->queue_capacity = capacity;
    reliable->queue_first = 0;
    return true;
}

static bool append(nm_reliable *reliable, const nm_reliable_frame *frame)
{
    if (reliable->queue_count == reliable->queue_capacity && !grow_queue(reliable))
        return false;
    size_t at = (reliable->queue_first + reliable->queue_count) % reliable->queue_capacity;
    reliable->queue[at] = *frame;
    reliable->queue_count++;
    return true;
}

static bool is_wasteful(const nm_reliable *reliable, natsMsg *message, size_t size)
{
    size_t waste = (size_t)natsMsg_GetDataLength(message) - size + MESSAGE_OVERHEAD +
                   nm_message_front(message);
    return waste > MOST_WASTE || (waste > size && reliable->queue_count >= FEW_FRAMES);
}

/* Of a copy; nothing of it has been read. */
static size_t copied(const nm_reliable_frame *frame)
{
    return (size_t)(frame->cursor.end - frame->copy);
}

/* Makes room for `more` bytes behind what is copied already. False: memory. */
static bool grow_copy(nm_reliable_frame *frame, size_t more)
{
    size_t used = frame->copy == NULL ? 0 : copied(frame);
    size_t capacity = frame->copy_capacity == 0 ? FIRST_COPY : frame->copy_capacity;
    while (capacity < used + more)
        capacity *= 2;
    if (capacity > frame->copy_capacity) {
        uint8_t *copy = realloc(frame->copy, capacity);
        if (copy == NULL)
            return false;
        frame->copy = copy;
        frame->copy_capacity = capacity;
    }
    frame->cursor = (nm_frame_cursor){frame->copy, frame->copy + used};
    return true;
}

/* The last one in the queue, if messages of `size` bytes can be copied behind what it has. */
static nm_reliable_frame *last_copy(nm_reliable *reliable, size_t size)
{
    if (reliable->queue_count == 0)
        return NULL;
    size_t at = (reliable->queue_first + reliable->queue_count - 1) % reliable->queue_capacity;
    nm_reliable_frame *last = &reliable->queue[at];
    return last->copy != NULL && copied(last) + size <= LARGEST_COPY ? last : NULL;
}

static bool copy_messages(nm_reliable *reliable, nm_frame_cursor from, size_t count, size_t size)
{
    nm_reliable_frame fresh = {.message = NULL};
    nm_reliable_frame *last = last_copy(reliable, size);
    nm_reliable_frame *frame = last != NULL ? last : &fresh;
    if (!grow_copy(frame, size))
        return false;
    uint8_t *at = frame->copy + copied(frame);
    const uint8_t *data;
    size_t length;
    while (nm_frame_next_message(&from, &data, &length))
        at = nm_frame_put_message(at, data, length);
    frame->cursor.end = at;
    frame->count += count;
    if (last != NULL || append(reliable, frame))
        return true;
    nm_reliable_frame_free(frame);
    return false;
}

bool nm_reliable_enqueue(nm_reliable *reliable, natsMsg *message, nm_frame_cursor messages,
                         size_t count, size_t size, bool *kept)
{
    nm_reliable_frame frame = {.message = message, .cursor = messages, .count = count};
    *kept = false;
    if (is_wasteful(reliable, message, size))
        return copy_messages(reliable, messages, count, size);
    *kept = append(reliable, &frame);
    return *kept;
}
