/*
 * Depot: the services of proto/depot/v1/depot.proto, whose responses are stored, as C, and what a
 * test of stores begins with: a broker with JetStream and clients.
 */
#ifndef INTEROP_DEPOT_H
#define INTEROP_DEPOT_H

#include "depot/v1/depot.nats-c.h"
#include "interop/peer.h"

/*
 * The peer in Go: nats.go's clients of buckets, and a service and a client that store as those of
 * the Go generator do.
 */
#define GO "stores-peer"

typedef struct depot {
    broker *nats;
    natsConnection *connection;
    natsmicro_server *server; /* NULL: nobody serves, or another program */
    pid_t peer;               /* that program, or 0 */
    latch failures;           /* STORE_FAILED of the server */
    char failure[1024];       /* the text of the first */
    Depot__V1__DepotClient *client;
    Depot__V1__JsonDepotClient *json_client;
    natsmicro_context *context;
} depot;

/* Starts a broker, and makes clients; `program` is that of broker_options. */
void depot_open(depot *self, const char *program);

/* The same on a broker that another test owns; with the domain that the buckets are in, or NULL. */
void depot_open_at(depot *self, broker *nats, const char *domain);
void depot_close(depot *self);

/* Serves both services, in C, or by the peer in Go. */
void depot_serve(depot *self);
void depot_serve_in_go(depot *self);
void depot_stop_serving(depot *self);

/* What a peer prints for a verb, with the broker's URL and more arguments; all are strings. */
#define depot_peer(self, name, verb, ...) \
    peer_prints((name), (verb), (char *)broker_url((self)->nats), __VA_ARGS__)

/* ---- values ---- */

/* A request; with a text that is its response's. */
Depot__V1__Item depot_item(const char *name, const char *text);

/* Returns `size` bytes as a response has them. Free them. */
uint8_t *depot_bytes(size_t size);

/* Writes a response without data as it lies in a bucket, in hexadecimal digits. */
void depot_hex(const char *text, char *hex, size_t size);

/* Fails the test unless the status is OK and the response has this text; and frees it. */
#define assert_kept(text, status, kept) assert_kept_at((text), (status), (kept), __FILE__, __LINE__)
void assert_kept_at(const char *text, natsmicro_status status, Depot__V1__Kept **kept,
                    const char *file, int line);

#endif
