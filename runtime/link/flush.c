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

#define LONGEST_FLUSH_MS 1000

static void flush_once(natsConnection *connection, int64_t deadline)
{
    /* While it reconnects a flush would only wait: what is buffered goes out with the reconnect. */
    if (natsConnection_Status(connection) != NATS_CONN_STATUS_CONNECTED)
        return;
    int64_t timeout = nm_remaining_ms(deadline);
    if (timeout > LONGEST_FLUSH_MS)
        timeout = LONGEST_FLUSH_MS;
    if (timeout > 0)
        natsConnection_FlushTimeout(connection, timeout);
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
        flush_once(*flusher->connection, NM_NEVER);
        pthread_mutex_lock(&flusher->lock);
        if (!flusher->again)
            flusher->flushing = flusher->handed_over = false;
    }
    pthread_mutex_unlock(&flusher->lock);
    return NULL;
}

/* The thread is started by the first need of it: a client that calls from one thread has none. */
static void hand_over(nm_flusher *flusher)
{
    if (!flusher->running && !flusher->stopping)
        flusher->running = pthread_create(&flusher->thread, NULL, serve_flushes, flusher) == 0;
    if (!flusher->running) {
        flusher->flushing = false; /* nats.c's own flusher has it within a millisecond */
        return;
    }
    flusher->handed_over = true;
    pthread_cond_signal(&flusher->changed);
}

void nm_flusher_flush(nm_flusher *flusher, int64_t deadline)
{
    if (natsConnection_Buffered(*flusher->connection) <= 0)
        return;
    pthread_mutex_lock(&flusher->lock);
    if (flusher->flushing) {
        flusher->again = true;
        pthread_mutex_unlock(&flusher->lock);
        return;
    }
    flusher->flushing = true;
    flusher->again = false;
    pthread_mutex_unlock(&flusher->lock);

    flush_once(*flusher->connection, deadline);

    pthread_mutex_lock(&flusher->lock);
    if (flusher->again)
        hand_over(flusher);
    else
        flusher->flushing = false;
    pthread_mutex_unlock(&flusher->lock);
}

void nm_flusher_flush_soon(nm_flusher *flusher)
{
    pthread_mutex_lock(&flusher->lock);
    if (flusher->flushing)
        flusher->again = true;
    else {
        flusher->flushing = true;
        hand_over(flusher);
    }
    pthread_mutex_unlock(&flusher->lock);
}

bool nm_flusher_init(nm_flusher *flusher, _Atomic(natsConnection *) *connection)
{
    flusher->connection = connection;
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
