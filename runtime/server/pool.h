/*
 * Pool: the workers of a server. It is offered requests, lets as many as are allowed be served at
 * once, and queues or refuses the others. It knows no calls, no services and no subscriptions: its
 * callbacks say what serving is.
 *
 * One lock, the pool's, guards all that is not set once, its backlog too. No callback runs under
 * it, and no call of nats.c.
 */
#ifndef NM_SERVER_POOL_H
#define NM_SERVER_POOL_H

#include "natsmicro/status.h"
#include "server/backlog.h"

#include <pthread.h>

/* The callbacks of a pool, with the `data` that it was given. */
typedef struct nm_pool_callbacks {
    /*
     * Serves a request; the message is the callback's from now on. The pool flushes what it has
     * published. True: the call goes on, and counts as running until nm_pool_call_ended. From a
     * worker.
     */
    bool (*serve)(void *data, const nm_pool_request *request);
    /*
     * A request will have to wait, and may be given a call that is kept alive meanwhile. False: it
     * has been answered. From the thread that offered it.
     */
    bool (*prepare)(void *data, nm_pool_request *request);
    /* Requests of this source, or any, begin to wait; at most once a second. From that thread. */
    void (*waiting)(void *data, nm_pool_source *source, uint32_t running, size_t waiting);
    /*
     * Refuses a request because the backlog is full; `running` and `waiting` say how full. The
     * message is the callback's from now on. From the thread that offered it.
     */
    void (*refuse)(void *data, const nm_pool_request *request, uint32_t running, size_t waiting);
    /* Sends what was published. From a worker. */
    void (*flush)(void *data);
} nm_pool_callbacks;

/* Only the functions below access it. */
typedef struct nm_pool {
    const nm_pool_callbacks *callbacks;
    void *data;

    pthread_mutex_t lock;
    pthread_cond_t work;    /* for idle workers: a request waits, or the end */
    pthread_cond_t changed; /* for a drain: something ended */
    nm_backlog backlog;
    size_t sources; /* those that requests may still come from */
    uint32_t threads;
    uint32_t idle;    /* workers that wait and have not been called */
    uint32_t wakeups; /* idle workers that have been called and are not awake yet */
    uint32_t called;  /* those, and threads that have not begun to work yet */
    bool standby;     /* a worker looks after requests that are left to quick calls' workers */
    uint32_t quick;   /* such calls since it last looked */
    uint32_t quick_running; /* such calls right now */
    uint32_t quick_era;     /* grows when those that run are found not to be quick */
    bool draining;
    bool stopping;
    uint64_t refused;
    uint64_t waited;      /* requests that had to wait, so far */
    int64_t waiting_told; /* ns: when it was last said that requests begin to wait; 0: never */
} nm_pool;

/*
 * Makes a pool without workers; `callbacks` and `data` must outlive it. The limits are those of
 * nm_backlog_init. False: no memory; it may be freed all the same.
 */
bool nm_pool_init(nm_pool *pool, const nm_pool_callbacks *callbacks, void *data,
                  const nm_share *all, const nm_share *streams);

/* Frees what a pool holds, once it was stopped. */
void nm_pool_free(nm_pool *pool);

/*
 * Requests of a source may come from now on, until nm_pool_close; the source lives until the pool
 * was stopped. RESOURCE_EXHAUSTED: no thread; it is not open then.
 */
natsmicro_status nm_pool_open(nm_pool *pool, nm_pool_source *source);
void nm_pool_close(nm_pool *pool);

/*
 * Gives a request to its source, which is open; the message is the pool's from now on. Does not
 * wait for workers.
 */
void nm_pool_offer(nm_pool *pool, const nm_pool_request *request);

/* A call that went on after `serve` has ended. */
void nm_pool_call_ended(nm_pool *pool, nm_pool_source *source);

/* ---- ending ---- */

/* No sources will be opened: the two below are told of ends from now on. */
void nm_pool_drain(nm_pool *pool);

/*
 * Waits until all sources are closed and no request waits or runs: false when `deadline` (ns)
 * passes before.
 */
bool nm_pool_wait_empty(nm_pool *pool, int64_t deadline);

/* Waits until something ends, or `deadline` passes. False, at once: all has ended. */
bool nm_pool_wait_change(nm_pool *pool, int64_t deadline);

/* Takes a request out of the backlog, by the ticket that it has. False: a worker has taken it. */
bool nm_pool_withdraw(nm_pool *pool, void *const *ticket, nm_pool_request *request);

/* Takes the request that has waited longest out of the backlog. False: none waits. */
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
    uint64_t waited;
} nm_pool_figures;

nm_pool_figures nm_pool_read(nm_pool *pool);

#endif
