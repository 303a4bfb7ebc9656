/*
 * State: the inside of a stream, for the transports: what both share, and how each direction ends.
 *
 * The lock guards what threads share: the dispatch and the service thread, a sender, a receiver,
 * and one that aborts. It is never held around a call of nats.c. The owner's lock may be taken
 * under it.
 */
#ifndef NM_TRANSPORT_STATE_H
#define NM_TRANSPORT_STATE_H

#include "base/error.h"
#include "base/headers.h"
#include "base/log.h"
#include "link/link.h"
#include "link/spent.h"
#include "transport/types.h"

#include <pthread.h>

typedef struct nm_transport nm_transport;

/* A transport's own state of a call. Its memory stays with the stream from call to call. */
typedef struct nm_state_kind {
    size_t size;
    size_t alignment;
    void (*reset)(nm_stream *stream); /* between calls: only memory stays */
    void (*free)(void *state);
} nm_state_kind;

struct nm_stream {
    nm_inbox inbox; /* first: the link's callbacks find the stream by it */
    const nm_stream_owner *callbacks;
    void *owner;
    _Atomic(const nm_transport *) transport; /* NULL: not begun. An offer's changes once */
    void *state;                             /* the transport's own */
    const nm_state_kind *state_kind;

    /* ---- of the call, from its beginning on ---- */
    const nm_stream_settings *settings;
    nm_link *link;
    natsmicro_method_kind kind;
    bool is_server;
    bool plain;
    atomic_bool is_aborted;  /* aborted != OK, to be read without the lock */
    char id[NM_LOG_ID_SIZE]; /* for the log; "": not known, or nothing is logged */
    int64_t known_limit; /* client: of a time for the call that is not shorter nothing is said */
    const char *method;
    const char *subject;
    int64_t began; /* ns: when the call was made, or its opening came */
    int64_t open_deadline;
    int64_t deadline;
    int64_t idle_limit;
    uint64_t reconnects; /* of the connection, when the call was opened */
    size_t max_payload;  /* the broker's, when the call began */
    uint64_t window_messages;
    uint64_t window_bytes; /* as large as the window may grow */

    pthread_mutex_t lock;

    /* ---- guarded by `lock` ---- */
    nm_headers headers_out;  /* ours, that ride on the first message */
    nm_headers trailers_out; /* ours, that ride on the end */
    nm_headers headers_in;   /* the peer's */
    nm_headers trailers_in;
    unsigned waiting;         /* nm_readiness that the owner is owed */
    bool decided;             /* the transport is chosen, for good */
    bool discarding;          /* nobody reads any more */
    bool send_closed;         /* client: our direction is closed */
    bool finished;            /* server: the answer or the end has been given to the transport */
    natsmicro_status in_end;  /* how the peer's direction ended; OK: it has not */
    natsmicro_status aborted; /* the call is over on this side; OK: it is not */
    nm_error input_error;     /* that goes with in_end; set once */
    nm_error abort_error;     /* that goes with aborted; set once */
    uint64_t sent;            /* number of our last message */
    uint64_t resent;          /* messages that went again, on a reliable stream */
    size_t share;             /* of the link's windows; 0: none */

    /* ---- the receiver's alone ---- */
    int64_t silent_since; /* when its wait began, or something came last */
    nm_spent *spent;      /* messages that were read; to be destroyed together. Owned */
};

/* Where something is logged: the call has the id of its caller's inbox, which may be NULL. */
static inline void nm_stream_identify(nm_stream *stream, const char *inbox)
{
    if (stream->settings->log > NATSMICRO_LOG_OFF)
        nm_log_id(stream->id, inbox);
}

/* What the log says of a 503. */
#define NM_NO_RESPONDERS_TEXT "503 from the broker: nobody listens at the peer's address now"

/* Logs a text about the call at the level debug, if that is wanted. */
void nm_stream_debug(const nm_stream *stream, const char *format, ...) NATSMICRO_PRINTF(2, 3);

/*
 * Client, without the lock, while the opening has no answer: whether the broker has refused what
 * the answer needs. True: `error` says so. `limit` (ns): when the wait ends anyway.
 */
bool nm_stream_opening_is_refused(const nm_stream *stream, int64_t limit, int64_t now,
                                  nm_error *error);

/* How often a wait for the first answer looks for that; ns. */
#define NM_REFUSAL_INTERVAL (1000 * NM_NS_PER_MS)

static inline const nm_transport *nm_stream_transport(nm_stream *stream)
{
    return atomic_load_explicit(&stream->transport, memory_order_acquire);
}

static inline void nm_stream_set_transport(nm_stream *stream, const nm_transport *transport)
{
    atomic_store_explicit(&stream->transport, transport, memory_order_release);
}

/* Under the lock, or where there is one thread only: the peer sends nothing more. */
void nm_stream_close_share(nm_stream *stream);

/*
 * The state of that kind: the last call's, which has been reset, or a new one that is all zero.
 * NULL: no memory.
 */
void *nm_stream_take_state(nm_stream *stream, const nm_state_kind *kind);
void nm_stream_free_state(nm_stream *stream);

/* ---- under the lock ---- */

/* A verb returns WOULD_BLOCK: the owner is to hear when it may go on. */
static inline natsmicro_status nm_stream_would_block(nm_stream *stream, nm_readiness readiness)
{
    stream->waiting |= readiness;
    return NATSMICRO_WOULD_BLOCK;
}

/* Tells the owner of what it waits for among these. */
void nm_stream_notify(nm_stream *stream, unsigned readiness);

/*
 * Server, without the lock: the call is finished, and its caller needs nothing more. No message
 * comes any more, also not to a handler that has answered and reads on.
 */
void nm_stream_close_finished(nm_stream *stream);

/*
 * In on_message: a reader that waits is woken now when it has `many` messages to read, else when no
 * more are at hand. To wake it for each is a switch of threads for each.
 */
void nm_stream_notify_reader(nm_stream *stream, bool many);

/* The peer's direction is complete. */
void nm_stream_end_input(nm_stream *stream);

/* The peer's direction ends with a failure. */
void nm_stream_fail_input(nm_stream *stream, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);
/* The same with an error that has been filled in already; takes what it holds. */
void nm_stream_fail_input_with(nm_stream *stream, nm_error *error);

/* nm_stream_abort and nm_stream_abort_with for who has the lock. */
void nm_stream_abort_locked(nm_stream *stream, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);
void nm_stream_abort_locked_with(nm_stream *stream, nm_error *error);

/* Whether nothing stands against sending but, maybe, that our direction is closed. */
static inline bool nm_stream_may_send(const nm_stream *stream)
{
    return stream->aborted == NATSMICRO_OK && (stream->is_server || stream->in_end == NATSMICRO_OK);
}

/* nm_stream_check_send for who has the lock, without its check of a closed direction. */
natsmicro_status nm_stream_check_call(nm_stream *stream, nm_error *error);

/* The same, and FAILED_PRECONDITION where our direction is closed. */
static inline natsmicro_status nm_stream_check_open(nm_stream *stream, nm_error *error)
{
    if (!nm_stream_may_send(stream))
        return nm_stream_check_call(stream, error);
    if (!stream->send_closed && !stream->finished)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: this direction of the call is closed", stream->method);
}

/* The error of the abort, else of the peer's end; status OK: there is none. */
const nm_error *nm_stream_shown_error(const nm_stream *stream);

/* Why a client gave up, as the service is told: without the method's name, which it knows. */
void nm_stream_reason(const nm_stream *stream, nm_error *reason);

#endif
