/*
 * State: what the reliable transport knows of a call, for all its files.
 *
 * Rules that all of them keep:
 *
 * - The stream's lock guards everything that is not marked otherwise. It is never held around a
 *   call of nats.c: control frames are composed under the lock and published after it.
 * - One thread at a time publishes segments, in order: the one that has the turn (`publishing`).
 *   Other threads leave their segments to it.
 * - The library never waits for the user's threads: the link's dispatch thread takes, acknowledges
 *   and answers frames, and its service thread does what time brings.
 */
#ifndef NM_TRANSPORT_RELIABLE_STATE_H
#define NM_TRANSPORT_RELIABLE_STATE_H

#include "transport/reliable/outbox.h"
#include "transport/reliable/receive_queue.h"
#include "transport/transport.h"
#include "wire/digest.h"

/* A partial frame waits this long at most for more messages. */
#define NM_RELIABLE_SEAL_AFTER (1000 * INT64_C(1000))

/* A message that comes this long after the last frame is lone: it is sent at once. */
#define NM_RELIABLE_LONE_AFTER (100 * INT64_C(1000))

#define NM_RELIABLE_ACK_DELAY          (20 * NM_NS_PER_MS)
#define NM_RELIABLE_FIRST_RETRANSMIT   (250 * NM_NS_PER_MS)
#define NM_RELIABLE_LONGEST_RETRANSMIT (5000 * NM_NS_PER_MS)

/*
 * Until a round trip is measured, progress takes back all doublings of the retransmit timer but so
 * many: 2 s.
 */
#define NM_RELIABLE_MOST_KEPT_BACKOFF 3

#define NM_RELIABLE_GONE_LIMIT         (5000 * NM_NS_PER_MS)
#define NM_RELIABLE_PROBE_WITHOUT_IDLE (5000 * NM_NS_PER_MS)

/* How often the connection is looked at while it is down. */
#define NM_RELIABLE_RECONNECT_LOOK (20 * NM_NS_PER_MS)

/* A peer's address that is longer is refused. */
#define NM_RELIABLE_ADDRESS_SIZE 1024

typedef enum nm_reliable_state {
    NM_RELIABLE_UP,
    NM_RELIABLE_ENDING, /* server: END is out and not acknowledged */
    NM_RELIABLE_OVER
} nm_reliable_state;

typedef struct nm_reliable {
    nm_reliable_state state;
    bool peer_heard; /* server: a frame of the client has come; client: always */
    char address[NM_RELIABLE_ADDRESS_SIZE];

    nm_outbox outbox;
    bool publishing;   /* a thread has the turn to publish the outbox's segments */
    bool sender_waits; /* for the window */
    bool time_resend;  /* the first segment that is published again gives a round trip */
    bool end_was_cut;  /* what did not fit was left out */

    /* ---- the peer's direction ---- */
    uint64_t received; /* number of the last message taken, or of the end */
    uint64_t received_bytes;
    bool received_end;
    nm_digest digest_in;
    nm_receive_queue queue;
    uint64_t window_messages; /* 0: the peer may send nothing */
    uint64_t window_bytes;
    uint64_t told_received; /* what our last frame said, as do the next */
    uint64_t told_received_bytes;
    uint64_t told_max_messages;
    uint64_t told_max_bytes;
    uint64_t gap_told;       /* the number received when a gap was last told of, plus 1 */
    atomic_ullong told_used; /* what the limits were last told for */
    atomic_ullong told_used_bytes;

    /* ---- what a recv touches for each message, without the lock ---- */
    alignas(NM_CACHE_LINE) atomic_ullong used; /* others read these two */
    atomic_ullong used_bytes;
    /* By then half of the window may be free that the peer was not told of. */
    uint64_t look_at_used;
    uint64_t look_at_used_bytes;
    nm_received_frame reading; /* count 0: none */

    /* ---- clocks, ns; NM_NEVER: off ---- */
    int64_t timer_at; /* what the inbox's timer was last hastened to */
    int64_t last_heard;
    int64_t last_probe;
    int64_t last_publish;
    int64_t last_progress;   /* `acknowledged` grew, or something came to wait for it */
    int64_t last_retransmit; /* or last_progress, whichever is later */
    unsigned backoff;        /* how often the retransmit timer was doubled */
    int64_t gone_since;
    int64_t ack_due;
    int64_t seal_due;
    bool disconnected;
    int64_t round_trip; /* 0: not known */
    uint64_t timed_number;
    int64_t timed_at; /* 0: nothing is being timed */

    natsmicro_stream_metrics metrics;
} nm_reliable;

static inline nm_reliable *nm_reliable_of(const nm_stream *stream)
{
    return stream->state;
}

#endif
