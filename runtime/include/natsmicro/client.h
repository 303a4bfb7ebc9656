/*
 * Client: what a generated client is made with.
 */
#ifndef NATSMICRO_CLIENT_H
#define NATSMICRO_CLIENT_H

#include <natsmicro/call.h>

#include <nats/nats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_client natsmicro_client;

/*
 * Start from NATSMICRO_CLIENT_OPTIONS_INIT and set what is to differ; 0 and NULL are the defaults.
 * All is copied when the client is made, but for what user_data points to.
 */
typedef struct natsmicro_client_options {
    size_t size;                 /* set by the INIT macro; an older header's is right, too */
    const char *subject_prefix;  /* instead of the proto's */
    const char *inbox_prefix;    /* "_INBOX" */
    int64_t timeout_ms;          /* instead of the proto's: unary calls, openings, silence */
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
} natsmicro_client_options;

#define NATSMICRO_CLIENT_OPTIONS_INIT                                                             \
    {                                                                                             \
        sizeof(natsmicro_client_options), NULL, NULL, 0, 0, 0, 0, 0, 0, {NULL, NULL, NULL}, NULL, \
            NULL, NULL, false, 0, 0                                                               \
    }

/*
 * Sets on a natsOptions what we recommend for services and clients: a write deadline of 2 s, so
 * that no call of nats.c blocks for ever behind a broker that has stopped; endless reconnecting
 * every 50 ms (10 ms jitter); a ping every 5 s. Before natsConnection_Connect; set what is to
 * differ afterwards. OK or INVALID_ARGUMENT. Does not block.
 */
natsmicro_status natsmicro_options_prepare(natsOptions *options);

#ifdef __cplusplus
}
#endif

#endif
