/*
 * Shelf: a service with stores for integration tests, with tables that a test may change before it
 * serves, and its broker, server and client. What lies in the broker is looked at with nats.c's own
 * key-value store.
 */
#ifndef INTEGRATION_SHELF_H
#define INTEGRATION_SHELF_H

#include "integration/lab_service.h"

#include <natsmicro/stub.h>

/*
 * The methods, by which a test names their stores, too. All answer with the request's payload, and
 * have the key "ping.<payload>" in the bucket "things" of their kind.
 */
enum {
    SHELF_KEEP,  /* in a key-value bucket */
    SHELF_FILE,  /* in an object store */
    SHELF_BOTH,  /* in both */
    SHELF_PLAIN, /* nowhere */
    SHELF_METHODS
};

/* The stores, in the order of the table. */
enum {
    SHELF_KV_OF_KEEP,
    SHELF_OBJECT_OF_FILE,
    SHELF_KV_OF_BOTH,
    SHELF_OBJECT_OF_BOTH,
    SHELF_STORES
};

typedef struct shelf shelf;
struct shelf {
    broker *nats;
    natsConnection *server_connection;
    natsConnection *client_connection;
    natsConnection *peer; /* nats.c alone */
    natsmicro_stub_method methods[SHELF_METHODS];
    natsmicro_stub_store stores[SHELF_STORES];
    natsmicro_stub_service service;
    natsmicro_server *server; /* NULL until shelf_serve */
    natsmicro_client *client; /* NULL until shelf_call */
    /* NULL: replies with the request's payload. */
    natsmicro_status (*handler)(shelf *self, natsmicro_call *call,
                                const Lab__V1__PingRequest *request);
    lab_heard heard; /* STORE_FAILED of the server */
    latch entered;
    latch release;
    natsmicro_call *call; /* of who needs it */
};

/* Starts a broker, which may be NULL for one with JetStream, and connects. */
void shelf_open(shelf *self, const broker_options *options);

/* The same with users of the broker for both sides, "name:password"; the peer is `peer`. */
void shelf_open_as(shelf *self, const broker_options *options, const char *server,
                   const char *client, const char *peer);
void shelf_close(shelf *self);

/* Begin to serve, and to call. Options may be NULL; the server's on_error becomes the shelf's. */
void shelf_serve(shelf *self, const natsmicro_server_options *options);
void shelf_call(shelf *self, const natsmicro_client_options *options);

/* Replies with a payload. For handlers. */
natsmicro_status shelf_reply(natsmicro_call *call, const char *payload);

/* Calls a method; its status. `context` may be NULL. */
natsmicro_status shelf_ask(shelf *self, size_t method, const char *payload,
                           natsmicro_context *context);

/* The same for the failure of a call: status and the parts of its text, up to a NULL. */
#define shelf_assert_fails(self, method, payload, timeout_ms, ...) \
    shelf_assert_fails_with(self, method, payload, timeout_ms,     \
                            (const char *const[]){__VA_ARGS__, NULL})
void shelf_assert_fails_with(shelf *self, size_t method, const char *payload, int64_t timeout_ms,
                             const char *const *parts);

/* Fails the test unless a text has all of these parts. */
void shelf_assert_says(const char *text, const char *const *parts);

/* ---- what lies in the broker, as nats.c sees it ---- */

/* The payload of the response under a key of the bucket "things"; "" if nothing is there. */
void shelf_read(shelf *self, const char *key, char *payload, size_t size);
void shelf_assert_stored(shelf *self, const char *key, const char *payload);

/* Makes a bucket as a test wants it. */
void shelf_make_bucket(shelf *self, const kvConfig *config);
void shelf_delete_bucket(shelf *self, const char *bucket);
bool shelf_has_stream(shelf *self, const char *stream);

/* How many messages were ever stored in a stream. */
int shelf_count_messages(shelf *self, const char *stream);

/* The same for an object, got by the shelf's client; "": there is none. */
void shelf_assert_object(shelf *self, const char *name, const char *payload);

#endif
