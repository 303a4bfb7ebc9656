/*
 * Bounds: how much may lie in nats.c's queues of received messages. Callbacks only hand over, so
 * these queues are short, unless somebody sends faster than that. Then nats.c drops messages, which
 * are counted and told; memory stays bounded. Subscriptions that the broker refuses are told, too.
 *
 * nats.c counts headers and payloads. A message costs about 250 bytes more than that.
 */
#ifndef NM_LINK_BOUNDS_H
#define NM_LINK_BOUNDS_H

#include "base/events.h"
#include "link/refusal.h"

#include <nats/nats.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* A subscription with a bounded queue. Embedded in what it is for, which sets the first three. */
typedef struct nm_bounded {
    natsSubscription *subscription;
    const char *subject;
    const char *method; /* its full name, or NULL */

    /* ---- the bounds' ---- */
    struct nm_bounded *next;
    int64_t dropped; /* so far, and told */
    /* The broker's refusal is told, or is its maker's to tell, who sets it before it is added. */
    atomic_bool refusal_told;
} nm_bounded;

/*
 * `lone` has a budget of its own: the link's inboxes. The listed ones, of a server's endpoints and
 * of discovery, share another of the same size; each may take at least two messages of the largest
 * size.
 */
typedef struct nm_bounds {
    nm_events *events;
    pthread_mutex_t lock; /* guards the list, which only grows */
    nm_bounded lone;
    nm_bounded *shared;
    size_t shared_count;
    size_t max_payload; /* that the limits were made from */
} nm_bounds;

/* The budget for brokers with this max_payload. */
#define NM_BOUND_MESSAGES 262144
size_t nm_bound_bytes(size_t max_payload);

void nm_bounds_init(nm_bounds *bounds, nm_events *events);
void nm_bounds_free(nm_bounds *bounds);

/* Bounds the link's own subscription, which is set in `lone`. */
void nm_bounds_set_lone(nm_bounds *bounds, size_t max_payload);

/* Adds a subscription to those that share a budget. It lives until the rounds have ended. */
void nm_bounds_add(nm_bounds *bounds, nm_bounded *bounded, size_t max_payload);

/*
 * A round, once a second: sets limits anew if max_payload has changed, and tells what was dropped.
 * One thread at a time, without locks.
 */
void nm_bounds_round(nm_bounds *bounds, size_t max_payload);

/* In the same round: tells of a subscription that the broker has refused, once. */
void nm_bounds_tell_refusal(nm_bounds *bounds, const nm_refusal *refusal);

#endif
