/*
 * Flushing decides latency: nats.c's own flusher wakes up to 1 ms after a publish.
 *
 * natsConnection_FlushTimeout is the only way to have the buffer written now; it waits for the
 * broker's PONG besides. So a thread flushes itself while nobody else does (the lowest latency for
 * a lone message), and what others publish meanwhile is left to the flusher thread, whose one flush
 * then serves them all (the highest rate when many publish).
 */
#include "link/flush.h"

#include "base/clock.h"
#include "link/reconnects.h"

#define LONGEST_FLUSH_MS 1000

/* True: the broker has answered what may be counted on where `for_fences`. */
static bool flush(natsConnection *connection, int64_t timeout, bool for_fences)
{
    /*
     * nats.c reports success as well where it could not write its PING. Only the thread's last
     * error tells of that, so a known one stands there before.
     */
    if (for_fences)
        natsConnection_FlushTimeout(NULL, timeout);
    if (natsConnection_FlushTimeout(connection, timeout) != NATS_OK)
        return false;
    natsStatus last = NATS_INVALID_ARG;
    if (for_fences)
        nats_GetLastError(&last);
    return last == NATS_INVALID_ARG;
}

static bool flush_until(natsConnection *connection, int64_t deadline, bool for_fences)
{
    /* While it reconnects a flush would only wait: what is buffered goes out with the reconnect. */
    if (natsConnection_Status(connection) != NATS_CONN_STATUS_CONNECTED)
        return false;
    int64_t timeout = nm_remaining_ms(deadline);
    if (timeout > LONGEST_FLUSH_MS)
        timeout = LONGEST_FLUSH_MS;
    return timeout > 0 && flush(connection, timeout, for_fences);
}

/* Returns the fences that it should have served and that nobody has told yet; or NULL. */
static nm_inbox *flush_once(nm_flusher *flusher, int64_t deadline)
{
    natsConnection *connection = *flusher->connection;
    nm_inbox *fences = nm_fences_take(flusher->fences);
    bool answered = flush_until(connection, deadline, fences != NULL);
    if (fences == NULL || !answered)
        return fences;
    nm_fences_answer(flusher->fences, fences, nm_reconnects(connection));
    return NULL;
}

static void *serve_flushes(void *argument)
{
    nm_flusher *flusher = argument;

    pthread_mutex_lock(&flusher->lock);
    for (;;) {
        while (!flusher->handed_over && !flusher->stopping)
            pthread_cond_wait(&flusher->changed, &flusher->lock);
        if (flusher->stopping)
            break;
        flusher->again = false;
        pthread_mutex_unlock(&flusher->lock);
        nm_fences_fail(flush_once(flusher, NM_NEVER));
        pthread_mutex_lock(&flusher->lock);
        if (!flusher->again)
            flusher->flushing = flusher->handed_over = false;
    }
    pthread_mutex_unlock(&flusher->lock);
    return NULL;
}

/*
 * Gives up the lock and the turn to flush. The thread is started by the first need of it: a client
 * that calls from one thread has none.
 */
static void hand_over_and_unlock(nm_flusher *flusher)
{
    if (!flusher->running && !flusher->stopping)
        flusher->running = pthread_create(&flusher->thread, NULL, serve_flushes, flusher) == 0;
    bool serves = flusher->running && !flusher->stopping;
    if (serves) {
        flusher->handed_over = true;
        pthread_cond_signal(&flusher->changed);
    } else
        flusher->flushing = false; /* nats.c's own flusher has it within a millisecond */
    pthread_mutex_unlock(&flusher->lock);
    if (!serves)
        nm_fences_fail(nm_fences_take(flusher->fences));
}

void nm_flusher_flush(nm_flusher *flusher, int64_t deadline)
{
    if (natsConnection_Buffered(*flusher->connection) <= 0) {
        if (nm_fences_are_wanted(flusher->fences))
            nm_flusher_flush_soon(flusher);
        return;
    }
    pthread_mutex_lock(&flusher->lock);
    if (flusher->flushing) {
        flusher->again = true;
        pthread_mutex_unlock(&flusher->lock);
        return;
    }
    flusher->flushing = true;
    flusher->again = false;
    pthread_mutex_unlock(&flusher->lock);

    nm_inbox *fences = flush_once(flusher, deadline);
    if (fences != NULL)
        nm_fences_put_back(flusher->fences, fences); /* the thread may have more time */

    pthread_mutex_lock(&flusher->lock);
    if (flusher->again || fences != NULL) {
        hand_over_and_unlock(flusher);
        return;
    }
    flusher->flushing = false;
    pthread_mutex_unlock(&flusher->lock);
}

void nm_flusher_flush_soon(nm_flusher *flusher)
{
    pthread_mutex_lock(&flusher->lock);
    if (!flusher->flushing) {
        flusher->flushing = true;
        hand_over_and_unlock(flusher);
        return;
    }
    flusher->again = true;
    pthread_mutex_unlock(&flusher->lock);
}

bool nm_flusher_init(nm_flusher *flusher, _Atomic(natsConnection *) *connection, nm_fences *fences)
{
    flusher->connection = connection;
    flusher->fences = fences;
    return pthread_mutex_init(&flusher->lock, NULL) == 0 && nm_cond_init(&flusher->changed) == 0;
}

void nm_flusher_stop(nm_flusher *flusher)
{
    pthread_mutex_lock(&flusher->lock);
    flusher->stopping = true;
    pthread_cond_signal(&flusher->changed);
    pthread_mutex_unlock(&flusher->lock);
    if (flusher->running)
        pthread_join(flusher->thread, NULL);
    flusher->running = false;
}

void nm_flusher_free(nm_flusher *flusher)
{
    pthread_cond_destroy(&flusher->changed);
    pthread_mutex_destroy(&flusher->lock);
}
