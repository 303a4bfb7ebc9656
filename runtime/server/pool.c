/*
 * The workers of a server: leader and followers. Each endpoint has one worker that waits on its
 * subscription; who gets a request lets another wait and serves it itself, so that a request is
 * handed to no second thread. When all calls that may run are running, the waiting workers queue
 * requests, and past the queue's limits they refuse them at once.
 *
 * Waking another worker costs more than many a handler takes. So a call of an endpoint whose calls
 * are quick leaves the endpoint unwatched: its worker is most likely back before the next request.
 * One worker stands by meanwhile and takes over an endpoint that is unwatched for long after all.
 *
 * There are at most max_calls workers that serve and one an open endpoint that waits. They are
 * started when needed and end after a while without work.
 */
#include "server/internal.h"

#include <time.h>

/* nats.c waits on the wall clock, which may jump: never long at a time. */
#define LONGEST_WAIT_MS 1000

#define IDLE_WORKER_MS 10000

/* Calls that take less than this are quick, and how long an endpoint may go unwatched for one. */
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

static bool has_room(const natsmicro_server *server, const nm_endpoint *endpoint, size_t bytes)
{
    const natsmicro_stub_method *stub = endpoint->method.stub;
    if (server->waiting_count >= server->max_waiting)
        return false;
    if (stub->pending_msg_limit > 0 && endpoint->waiting >= (size_t)stub->pending_msg_limit)
        return false;
    return stub->pending_bytes_limit <= 0 ||
           endpoint->waiting_bytes + bytes <= (size_t)stub->pending_bytes_limit;
}

static size_t size_of(natsMsg *message)
{
    return (size_t)natsMsg_GetDataLength(message);
}

static void enqueue(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message)
{
    size_t at = (server->waiting_first + server->waiting_count) % server->max_waiting;
    server->waiting[at] = (nm_waiting_call){endpoint, message};
    server->waiting_count++;
    endpoint->waiting++;
    endpoint->waiting_bytes += size_of(message);
}

static bool may_dequeue(const natsmicro_server *server)
{
    return server->waiting_count > 0 && server->running < server->max_calls;
}

nm_waiting_call nm_pool_dequeue(natsmicro_server *server)
{
    nm_waiting_call call = server->waiting[server->waiting_first];
    server->waiting_first = (server->waiting_first + 1) % server->max_waiting;
    server->waiting_count--;
    call.endpoint->waiting--;
    call.endpoint->waiting_bytes -= size_of(call.message);
    return call;
}

/* ---- workers ---- */

static void *work(void *argument);

/* Under the lock: somebody is to see to new work. False: no thread could be started. */
static bool call_worker(natsmicro_server *server)
{
    if (server->idle > 0) {
        /* Taken off here, not when it wakes: two calls must not wake the same worker. */
        server->idle--;
        server->wakeups++;
        pthread_cond_signal(&server->work);
        return true;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, server) != 0)
        return false;
    pthread_detach(thread);
    server->threads++;
    return true;
}

static void push_unwatched(natsmicro_server *server, nm_endpoint *endpoint)
{
    endpoint->next_unwatched = server->unwatched;
    server->unwatched = endpoint;
}

/* Under the lock: takes an endpoint back that no other worker has begun to watch. */
static bool take_unwatched(natsmicro_server *server, const nm_endpoint *endpoint)
{
    for (nm_endpoint **at = &server->unwatched; *at != NULL; at = &(*at)->next_unwatched) {
        if (*at != endpoint)
            continue;
        *at = endpoint->next_unwatched;
        return true;
    }
    return false;
}

void nm_pool_call_ended(natsmicro_server *server)
{
    server->running--;
    if (server->waiting_count > 0)
        call_worker(server);
    if (server->draining)
        pthread_cond_broadcast(&server->changed);
}

/*
 * Serves with the lock free; returns with it held. `unflushed` counts the answers of a worker that
 * goes on with the requests at hand: their flush is one.
 */
static void serve_unlocked(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message,
                           uint32_t *unflushed)
{
    pthread_mutex_unlock(&server->lock);
    int64_t start = nm_now();
    bool detached = nm_serve(server, endpoint, message);
    int64_t taken = nm_now() - start;
    if (unflushed == NULL || ++*unflushed >= UNFLUSHED_ANSWERS ||
        !nm_more_is_at_hand(endpoint->subscription)) {
        nm_link_flush(server->link, NM_NEVER);
        if (unflushed != NULL)
            *unflushed = 0;
    }
    pthread_mutex_lock(&server->lock);
    endpoint->typical_ns += (taken - endpoint->typical_ns) / 8;
    if (detached)
        return;
    server->running--;
    if (server->draining)
        pthread_cond_broadcast(&server->changed);
}

static void refuse_unlocked(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message)
{
    server->refused++;
    uint32_t running = server->running;
    size_t waiting = server->waiting_count;
    pthread_mutex_unlock(&server->lock);
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, NATSMICRO_UNAVAILABLE, "the server is busy: %u calls run, %zu wait",
                 running, waiting);
    nm_serve_refuse(server, endpoint, message, &error);
    nm_events_emit(&server->events, NATSMICRO_EVENT_OVERLOADED, endpoint->method.subject,
                   endpoint->method.full_name, "%s", nm_error_text(&error));
    nm_error_clear(&error);
    pthread_mutex_lock(&server->lock);
}

/*
 * Serves a request, with the lock held. True: the endpoint is still this worker's to watch. The
 * next one to wait is called before, unless the call is likely to be quick and somebody stands by.
 */
static bool serve_watched(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message,
                          uint32_t *unflushed)
{
    bool quick = endpoint->typical_ns < QUICK_NS && endpoint->method.stub->kind == NATSMICRO_UNARY;
    server->running++;
    endpoint->unwatched_since = quick ? nm_now() : 0;
    push_unwatched(server, endpoint);
    if (quick)
        server->quick++;
    if (!quick || !server->standby)
        call_worker(server);
    serve_unlocked(server, endpoint, message, quick ? unflushed : NULL);
    return take_unwatched(server, endpoint);
}

/*
 * What becomes of a request, with the lock held. True: the endpoint is still this worker's to
 * watch.
 */
static bool take_request(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message,
                         uint32_t *unflushed)
{
    if (server->running < server->max_calls && server->waiting_count == 0)
        return serve_watched(server, endpoint, message, unflushed);
    if (has_room(server, endpoint, size_of(message))) {
        enqueue(server, endpoint, message);
        if (server->running < server->max_calls)
            call_worker(server);
    } else
        refuse_unlocked(server, endpoint, message);
    return true;
}

static void close_endpoint(natsmicro_server *server, nm_endpoint *endpoint, natsStatus status)
{
    endpoint->closed = true;
    server->open_endpoints--;
    if (status == NATS_CONNECTION_CLOSED) {
        server->connection_closed = true;
        sem_post(&server->stop_requested);
    }
    pthread_cond_broadcast(&server->changed);
}

/* Waits for an endpoint's requests until another worker does, or there will be none any more. */
static void watch(natsmicro_server *server, nm_endpoint *endpoint)
{
    bool mine = true;
    uint32_t unflushed = 0;
    while (mine) {
        natsMsg *message = NULL;
        pthread_mutex_unlock(&server->lock);
        natsStatus status =
            natsSubscription_NextMsg(&message, endpoint->subscription, LONGEST_WAIT_MS);
        pthread_mutex_lock(&server->lock);
        if (status == NATS_OK)
            mine = take_request(server, endpoint, message, &unflushed);
        else if (status == NATS_CONNECTION_CLOSED || status == NATS_INVALID_SUBSCRIPTION) {
            close_endpoint(server, endpoint, status);
            mine = false;
        }
        /* A time-out, a slow consumer's notice or somebody's 503 mean nothing here. */
        if (mine && may_dequeue(server)) {
            /* Somebody else is free to wait; what has come first is served first. */
            call_worker(server);
        }
    }
}

/* Waits until it is called; false when it was not for a while, or the pool ends. */
static bool wait_for_work(natsmicro_server *server)
{
    int64_t until = nm_deadline_in(IDLE_WORKER_MS);
    server->idle++;
    while (server->wakeups == 0) {
        if (server->stopping_workers ||
            nm_cond_wait_until(&server->work, &server->lock, until) != 0) {
            if (server->wakeups > 0)
                break;
            server->idle--;
            return false;
        }
    }
    server->wakeups--;
    return true;
}

/*
 * An endpoint to be watched now: not one that a call left a moment ago and is likely to be back at.
 */
static nm_endpoint *longest_unwatched(const natsmicro_server *server)
{
    if (server->unwatched == NULL)
        return NULL;
    int64_t now = nm_now();
    nm_endpoint *endpoint = server->unwatched;
    while (endpoint != NULL && now - endpoint->unwatched_since < UNWATCHED_NS)
        endpoint = endpoint->next_unwatched;
    return endpoint;
}

/*
 * Looks after endpoints that quick calls leave unwatched, until there is other work or no such
 * call.
 */
static void stand_by(natsmicro_server *server)
{
    const struct timespec pause = {0, STANDBY_LOOK_NS};
    int quiet = 0;
    server->standby = true;
    while (quiet < STANDBY_LOOKS && !may_dequeue(server) && !server->stopping_workers &&
           longest_unwatched(server) == NULL) {
        quiet = server->quick > 0 ? 0 : quiet + 1;
        server->quick = 0;
        pthread_mutex_unlock(&server->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&server->lock);
    }
    server->standby = false;
}

static void *work(void *argument)
{
    natsmicro_server *server = argument;

    pthread_mutex_lock(&server->lock);
    nm_endpoint *endpoint;
    for (;;) {
        if (may_dequeue(server)) {
            nm_waiting_call call = nm_pool_dequeue(server);
            server->running++;
            if (server->unwatched != NULL)
                call_worker(server);
            serve_unlocked(server, call.endpoint, call.message, NULL);
        } else if ((endpoint = longest_unwatched(server)) != NULL) {
            take_unwatched(server, endpoint);
            if (endpoint->unwatched_since != 0)
                endpoint->typical_ns = NOT_QUICK_NS; /* its call is none of the quick ones */
            watch(server, endpoint);
        } else if (server->quick > 0 && !server->standby && !server->stopping_workers)
            stand_by(server);
        else if (!wait_for_work(server))
            break;
    }
    server->threads--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

natsmicro_status nm_pool_watch(natsmicro_server *server, nm_endpoint *endpoint)
{
    pthread_mutex_lock(&server->lock);
    server->open_endpoints++;
    push_unwatched(server, endpoint);
    bool called = call_worker(server);
    if (!called) {
        take_unwatched(server, endpoint);
        server->open_endpoints--;
        endpoint->closed = true;
    }
    pthread_mutex_unlock(&server->lock);
    return called ? NATSMICRO_OK : NATSMICRO_RESOURCE_EXHAUSTED;
}

void nm_pool_stop(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->stopping_workers = true;
    pthread_cond_broadcast(&server->work);
    while (server->threads > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}
