/*
 * State: what a server and its services hold.
 *
 * The server's lock guards the list of live calls, the list of services and the state of a drain.
 * The pool has a lock of its own, and so have an endpoint's statistics. No two are held together,
 * and none while nats.c or the user is called.
 */
#ifndef NM_SERVER_STATE_H
#define NM_SERVER_STATE_H

#include "base/events.h"
#include "base/random.h"
#include "call/call.h"
#include "schema/file_set.h"
#include "server/callers.h"
#include "server/endpoint.h"
#include "server/pool.h"
#include "server/subjects.h"
#include "store/store.h"

#include <semaphore.h>

/* All but `next` and `file_set` is set before the service is listed. */
struct nm_service {
    natsmicro_server *server;
    const natsmicro_stub_service *stub;
    const void *handlers;
    void *user_data;
    char id[NM_TOKEN_LENGTH + 1];
    int64_t started; /* ns since 1970 */
    char *name;      /* owned, as are the next two */
    char *version;
    char *description;
    natsmicro_metadata *metadata; /* owned, with its strings */
    size_t n_metadata;
    nm_interceptors interceptors;
    nm_json_types *types;   /* NULL: messages travel in the binary form */
    nm_endpoint *endpoints; /* owned */
    size_t n_endpoints;
    nm_bounded discovery[2];         /* $SRV.*.<name> and $SRV.*.<name>.<id> */
    _Atomic(nm_file_set *) file_set; /* made when somebody first asks for the schema; owned */
    nm_service *next;
};

struct natsmicro_server {
    natsConnection *connection; /* the user's */
    nm_events events;
    nm_link *link;
    nm_store *store; /* made with the first service that needs it; written under the lock */
    nm_call_settings settings;
    nm_call_cache cache;
    nm_pool pool;
    nm_subject_set own_subjects; /* written under the lock, read without */
    int64_t drain_timeout_ms;
    nm_drain drain_does;
    sem_t stop_requested; /* stays above 0 once the server was stopped */
    atomic_bool connection_closed;
    nm_callers callers;
    atomic_ullong expired;         /* requests whose time was over before a worker took them */
    uint32_t max_calls_per_method; /* 0: no limit, as with the next two */
    int64_t max_stream_ms;
    uint64_t min_stream_rate; /* bytes a second */
    bool hide_schema;

    nm_bounded discovery; /* $SRV.* */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for a drain and a destroy: something ended */
    nm_service *services;   /* only added to; freed with the server */
    int discovery_alive;    /* subscriptions whose callbacks may still run */
    natsmicro_call *live;   /* all calls that have a reference */
    size_t live_count;
    uint64_t calls; /* made so far */
    bool draining;
    bool drained;
};

#endif
