/*
 * The workers of a server: leader and followers. Each source has one worker that waits on its
 * subscription; who gets a request lets another wait and serves it itself, so that a request is
 * handed to no second thread. When all calls that may run are running, the waiting workers queue
 * requests, and past the queue's limits they refuse them at once.
 *
 * Waking another worker costs more than many a handler takes. So a call of a source whose calls
 * are quick leaves the source unwatched: its worker is most likely back before the next request.
 * One worker stands by meanwhile and takes over a source that is unwatched for long after all.
 *
 * There are at most max_running workers that serve and one an open source that waits. They are
 * started when needed and end after a while without work.
 */
#include "server/pool.h"

#include "base/clock.h"
#include "link/link.h"

#include <stdlib.h>
#include <time.h>

/* nats.c waits on the wall clock, which may jump: never long at a time. */
#define LONGEST_WAIT_MS 1000

#define IDLE_WORKER_MS 10000

/* A source's calls are taken for slow ones until they have shown better. */
#define FIRST_TYPICAL_NS (1000 * NM_NS_PER_MS)

/* Calls that take less than this are quick, and how long a source may go unwatched for one. */
#define QUICK_NS     (200 * INT64_C(1000))
#define UNWATCHED_NS (1 * NM_NS_PER_MS)

/*
 * What a call counts as that was taken for a quick one and is none: a dozen others make up for it.
 */
#define NOT_QUICK_NS (8 * QUICK_NS)

/* The worker that stands by looks this often, and goes when so many looks found no quick call. */
#define STANDBY_LOOK_NS (2 * NM_NS_PER_MS)
#define STANDBY_LOOKS   10

/* Answers are flushed after so many, though more requests wait to be served by the same worker. */
#define UNFLUSHED_ANSWERS 16

/* ---- the queue of waiting calls; under the lock ---- */

static bool has_room(const nm_pool *pool, const nm_pool_source *source, size_t bytes)
{
    if (pool->waiting_count >= pool->max_waiting)
        return false;
    if (source->max_waiting > 0 && source->waiting >= source->max_waiting)
        return false;
    return source->max_waiting_bytes == 0 ||
           source->waiting_bytes + bytes <= source->max_waiting_bytes;
}

static size_t size_of(natsMsg *message)
{
    return (size_t)natsMsg_GetDataLength(message);
}

static void enqueue(nm_pool *pool, nm_pool_source *source, natsMsg *message)
{
    size_t at = (pool->waiting_first + pool->waiting_count) % pool->max_waiting;
    pool->waiting[at] = (nm_pool_request){source, message};
    pool->waiting_count++;
    source->waiting++;
    source->waiting_bytes += size_of(message);
}

static bool may_dequeue(const nm_pool *pool)
{
    return pool->waiting_count > 0 && pool->running < pool->max_running;
}

/* The request that has waited longest; there is one. */
static nm_pool_request dequeue(nm_pool *pool)
{
    nm_pool_request request = pool->waiting[pool->waiting_first];
    pool->waiting_first = (pool->waiting_first + 1) % pool->max_waiting;
    pool->waiting_count--;
    request.source->waiting--;
    request.source->waiting_bytes -= size_of(request.message);
    return request;
}

/* ---- workers ---- */

static void *work(void *argument);

/* Under the lock: somebody is to see to new work. False: no thread could be started. */
static bool call_worker(nm_pool *pool)
{
    if (pool->idle > 0) {
        /* Taken off here, not when it wakes: two calls must not wake the same worker. */
        pool->idle--;
        pool->wakeups++;
        pthread_cond_signal(&pool->work);
        return true;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, pool) != 0)
        return false;
    pthread_detach(thread);
    pool->threads++;
    return true;
}

static void push_unwatched(nm_pool *pool, nm_pool_source *source)
{
    source->next_unwatched = pool->unwatched;
    pool->unwatched = source;
}

/* Under the lock: takes a source back that no other worker has begun to watch. */
static bool take_unwatched(nm_pool *pool, const nm_pool_source *source)
{
    for (nm_pool_source **at = &pool->unwatched; *at != NULL; at = &(*at)->next_unwatched) {
        if (*at != source)
            continue;
        *at = source->next_unwatched;
        return true;
    }
    return false;
}

/*
 * Serves with the lock free; returns with it held. `unflushed` counts the answers of a worker that
 * goes on with the requests at hand: their flush is one.
 */
static void serve_unlocked(nm_pool *pool, nm_pool_source *source, natsMsg *message,
                           uint32_t *unflushed)
{
    pthread_mutex_unlock(&pool->lock);
    int64_t start = nm_now();
    bool goes_on = pool->callbacks->serve(pool->data, source, message);
    int64_t taken = nm_now() - start;
    if (unflushed == NULL || ++*unflushed >= UNFLUSHED_ANSWERS ||
        !nm_more_is_at_hand(source->subscription)) {
        pool->callbacks->flush(pool->data);
        if (unflushed != NULL)
            *unflushed = 0;
    }
    pthread_mutex_lock(&pool->lock);
    source->typical_ns += (taken - source->typical_ns) / 8;
    if (goes_on)
        return;
    pool->running--;
    if (pool->draining)
        pthread_cond_broadcast(&pool->changed);
}

static void refuse_unlocked(nm_pool *pool, nm_pool_source *source, natsMsg *message)
{
    pool->refused++;
    uint32_t running = pool->running;
    size_t waiting = pool->waiting_count;
    pthread_mutex_unlock(&pool->lock);
    pool->callbacks->refuse(pool->data, source, message, running, waiting);
    pthread_mutex_lock(&pool->lock);
}

/*
 * Serves a request, with the lock held. True: the source is still this worker's to watch. The
 * next one to wait is called before, unless the call is likely to be quick and somebody stands by.
 */
static bool serve_watched(nm_pool *pool, nm_pool_source *source, natsMsg *message,
                          uint32_t *unflushed)
{
    bool quick = source->typical_ns < QUICK_NS && source->is_unary;
    pool->running++;
    source->unwatched_since = quick ? nm_now() : 0;
    push_unwatched(pool, source);
    if (quick)
        pool->quick++;
    if (!quick || !pool->standby)
        call_worker(pool);
    serve_unlocked(pool, source, message, quick ? unflushed : NULL);
    return take_unwatched(pool, source);
}

/*
 * What becomes of a request, with the lock held. True: the source is still this worker's to
 * watch.
 */
static bool take_request(nm_pool *pool, nm_pool_source *source, natsMsg *message,
                         uint32_t *unflushed)
{
    if (pool->running < pool->max_running && pool->waiting_count == 0)
        return serve_watched(pool, source, message, unflushed);
    if (has_room(pool, source, size_of(message))) {
        enqueue(pool, source, message);
        if (pool->running < pool->max_running)
            call_worker(pool);
    } else
        refuse_unlocked(pool, source, message);
    return true;
}

static void close_source(nm_pool *pool, natsStatus status)
{
    pool->sources--;
    if (status == NATS_CONNECTION_CLOSED) {
        pool->connection_closed = true;
        pool->callbacks->on_connection_closed(pool->data);
    }
    pthread_cond_broadcast(&pool->changed);
}

/* Waits for a source's requests until another worker does, or there will be none any more. */
static void watch(nm_pool *pool, nm_pool_source *source)
{
    bool mine = true;
    uint32_t unflushed = 0;
    while (mine) {
        natsMsg *message = NULL;
        pthread_mutex_unlock(&pool->lock);
        natsStatus status =
            natsSubscription_NextMsg(&message, source->subscription, LONGEST_WAIT_MS);
        pthread_mutex_lock(&pool->lock);
        if (status == NATS_OK)
            mine = take_request(pool, source, message, &unflushed);
        else if (status == NATS_CONNECTION_CLOSED || status == NATS_INVALID_SUBSCRIPTION) {
            close_source(pool, status);
            mine = false;
        }
        /* A time-out, a slow consumer's notice or somebody's 503 mean nothing here. */
        if (mine && may_dequeue(pool)) {
            /* Somebody else is free to wait; what has come first is served first. */
            call_worker(pool);
        }
    }
}

/* Waits until it is called; false when it was not for a while, or the pool ends. */
static bool wait_for_work(nm_pool *pool)
{
    int64_t until = nm_deadline_in(IDLE_WORKER_MS);
    pool->idle++;
    while (pool->wakeups == 0) {
        if (pool->stopping || nm_cond_wait_until(&pool->work, &pool->lock, until) != 0) {
            if (pool->wakeups > 0)
                break;
            pool->idle--;
            return false;
        }
    }
    pool->wakeups--;
    return true;
}

/*
 * A source to be watched now: not one that a call left a moment ago and is likely to be back at.
 */
static nm_pool_source *longest_unwatched(const nm_pool *pool)
{
    if (pool->unwatched == NULL)
        return NULL;
    int64_t now = nm_now();
    nm_pool_source *source = pool->unwatched;
    while (source != NULL && now - source->unwatched_since < UNWATCHED_NS)
        source = source->next_unwatched;
    return source;
}

/*
 * Looks after sources that quick calls leave unwatched, until there is other work or no such
 * call.
 */
static void stand_by(nm_pool *pool)
{
    const struct timespec pause = {0, STANDBY_LOOK_NS};
    int quiet = 0;
    pool->standby = true;
    while (quiet < STANDBY_LOOKS && !may_dequeue(pool) && !pool->stopping &&
           longest_unwatched(pool) == NULL) {
        quiet = pool->quick > 0 ? 0 : quiet + 1;
        pool->quick = 0;
        pthread_mutex_unlock(&pool->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&pool->lock);
    }
    pool->standby = false;
}

static void *work(void *argument)
{
    nm_pool *pool = argument;

    pthread_mutex_lock(&pool->lock);
    nm_pool_source *source;
    for (;;) {
        if (may_dequeue(pool)) {
            nm_pool_request request = dequeue(pool);
            pool->running++;
            if (pool->unwatched != NULL)
                call_worker(pool);
            serve_unlocked(pool, request.source, request.message, NULL);
        } else if ((source = longest_unwatched(pool)) != NULL) {
            take_unwatched(pool, source);
            if (source->unwatched_since != 0)
                source->typical_ns = NOT_QUICK_NS; /* its call is none of the quick ones */
            watch(pool, source);
        } else if (pool->quick > 0 && !pool->standby && !pool->stopping)
            stand_by(pool);
        else if (!wait_for_work(pool))
            break;
    }
    pool->threads--;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- what the server asks of it ---- */

bool nm_pool_init(nm_pool *pool, const nm_pool_callbacks *callbacks, void *data,
                  uint32_t max_running, uint32_t max_waiting)
{
    *pool = (nm_pool){.callbacks = callbacks,
                      .data = data,
                      .max_running = max_running,
                      .max_waiting = max_waiting};
    pthread_mutex_init(&pool->lock, NULL);
    nm_cond_init(&pool->work);
    nm_cond_init(&pool->changed);
    pool->waiting = calloc(max_waiting, sizeof(nm_pool_request));
    return pool->waiting != NULL;
}

void nm_pool_free(nm_pool *pool)
{
    free(pool->waiting);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
}

natsmicro_status nm_pool_add(nm_pool *pool, nm_pool_source *source)
{
    pthread_mutex_lock(&pool->lock);
    source->typical_ns = FIRST_TYPICAL_NS;
    pool->sources++;
    push_unwatched(pool, source);
    bool called = call_worker(pool);
    if (!called) {
        take_unwatched(pool, source);
        pool->sources--;
    }
    pthread_mutex_unlock(&pool->lock);
    return called ? NATSMICRO_OK : NATSMICRO_RESOURCE_EXHAUSTED;
}

void nm_pool_call_ended(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->running--;
    if (pool->waiting_count > 0)
        call_worker(pool);
    if (pool->draining)
        pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

void nm_pool_drain(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->draining = true;
    pthread_mutex_unlock(&pool->lock);
}

static bool is_empty(const nm_pool *pool)
{
    return pool->sources == 0 && pool->waiting_count == 0 && pool->running == 0;
}

bool nm_pool_wait_empty(nm_pool *pool, int64_t deadline)
{
    pthread_mutex_lock(&pool->lock);
    while (!is_empty(pool))
        if (nm_cond_wait_until(&pool->changed, &pool->lock, deadline) != 0)
            break;
    bool empty = is_empty(pool);
    pthread_mutex_unlock(&pool->lock);
    return empty;
}

bool nm_pool_wait_change(nm_pool *pool, int64_t deadline)
{
    pthread_mutex_lock(&pool->lock);
    bool empty = is_empty(pool);
    if (!empty)
        nm_cond_wait_until(&pool->changed, &pool->lock, deadline);
    pthread_mutex_unlock(&pool->lock);
    return !empty;
}

bool nm_pool_take_waiting(nm_pool *pool, nm_pool_request *request)
{
    pthread_mutex_lock(&pool->lock);
    bool waits = pool->waiting_count > 0;
    if (waits)
        *request = dequeue(pool);
    pthread_mutex_unlock(&pool->lock);
    return waits;
}

void nm_pool_stop(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    while (pool->threads > 0)
        pthread_cond_wait(&pool->changed, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

nm_pool_figures nm_pool_read(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    nm_pool_figures figures = {.running = pool->running,
                               .waiting = pool->waiting_count,
                               .threads = pool->threads,
                               .sources = pool->sources,
                               .refused = pool->refused,
                               .connection_closed = pool->connection_closed};
    pthread_mutex_unlock(&pool->lock);
    return figures;
}
