/*
 * Backlog: the requests of a server that wait for a worker, and how many may wait and run. Each
 * request counts in two or three shares: that of its source, that of all requests, and, if it opens
 * a stream, that of all streams. So neither streams nor one method can take all workers. Where all
 * methods open streams, these have no share of their own.
 *
 * It has no lock: the pool's guards it, which frees it while a request is served.
 */
#ifndef NM_SERVER_BACKLOG_H
#define NM_SERVER_BACKLOG_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits, and what counts against them now. A limit of 0 is none. */
typedef struct nm_share {
    uint32_t max_running;
    size_t max_waiting; /* while no more may run */
    size_t max_waiting_bytes;
    uint32_t running;
    size_t waiting;
    size_t waiting_bytes;
} nm_share;

typedef struct nm_waiting_request nm_waiting_request;

/* Where requests come from. Embedded in what they are for; its owner sets the first two. */
typedef struct nm_pool_source nm_pool_source;
struct nm_pool_source {
    bool is_unary;  /* a request is over when its handler has returned */
    nm_share share; /* its own */

    /* ---- the backlog's and the pool's ---- */
    nm_waiting_request *first; /* that came first */
    nm_waiting_request *last;
    nm_pool_source *next; /* in the backlog's list of sources */
    int64_t typical_ns;   /* what a call has taken of late */
};

/* A request, where it came from, and when. */
typedef struct nm_pool_request {
    nm_pool_source *source;
    natsMsg *message;
    size_t size;     /* of the message, for the limits */
    int64_t arrived; /* ns: from now on its time runs */

    /* ---- of one that has to wait ---- */
    bool prepared; /* it may wait */
    void *call;    /* that is kept alive meanwhile; NULL: none is */
    void **ticket; /* where the backlog notes its place, for nm_backlog_withdraw; NULL: nowhere */
} nm_pool_request;

typedef enum nm_backlog_added {
    NM_BACKLOG_FULL,
    NM_BACKLOG_UNPREPARED, /* it would have to wait, and has not been prepared for that */
    NM_BACKLOG_SOON,       /* a worker may take it at once */
    NM_BACKLOG_WAITS
} nm_backlog_added;

typedef struct nm_backlog {
    nm_share all;
    nm_share streams;        /* its limits are 0 until a source opens whose requests are none */
    nm_share stream_limits;  /* and then these */
    nm_pool_source *sources; /* those with requests */
    nm_waiting_request *spare;
    nm_waiting_request *requests; /* the memory of all that may wait */
    size_t kept_waiting;          /* of them: those that no worker might take when they came */
    uint64_t next_number;
} nm_backlog;

/*
 * Makes an empty backlog with the limits of `all` and `streams`, of which max_running and
 * max_waiting of `all` are not 0. False: no memory; it may be freed all the same.
 */
bool nm_backlog_init(nm_backlog *backlog, const nm_share *all, const nm_share *streams);
void nm_backlog_free(nm_backlog *backlog);

/* Requests may come from this source. */
void nm_backlog_open(nm_backlog *backlog, const nm_pool_source *source);

/* Adds a request, whose message the backlog owns from now on if it is queued. */
nm_backlog_added nm_backlog_add(nm_backlog *backlog, const nm_pool_request *request);

/* Whether a request waits that may run. */
bool nm_backlog_may_take(nm_backlog *backlog);

/*
 * Takes the request that came first of those that may run. It runs, and counts as running, until
 * nm_backlog_ended. False: there is none.
 */
bool nm_backlog_take(nm_backlog *backlog, nm_pool_request *request);

/* A request of this source has ended. */
void nm_backlog_ended(nm_backlog *backlog, nm_pool_source *source);

/* Takes the request that came first, whatever may run. It does not count as running. */
bool nm_backlog_take_any(nm_backlog *backlog, nm_pool_request *request);

/* Takes a request out of its place. It does not count as running. False: it has been taken. */
bool nm_backlog_withdraw(nm_backlog *backlog, void *const *ticket, nm_pool_request *request);

/* The number of the request that nm_backlog_take would take; 0: none. Numbers grow. */
uint64_t nm_backlog_next(nm_backlog *backlog);

#endif
