/*
 * Receive queue: what a reliable stream has received and nobody has read yet. A frame is kept as it
 * came, and its messages are read out of it; but where many frames wait that hold little of
 * messages, those are copied together. So the queue takes memory by the bytes that the window
 * allows, whatever the frames are like.
 */
#ifndef NM_TRANSPORT_RELIABLE_RECEIVE_QUEUE_H
#define NM_TRANSPORT_RELIABLE_RECEIVE_QUEUE_H

#include "wire/frame.h"

#include <nats/nats.h>
#include <stdbool.h>
#include <stddef.h>

/* A received frame, or messages that were copied out of several. */
typedef struct nm_received_frame {
    nm_frame_cursor cursor; /* at the next message to be read */
    size_t count;           /* messages left */
    natsMsg *message;       /* owns the bytes; NULL: `copy` does, if there are any */
    uint8_t *copy;
    size_t copy_capacity;
} nm_received_frame;

/* A ring. All zero: empty. */
typedef struct nm_receive_queue {
    nm_received_frame *frames;
    size_t capacity;
    size_t first;
    size_t count;
} nm_receive_queue;

/* Messages that have come. */
typedef struct nm_arrival {
    natsMsg *message;      /* owns the bytes */
    size_t message_memory; /* what it takes in memory beyond nats.c's own structures */
    nm_frame_cursor messages;
    size_t count;
    size_t size; /* bytes of the messages' encodings */
} nm_arrival;

/* *taken: the queue owns the natsMsg now. False: no memory, and nothing was queued. */
bool nm_receive_queue_add(nm_receive_queue *queue, const nm_arrival *arrival, bool *taken);

/* Takes the oldest out; the caller frees it. False: the queue is empty. */
bool nm_receive_queue_take(nm_receive_queue *queue, nm_received_frame *frame);

/* Frees what the frame owns and makes it empty. */
void nm_received_frame_free(nm_received_frame *frame);

/* Frees everything that waits. */
void nm_receive_queue_drop(nm_receive_queue *queue);

/* Between two calls, when nothing waits: gives back a long ring. */
void nm_receive_queue_trim(nm_receive_queue *queue);

/* Frees the ring of an empty queue. */
void nm_receive_queue_free(nm_receive_queue *queue);

#endif
