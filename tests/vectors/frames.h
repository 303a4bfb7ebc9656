/*
 * Frames: cuts the bytes of a NATS connection into protocol lines and messages. Both directions:
 * PUB and HPUB, MSG and HMSG. And the box in which a thread leaves messages for another.
 */
#ifndef VECTORS_FRAMES_H
#define VECTORS_FRAMES_H

#include "vectors/message.h"

#include <pthread.h>

typedef struct frames {
    char *bytes;
    size_t used;
    size_t capacity;
} frames;

/* `message` is NULL for a line that carries none; its payload lives during the call only. */
typedef void (*frames_handler)(void *data, const char *line, const wire_message *message);

void frames_feed(frames *self, const void *bytes, size_t length, frames_handler handler,
                 void *data);
void frames_free(frames *self);

/*
 * Takes a header block apart: raw, headers; the status of the first line ("503") as header
 * ":status".
 */
void frames_read_headers(wire_message *self, const char *block, size_t length);

/* ---- mailboxes ---- */

typedef struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    wire_message **messages;
    size_t count;
    size_t capacity;
} mailbox;

void mailbox_init(mailbox *self);
void mailbox_free(mailbox *self);

/* Copies the message, payload too. Any thread. */
void mailbox_put(mailbox *self, const wire_message *message);

/*
 * The index-th message, from 0; NULL when it has not come after `timeout_ms`. It lives as long as
 * the box.
 */
const wire_message *mailbox_get(mailbox *self, size_t index, int64_t timeout_ms);

size_t mailbox_count(mailbox *self);

#endif
