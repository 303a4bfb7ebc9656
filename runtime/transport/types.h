/*
 * Types that the door (stream.h), the state of a stream and the transports share.
 */
#ifndef NM_TRANSPORT_TYPES_H
#define NM_TRANSPORT_TYPES_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "natsmicro/stub.h"

#include <stdatomic.h>

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

/* ---- settings and totals of a client or a server ---- */

/* Sums over all reliable streams of a client or a server. */
typedef struct nm_stream_totals {
    atomic_ullong messages_sent;
    atomic_ullong bytes_sent;
    atomic_ullong messages_received;
    atomic_ullong bytes_received;
    atomic_ullong retransmitted;
    atomic_ullong stalls;
} nm_stream_totals;

/* What the plain streams of a server share: their ends that nobody has heard yet. */
typedef struct nm_stream_ends {
    atomic_uint offered; /* so many are published again until they are heard */
    atomic_bool stopped; /* the server drains: it waits for none of them */
} nm_stream_ends;

/* Settings of a client or a server, for all its streams. */
typedef struct nm_stream_settings {
    size_t max_pending_messages;
    size_t max_pending_bytes;
    const char *const *allowed_inbox_prefixes;
    /* Whether a subject is one of our own endpoints: never to be published to. NULL: none is. */
    bool (*is_own_subject)(const char *subject, void *data);
    void *own_subject_data;
    size_t max_header_bytes;  /* of the headers of one NATS message */
    int64_t gone_limit;       /* ns: how long nobody may listen at the peer's inbox */
    bool numeric_codes;       /* in the headers of errors */
    bool plain_streams;       /* reliable ones are neither offered nor accepted */
    size_t window_bytes;      /* of a reliable stream */
    uint32_t window_messages; /* the same in messages; 0: the method's, or the default */
    natsmicro_log_level log;  /* chosen: not NATSMICRO_LOG_DEFAULT */
    nm_stream_totals *totals; /* that its reliable streams are counted in */
    nm_stream_ends *ends;     /* of its plain streams */
} nm_stream_settings;

/* ---- the owner ---- */

/* The reasons for WOULD_BLOCK, as bits. An end or an abort makes a stream ready for all of them. */
typedef enum nm_readiness {
    NM_OPENED = 1,   /* try_opened */
    NM_READABLE = 2, /* try_recv */
    NM_WRITABLE = 4, /* try_send */
    NM_ABORTED = 8   /* await_abort: nothing but an abort makes a stream ready for this */
} nm_readiness;

typedef struct nm_stream_owner {
    /*
     * A verb that returned WOULD_BLOCK may go on: once for each time that it did. Runs under the
     * stream's lock, on any thread: it must not use the stream, but for its timer.
     */
    void (*on_ready)(void *owner, unsigned readiness);
    /* The timer is due, on the link's service thread. True: it was the owner's own. */
    bool (*on_timer)(void *owner);
    /* The last reference is gone. On whichever thread gave it back. */
    void (*on_unreferenced)(void *owner);
} nm_stream_owner;

/* ---- messages ---- */

/* One message of the peer. The stream owns it, until the next try_recv. */
typedef struct nm_span {
    const uint8_t *data;
    size_t length;
} nm_span;

/* Encodes a message into `room`, which is of a fixed size. False: it does not fit. */
typedef bool (*nm_write)(const void *message, nm_buffer *room);

/* Only shorter messages can be sent in place: their length takes one byte. */
#define NM_SHORT_MESSAGE 128

#endif
