/*
 * Server: runs the handlers of the services that are added to it, on a pool of worker threads.
 *
 * The life of a server: natsmicro_server_new; a generated `…_server__add` for each service, which
 * serves from then on; natsmicro_server_run, which waits for natsmicro_server_stop and then drains;
 * natsmicro_server_destroy. The server also answers $SRV.PING, $SRV.INFO and $SRV.STATS for its
 * services, as NATS micro services do, and $SRV.SCHEMA, as docs/wire-protocol.md says.
 */
#ifndef NATSMICRO_SERVER_H
#define NATSMICRO_SERVER_H

#include <natsmicro/interceptor.h>

#include <nats/nats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_server natsmicro_server;

/*
 * How a server behaves. Start from NATSMICRO_SERVER_OPTIONS_INIT and set what is to differ; 0 and
 * NULL mean the default. Everything is copied when the server is made, except what on_error_data
 * and hooks.user_data point to. A program that was compiled with an older version of this header
 * may use a newer library.
 */
typedef struct natsmicro_server_options {
    /* The size of this struct; set by the INIT macro, and checked. Do not change it. */
    size_t size;
    /*
     * What the subjects of our own inboxes begin with, for brokers that restrict it: one or more
     * names joined by dots, without a dot at the end. Default: "_INBOX".
     */
    const char *inbox_prefix;
    /*
     * How many calls may run at once: each has a worker thread while its handler runs, and a
     * detached call counts until it is finished. Further calls wait. Default: 256.
     */
    uint32_t max_calls;
    /*
     * How many calls may wait for a worker. Further callers get UNAVAILABLE at once. A reliable
     * stream that waits is open: it lives on until it is served, or its caller ends it. The proto's
     * pending_msg_limit and pending_bytes_limit limit single methods further. Default: 1024.
     */
    uint32_t max_waiting;
    /*
     * How long a stop lets running calls go on, in milliseconds. Then the calls end with
     * UNAVAILABLE on both sides. Default: 10000.
     */
    int64_t drain_timeout_ms;
    /*
     * How long a stream's caller may be silent, in milliseconds, before the call ends with
     * UNAVAILABLE. On a plain stream only the time counts in which a function waits for it. -1: no
     * limit. Default: the timeout_ms of the service's options, the method's timeout in the proto,
     * the service's, or 30000.
     */
    int64_t idle_timeout_ms;
    /*
     * The most memory that one received message may take once it is decoded, in bytes; a larger one
     * ends its call with RESOURCE_EXHAUSTED. Default: 32 times the broker's max_payload,
     * which small numbers and lists of small messages need. Of a message whose fields come in
     * pieces, a copy with the pieces joined counts, too.
     */
    size_t max_decode_bytes;
    /*
     * How deep a received message may be nested; a deeper one counts as malformed, and ends its
     * call with INVALID_ARGUMENT. Default: 100.
     */
    uint32_t max_depth;
    /*
     * How much may wait to be read on a plain stream, which has no flow control: a number of
     * messages, and their bytes with about 256 bytes each for their keeping. What comes beyond is
     * lost: the stream ends with DATA_LOSS, and on_error hears of it. Defaults: 524288 messages,
     * 64 MiB.
     */
    size_t max_pending_messages;
    size_t max_pending_bytes;
    /*
     * Functions that see each call before it starts and after its end; see call.h. Default: none.
     */
    natsmicro_hooks hooks;
    /* Hears of what no call can report; see call.h. Default: NULL, nobody hears of it. */
    natsmicro_on_error on_error;
    /* Passed to on_error; not used otherwise. */
    void *on_error_data;
    /*
     * The subjects that a peer may have us publish to by naming them in a header: they must begin
     * with one of these strings. The list ends with NULL. Others are refused, and on_error hears of
     * it. Default: { "_INBOX.", NULL }. Peers with an inbox prefix of their own need it here.
     */
    const char *const *allowed_inbox_prefixes;
    /*
     * True: reliable streams are neither offered nor accepted, so that every stream is a plain one.
     * Default: false.
     */
    bool plain_streams;
    /*
     * How far the peer of a reliable stream may send ahead of our recv, in bytes and in messages;
     * then its send waits. So this bounds what one stream keeps in memory. Where many streams of a
     * server are open they share 48 MiB, and windows are smaller, 1024 bytes at least. Defaults: 4
     * MiB; the method's max_inflight in the proto, or 1048576 messages.
     */
    size_t window_bytes;
    uint32_t window_messages;
    /*
     * How long the broker may say that nobody listens at the inbox of a stream's peer, in
     * milliseconds, before the call ends: so a peer that lives may lose its own connection for
     * about this long. A plain stream loses what it sends meanwhile, and ends at once. Never more
     * than the idle limit. The end or answer of a plain stream is offered for as long to a caller
     * that is away; a drain does not wait for that. Default: 10000.
     */
    int64_t gone_limit_ms;
    /*
     * How many bytes of headers one message may have, with the protocol's own; at least 4096. A
     * response header or trailer that makes them more is refused with RESOURCE_EXHAUSTED when it is
     * set; not on a reliable stream, which carries them in its frames. A receiver refuses what is
     * over its own limit, so raise it on both sides. Default: 16384.
     */
    size_t max_header_bytes;
    /*
     * How many bytes of requests, with their headers, may wait for a worker. Further callers get
     * UNAVAILABLE at once. Default: 64 MiB, or 4 times the broker's max_payload if that is more.
     */
    size_t max_waiting_bytes;
    /*
     * How many of max_calls may be streams while the server serves unary methods, too, so that
     * streams leave workers to these. Further ones wait. Default: three quarters of max_calls,
     * rounded up.
     */
    uint32_t max_streams;
    /* How many calls of one method may run at once. Further ones wait. Default: max_calls. */
    uint32_t max_calls_per_method;
    /*
     * How many calls of one caller may run at once; a further one gets RESOURCE_EXHAUSTED. Callers
     * are told apart by their inboxes: a client of this library is one caller. A caller with an
     * inbox such as _INBOX.x for each call is not counted. Default: no limit.
     */
    uint32_t max_calls_per_caller;
    /*
     * How long a stream may last, in milliseconds from when its opening came, whatever it does.
     * Then it ends with DEADLINE_EXCEEDED on both sides, within a second. Default: no limit.
     */
    int64_t max_stream_ms;
    /*
     * How many bytes of messages must pass on a stream each second, in both directions together,
     * while its handler waits for the caller in send or recv. A stream on which less has passed in
     * 10 s of such waiting ends with DEADLINE_EXCEEDED on both sides; so leave it off where callers
     * may be silent. Default: off.
     */
    uint64_t min_stream_rate;
    /*
     * What a drain does to a handler that waits in recv while its caller has sent nothing for a
     * second. False: that recv, or the next one that waits so, returns UNAVAILABLE once, although
     * the call goes on: natsmicro_call_status is still OK. The handler may return, which ends the
     * call with UNAVAILABLE, or say goodbye, or go on. Functions of chunked methods are not told.
     * True: the call ends with UNAVAILABLE on both sides, a blob's, too. Default: false.
     */
    bool drain_ends_silent_streams;
    /* What the server logs to stderr; see call.h. Default: what the environment says. */
    natsmicro_log_level log;
    /*
     * Functions around calls and messages, the outermost first; see interceptor.h. The list ends
     * with NULL. What their user_data points to is not copied. Default: NULL, none.
     */
    const natsmicro_interceptor *const *interceptors;
    /*
     * True: built-in codes are written as numbers into the headers of errors, for tools that want
     * numbers: those of natsmicro_status_from_code, with 409 for ABORTED, too, and 500 for UNKNOWN
     * and DATA_LOSS. A service's own codes, reliable streams and discovery keep names. Default:
     * false.
     */
    bool numeric_codes;
    /*
     * True: $SRV.SCHEMA is not answered, by which anybody who may ask for discovery can read the
     * services' .proto files. Default: false.
     */
    bool hide_schema;
    /*
     * The JetStream domain that the buckets of kv_store and object_store are in: a name without
     * dots, as the broker's configuration has it. Default: NULL, that of the connection.
     */
    const char *jetstream_domain;
    /*
     * What the subjects of JetStream's API begin with, such as those that another account exports:
     * names joined by dots, without a dot at the end. Not together with jetstream_domain. Default:
     * "$JS.API".
     */
    const char *jetstream_prefix;
} natsmicro_server_options;

/* The initializer of natsmicro_server_options: all defaults. */
#define NATSMICRO_SERVER_OPTIONS_INIT                                                             \
    {                                                                                             \
        sizeof(natsmicro_server_options), NULL, 0, 0, 0, 0, 0, 0, 0, 0, {NULL, NULL, NULL}, NULL, \
            NULL, NULL, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, NATSMICRO_LOG_DEFAULT, NULL,  \
            false, false, NULL, NULL                                                              \
    }

/* One pair of the metadata that discovery shows of a service or an endpoint. */
typedef struct natsmicro_metadata {
    const char *key;
    const char *value;
} natsmicro_metadata;

/*
 * What a service says of itself, for a generated `…_server__add`. Start from
 * NATSMICRO_SERVICE_OPTIONS_INIT. NULL and 0 keep what the proto says. Everything is copied.
 */
typedef struct natsmicro_service_options {
    /* The size of this struct; set by the INIT macro, and checked. Do not change it. */
    size_t size;
    /*
     * What the methods' subjects begin with: names joined by single dots, the first of which does
     * not begin with $. Clients need the same prefix.
     */
    const char *subject_prefix;
    /* The name in discovery: letters, digits, - and _, at most 512 bytes. */
    const char *name;
    /* The version in discovery, a semantic one: "1.2.3", "1.2.3-rc.1+build". */
    const char *version;
    /* The description in discovery. */
    const char *description;
    /* The metadata in discovery, in place of all of the proto's. NULL keeps the proto's. */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    /*
     * How long a unary call may take, in milliseconds, from when the request came; then its caller
     * gets DEADLINE_EXCEEDED. A handler that no worker was free for by then does not run. Without
     * the server's idle_timeout_ms it bounds the silence of a stream's caller as well. A caller
     * that says how long it waits may make it less, not more. Default: the method's timeout in the
     * proto, or the service's; without one a handler may take any time.
     */
    int64_t timeout_ms;
    /*
     * Functions around calls and messages of this service, inside those of the server; see
     * interceptor.h. The list ends with NULL. What their user_data points to is not copied.
     * Default: NULL, none.
     */
    const natsmicro_interceptor *const *interceptors;
} natsmicro_service_options;

/* The initializer of natsmicro_service_options: everything as in the proto. */
#define NATSMICRO_SERVICE_OPTIONS_INIT                                              \
    {                                                                               \
        sizeof(natsmicro_service_options), NULL, NULL, NULL, NULL, NULL, 0, 0, NULL \
    }

/*
 * Makes a server in *server, on a connection that stays yours and must outlive the server.
 * `options` may be NULL. Free the server with natsmicro_server_destroy. Does not wait for the
 * broker.
 *
 * Returns OK; INVALID_ARGUMENT: the connection is NULL, or an option is out of range;
 * FAILED_PRECONDITION: the connection's subscriptions share threads, see natsmicro_options_prepare;
 * UNAVAILABLE: the connection is closed; RESOURCE_EXHAUSTED: no memory or no thread. *server is
 * NULL unless OK, and on_error and natsmicro_last_error have the reason. Any thread.
 */
natsmicro_status natsmicro_server_new(natsmicro_server **server, natsConnection *connection,
                                      const natsmicro_server_options *options) NATSMICRO_MUST_USE;

/*
 * Blocks until natsmicro_server_stop is called or the connection is closed for good, by
 * natsConnection_Close or natsConnection_Drain, too; then drains and returns. Services serve with
 * or without a thread in this function.
 *
 * To drain is to take no new calls and to let those that run or wait finish for up to
 * drain_timeout_ms. Then all that are left end: their callers are told UNAVAILABLE, and send, recv
 * and reply return UNAVAILABLE to their handlers. The drain is over when every handler has returned
 * and every detached call is finished; a handler that does not return keeps this function waiting.
 *
 * natsConnection_Drain does not wait for handlers: nats.c closes the connection as soon as their
 * requests are taken, and replies that come later are lost. So stop the server first.
 *
 * Without a service it runs all the same, as one may be added later; on_error hears of it.
 *
 * Returns OK after a stop, UNAVAILABLE when the connection was closed for good. A stop is for good:
 * a later call returns at once. Several threads may wait here. Not from a handler or a hook.
 */
natsmicro_status natsmicro_server_run(natsmicro_server *server) NATSMICRO_MUST_USE;

/*
 * Makes natsmicro_server_run drain and return, now and whenever it is called later. Calling it
 * again changes nothing. Never blocks, and is async-signal-safe: any thread and any signal handler
 * may call it while the server exists. NULL is allowed.
 */
void natsmicro_server_stop(natsmicro_server *server);

/*
 * Drains the server, unless that has been done, and frees it. When it returns, no handler, hook or
 * on_error runs any more, and the connection may be destroyed.
 *
 * Blocks until every handler has returned and every detached call is finished, and for a round trip
 * to the broker. Not from a handler or a hook, and not while another thread uses the server. NULL
 * is allowed.
 */
void natsmicro_server_destroy(natsmicro_server *server);

/* What has happened on a server since it was made, and what goes on now. */
typedef struct natsmicro_server_counters {
    uint64_t calls;   /* calls that were given to a handler */
    uint64_t refused; /* calls that got UNAVAILABLE because too many others waited */
    /* Messages that belong to no call, cannot be answered or are malformed. */
    uint64_t dropped_messages;
    /* Subjects that a peer named and that we do not publish to. */
    uint64_t refused_subjects;
    uint64_t running;       /* now: handlers and detached calls */
    uint64_t waiting;       /* now: calls that wait for a worker */
    uint64_t subscriptions; /* now: subscriptions on the connection */
    uint64_t threads;       /* now: worker threads */
    /*
     * Calls whose time was over, or whose caller was gone, before a worker was free; their handlers
     * did not run.
     */
    uint64_t expired;
    uint64_t waited; /* calls that had to wait for another one's end before a worker was free */
} natsmicro_server_counters;

/* Fills *counters. Never blocks; any thread. */
void natsmicro_server_get_counters(natsmicro_server *server, natsmicro_server_counters *counters);

/*
 * Fills *metrics with the sums over all reliable streams of the server since it was made;
 * round_trip_ns is 0. Never blocks; any thread.
 */
void natsmicro_server_get_stream_metrics(natsmicro_server *server,
                                         natsmicro_stream_metrics *metrics);

#ifdef __cplusplus
}
#endif

#endif
