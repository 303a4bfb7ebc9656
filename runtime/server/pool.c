/*
 * The workers of a server. Requests come from nats.c's delivery threads, which only hand them over,
 * so that a handler that takes long, or a message that takes long to read, holds up no other.
 *
 * Waking a worker costs more than many a handler takes. So while a call runs that is likely to be
 * quick, a request wakes nobody: the call's worker takes it next. One worker stands by meanwhile
 * and takes over when the call turns out to take long.
 *
 * There are at most max_running workers that serve, one that stands by, and always one. They are
 * started when needed and end after a while without work.
 */
#include "server/pool.h"

#include "base/clock.h"

#include <time.h>

#define IDLE_WORKER_MS 10000

/* A source's calls are taken for slow ones until they have shown better. */
#define FIRST_TYPICAL_NS (1000 * NM_NS_PER_MS)

/* Calls that take less than this are quick. */
#define QUICK_NS (200 * INT64_C(1000))

/*
 * The worker that stands by looks this often. It takes over when a request waits for two looks, and
 * goes when so many looks found no quick call.
 */
#define STANDBY_LOOK_NS (1 * NM_NS_PER_MS)
#define STANDBY_LOOKS   20

/* That requests begin to wait is said once in this time. */
#define TELL_WAITING_NS (1000 * NM_NS_PER_MS)

/* Answers are flushed after so many, though more requests wait to be served by the same worker. */
#define UNFLUSHED_ANSWERS 16

static void *work(void *argument);

/* ---- calling workers; under the lock ---- */

static bool start_worker(nm_pool *pool)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, pool) != 0)
        return false;
    pthread_detach(thread);
    pool->threads++;
    pool->called++;
    return true;
}

/*
 * True: an idle worker is to be woken. If no thread can be started, the workers that there are take
 * the request when they can.
 */
static bool call_worker(nm_pool *pool)
{
    if (pool->idle == 0) {
        start_worker(pool);
        return false;
    }
    /* Taken off here, not when it wakes: two calls must not wake the same worker. */
    pool->idle--;
    pool->wakeups++;
    pool->called++;
    return true;
}

/*
 * Calls a worker if a request may run that none is on the way for. True: signal `work`, best with
 * the lock free, as who is woken wants it.
 */
static bool call_worker_if_needed(nm_pool *pool)
{
    bool left_to_quick = pool->quick_running > 0 && pool->standby;
    if (left_to_quick || pool->called >= pool->backlog.all.waiting)
        return false;
    return nm_backlog_may_take(&pool->backlog) && call_worker(pool);
}

static void tell_drain(nm_pool *pool)
{
    if (pool->draining)
        pthread_cond_broadcast(&pool->changed);
}

/* ---- workers; with the lock, which they free while they serve, flush and wait ---- */

static void flush_unlocked(nm_pool *pool)
{
    pthread_mutex_unlock(&pool->lock);
    pool->callbacks->flush(pool->data);
    pthread_mutex_lock(&pool->lock);
}

static bool serve_unlocked(nm_pool *pool, nm_pool_request request)
{
    bool wakes = call_worker_if_needed(pool);
    pthread_mutex_unlock(&pool->lock);
    if (wakes)
        pthread_cond_signal(&pool->work);
    int64_t start = nm_now();
    bool goes_on = pool->callbacks->serve(pool->data, &request);
    int64_t taken = nm_now() - start;
    pthread_mutex_lock(&pool->lock);
    request.source->typical_ns += (taken - request.source->typical_ns) / 8;
    return goes_on;
}

/* From here to end_quick requests are left to this worker. Returns what end_quick takes. */
static uint32_t begin_quick(nm_pool *pool)
{
    pool->quick++;
    pool->quick_running++;
    return pool->quick_era;
}

static void end_quick(nm_pool *pool, uint32_t era)
{
    if (era == pool->quick_era)
        pool->quick_running--;
}

/*
 * Serves a request that was taken. Returns how many answers are left to be flushed: that of a call
 * that was not quick is flushed at once.
 */
static uint32_t serve(nm_pool *pool, nm_pool_request request, uint32_t unflushed)
{
    bool quick = request.source->is_unary && request.source->typical_ns < QUICK_NS;
    if (!quick && unflushed > 0)
        flush_unlocked(pool);
    uint32_t era = quick ? begin_quick(pool) : 0;
    bool goes_on = serve_unlocked(pool, request);
    if (quick)
        end_quick(pool, era);
    if (!goes_on) {
        nm_backlog_ended(&pool->backlog, request.source);
        tell_drain(pool);
    }
    if (!quick)
        flush_unlocked(pool);
    return quick ? unflushed + 1 : 0;
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
            if (pool->threads == 1 && !pool->stopping) {
                until = nm_deadline_in(IDLE_WORKER_MS);
                continue;
            }
            pool->idle--;
            return false;
        }
    }
    pool->wakeups--;
    pool->called--;
    return true;
}

/*
 * Looks after requests that are left to the workers of quick calls, until one has waited for long
 * or there was no such call for a while.
 */
static void stand_by(nm_pool *pool)
{
    const struct timespec pause = {0, STANDBY_LOOK_NS};
    int quiet = 0;
    uint64_t seen = 0;
    pool->standby = true;
    while (quiet < STANDBY_LOOKS && !pool->stopping) {
        uint64_t next = nm_backlog_next(&pool->backlog);
        if (next != 0 && (next == seen || pool->quick_running == 0)) {
            pool->quick_era++;
            pool->quick_running = 0;
            break;
        }
        seen = next;
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
    uint32_t unflushed = 0;

    pthread_mutex_lock(&pool->lock);
    pool->called--;
    for (;;) {
        nm_pool_request request;
        if (unflushed < UNFLUSHED_ANSWERS && nm_backlog_take(&pool->backlog, &request))
            unflushed = serve(pool, request, unflushed);
        else if (unflushed > 0) {
            unflushed = 0;
            uint32_t era = begin_quick(pool); /* what comes meanwhile is next */
            flush_unlocked(pool);
            end_quick(pool, era);
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

/* ---- making; what sources ask of it ---- */

bool nm_pool_init(nm_pool *pool, const nm_pool_callbacks *callbacks, void *data,
                  const nm_share *all, const nm_share *streams)
{
    *pool = (nm_pool){.callbacks = callbacks, .data = data};
    pthread_mutex_init(&pool->lock, NULL);
    nm_cond_init(&pool->work);
    nm_cond_init(&pool->changed);
    return nm_backlog_init(&pool->backlog, all, streams);
}

void nm_pool_free(nm_pool *pool)
{
    nm_backlog_free(&pool->backlog);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
}

natsmicro_status nm_pool_open(nm_pool *pool, nm_pool_source *source)
{
    pthread_mutex_lock(&pool->lock);
    source->typical_ns = FIRST_TYPICAL_NS;
    bool works = pool->threads > 0 || start_worker(pool);
    if (works) {
        nm_backlog_open(&pool->backlog, source);
        pool->sources++;
    }
    pthread_mutex_unlock(&pool->lock);
    return works ? NATSMICRO_OK : NATSMICRO_RESOURCE_EXHAUSTED;
}

void nm_pool_close(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->sources--;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* Under the lock: counts a request that waits. True: it is to be said that requests begin to. */
static bool count_waiting(nm_pool *pool, int64_t now)
{
    pool->waited++;
    bool first = pool->backlog.kept_waiting == 1;
    if (!first || (pool->waiting_told != 0 && now - pool->waiting_told < TELL_WAITING_NS))
        return false;
    pool->waiting_told = now;
    return true;
}

/* False: it is to be prepared, and offered again. */
static bool offer(nm_pool *pool, const nm_pool_request *request)
{
    nm_pool_source *source = request->source; /* it outlives the request */
    pthread_mutex_lock(&pool->lock);
    nm_backlog_added added = nm_backlog_add(&pool->backlog, request);
    bool queued = added == NM_BACKLOG_SOON || added == NM_BACKLOG_WAITS;
    bool wakes = queued && call_worker_if_needed(pool);
    bool tells = added == NM_BACKLOG_WAITS && count_waiting(pool, request->arrived);
    pool->refused += added == NM_BACKLOG_FULL;
    uint32_t running = pool->backlog.all.running;
    size_t waiting = pool->backlog.all.waiting;
    pthread_mutex_unlock(&pool->lock);
    if (wakes)
        pthread_cond_signal(&pool->work);
    if (added == NM_BACKLOG_FULL)
        pool->callbacks->refuse(pool->data, request, running, waiting);
    if (tells)
        pool->callbacks->waiting(pool->data, source, running, waiting);
    return added != NM_BACKLOG_UNPREPARED;
}

void nm_pool_offer(nm_pool *pool, const nm_pool_request *request)
{
    if (offer(pool, request))
        return;
    nm_pool_request prepared = *request;
    prepared.prepared = true;
    if (pool->callbacks->prepare(pool->data, &prepared))
        offer(pool, &prepared);
}

void nm_pool_call_ended(nm_pool *pool, nm_pool_source *source)
{
    pthread_mutex_lock(&pool->lock);
    nm_backlog_ended(&pool->backlog, source);
    /* Under the lock, as the pool may be gone once this call has ended. */
    if (call_worker_if_needed(pool))
        pthread_cond_signal(&pool->work);
    tell_drain(pool);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- ending ---- */

void nm_pool_drain(nm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->draining = true;
    pthread_mutex_unlock(&pool->lock);
}

static bool is_empty(const nm_pool *pool)
{
    return pool->sources == 0 && pool->backlog.all.waiting == 0 && pool->backlog.all.running == 0;
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

bool nm_pool_withdraw(nm_pool *pool, void *const *ticket, nm_pool_request *request)
{
    pthread_mutex_lock(&pool->lock);
    bool waited = nm_backlog_withdraw(&pool->backlog, ticket, request);
    if (waited)
        tell_drain(pool);
    pthread_mutex_unlock(&pool->lock);
    return waited;
}

bool nm_pool_take_waiting(nm_pool *pool, nm_pool_request *request)
{
    pthread_mutex_lock(&pool->lock);
    bool waits = nm_backlog_take_any(&pool->backlog, request);
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
    nm_pool_figures figures = {.running = pool->backlog.all.running,
                               .waiting = pool->backlog.all.waiting,
                               .threads = pool->threads,
                               .sources = pool->sources,
                               .refused = pool->refused,
                               .waited = pool->waited};
    pthread_mutex_unlock(&pool->lock);
    return figures;
}
