/*
 * State: what the plain transport keeps of a call. The plain protocol has no acknowledgements; it
 * notices loss by the numbers of messages, and death by the broker's 503:
 *
 * - The first message, then one a second, and the end carry our inbox as NATS reply. When nobody
 *   listens at the peer's inbox, the broker answers 503 there.
 * - A peer that does the same has thereby named its own inbox (`peer_control`): while we only wait,
 *   a probe to it does the asking, and its answer tells that it lives. A probe says how many
 *   messages have gone before it, and its answer that they have come.
 * - A 503 while all that we sent has come starts the gone limit (transport/gone.h). A 503 while
 *   something may be lost ends the call: nobody would send that again.
 */
#ifndef NM_TRANSPORT_PLAIN_STATE_H
#define NM_TRANSPORT_PLAIN_STATE_H

#include "transport/gone.h"
#include "transport/plain/queue.h"
#include "transport/state.h"
#include "wire/draft.h"
#include "wire/offer.h"

/* How the last message of a service fares; see answer.c. */
typedef enum nm_answer_state {
    NM_ANSWER_NONE = 0,
    NM_ANSWER_SENT,   /* published; whether anybody heard it is not known yet */
    NM_ANSWER_UNSURE, /* the broker has not said in time, and is to be asked again soon */
    NM_ANSWER_HELD,   /* nobody listened; to be published again when the caller's End comes */
    NM_ANSWER_RETRY,  /* nobody listened, and might by now; to be published again soon */
    NM_ANSWER_DONE    /* heard, or given up */
} nm_answer_state;

/* All but what is marked otherwise is guarded by the stream's lock. */
typedef struct nm_plain {
    char *peer;            /* where our messages go; NULL: not known yet. A server's is fixed */
    char *peer_control;    /* the inbox that the peer named; NULL: none */
    bool peer_was_told;    /* client: of our giving up */
    bool opening_answered; /* client: something has come */
    uint64_t received;     /* number of the last message taken */
    uint64_t bytes_received;
    uint64_t bytes_sent;
    bool any_taken;
    bool unnumbered; /* the peer numbers nothing */
    /* Client: the service that answered first, which decides. */
    bool service_is_known;
    char service[NM_SERVICE_TOKEN_SIZE]; /* its token; empty: it has none */
    size_t last_length;                  /* client: of the last message taken, */
    uint64_t last_hash;                  /* and of its beginning */
    bool active; /* something came since the last keepalive, be it a sign of life */
    nm_plain_queue queue;

    nm_gone gone;
    int64_t announce_due;        /* server stream, until its first message; NM_NEVER: off */
    atomic_uint_fast64_t handed; /* number of our last message that nats.c has; the sender's */
    bool end_handed;             /* client: and our end */
    bool end_came;               /* server: the caller has ended its direction, or given up */
    bool peer_counts;            /* the peer repeats the numbers of probes */
    uint64_t delivered;          /* our messages up to this number have come, as it says */

    struct {
        natsMsg *message; /* owned */
        nm_answer_state state;
        bool unheard;
        bool caller_gave_up;    /* and said so: it need not hear the answer */
        bool is_regular_end;    /* it says that all messages before it are there */
        bool counted;           /* among the settings' ends */
        uint64_t reconnects;    /* of the connection, before it was published last */
        int64_t due;            /* ns: when it is to be published, or asked for, again */
        int64_t backoff;        /* ns */
        int64_t deadline;       /* ns */
        int64_t drain_deadline; /* the same where the server drains */
        int64_t latest;         /* ns: no reconnect of ours puts the deadline off beyond this */
    } answer;

    /* ---- the receiver's alone ---- */
    int64_t probed_at;

    /* ---- the sender's alone ---- */
    nm_draft draft;
    int64_t last_send;
    uint32_t burst;     /* messages in a row without a gap, until last_send */
    int64_t last_asked; /* when a message last carried our inbox as NATS reply */
} nm_plain;

static inline nm_plain *nm_plain_of(const nm_stream *stream)
{
    return stream->state;
}

#endif
