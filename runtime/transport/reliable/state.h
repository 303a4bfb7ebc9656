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
#include "transport/reliable/intake.h"
#include "transport/reliable/outbox.h"
#include "transport/transport.h"
#include "wire/offer.h"

/* A peer's address that is longer is refused. */
#define NM_RELIABLE_ADDRESS_SIZE 1024

typedef enum nm_reliable_state {
    NM_RELIABLE_UP,
    NM_RELIABLE_ENDING, /* server: our END is not acknowledged yet */
    NM_RELIABLE_OVER
} nm_reliable_state;

typedef struct nm_reliable {
    nm_reliable_state state;
    bool peer_answered; /* server: a frame of the client has come; client: always */
    bool peer_heard_us; /* client: a frame has come as a service sends them that has heard us */
    bool peer_is_known; /* client: the first frame of its service has come, which decides */
    bool publishing;    /* a thread has the turn to publish the outbox's segments */
    bool end_was_cut;   /* what did not fit into our end was left out */
    char address[NM_RELIABLE_ADDRESS_SIZE]; /* where the peer is; empty: not known */
    char service[NM_SERVICE_TOKEN_SIZE]; /* client: the token of its service; empty: it has none */
    nm_outbox outbox;
    nm_intake intake;
    nm_clocks clocks;
    nm_resend resend;   /* what is published again counts for the link; the budget's */
    bool counts_resend; /* the budget knows it */
    natsmicro_stream_metrics metrics;
} nm_reliable;

static inline nm_reliable *nm_reliable_of(const nm_stream *stream)
{
    return stream->state;
}

#endif
