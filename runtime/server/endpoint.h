/*
 * Endpoint: a method that is served: its subject, its subscription, and its statistics.
 */
#ifndef NM_SERVER_ENDPOINT_H
#define NM_SERVER_ENDPOINT_H

#include "call/method.h"
#include "link/bounds.h"
#include "server/pool.h"
#include "server/subjects.h"

/* The queue group that all instances of a service share requests by. */
#define NM_QUEUE_GROUP "q"

/* The statistics that discovery shows; guarded by their own lock. */
typedef struct nm_endpoint_stats {
    pthread_mutex_t lock;
    uint64_t requests;
    uint64_t errors;
    uint64_t processing_time; /* ns */
    char *last_error;         /* owned; "code:text", or NULL */
} nm_endpoint_stats;

typedef struct nm_service nm_service;

typedef struct nm_endpoint {
    nm_pool_source source; /* the first member: the pool's callbacks get it */
    nm_bounded requests;   /* the subscription */
    nm_method method;
    nm_service *service;
    nm_subject_entry own_subject; /* in the server's set once the service is listed */
    nm_endpoint_stats stats;
} nm_endpoint;

static inline nm_endpoint *nm_endpoint_of(nm_pool_source *source)
{
    return (nm_endpoint *)(void *)source;
}

/*
 * Makes the endpoint of a method, not subscribed yet; it is all zero before. Whatever the status,
 * nm_endpoint_free frees what it holds.
 */
natsmicro_status nm_endpoint_init(nm_endpoint *endpoint, nm_service *service,
                                  const natsmicro_stub_service *stub,
                                  const natsmicro_stub_method *method,
                                  const natsmicro_service_options *options, nm_error *error);

/* Destroys its subscription, too. */
void nm_endpoint_free(nm_endpoint *endpoint);

/*
 * Opens its source and subscribes for requests, which go to the server's pool. The source is closed
 * when no more come: after a drain, or when the connection is closed.
 */
natsmicro_status nm_endpoint_start(nm_endpoint *endpoint, nm_error *error);

/*
 * Counts a request that is over, and took `duration` (ns) since it came: `outcome` is OK or what it
 * failed with. Any thread.
 */
void nm_endpoint_count(nm_endpoint *endpoint, int64_t duration, const nm_error *outcome);

#endif
