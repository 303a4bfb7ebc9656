/*
 * Bounds: see bounds.h.
 */
#include "link/bounds.h"

#include "base/compare.h"

#include <limits.h>

#define LEAST_BYTES (64 * (size_t)1024 * 1024)

/* Of those that share a budget each may take so many messages, however many share it. */
#define LEAST_MESSAGES 1024

size_t nm_bound_bytes(size_t max_payload)
{
    return nm_larger(4 * max_payload, LEAST_BYTES);
}

static int as_limit(size_t value)
{
    return (int)nm_smaller(value, INT_MAX);
}

static void bound(natsSubscription *subscription, size_t messages, size_t bytes)
{
    natsSubscription_SetPendingLimits(subscription, as_limit(messages), as_limit(bytes));
}

/* What one of `count` subscriptions may take of a budget that they share. */
static void bound_shared(natsSubscription *subscription, size_t count, size_t max_payload)
{
    bound(subscription, nm_larger(NM_BOUND_MESSAGES / count, LEAST_MESSAGES),
          nm_larger(nm_bound_bytes(max_payload) / count, 2 * max_payload));
}

/* The list only grows at its head, so it may be walked without the lock. */
static nm_bounded *shared_ones(nm_bounds *bounds, size_t *count)
{
    pthread_mutex_lock(&bounds->lock);
    nm_bounded *first = bounds->shared;
    *count = bounds->shared_count;
    pthread_mutex_unlock(&bounds->lock);
    return first;
}

static void bound_all_shared(nm_bounds *bounds, size_t max_payload)
{
    size_t count;
    for (nm_bounded *one = shared_ones(bounds, &count); one != NULL; one = one->next)
        bound_shared(one->subscription, count, max_payload);
}

static void tell_drops(nm_bounds *bounds, nm_bounded *bounded)
{
    int64_t dropped = 0;
    if (natsSubscription_GetDropped(bounded->subscription, &dropped) != NATS_OK ||
        dropped <= bounded->dropped)
        return;
    int64_t more = dropped - bounded->dropped;
    bounded->dropped = dropped;
    nm_events_count_dropped(bounds->events, (uint64_t)more);
    nm_events_emit(bounds->events, NATSMICRO_EVENT_QUEUE_FULL, bounded->subject, bounded->method,
                   "%lld messages to \"%s\" came faster than they could be taken, and were dropped",
                   (long long)more, bounded->subject);
}

void nm_bounds_init(nm_bounds *bounds, nm_events *events)
{
    *bounds = (nm_bounds){.events = events};
    pthread_mutex_init(&bounds->lock, NULL);
}

void nm_bounds_free(nm_bounds *bounds)
{
    pthread_mutex_destroy(&bounds->lock);
}

void nm_bounds_set_lone(nm_bounds *bounds, size_t max_payload)
{
    bounds->max_payload = max_payload;
    bound(bounds->lone.subscription, NM_BOUND_MESSAGES, nm_bound_bytes(max_payload));
}

void nm_bounds_add(nm_bounds *bounds, nm_bounded *bounded, size_t max_payload)
{
    pthread_mutex_lock(&bounds->lock);
    bounded->next = bounds->shared;
    bounds->shared = bounded;
    bounds->shared_count++;
    pthread_mutex_unlock(&bounds->lock);
    bound_all_shared(bounds, max_payload);
}

void nm_bounds_round(nm_bounds *bounds, size_t max_payload)
{
    if (max_payload != bounds->max_payload) {
        nm_bounds_set_lone(bounds, max_payload);
        bound_all_shared(bounds, max_payload);
    }
    tell_drops(bounds, &bounds->lone);
    size_t count;
    for (nm_bounded *one = shared_ones(bounds, &count); one != NULL; one = one->next)
        tell_drops(bounds, one);
}

static void tell_refusal(nm_bounds *bounds, nm_bounded *bounded, const nm_refusal *refusal)
{
    if (nm_refusal_is(refusal, NM_REFUSED_SUBSCRIBE, bounded->subject) &&
        !atomic_exchange(&bounded->refusal_told, true))
        nm_events_emit(bounds->events, NATSMICRO_EVENT_NOT_PERMITTED, bounded->subject,
                       bounded->method, "the broker does not let this user subscribe to \"%s\"",
                       bounded->subject);
}

void nm_bounds_tell_refusal(nm_bounds *bounds, const nm_refusal *refusal)
{
    if (refusal->kind != NM_REFUSED_SUBSCRIBE)
        return;
    tell_refusal(bounds, &bounds->lone, refusal);
    size_t count;
    for (nm_bounded *one = shared_ones(bounds, &count); one != NULL; one = one->next)
        tell_refusal(bounds, one, refusal);
}
