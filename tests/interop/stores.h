/*
 * Stores: buckets that this library and another client of NATS's read and write by turns.
 */
#ifndef INTEROP_STORES_H
#define INTEROP_STORES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct stores_peer {
    const char *name;
    bool has_links; /* it can make links to objects */
    bool is_slow;   /* to start: it gets fewer names, and less to do on the newest broker */
    size_t large;   /* the bytes of a large object that it bears */
} stores_peer;

/* Runs the tests on the tests' broker and on the newest. Returns what main is to return. */
int stores_with_peer(const stores_peer *self);

#endif
