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

#include "base/cache_line.h"
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

/*
 * A call that waits for a worker has one, so its size counts. The outbox and the intake begin at
 * cache lines; what is needed less often fills up the last one of the outbox.
 */
typedef struct nm_reliable {
    alignas(NM_CACHE_LINE) nm_outbox outbox;
    nm_reliable_state state;
    bool peer_answered; /* server: a frame of the client has come; client: always */
    bool peer_heard_us; /* client: a frame has come as a service sends them that has heard us */
    bool peer_is_known; /* client: the first frame of its service has come, which decides */
    bool publishing;    /* a thread has the turn to publish the outbox's segments */
    bool end_was_cut;   /* what did not fit into our end was left out */
    bool counts_resend; /* the budget knows `resend` */
    uint32_t address_size;
    char *address;   /* where the peer is; empty or NULL: not known. Owned */
    char *service;   /* client: the token of its service; NULL: it has none. Owned */
    uint64_t stalls; /* how often a send had to wait */
    nm_intake intake;
    nm_clocks clocks;
    nm_resend resend; /* what is published again counts for the link; the budget's */
} nm_reliable;

/* Under the lock. Where the peer is; empty: not known. */
static inline const char *nm_reliable_address(const nm_reliable *reliable)
{
    return reliable->address != NULL ? reliable->address : "";
}

static inline nm_reliable *nm_reliable_of(const nm_stream *stream)
{
    return stream->state;
}

#endif
