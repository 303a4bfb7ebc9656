/*
 * See receive_queue.h.
 */
#include "transport/reliable/receive_queue.h"

#include <stdlib.h>

#define FIRST_CAPACITY 16

/* A longer ring is not kept for the next call. */
#define LONGEST_KEPT 64

/* Bytes that nats.c's structures take for a message. */
#define MESSAGE_OVERHEAD ((size_t)512)

/* While no more frames wait than this, each may waste this much memory. */
#define FEW_FRAMES 64
#define MOST_WASTE ((size_t)16 * 1024)

/* Messages are copied together up to this size. */
#define FIRST_COPY   ((size_t)64)
#define LARGEST_COPY ((size_t)16 * 1024)

/* ---- the ring ---- */

void nm_received_frame_free(nm_received_frame *frame)
{
    natsMsg_Destroy(frame->message);
    free(frame->copy);
    *frame = (nm_received_frame){.message = NULL};
}

bool nm_receive_queue_take(nm_receive_queue *queue, nm_received_frame *frame)
{
    if (queue->count == 0)
        return false;
    *frame = queue->frames[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return true;
}

void nm_receive_queue_drop(nm_receive_queue *queue)
{
    nm_received_frame frame;
    while (nm_receive_queue_take(queue, &frame))
        nm_received_frame_free(&frame);
}

void nm_receive_queue_free(nm_receive_queue *queue)
{
    free(queue->frames);
    *queue = (nm_receive_queue){.frames = NULL};
}

void nm_receive_queue_trim(nm_receive_queue *queue)
{
    if (queue->capacity > LONGEST_KEPT)
        nm_receive_queue_free(queue);
}

static bool grow(nm_receive_queue *queue)
{
    size_t capacity = queue->capacity == 0 ? FIRST_CAPACITY : queue->capacity * 2;
    nm_received_frame *frames = malloc(capacity * sizeof(*frames));
    if (frames == NULL)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        frames[i] = queue->frames[(queue->first + i) % queue->capacity];
    free(queue->frames);
    queue->frames = frames;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

static bool append(nm_receive_queue *queue, const nm_received_frame *frame)
{
    if (queue->count == queue->capacity && !grow(queue))
        return false;
    queue->frames[(queue->first + queue->count) % queue->capacity] = *frame;
    queue->count++;
    return true;
}

/* ---- copies ---- */

static bool is_wasteful(const nm_receive_queue *queue, const nm_arrival *arrival)
{
    size_t waste = arrival->message_memory - arrival->size + MESSAGE_OVERHEAD;
    return waste > MOST_WASTE || (waste > arrival->size && queue->count >= FEW_FRAMES);
}

/* Bytes in a copy that nobody has begun to read. */
static size_t copied(const nm_received_frame *frame)
{
    return (size_t)(frame->cursor.end - frame->copy);
}

/* Makes room for `more` bytes after what has been copied. False: no memory. */
static bool grow_copy(nm_received_frame *frame, size_t more)
{
    size_t length = frame->copy == NULL ? 0 : copied(frame);
    size_t capacity = frame->copy_capacity == 0 ? FIRST_COPY : frame->copy_capacity;
    while (capacity < length + more)
        capacity *= 2;
    if (capacity > frame->copy_capacity) {
        uint8_t *copy = realloc(frame->copy, capacity);
        if (copy == NULL)
            return false;
        frame->copy = copy;
        frame->copy_capacity = capacity;
    }
    frame->cursor = (nm_frame_cursor){frame->copy, frame->copy + length};
    return true;
}

/* The newest frame of the queue, if it is a copy with room for `size` bytes. */
static nm_received_frame *last_copy(nm_receive_queue *queue, size_t size)
{
    if (queue->count == 0)
        return NULL;
    nm_received_frame *last = &queue->frames[(queue->first + queue->count - 1) % queue->capacity];
    return last->copy != NULL && copied(last) + size <= LARGEST_COPY ? last : NULL;
}

static bool copy_messages(nm_receive_queue *queue, const nm_arrival *arrival)
{
    nm_received_frame fresh = {.message = NULL};
    nm_received_frame *last = last_copy(queue, arrival->size);
    nm_received_frame *frame = last != NULL ? last : &fresh;
    if (!grow_copy(frame, arrival->size))
        return false;
    nm_frame_cursor from = arrival->messages;
    uint8_t *at = frame->copy + copied(frame);
    const uint8_t *data;
    size_t length;
    while (nm_frame_next_message(&from, &data, &length))
        at = nm_frame_put_message(at, data, length);
    frame->cursor.end = at;
    frame->count += arrival->count;
    if (last != NULL || append(queue, frame))
        return true;
    nm_received_frame_free(frame);
    return false;
}

bool nm_receive_queue_add(nm_receive_queue *queue, const nm_arrival *arrival, bool *taken)
{
    nm_received_frame frame = {
        .message = arrival->message, .cursor = arrival->messages, .count = arrival->count};
    *taken = false;
    if (is_wasteful(queue, arrival))
        return copy_messages(queue, arrival);
    *taken = append(queue, &frame);
    return *taken;
}
