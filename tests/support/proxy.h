/*
 * Proxy: stands between clients and a broker, and treats messages on their way from the broker to a
 * client as a bad network would treat datagrams: it loses, repeats, delays, swaps and cuts them, at
 * random from a seed. It understands as much of NATS's client protocol as it needs for that, so
 * that the connection itself stays whole.
 *
 * A client that connects through it receives through it. For faults in both directions of a call
 * both sides connect through one.
 *
 * One thread of its own. All functions may be called from any thread, one at a time for one proxy.
 */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

#include "support/broker.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct proxy proxy;

/* How many messages of a thousand meet each fault; at most one fault meets a message. */
typedef struct proxy_faults {
    const char *subjects; /* messages whose subject begins so meet them; NULL: none does */
    uint64_t seed;        /* 0: one is made */
    unsigned drop;
    unsigned duplicate;
    unsigned reorder;  /* comes behind the next message */
    unsigned truncate; /* its payload is cut at a random place; headers stay */
    unsigned delay;    /* comes up to max_delay_ms later, behind others */
    unsigned max_delay_ms;
    unsigned latency_ms; /* what meets none of them comes so much later, in order */
} proxy_faults;

/* What became of messages that could meet faults. */
typedef struct proxy_counts {
    uint64_t passed; /* as they were */
    uint64_t dropped;
    uint64_t duplicated;
    uint64_t reordered;
    uint64_t truncated;
    uint64_t delayed;
    uint64_t held; /* of those reordered, delayed or late: not passed on yet */
} proxy_counts;

/* Starts a proxy and prints its seed. `faults` may be NULL: everything passes. */
proxy *proxy_start(const broker *target, const proxy_faults *faults);

/* Where clients connect to; the proxy's. */
const char *proxy_url(const proxy *self);

/* While it is a black hole, it drops every message that could meet faults. */
void proxy_set_black_hole(proxy *self, bool is_black_hole);

/* Closes all connections, in the middle of whatever passes; clients may connect again. */
void proxy_cut_connections(proxy *self);

void proxy_get_counts(proxy *self, proxy_counts *counts);

/* Closes all connections, ends it and frees it. NULL is allowed. */
void proxy_stop(proxy *self);

#endif
