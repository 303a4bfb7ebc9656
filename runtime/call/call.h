/*
 * Call: one live RPC as both sides' code sees it: messages in and out of a stream, headers,
 * deadline, what it failed with. Clients and servers make calls; a transport carries them.
 */
#ifndef NM_CALL_CALL_H
#define NM_CALL_CALL_H

#include "codec/codec.h"
#include "transport/transport.h"

/* What a client or a server sets for all its calls; options with the defaults filled in. */
typedef struct nm_call_settings {
    nm_codec_limits limits;
    nm_stream_settings stream;
    int64_t idle_timeout_ms; /* 0: not set */
    natsmicro_hooks hooks;
    char **allowed_inbox_prefixes; /* owned, ends with NULL */
    nm_stream_totals totals;
} nm_call_settings;

/* The part that client and server options have in common. */
typedef struct nm_call_options {
    const char *inbox_prefix;
    int64_t idle_timeout_ms;
    size_t max_decode_bytes;
    uint32_t max_depth;
    size_t max_pending_messages;
    size_t max_pending_bytes;
    natsmicro_hooks hooks;
    const char *const *allowed_inbox_prefixes;
    bool plain_streams;
    size_t window_bytes;
    uint32_t window_messages;
} nm_call_options;

/*
 * Taken from natsmicro_client_options or natsmicro_server_options, which are two types with like
 * names.
 */
#define NM_CALL_OPTIONS_OF(options)                                                             \
    {                                                                                           \
        .inbox_prefix = (options)->inbox_prefix, .idle_timeout_ms = (options)->idle_timeout_ms, \
        .max_decode_bytes = (options)->max_decode_bytes, .max_depth = (options)->max_depth,     \
        .max_pending_messages = (options)->max_pending_messages,                                \
        .max_pending_bytes = (options)->max_pending_bytes, .hooks = (options)->hooks,           \
        .allowed_inbox_prefixes = (options)->allowed_inbox_prefixes,                            \
        .plain_streams = (options)->plain_streams, .window_bytes = (options)->window_bytes,     \
        .window_messages = (options)->window_messages,                                          \
    }

/*
 * Copies a user's options over `own`, which holds the defaults and, as all options, begins with its
 * size. Those of a program that was compiled with an older header are shorter: the defaults stay
 * for what they do not know. NULL: all defaults stay. INVALID_ARGUMENT: no size, or a newer
 * header's.
 */
natsmicro_status nm_options_take(void *own, const void *given, nm_error *error);

/* ---- checks of what users give: OK, or INVALID_ARGUMENT with a text that names it ---- */

/* An option in milliseconds. */
natsmicro_status nm_check_time(const char *option, int64_t ms, int64_t least, nm_error *error);

/* A literal subject, or the beginning of one; NULL is none. */
natsmicro_status nm_check_subject(const char *option, const char *subject, nm_error *error);

/* FAILED_PRECONDITION: tables of another layout than the library's. */
natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error);

/* What texts call the service of a stub, which may be of another layout. */
const char *nm_stub_name(const natsmicro_stub_service *stub);

natsmicro_status nm_call_settings_init(nm_call_settings *settings, const nm_call_options *options,
                                       natsConnection *connection, nm_error *error);
void nm_call_settings_free(nm_call_settings *settings);

/* A method as it is called or served, run-time overrides applied. */
typedef struct nm_method {
    const natsmicro_stub_method *stub;
    char *full_name;    /* "lab.v1.Lab.CountUp"; owned */
    char *subject;      /* "lab.v1.count_up"; owned */
    int64_t timeout_ms; /* of a unary call or an opening; 0: none was set anywhere */
    nm_plan *request;   /* of its messages; owned */
    nm_plan *response;  /* owned */
} nm_method;

natsmicro_status nm_method_init(nm_method *method, const natsmicro_stub_service *service,
                                const natsmicro_stub_method *stub, const char *subject_prefix,
                                int64_t timeout_ms, nm_error *error);
void nm_method_free(nm_method *method);

/* Calls that are over and kept for the next: their buffers, arena and lock. */
typedef struct nm_call_cache {
    pthread_mutex_t lock;
    natsmicro_call *free_calls;
    size_t count;
} nm_call_cache;

void nm_call_cache_init(nm_call_cache *cache);
void nm_call_cache_free(nm_call_cache *cache);

struct natsmicro_call {
    nm_stream stream; /* first: the link's callbacks find the call by it */
    struct {
        natsmicro_call *base;
    } handle; /* what generated code gives out as the typed call */
    const nm_method *method;
    const nm_call_settings *settings;
    nm_call_cache *cache;
    void (*on_over)(natsmicro_call *call); /* the last reference is gone; before the cache has it */
    void *owner;                           /* the client, or the server's endpoint */
    natsmicro_call *next_free;
    natsmicro_call *previous; /* in the server's list of live calls */
    natsmicro_call *next;
    bool ended_from_outside; /* by a drain; guarded by the server's lock */

    nm_arena arena;              /* the receiver's: the last message, or the request */
    nm_buffer encoded;           /* the sender's */
    bool sends_short;            /* the sender's: its last message was short, so may be the next */
    nm_error send_error;         /* the sender's: what the last send failed with locally */
    atomic_bool send_error_past; /* a client's reader has had END since: it is not shown any more */
    int64_t started;
    atomic_bool sending;    /* a thread is in send right now: a close waits for it */
    atomic_bool receiving;  /* in recv */
    atomic_bool telling;    /* the service thread tells the peer of a cancel */
    atomic_bool cancelling; /* natsmicro_call_cancel was called; the peer is yet to be told */

    nm_bytes chunk_rest; /* the receiver's: of the last chunk, what has not been read */
    uint64_t expected;   /* bytes of the blob, to be shown; UINT64_MAX: unknown */
    bool unsent;    /* the sender's: what it was given is not sent whole, so no end may follow */
    bool responded; /* a client's reader's: the one response has been given out */

    /* ---- server; guarded by the stream's lock ---- */
    nm_error failure; /* what the handler failed with; the first wins */
    bool answered;
    bool in_handler;
    bool detached;
};

/* The call whose inbox that is: the stream begins with it, and the call with the stream. */
static inline natsmicro_call *nm_call_of(nm_inbox *inbox)
{
    return (natsmicro_call *)inbox;
}

/* A call from the cache or a new one, with one reference; NULL when memory is short. */
natsmicro_call *nm_call_acquire(nm_call_cache *cache, nm_link *link, const nm_method *method,
                                const nm_call_settings *settings, bool is_server);

/* Gives back a reference. */
void nm_call_release(natsmicro_call *call);

/* Waits for the sends and recvs of a call that is over to return. */
void nm_call_wait_for_users(natsmicro_call *call);

/*
 * Ends a call because of what happened on this side (printf): its send and recv return the status
 * from now on, a service is told at once, a caller when the handler returns. Returns the status, or
 * the one that the call was aborted with before; one that is no failure counts as INTERNAL.
 */
natsmicro_status nm_call_give_up(natsmicro_call *call, natsmicro_status status, const char *format,
                                 ...) NATSMICRO_PRINTF(3, 4);

/*
 * The same with an error that has been filled in already; the method's name goes in front, and what
 * it hides stays hidden. Takes what it holds.
 */
natsmicro_status nm_call_give_up_with(natsmicro_call *call, nm_error *error);

/*
 * Under the stream's lock: the error to show: the handler's own, else the one that ended the call,
 * else what the last send failed with, unless the call has ended well since.
 */
const nm_error *nm_call_shown_error(const natsmicro_call *call);

/* The stream's idle limit, ns: the first of these that is set (not 0), else 30 s; -1 is none. */
int64_t nm_call_idle_limit(int64_t own_ms, int64_t settings_ms, int64_t method_ms);

/* The sender's: what it does next fails by itself, or not at all. */
void nm_call_forget_send_error(natsmicro_call *call);

/* The sender's: what stands against sending now, as its next send would return it. */
natsmicro_status nm_call_check_send(natsmicro_call *call);

/* ---- messages as bytes ---- */

/* Sends a message that is encoded already, given in pieces. As natsmicro_stub_send otherwise. */
natsmicro_status nm_call_send_pieces(natsmicro_call *call, const nm_bytes *pieces, size_t count);

/* The next message, not decoded: the bytes are borrowed until the next recv or the call's end. */
natsmicro_status nm_call_recv_span(natsmicro_call *call, nm_span *span);

/* Decodes it into the call's arena; a malformed message ends the call. NULL unless OK. */
natsmicro_status nm_call_decode(natsmicro_call *call, const nm_span *span, const void **message);

/* ---- server ---- */

/*
 * Records what a handler's return means and ends the call on the wire. *outcome gets what it ended
 * with for statistics and hooks; clear it.
 */
void nm_call_complete(natsmicro_call *call, natsmicro_status returned, nm_error *outcome);

/*
 * Ends a call whose handler may still run: its send and recv return `status`, the caller is told.
 */
void nm_call_end_from_outside(natsmicro_call *call, natsmicro_status status, const char *text);

#endif
