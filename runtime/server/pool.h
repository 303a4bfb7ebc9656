/*
 * Pool: the workers of a server. It takes requests from subscriptions, lets as many as are allowed
 * be served at once, and queues or refuses the others. It knows no calls and no services: what
 * serving is, its callbacks say.
 *
 * One lock, the pool's, guards all that is not set once. No callback but on_connection_closed runs
 * under it, and no call of nats.c.
 */
#ifndef NM_SERVER_POOL_H
#define NM_SERVER_POOL_H

#include "natsmicro/status.h"

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where requests come from. Embedded in what they are for. */
typedef struct nm_pool_source nm_pool_source;
struct nm_pool_source {
    natsSubscription *subscription; /* synchronous; one worker at a time waits on it */
    bool is_unary;                  /* a request is over when its handler has returned */
    size_t max_waiting;             /* requests that may wait; 0: only the pool's limit counts */
    size_t max_waiting_bytes;       /* their payloads together; 0: no limit */

    /* ---- guarded by the pool's lock ---- */
    nm_pool_source *next_unwatched;
    int64_t typical_ns;      /* what a call takes of late; decides whether it may go unwatched */
    int64_t unwatched_since; /* ns; 0: to be watched at once */
    size_t waiting;
    size_t waiting_bytes;
};

/* The callbacks of a pool, with the `data` that it was given. Workers call all but the last. */
typedef struct nm_pool_callbacks {
    /*
     * Serves a request; the message is the callback's from now on. What it published is flushed by
     * the pool. True: the call goes on, and counts as running until nm_pool_call_ended.
     */
    bool (*serve)(void *data, nm_pool_source *source, natsMsg *message);
    /*
     * Refuses a request because the pool is full; `running` and `waiting` say how full. The message
     * is the callback's from now on.
     */
    void (*refuse)(void *data, nm_pool_source *source, natsMsg *message, uint32_t running,
                   size_t waiting);
    /* Sends what was published. */
    void (*flush)(void *data);
    /* The connection was closed for good: no more requests come. Under the pool's lock. */
    void (*on_connection_closed)(void *data);
} nm_pool_callbacks;

/* A request that waits for a worker. */
typedef struct nm_pool_request {
    nm_pool_source *source;
    natsMsg *message;
} nm_pool_request;

/* Only the functions below access it. */
typedef struct nm_pool {
    const nm_pool_callbacks *callbacks;
    void *data;
    uint32_t max_running;
    uint32_t max_waiting;

    pthread_mutex_t lock;
    pthread_cond_t work;    /* for idle workers: a call waits, a source is unwatched, the end */
    pthread_cond_t changed; /* for a drain: something ended */
    nm_pool_source *unwatched;
    size_t sources;           /* those that requests may still come from */
    nm_pool_request *waiting; /* a ring of max_waiting */
    size_t waiting_first;
    size_t waiting_count;
    uint32_t running; /* requests: handlers and detached calls */
    uint32_t threads;
    uint32_t idle;    /* workers that wait and have not been called */
    bool standby;     /* a worker looks after sources that quick calls left unwatched */
    uint32_t quick;   /* such calls since it last looked */
    uint32_t wakeups; /* of workers that have been called and are not awake yet */
    bool connection_closed;
    bool draining;
    bool stopping;
    uint64_t refused;
} nm_pool;

/*
 * Makes a pool without workers; `callbacks` and `data` must outlive it. False: no memory; it may be
 * freed all the same.
 */
bool nm_pool_init(nm_pool *pool, const nm_pool_callbacks *callbacks, void *data,
                  uint32_t max_running, uint32_t max_waiting);

/* Frees what a pool holds, once it was stopped. */
void nm_pool_free(nm_pool *pool);

/*
 * Serves a source's requests from now on, until its subscription ends; the source lives until the
 * pool was stopped. RESOURCE_EXHAUSTED: no thread.
 */
natsmicro_status nm_pool_add(nm_pool *pool, nm_pool_source *source);

/* A call that went on after `serve` has ended. */
void nm_pool_call_ended(nm_pool *pool);

/* ---- ending ---- */

/* No sources will be added: the two below are told of ends from now on. */
void nm_pool_drain(nm_pool *pool);

/*
 * Waits until all sources have ended and no request waits or runs: false when `deadline` (ns)
 * passes before.
 */
bool nm_pool_wait_empty(nm_pool *pool, int64_t deadline);

/* Waits until something ends, or `deadline` passes. False, at once: all has ended. */
bool nm_pool_wait_change(nm_pool *pool, int64_t deadline);

/* Takes the request that has waited longest out of the queue. False: none waits. */
bool nm_pool_take_waiting(nm_pool *pool, nm_pool_request *request);

/* Ends all workers, once no source is open and no request waits. */
void nm_pool_stop(nm_pool *pool);

/* ---- figures ---- */

typedef struct nm_pool_figures {
    uint32_t running;
    size_t waiting;
    uint32_t threads;
    size_t sources;
    uint64_t refused;
    bool connection_closed;
} nm_pool_figures;

nm_pool_figures nm_pool_read(nm_pool *pool);

#endif
