/*
 * Client: the options of a generated client, and what we recommend for a connection.
 *
 * A generated header has the functions that make a client, call its methods and destroy it.
 */
#ifndef NATSMICRO_CLIENT_H
#define NATSMICRO_CLIENT_H

#include <natsmicro/interceptor.h>

#include <nats/nats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_client natsmicro_client;

/*
 * How a client behaves. Start from NATSMICRO_CLIENT_OPTIONS_INIT and set what is to differ; 0 and
 * NULL mean the default. Everything is copied when the client is made, except what on_error_data
 * and hooks.user_data point to. A program that was compiled with an older version of this header
 * may use a newer library.
 */
typedef struct natsmicro_client_options {
    /* The size of this struct; set by the INIT macro, and checked. Do not change it. */
    size_t size;
    /*
     * What the methods' subjects begin with: names joined by single dots. Default: the
     * subject_prefix of the proto.
     */
    const char *subject_prefix;
    /*
     * What the subjects of our own inboxes begin with, for brokers that restrict it: one or more
     * names joined by dots, without a dot at the end. Default: "_INBOX".
     */
    const char *inbox_prefix;
    /*
     * Bounds unary calls and the opening of streams, in milliseconds, where the context sets no
     * timeout: then they fail with DEADLINE_EXCEEDED. Without idle_timeout_ms it bounds a stream's
     * silence as well. Default: the method's timeout in the proto, the service's, or 5000.
     */
    int64_t timeout_ms;
    /*
     * How long a stream's peer may be silent, in milliseconds, before the call ends with
     * UNAVAILABLE. On a plain stream only the time counts in which a function waits for it. -1: no
     * limit. Default: timeout_ms, the method's timeout in the proto, the service's, or 30000.
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
     * call with INTERNAL. Default: 100.
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
     * client are open they share 48 MiB, and windows are smaller, 1024 bytes at least. Defaults: 4
     * MiB; the method's max_inflight in the proto, or 1048576 messages.
     */
    size_t window_bytes;
    uint32_t window_messages;
    /*
     * How long the broker may say that nobody listens at the inbox of a stream's peer, in
     * milliseconds, before the call ends: so a peer that lives may lose its own connection for
     * about this long. A plain stream loses what it sends meanwhile, and ends at once. Never more
     * than the idle limit. Default: 10000.
     */
    int64_t gone_limit_ms;
    /*
     * How many bytes of headers one message may have, with the protocol's own; at least 4096. A
     * request with more fails with RESOURCE_EXHAUSTED, and is not sent. A receiver refuses what is
     * over its own limit, so raise it on both sides. Default: 16384.
     */
    size_t max_header_bytes;
    /* What the client logs to stderr; see call.h. Default: what the environment says. */
    natsmicro_log_level log;
    /*
     * Functions around calls and messages, the outermost first; see interceptor.h. The list ends
     * with NULL. What their user_data points to is not copied. Default: NULL, none.
     */
    const natsmicro_interceptor *const *interceptors;
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
} natsmicro_client_options;

/* The initializer of natsmicro_client_options: all defaults. */
#define NATSMICRO_CLIENT_OPTIONS_INIT                                                             \
    {                                                                                             \
        sizeof(natsmicro_client_options), NULL, NULL, 0, 0, 0, 0, 0, 0, {NULL, NULL, NULL}, NULL, \
            NULL, NULL, false, 0, 0, 0, 0, NATSMICRO_LOG_DEFAULT, NULL, NULL, NULL                \
    }

/*
 * Room for any key of kv_store and any name of object_store, in bytes, with the NUL at the end:
 * what `…__kv_key` and `…__object_store_key` write fits into it.
 */
#define NATSMICRO_KEY_SIZE 1025

/*
 * Sets what we recommend for the connection of a service or client. Call it before
 * natsConnection_Connect, and set what is to differ afterwards. It sets
 *
 * - a write deadline of 2 s: without one a broker that has stopped reading can block every function
 *   of nats.c, and so of this library, for ever;
 * - endless reconnecting, every 50 ms with up to 10 ms of jitter;
 * - a ping every 5 s, which notices a dead connection;
 * - threads of its own for each subscription, even where the program asked for threads that all
 *   connections share (natsOptions_UseGlobalMessageDelivery, or NATS_DEFAULT_TO_LIB_MSG_DELIVERY in
 *   its environment): there a callback of yours that waits for a call would hold up the answer.
 *
 * Returns OK, or INVALID_ARGUMENT when `options` is NULL or nats.c refuses a value. Never blocks;
 * one thread at a time.
 */
natsmicro_status natsmicro_options_prepare(natsOptions *options);

#ifdef __cplusplus
}
#endif

#endif
