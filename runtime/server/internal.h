/*
 * What the files of the server share: its structs.
 *
 * One lock, the server's, guards pool, queue, list of live calls and lists of services; it is never
 * held around a call of nats.c or of the user. An endpoint's figures have a lock of their own.
 */
#ifndef NM_SERVER_INTERNAL_H
#define NM_SERVER_INTERNAL_H

#include "call/call.h"

#include <semaphore.h>

/* What the instances of a service share the load by. */
#define NM_QUEUE_GROUP "q"

typedef struct nm_service nm_service;
typedef struct nm_endpoint nm_endpoint;

/* What STATS says of an endpoint. */
typedef struct nm_endpoint_stats {
    pthread_mutex_t lock;
    uint64_t requests;
    uint64_t errors;
    uint64_t processing_time; /* ns */
    char *last_error;
} nm_endpoint_stats;

struct nm_endpoint {
    nm_method method;
    nm_service *service;
    natsSubscription *subscription; /* synchronous; one worker at a time waits on it */
    nm_endpoint_stats stats;
    nm_endpoint *next_unwatched;

    /* ---- guarded by the server's lock ---- */
    int64_t typical_ns;      /* what a call takes of late; decides whether it may go unwatched */
    int64_t unwatched_since; /* ns; 0: to be watched at once */
    bool closed;             /* nothing comes from the subscription any more */
    size_t waiting;
    size_t waiting_bytes;
};

struct nm_service {
    natsmicro_server *server;
    const natsmicro_stub_service *stub;
    const void *handlers;
    void *user_data;
    char id[NM_TOKEN_LENGTH + 1];
    int64_t started; /* ns since 1970 */
    char *name;
    char *version;
    char *description;
    natsmicro_metadata *metadata; /* owned, with its strings */
    size_t n_metadata;
    nm_endpoint *endpoints;
    size_t n_endpoints;
    natsSubscription *discovery[2]; /* $SRV.*.<name> and $SRV.*.<name>.<id> */
    nm_service *next;
};

/* A request that waits for a worker. */
typedef struct nm_waiting_call {
    nm_endpoint *endpoint;
    natsMsg *message;
} nm_waiting_call;

struct natsmicro_server {
    natsConnection *connection;
    nm_events events;
    nm_link *link;
    nm_call_settings settings;
    nm_call_cache cache;
    uint32_t max_calls;
    uint32_t max_waiting;
    int64_t drain_timeout_ms;
    sem_t stop_requested; /* above 0 for ever once it was stopped */

    natsSubscription *discovery; /* $SRV.* */
    int discovery_alive;         /* subscriptions whose callbacks may still run */

    pthread_mutex_t lock;
    pthread_cond_t work;    /* for idle workers: a call waits, an endpoint is unwatched, the end */
    pthread_cond_t changed; /* for a drain: something ended */
    nm_service *services;
    nm_endpoint *unwatched;
    size_t open_endpoints;
    nm_waiting_call *waiting; /* a ring of max_waiting */
    size_t waiting_first;
    size_t waiting_count;
    natsmicro_call *live; /* every call that has a reference */
    size_t live_count;
    uint32_t running; /* handlers and detached calls */
    uint32_t threads;
    uint32_t idle;    /* workers that wait and have not been called */
    bool standby;     /* a worker looks after endpoints that quick calls left unwatched */
    uint32_t quick;   /* such calls since it last looked */
    uint32_t wakeups; /* of workers that have been called and are not awake yet */
    bool connection_closed;
    bool draining;
    bool drained;
    bool stopping_workers;
    uint64_t calls;
    uint64_t refused;
};

/* ---- pool.c ---- */

/* An endpoint's calls are taken for slow ones until they have shown better. */
#define NM_POOL_FIRST_TYPICAL_NS (1000 * NM_NS_PER_MS)

/* Makes a new endpoint watched: its requests are served from now on. */
natsmicro_status nm_pool_watch(natsmicro_server *server, nm_endpoint *endpoint);

/* Ends all workers: no endpoint is open, no call waits. */
void nm_pool_stop(natsmicro_server *server);

/* Under the lock: the call that has waited longest; there is one. */
nm_waiting_call nm_pool_dequeue(natsmicro_server *server);

/* Under the lock: one call less runs; who waits for that is woken. */
void nm_pool_call_ended(natsmicro_server *server);

/* ---- serve.c ---- */

/*
 * Serves a request from the first byte to the handler's return; the message is its from now on.
 * What it answered is for the caller to flush. True: the call went on detached, and still counts as
 * running.
 */
bool nm_serve(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message);

/* Tells the caller of a request that it is not served. */
void nm_serve_refuse(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message,
                     const nm_error *error);

/* ---- service.c ---- */

bool nm_service_owns_subject(const char *subject, void *server);
/* Discovery ends; its subscriptions are freed with the service. */
void nm_service_unsubscribe_discovery(nm_service *service);
void nm_service_free(nm_service *service);

/* ---- discovery.c ---- */

/* Subscribes `subject` for discovery requests, to be answered for `service`, or for all (NULL). */
natsmicro_status nm_discovery_subscribe(natsmicro_server *server, nm_service *service,
                                        const char *subject, natsSubscription **subscription,
                                        nm_error *error);

#endif
