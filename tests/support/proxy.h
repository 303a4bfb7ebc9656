/*
 * Proxy: stands between clients and a broker. It treats messages on their way from the broker to a
 * client as a bad network treats datagrams: it loses, repeats, delays, swaps and cuts them, at
 * random from a seed. It understands enough of NATS's client protocol to keep the connection itself
 * whole.
 *
 * Only what a client receives passes through the faults. For faults in both directions of a call
 * both sides connect through a proxy.
 *
 * A proxy has one thread of its own. All functions may be called from any thread, one at a time for
 * one proxy.
 */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

#include "support/broker.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct proxy proxy;

/* How many messages of a thousand each fault happens to. At most one fault happens to a message. */
typedef struct proxy_faults {
    const char *subjects; /* only to messages whose subject begins so; NULL: to none */
    uint64_t seed;        /* of the random numbers; 0: one is chosen */
    unsigned drop;
    unsigned duplicate;
    unsigned reorder;  /* comes after the next message */
    unsigned truncate; /* its payload is cut at a random place; headers stay */
    unsigned delay;    /* comes up to max_delay_ms later, after others */
    unsigned max_delay_ms;
    unsigned latency_ms; /* all other messages come so much later, in order */
} proxy_faults;

/* What happened to the messages that faults could happen to. */
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

/*
 * Starts a proxy in front of any port of 127.0.0.1, such as the one where a broker takes its
 * routes. All passes as it comes; only cuts can happen.
 */
proxy *proxy_start_before(int port);

/* Returns the URL for clients. The string belongs to the proxy. */
const char *proxy_url(const proxy *self);

/* A black hole drops every message that faults can happen to. */
void proxy_set_black_hole(proxy *self, bool is_black_hole);

/* Closes all connections, even in the middle of a message. Clients may connect again. */
void proxy_cut_connections(proxy *self);

/* While it is cut, it has no connections: it closes each that comes at once. */
void proxy_set_cut(proxy *self, bool is_cut);

void proxy_get_counts(proxy *self, proxy_counts *counts);

/* Closes all connections, ends the proxy and frees it. NULL is allowed. */
void proxy_stop(proxy *self);

#endif
