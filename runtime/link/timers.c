/*
 * Timers of inboxes: one each, in a binary heap, fired by the link's service thread.
 *
 * A timer that is set later than what the thread sleeps for does not wake it, so a call that sets
 * and clears its deadline costs two heap operations and no system call.
 */
#include "link/timers.h"

#include "base/clock.h"

#include <stdlib.h>

/* The thread never sleeps longer, so that a timer that is later than this need not wake it. */
#define ROUND_MS 1000

static void place(nm_timers *timers, size_t index, nm_inbox *inbox)
{
    timers->heap[index] = inbox;
    inbox->timer_index = index;
}

static void sift_up(nm_timers *timers, size_t index, nm_inbox *inbox)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (timers->heap[parent]->timer_due <= inbox->timer_due)
            break;
        place(timers, index, timers->heap[parent]);
        index = parent;
    }
    place(timers, index, inbox);
}

static void sift_down(nm_timers *timers, size_t index, nm_inbox *inbox)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count &&
            timers->heap[child + 1]->timer_due < timers->heap[child]->timer_due)
            child++;
        if (timers->heap[child]->timer_due >= inbox->timer_due)
            break;
        place(timers, index, timers->heap[child]);
        index = child;
    }
    place(timers, index, inbox);
}

/* Takes an inbox out of the heap; its reference passes to the caller. */
static void take_out(nm_timers *timers, nm_inbox *inbox)
{
    size_t index = inbox->timer_index;
    nm_inbox *last = timers->heap[--timers->count];
    inbox->timer_due = NM_NEVER;
    if (last == inbox)
        return;
    if (index > 0 && timers->heap[(index - 1) / 2]->timer_due > last->timer_due)
        sift_up(timers, index, last);
    else
        sift_down(timers, index, last);
}

/* The heap's room is made when an inbox is added; a timer that finds none fires at once instead. */
static bool put_in(nm_timers *timers, nm_inbox *inbox, int64_t due)
{
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
        nm_inbox **heap = realloc(timers->heap, capacity * sizeof(nm_inbox *));
        if (heap == NULL)
            return false;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    inbox->timer_due = due;
    sift_up(timers, timers->count++, inbox);
    return true;
}

/* Under the lock. True: a reference is to be given back, with the lock free. */
static bool set_timer(nm_timers *timers, nm_inbox *inbox, int64_t due)
{
    bool was_in = inbox->timer_due != NM_NEVER;
    if (was_in)
        take_out(timers, inbox);
    if (due == NM_NEVER || inbox->timer_ended || timers->stopping || !put_in(timers, inbox, due))
        return was_in;
    if (!was_in)
        nm_inbox_reference(inbox);
    if (due < timers->sleeping_until)
        pthread_cond_signal(&timers->changed);
    return false;
}

void nm_timers_set(nm_timers *timers, nm_inbox *inbox, int64_t due)
{
    pthread_mutex_lock(&timers->lock);
    bool release = set_timer(timers, inbox, due);
    pthread_mutex_unlock(&timers->lock);
    if (release)
        nm_inbox_unreference(inbox);
}

void nm_timers_hasten(nm_timers *timers, nm_inbox *inbox, int64_t due)
{
    pthread_mutex_lock(&timers->lock);
    bool release = due < inbox->timer_due && set_timer(timers, inbox, due);
    pthread_mutex_unlock(&timers->lock);
    if (release)
        nm_inbox_unreference(inbox);
}

void nm_timers_end(nm_timers *timers, nm_inbox *inbox)
{
    pthread_mutex_lock(&timers->lock);
    inbox->timer_ended = true;
    bool release = set_timer(timers, inbox, NM_NEVER);
    pthread_mutex_unlock(&timers->lock);
    if (release)
        nm_inbox_unreference(inbox);
}

static void fire_unlocked(nm_timers *timers, nm_inbox *inbox)
{
    take_out(timers, inbox);
    pthread_mutex_unlock(&timers->lock);
    inbox->callbacks->on_timer(inbox);
    nm_inbox_unreference(inbox);
    pthread_mutex_lock(&timers->lock);
}

static void make_round_unlocked(nm_timers *timers, int64_t now)
{
    timers->next_round = now + ROUND_MS * NM_NS_PER_MS;
    pthread_mutex_unlock(&timers->lock);
    timers->on_round(timers->data);
    pthread_mutex_lock(&timers->lock);
}

static void *serve_timers(void *argument)
{
    nm_timers *timers = argument;

    pthread_mutex_lock(&timers->lock);
    while (!timers->stopping) {
        int64_t now = nm_now();
        if (now >= timers->next_round) {
            make_round_unlocked(timers, now);
            continue;
        }
        if (timers->count > 0 && timers->heap[0]->timer_due <= now) {
            fire_unlocked(timers, timers->heap[0]);
            continue;
        }
        timers->sleeping_until = timers->next_round;
        if (timers->count > 0 && timers->heap[0]->timer_due < timers->next_round)
            timers->sleeping_until = timers->heap[0]->timer_due;
        nm_cond_wait_until(&timers->changed, &timers->lock, timers->sleeping_until);
        timers->sleeping_until = 0;
    }
    pthread_mutex_unlock(&timers->lock);
    return NULL;
}

bool nm_timers_start(nm_timers *timers, void (*on_round)(void *data), void *data)
{
    timers->sleeping_until = 0;
    timers->next_round = nm_deadline_in(ROUND_MS);
    timers->on_round = on_round;
    timers->data = data;
    pthread_mutex_init(&timers->lock, NULL);
    if (nm_cond_init(&timers->changed) != 0)
        return false;
    timers->running = pthread_create(&timers->thread, NULL, serve_timers, timers) == 0;
    return timers->running;
}

void nm_timers_stop(nm_timers *timers)
{
    if (!timers->running)
        return;
    pthread_mutex_lock(&timers->lock);
    timers->stopping = true;
    pthread_cond_signal(&timers->changed);
    pthread_mutex_unlock(&timers->lock);
    pthread_join(timers->thread, NULL);
    timers->running = false;
}

void nm_timers_free(nm_timers *timers)
{
    if (!timers->stopping)
        return; /* never started */
    free(timers->heap);
    pthread_cond_destroy(&timers->changed);
    pthread_mutex_destroy(&timers->lock);
}
