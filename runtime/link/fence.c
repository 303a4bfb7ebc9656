/*
 * See fence.h.
 */
#include "link/fence.h"

#include <limits.h>

static void push(nm_inbox **list, nm_inbox *inbox)
{
    inbox->fence_next = *list;
    *list = inbox;
}

/* Calls back each inbox of a list that nobody else has. */
static void tell(nm_inbox *list, bool passed)
{
    while (list != NULL) {
        nm_inbox *inbox = list;
        list = inbox->fence_next; /* before the inbox may ask again */
        inbox->callbacks->on_fence(inbox, passed);
        nm_inbox_unreference(inbox);
    }
}

void nm_fences_init(nm_fences *fences)
{
    pthread_mutex_init(&fences->lock, NULL);
    atomic_init(&fences->next, ULLONG_MAX);
}

static void drop(nm_inbox *list)
{
    while (list != NULL) {
        nm_inbox *inbox = list;
        list = inbox->fence_next;
        nm_inbox_unreference(inbox);
    }
}

void nm_fences_free(nm_fences *fences)
{
    drop(fences->asked);
    drop(fences->answered);
    pthread_mutex_destroy(&fences->lock);
}

/* ---- asking ---- */

void nm_fences_ask(nm_fences *fences, nm_inbox *inbox, uint64_t reconnects)
{
    nm_inbox_reference(inbox);
    inbox->fence_reconnects = reconnects;
    pthread_mutex_lock(&fences->lock);
    push(&fences->asked, inbox);
    atomic_store_explicit(&fences->wanted, true, memory_order_relaxed);
    pthread_mutex_unlock(&fences->lock);
}

/* ---- the thread that flushes ---- */

nm_inbox *nm_fences_take(nm_fences *fences)
{
    if (!nm_fences_are_wanted(fences))
        return NULL;
    pthread_mutex_lock(&fences->lock);
    nm_inbox *taken = fences->asked;
    fences->asked = NULL;
    atomic_store_explicit(&fences->wanted, false, memory_order_relaxed);
    pthread_mutex_unlock(&fences->lock);
    return taken;
}

void nm_fences_put_back(nm_fences *fences, nm_inbox *taken)
{
    pthread_mutex_lock(&fences->lock);
    while (taken != NULL) {
        nm_inbox *inbox = taken;
        taken = inbox->fence_next;
        push(&fences->asked, inbox);
    }
    atomic_store_explicit(&fences->wanted, true, memory_order_relaxed);
    pthread_mutex_unlock(&fences->lock);
}

void nm_fences_fail(nm_inbox *taken)
{
    tell(taken, false);
}

/*
 * The count that the dispatch thread has come to once it has handed over all that nats.c has for
 * us. False: the subscription has ended. nats.c cuts its number to 32 bits, so only the distance is
 * taken from it.
 */
static bool find_end_of_queue(nm_fences *fences, unsigned long long *end)
{
    int pending = 0;
    int64_t delivered = 0;
    if (natsSubscription_GetStats(fences->subscription, &pending, NULL, NULL, NULL, &delivered,
                                  NULL) != NATS_OK)
        return false;
    unsigned long long count = atomic_load(&fences->count);
    int32_t ahead = (int32_t)((uint32_t)delivered + (uint32_t)pending - (uint32_t)count);
    *end = ahead > 0 ? count + (unsigned long long)ahead : count;
    return true;
}

void nm_fences_answer(nm_fences *fences, nm_inbox *taken, uint64_t reconnects)
{
    unsigned long long end = 0;
    bool alive = find_end_of_queue(fences, &end);
    nm_inbox *failed = NULL;
    pthread_mutex_lock(&fences->lock);
    while (taken != NULL) {
        nm_inbox *inbox = taken;
        taken = inbox->fence_next;
        inbox->fence_end = end;
        /* Another connection answered than the one that the message may have been lost with. */
        bool counts = alive && !fences->ended && inbox->fence_reconnects == reconnects;
        push(counts ? &fences->answered : &failed, inbox);
    }
    pthread_mutex_unlock(&fences->lock);
    nm_fences_pass(fences);
    tell(failed, false);
}

/* ---- passing ---- */

/* Under the lock: takes those out of `answered` that have passed. */
static nm_inbox *take_passed(nm_fences *fences)
{
    nm_inbox *passed = NULL;
    unsigned long long next;
    do {
        unsigned long long count = atomic_load(&fences->count);
        nm_inbox *list = fences->answered;
        fences->answered = NULL;
        next = ULLONG_MAX;
        while (list != NULL) {
            nm_inbox *inbox = list;
            list = inbox->fence_next;
            push(inbox->fence_end <= count ? &passed : &fences->answered, inbox);
            if (inbox->fence_end > count && inbox->fence_end < next)
                next = inbox->fence_end;
        }
        atomic_store(&fences->next, next);
        /* The dispatch thread counts, and then looks at `next`: one of the two sees the other. */
    } while (atomic_load(&fences->count) >= next);
    return passed;
}

void nm_fences_pass(nm_fences *fences)
{
    pthread_mutex_lock(&fences->lock);
    nm_inbox *passed = take_passed(fences);
    pthread_mutex_unlock(&fences->lock);
    tell(passed, true);
}

void nm_fences_end(nm_fences *fences)
{
    pthread_mutex_lock(&fences->lock);
    fences->ended = true;
    nm_inbox *left = fences->answered;
    fences->answered = NULL;
    atomic_store(&fences->next, ULLONG_MAX);
    pthread_mutex_unlock(&fences->lock);
    tell(left, false);
}
