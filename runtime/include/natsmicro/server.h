/*
 * Server: worker pool, discovery and drain for the services added to it.
 */
#ifndef NATSMICRO_SERVER_H
#define NATSMICRO_SERVER_H

#include <natsmicro/call.h>

#include <nats/nats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_server natsmicro_server;

/*
 * Start from NATSMICRO_SERVER_OPTIONS_INIT and set what is to differ; 0 and NULL are the defaults.
 * All is copied when the server is made, but for what user_data points to.
 */
typedef struct natsmicro_server_options {
    size_t size;                 /* set by the INIT macro; an older header's is right, too */
    const char *inbox_prefix;    /* "_INBOX" */
    uint32_t max_calls;          /* most handlers at once, detached calls included; 256 */
    uint32_t max_waiting;        /* most calls that wait for a worker; 1024. Past it: UNAVAILABLE */
    int64_t drain_timeout_ms;    /* how long a stop lets running calls go on; 10000 */
    int64_t idle_timeout_ms;     /* of a stream's peer; the method's timeout or 30000; -1: none */
    size_t max_decode_bytes;     /* memory of one decoded message; 4 x max_payload */
    uint32_t max_depth;          /* nesting of one message; 100 */
    size_t max_pending_messages; /* received, not read, per stream; 524288 */
    size_t max_pending_bytes;    /* the same in bytes; 64 MiB */
    natsmicro_hooks hooks;
    natsmicro_on_error on_error;
    void *on_error_data;
    /*
     * What the subject in a peer's header must begin with to be published to, as a list that ends
     * with NULL; { "_INBOX.", NULL }.
     */
    const char *const *allowed_inbox_prefixes;
    /* Reliable streams are neither offered nor accepted: every stream is a plain one. */
    bool plain_streams;
    size_t window_bytes;      /* what the peer may send ahead of our recv; 4 MiB */
    uint32_t window_messages; /* the same in messages; the method's max_inflight or 1048576 */
} natsmicro_server_options;

#define NATSMICRO_SERVER_OPTIONS_INIT                                                             \
    {                                                                                             \
        sizeof(natsmicro_server_options), NULL, 0, 0, 0, 0, 0, 0, 0, 0, {NULL, NULL, NULL}, NULL, \
            NULL, NULL, false, 0, 0                                                               \
    }

/* A pair of a service's or an endpoint's metadata. */
typedef struct natsmicro_metadata {
    const char *key;
    const char *value;
} natsmicro_metadata;

/*
 * What a service says of itself, where it is to differ from the proto's options; for a generated
 * `…_server__add`. NULL and 0 keep the proto's. All is copied.
 */
typedef struct natsmicro_service_options {
    size_t size;                /* set by the INIT macro */
    const char *subject_prefix; /* names joined by single dots, not under $ */
    const char *name;           /* A-Z a-z 0-9 - _; at most 512 bytes */
    const char *version;        /* a semantic one: 1.2.3, 1.2.3-rc.1+build */
    const char *description;
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    int64_t timeout_ms;
} natsmicro_service_options;

#define NATSMICRO_SERVICE_OPTIONS_INIT                                        \
    {                                                                         \
        sizeof(natsmicro_service_options), NULL, NULL, NULL, NULL, NULL, 0, 0 \
    }

/*
 * Makes a server on a connection, which stays the user's and must outlive it. `options` may be
 * NULL. OK; INVALID_ARGUMENT (the connection is NULL, an option out of range); UNAVAILABLE (the
 * connection is closed); RESOURCE_EXHAUSTED (memory, threads). The options' on_error hears why.
 * Does not wait for the broker.
 */
natsmicro_status natsmicro_server_new(natsmicro_server **server, natsConnection *connection,
                                      const natsmicro_server_options *options);

/*
 * Blocks until natsmicro_server_stop, then drains: no new calls, running ones may finish within
 * drain_timeout_ms, the rest are cancelled and their callers told. Services that were added serve
 * without it, too. OK after a stop; UNAVAILABLE when the connection was closed for good.
 * A stop is for good: a later run returns at once, and of several threads that run a server each
 * returns when the drain is over. Not from a handler.
 */
natsmicro_status natsmicro_server_run(natsmicro_server *server);

/*
 * Makes every natsmicro_server_run end, later ones too. Never blocks; any thread, and a signal
 * handler, may call it, as often as it likes. NULL is allowed, and does nothing.
 */
void natsmicro_server_stop(natsmicro_server *server);

/*
 * Drains if that has not been done, waits for every handler and detached call, and frees the
 * server: when it returns, no callback can run any more. NULL is allowed. Blocks; not from a
 * handler.
 */
void natsmicro_server_destroy(natsmicro_server *server);

/* What a server has seen, since it was made. */
typedef struct natsmicro_server_counters {
    uint64_t calls;            /* taken */
    uint64_t refused;          /* told UNAVAILABLE: most calls run and wait */
    uint64_t dropped_messages; /* for no call, without a subject to answer on, or malformed */
    uint64_t refused_subjects; /* from the peer, that we do not publish to */
    uint64_t running;          /* handlers and detached calls right now */
    uint64_t waiting;          /* calls that wait for a worker right now */
    uint64_t subscriptions;    /* held on the connection right now */
    uint64_t threads;          /* of the server's own right now */
} natsmicro_server_counters;

/* Reads the counters. Never blocks for long; any thread. */
void natsmicro_server_get_counters(natsmicro_server *server, natsmicro_server_counters *counters);

/*
 * Reads what all reliable streams of the server have done since it was made; the round trip is left
 * 0. Does not block; any thread.
 */
void natsmicro_server_get_stream_metrics(natsmicro_server *server,
                                         natsmicro_stream_metrics *metrics);

#ifdef __cplusplus
}
#endif

#endif
