/*
 * Fences: they tell an inbox when everything that the broker said in answer to a message of ours
 * has been handed over. The broker's 503 comes before its PONG to a later flush, and nats.c queues
 * what comes before a PONG before it handles that. So a fence has passed once a flush that began
 * after the message was answered, and the link's dispatch thread has handed over what waited at
 * that moment. Nothing has to come back to us: a connection may be made without echo.
 *
 * One flush serves all fences that were asked for before it. The lock guards the lists; no other is
 * taken under it, and it is free while an inbox is called back.
 */
#ifndef NM_LINK_FENCE_H
#define NM_LINK_FENCE_H

#include "link/inbox.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct nm_fences {
    natsSubscription *subscription; /* the link's, set before the first flush */
    pthread_mutex_t lock;
    nm_inbox *asked;     /* for a flush that begins later; each with a reference */
    nm_inbox *answered;  /* the broker has answered; what waited is not handed over yet */
    bool ended;          /* nothing is handed over any more */
    atomic_bool wanted;  /* `asked` is not empty */
    atomic_ullong count; /* messages that have been handed over; written by the dispatch thread */
    atomic_ullong next;  /* the lowest count that one of `answered` waits for */
} nm_fences;

void nm_fences_init(nm_fences *fences);

/* Gives up fences that are left, without a word. */
void nm_fences_free(nm_fences *fences);

/* As nm_link_fence. The next flush that begins serves it. */
void nm_fences_ask(nm_fences *fences, nm_inbox *inbox, uint64_t reconnects);

/* Whether a flush is wanted although nothing is buffered. */
static inline bool nm_fences_are_wanted(nm_fences *fences)
{
    return atomic_load_explicit(&fences->wanted, memory_order_relaxed);
}

/* ---- the thread that flushes ---- */

/* Takes the fences that a flush serves which begins now. NULL: there is none. */
nm_inbox *nm_fences_take(nm_fences *fences);

/* That flush was not answered: they are left to the next one, or have failed. */
void nm_fences_put_back(nm_fences *fences, nm_inbox *taken);
void nm_fences_fail(nm_inbox *taken);

/* It was answered. `reconnects`: how often the connection has been made again until then. */
void nm_fences_answer(nm_fences *fences, nm_inbox *taken, uint64_t reconnects);

/* ---- the dispatch thread ---- */

/* Slow path of nm_fences_count: tells the inboxes whose fences have passed. */
void nm_fences_pass(nm_fences *fences);

/* A message has been handed over. */
static inline void nm_fences_count(nm_fences *fences)
{
    unsigned long long count = atomic_load_explicit(&fences->count, memory_order_relaxed) + 1;
    atomic_store(&fences->count, count);
    if (count >= atomic_load(&fences->next))
        nm_fences_pass(fences);
}

/* Nothing is handed over any more: fences fail. */
void nm_fences_end(nm_fences *fences);

#endif
