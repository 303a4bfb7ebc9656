/*
 * Stream: the wire's side of one call: its inbox, what has arrived and is not read yet, how each
 * direction ended, its deadlines. What all transports share, and what the plain one keeps of a call
 * besides; how messages travel is theirs.
 *
 * The lock guards everything that two threads meet in: the dispatch thread that queues, the timer,
 * a sender, a receiver, a canceller. It is never held around a call of nats.c.
 */
#ifndef NM_TRANSPORT_STREAM_H
#define NM_TRANSPORT_STREAM_H

#include "base/headers.h"
#include "link/link.h"
#include "link/spent.h"
#include "natsmicro/stub.h"
#include "wire/draft.h"

#include <pthread.h>

typedef struct nm_transport nm_transport;
typedef struct nm_stream nm_stream;

/* Whether requests, or responses, are a stream of messages: else there is one. */
static inline bool nm_caller_streams(natsmicro_method_kind kind)
{
    return kind == NATSMICRO_CLIENT_STREAM || kind == NATSMICRO_BIDI_STREAM;
}

static inline bool nm_service_streams(natsmicro_method_kind kind)
{
    return kind == NATSMICRO_SERVER_STREAM || kind == NATSMICRO_BIDI_STREAM;
}

/* What all reliable streams of a client or a server have done. */
typedef struct nm_stream_totals {
    atomic_ullong messages_sent;
    atomic_ullong bytes_sent;
    atomic_ullong messages_received;
    atomic_ullong bytes_received;
    atomic_ullong retransmitted;
    atomic_ullong stalls;
} nm_stream_totals;

/* What a client or a server sets for all its streams. */
typedef struct nm_stream_settings {
    size_t max_pending_messages;
    size_t max_pending_bytes;
    const char *const *allowed_inbox_prefixes;
    /* Whether a subject is one of our own endpoints: never to be published to. NULL: none is. */
    bool (*is_own_subject)(const char *subject, void *data);
    void *own_subject_data;
    bool plain_streams;       /* reliable ones are neither offered nor accepted */
    size_t window_bytes;      /* of a reliable stream */
    uint32_t window_messages; /* the same in messages; 0: the method's, or the default */
    nm_stream_totals *totals; /* that its reliable streams are counted in */
} nm_stream_settings;

/* One message of the peer: `message` owns the bytes. */
typedef struct nm_span {
    natsMsg *message;
    const uint8_t *data;
    size_t length;
} nm_span;

/*
 * What nats.c keeps of a received message in front of its payload, in the same memory: subject,
 * reply and headers. It tells the size of headers in no other way.
 */
static inline size_t nm_message_front(natsMsg *message)
{
    uintptr_t front = (uintptr_t)natsMsg_GetSubject(message);
    uintptr_t payload = (uintptr_t)natsMsg_GetData(message);
    return payload > front ? payload - front : 0;
}

typedef struct nm_span_list {
    nm_span *spans;
    size_t count;
    size_t capacity;
    size_t bytes; /* what they are counted as */
} nm_span_list;

/* How an answer to a client-stream fares: existing callers listen for it late. */
typedef enum nm_answer_state {
    NM_ANSWER_NONE = 0,
    NM_ANSWER_SENT,  /* published; the fence behind it is not back yet */
    NM_ANSWER_HELD,  /* nobody listened; to be published again when the caller's End comes */
    NM_ANSWER_RETRY, /* nobody listened after End; to be published again soon */
    NM_ANSWER_DONE   /* heard, or given up */
} nm_answer_state;

struct nm_stream {
    nm_inbox inbox;                          /* first: the link's callbacks find the stream by it */
    _Atomic(const nm_transport *) transport; /* a client's is chosen by the first answer */
    void *state;                             /* the transport's own; kept from call to call */
    void (*free_state)(void *state);
    const nm_stream_settings *settings;
    nm_link *link;
    natsmicro_method_kind kind;
    bool is_server;
    const char *method;  /* full name, for texts; the caller's */
    const char *subject; /* where the call was opened; the caller's */

    int64_t open_deadline; /* ns; for the opening, and for the answer of a unary call */
    int64_t deadline;      /* ns; of the whole call, or NM_NEVER */
    int64_t idle_limit;    /* ns of silence while waiting; NM_NEVER: none */

    size_t max_payload;       /* the broker's, when the call began */
    uint64_t window_messages; /* of a reliable stream: what the peer may send ahead of the reader */
    uint64_t window_bytes;

    nm_headers headers_out;  /* ours, that ride on the first message */
    nm_headers trailers_out; /* ours, that ride on the end */
    nm_headers headers_in;   /* the peer's */
    nm_headers trailers_in;

    pthread_mutex_t lock;
    pthread_cond_t changed;

    /* ---- guarded by `lock` ---- */
    char *peer;         /* where our messages go; NULL: not known yet */
    char *peer_control; /* the NATS reply of the peer's messages; NULL: it has none */
    bool opened;        /* client: something has come from the peer */
    bool decided;       /* client: by which transport the call goes on */
    nm_span_list arrived;
    size_t pending_bytes; /* of what arrived and is not read, the reader's batch included */
    size_t pending_messages;
    uint64_t received; /* number of the last message taken */
    bool any_taken;
    bool unnumbered; /* the peer numbers nothing */
    bool heard;      /* something came since the reader last looked, be it a sign of life */
    bool discarding; /* nobody reads any more */
    bool reader_waits;
    natsmicro_status in_end;  /* how the peer's direction ended; OK: it has not */
    natsmicro_status aborted; /* the call is over at once, whatever is queued; OK: it is not */
    nm_error error;           /* that goes with in_end or aborted; the first wins */
    uint64_t sent;            /* number of our last message */
    bool send_closed;
    bool finished;  /* server: the end has been published */
    bool told_peer; /* client: giving up has been published */

    /* ---- the plain answer's, guarded by `lock` ---- */
    natsMsg *answer;
    nm_answer_state answer_state;
    bool answer_unheard;
    bool caller_gave_up; /* and said so: it need not hear the answer */
    int64_t answer_backoff;
    int64_t answer_deadline;

    atomic_bool flush_later; /* who runs the handler flushes when it returns */
    atomic_bool is_aborted;  /* aborted != OK, to be read without the lock */

    /* ---- the reader's alone ---- */
    nm_span_list batch;
    size_t batch_next;
    natsMsg *current; /* owns what the last recv returned */
    nm_spent spent;   /* what was read; stays from call to call */

    /* ---- the sender's alone ---- */
    nm_draft draft;
    int64_t last_send;
    uint32_t burst;     /* messages that came fast behind each other until last_send */
    int64_t last_asked; /* when a message last carried our inbox as NATS reply */
};

static inline const nm_transport *nm_stream_transport(nm_stream *stream)
{
    return atomic_load_explicit(&stream->transport, memory_order_acquire);
}

/* Of a client or a server; `reliable` is set. */
void nm_stream_totals_read(nm_stream_totals *totals, natsmicro_stream_metrics *metrics);

/*
 * Prepares lock and lists once; nm_stream_reset makes it ready for a call, as often as one likes.
 */
bool nm_stream_init(nm_stream *stream);
void nm_stream_reset(nm_stream *stream);
void nm_stream_free(nm_stream *stream);

/* ---- under the lock ---- */

/*
 * Queues a message, which the stream owns now. False: over a limit, or nobody reads; it has been
 * destroyed then.
 */
bool nm_stream_push(nm_stream *stream, natsMsg *message, const uint8_t *data, size_t length);

/*
 * In the inbox's on_message: a reader that waits is woken now when it has `many` messages to read,
 * else when no more are at hand. To wake it for each is a switch of threads for each.
 */
void nm_stream_wake_reader(nm_stream *stream, bool many);

/* nm_stream_push with such a wake. */
bool nm_stream_push_more(nm_stream *stream, natsMsg *message, const uint8_t *data, size_t length);

/* The peer's direction ends with `status`, behind what is queued; the first end counts. */
void nm_stream_end_input(nm_stream *stream, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);

/* The same with an error that has been filled in already: takes what it holds. */
void nm_stream_end_input_with(nm_stream *stream, nm_error *error);

/* The call is over at once; the first abort counts. */
void nm_stream_abort_locked(nm_stream *stream, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);

/* The same with an error that has been filled in already: takes what it holds. */
void nm_stream_abort_with(nm_stream *stream, nm_error *error);

/* ---- with the lock free ---- */

/* The inbox's on_pause: wakes the reader that nm_stream_push_more let wait. */
void nm_stream_on_pause(nm_stream *stream);

void nm_stream_abort(nm_stream *stream, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);

/*
 * Under the lock: whether nothing stands against sending but, maybe, that our direction is closed.
 */
static inline bool nm_stream_may_send(const nm_stream *stream)
{
    return stream->aborted == NATSMICRO_OK && (stream->is_server || stream->in_end == NATSMICRO_OK);
}

/*
 * A client that gives up: what the service is told of it. What the call was aborted with, less the
 * method's name, which the service knows; CANCELLED where it was not.
 */
void nm_stream_reason(const nm_stream *stream, nm_error *reason);

/*
 * What stands against sending: OK; what the call was aborted with; on a client, how the call ended
 * (END when the answer is there). Fills `error`.
 */
natsmicro_status nm_stream_check_send(nm_stream *stream, nm_error *error);

/*
 * Waits for the next message. While it waits it calls `tend` (may be NULL) with the lock free:
 * every second, or three times within the idle limit where that is short.
 */
natsmicro_status nm_stream_next(nm_stream *stream, nm_span *span, void (*tend)(nm_stream *stream));

/*
 * What a wait of this stream may last at most: the whole call's deadline, or the opening's before
 * it.
 */
int64_t nm_stream_wait_deadline(const nm_stream *stream);

/* How often a peer which lives is to be heard, so that it is within the idle limit; ns. */
int64_t nm_stream_tend_interval(const nm_stream *stream);

/* nm_link_flush, unless that is left to who runs the handler. */
void nm_stream_flush(nm_stream *stream, int64_t deadline);

/* Nobody reads any more: what is queued and what comes is dropped. */
void nm_stream_discard(nm_stream *stream);

#endif
