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

#include "transport/reliable/clocks.h"
#include "transport/reliable/outbox.h"
#include "transport/reliable/receive_queue.h"
#include "transport/transport.h"
#include "wire/digest.h"

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
    bool publishing;  /* a thread has the turn to publish the outbox's segments */
    bool end_was_cut; /* what did not fit was left out */

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

    nm_clocks clocks;
    natsmicro_stream_metrics metrics;
} nm_reliable;

static inline nm_reliable *nm_reliable_of(const nm_stream *stream)
{
    return stream->state;
}

#endif
