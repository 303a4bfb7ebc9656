/*
 * Queue: the peer's messages that have arrived and are not read yet. The dispatch thread adds under
 * the stream's lock; the receiver takes all that is there as a batch, and reads that without it.
 */
#ifndef NM_TRANSPORT_PLAIN_QUEUE_H
#define NM_TRANSPORT_PLAIN_QUEUE_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_plain_message {
    natsMsg *message; /* owns the bytes */
    const uint8_t *data;
    size_t length;
} nm_plain_message;

typedef struct nm_plain_list {
    nm_plain_message *messages;
    size_t count;
    size_t capacity;
    size_t bytes; /* what they are counted as */
} nm_plain_list;

/* All zero: empty. */
typedef struct nm_plain_queue {
    /* ---- guarded by the stream's lock ---- */
    nm_plain_list arrived;
    size_t count; /* of what is not read, the batch included */
    size_t bytes;

    /* ---- the receiver's alone ---- */
    nm_plain_list batch;
    size_t next;      /* in the batch */
    natsMsg *current; /* owns what was read last */
} nm_plain_queue;

/*
 * Under the lock: adds a message, unless as many messages or bytes wait as may. False: it does not
 * fit, or there is no memory; the message stays the caller's.
 */
bool nm_plain_queue_add(nm_plain_queue *queue, const nm_plain_message *message,
                        size_t most_messages, size_t most_bytes);

/* The receiver's: whether the batch has something to read. */
static inline bool nm_plain_queue_has_batch(const nm_plain_queue *queue)
{
    return queue->next < queue->batch.count;
}

/*
 * Under the lock, by the receiver that has read its batch, which counts no longer: what has arrived
 * becomes the batch. False: nothing has.
 */
bool nm_plain_queue_take_batch(nm_plain_queue *queue);

/* The receiver's: the next message of the batch, which has one. */
const nm_plain_message *nm_plain_queue_next(nm_plain_queue *queue);

/* The receiver's: the message that was read last, to be destroyed; or NULL. */
natsMsg *nm_plain_queue_take_current(nm_plain_queue *queue);

/* Under the lock: drops what has arrived. */
void nm_plain_queue_drop_arrived(nm_plain_queue *queue);

/* The receiver's: drops the batch. */
void nm_plain_queue_drop_batch(nm_plain_queue *queue);

/* Drops everything; the memory of short lists stays. */
void nm_plain_queue_reset(nm_plain_queue *queue);
void nm_plain_queue_free(nm_plain_queue *queue);

#endif
