/*
 * See queue.h.
 */
#include "transport/plain/queue.h"
#include "wire/incoming.h"

#include <stdlib.h>

/* Cost of a queued message beside its bytes: nats.c's struct and its parsed headers. */
#define MESSAGE_OVERHEAD 256

/* Entries for which a list keeps its memory between calls. */
#define RETAINED_ENTRIES 4096

static bool append(nm_plain_list *list, const nm_plain_message *message, size_t cost)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        nm_plain_message *messages = realloc(list->messages, capacity * sizeof(*messages));
        if (messages == NULL)
            return false;
        list->messages = messages;
        list->capacity = capacity;
    }
    list->messages[list->count++] = *message;
    list->bytes += cost;
    return true;
}

static void clear(nm_plain_list *list, size_t first)
{
    for (size_t i = first; i < list->count; i++)
        natsMsg_Destroy(list->messages[i].message);
    list->count = 0;
    list->bytes = 0;
    if (list->capacity <= RETAINED_ENTRIES)
        return;
    free(list->messages);
    list->messages = NULL;
    list->capacity = 0;
}

bool nm_plain_queue_add(nm_plain_queue *queue, const nm_plain_message *message,
                        size_t most_messages, size_t most_bytes)
{
    size_t cost = nm_message_front(message->message) + message->length + MESSAGE_OVERHEAD;
    if (queue->count >= most_messages || queue->bytes >= most_bytes ||
        !append(&queue->arrived, message, cost))
        return false;
    queue->count++;
    queue->bytes += cost;
    return true;
}

bool nm_plain_queue_take_batch(nm_plain_queue *queue)
{
    nm_plain_list emptied = queue->batch;
    queue->bytes -= emptied.bytes;
    queue->count -= emptied.count;
    emptied.count = 0;
    emptied.bytes = 0;
    queue->batch = queue->arrived;
    queue->arrived = emptied;
    queue->next = 0;
    return queue->batch.count > 0;
}

const nm_plain_message *nm_plain_queue_next(nm_plain_queue *queue)
{
    const nm_plain_message *message = &queue->batch.messages[queue->next++];
    queue->current = message->message;
    return message;
}

natsMsg *nm_plain_queue_take_current(nm_plain_queue *queue)
{
    natsMsg *message = queue->current;
    queue->current = NULL;
    return message;
}

void nm_plain_queue_drop_arrived(nm_plain_queue *queue)
{
    clear(&queue->arrived, 0);
}

void nm_plain_queue_drop_batch(nm_plain_queue *queue)
{
    clear(&queue->batch, queue->next);
    queue->next = 0;
}

void nm_plain_queue_reset(nm_plain_queue *queue)
{
    nm_plain_queue_drop_batch(queue);
    nm_plain_queue_drop_arrived(queue);
    natsMsg_Destroy(nm_plain_queue_take_current(queue));
    queue->count = queue->bytes = 0;
}

void nm_plain_queue_free(nm_plain_queue *queue)
{
    nm_plain_queue_reset(queue);
    free(queue->batch.messages);
    free(queue->arrived.messages);
}
