/*
 * Clocks: what is due when on one side of a reliable call. It takes round-trip samples, backs off,
 * and knows the delays and limits of the protocol. Everything here is a function of what happened
 * when; the caller brings the time.
 *
 * It knows no call, no connection and no frame, and takes no lock: whoever owns it sees to that.
 * All times are ns of nm_now; NM_NEVER means off.
 */
#ifndef NM_TRANSPORT_RELIABLE_CLOCKS_H
#define NM_TRANSPORT_RELIABLE_CLOCKS_H

#include "base/clock.h"
#include "transport/gone.h"

#include <stdbool.h>
#include <stdint.h>

/* A partial frame waits this long at most for more messages. */
#define NM_CLOCKS_SEAL_AFTER (1000 * INT64_C(1000))

/* A message that comes this long after the last frame is sent at once. */
#define NM_CLOCKS_LONE_AFTER (100 * INT64_C(1000))

#define NM_CLOCKS_ACKNOWLEDGE_AFTER  (20 * NM_NS_PER_MS)
#define NM_CLOCKS_FIRST_RETRANSMIT   (250 * NM_NS_PER_MS)
#define NM_CLOCKS_LONGEST_RETRANSMIT (5000 * NM_NS_PER_MS)

/*
 * Without a new round-trip sample, progress resets the back-off to at most this many doublings
 * (2 s).
 */
#define NM_CLOCKS_MOST_KEPT_BACKOFF 3

/* The interval of probes where there is no idle limit. */
#define NM_CLOCKS_PROBE_WITHOUT_IDLE (5000 * NM_NS_PER_MS)

/* How often a connection that is down is looked at. */
#define NM_CLOCKS_RECONNECT_LOOK (20 * NM_NS_PER_MS)

typedef struct nm_clocks {
    int64_t idle_limit;    /* a duration */
    int64_t timer_at;      /* when the one timer of the call fires, at the latest */
    int64_t last_activity; /* a valid frame came */
    int64_t last_probe;
    int64_t last_publish;
    int64_t last_progress;   /* the peer acknowledged more, or something came to wait for that */
    int64_t last_retransmit; /* or last_progress, whichever is later */
    int64_t acknowledge_due;
    int64_t seal_due;
    int64_t round_trip;    /* a duration; 0: not known */
    int64_t timed_at;      /* when `timed_number` was published; 0: nothing is being timed */
    uint64_t timed_number; /* an acknowledgement of it gives a sample */
    unsigned backoff;      /* how often the retransmit delay was doubled */
    bool times_resend;     /* the next segment that is published again is timed */
    bool disconnected;
    bool awaits_peer; /* since our own reconnect nothing has come from it */
    nm_gone gone;
} nm_clocks;

/* `reconnects`: how often the connection has been made again so far. */
void nm_clocks_begin(nm_clocks *clocks, int64_t idle_limit, int64_t gone_limit, uint64_t reconnects,
                     int64_t now);

/* ---- what happened ---- */

/*
 * A valid frame came. True: the broker had said that nobody listens at the peer's inbox, so what
 * waits for the peer is due at once; set the timer.
 */
bool nm_clocks_on_frame(nm_clocks *clocks, int64_t now);

/*
 * A 503 came: nobody listens at the peer's address. It may be the first sign of a reconnect that
 * the timer has not seen.
 */
void nm_clocks_on_no_responders(nm_clocks *clocks, uint64_t reconnects, int64_t now);

/* The peer acknowledged `number`, which is higher than before. */
void nm_clocks_on_progress(nm_clocks *clocks, uint64_t number, int64_t now);

/* The peer reported a gap, for which everything unacknowledged is sent again. */
void nm_clocks_on_gap(nm_clocks *clocks, int64_t now);

/* The retransmit delay passed. */
void nm_clocks_on_retransmit(nm_clocks *clocks, int64_t now);

/* A segment is published that ends with `number`. `only`: nothing else is unacknowledged. */
void nm_clocks_on_publish(nm_clocks *clocks, uint64_t number, bool only, int64_t now);

/* The same, again, for one that begins with `first`. */
void nm_clocks_on_publish_again(nm_clocks *clocks, uint64_t first, uint64_t number, int64_t now);

/* nats.c has taken a segment. */
void nm_clocks_on_published(nm_clocks *clocks, int64_t now);

void nm_clocks_on_probe(nm_clocks *clocks, int64_t now);

/* Something came that is to be acknowledged. True: the delay begins now. */
bool nm_clocks_owe_acknowledgement(nm_clocks *clocks, int64_t now);

/* A frame acknowledges everything. */
void nm_clocks_on_acknowledge(nm_clocks *clocks);

/* A partial frame was opened, and sealed. */
void nm_clocks_on_open(nm_clocks *clocks, int64_t now);
void nm_clocks_on_seal(nm_clocks *clocks);

/*
 * The connection was looked at. False: it is down, nothing is to be sent, and the timer looks again
 * soon (`timer_at`). When it comes back, what waits for the peer is due at once, and the peer has
 * the whole gone limit to come back, too. Until it is heard it is asked as often as for an answer:
 * the way to it may be made later than our connection, so that the first question meets nobody.
 */
bool nm_clocks_on_connection(nm_clocks *clocks, bool connected, int64_t now);

/* ---- what is due ---- */

/* Whether the call waits for its peer. */
typedef struct nm_waiting {
    bool for_answer;          /* anything that only a frame of the peer brings on */
    bool for_acknowledgement; /* something was published and is not acknowledged */
} nm_waiting;

typedef enum nm_due {
    NM_DUE_NOTHING,
    NM_DUE_ACKNOWLEDGEMENT,
    NM_DUE_PROBE,
    NM_DUE_RETRANSMIT
} nm_due;

/* The frame to be sent now. Each kind says everything that the kinds before it would. */
nm_due nm_clocks_due(const nm_clocks *clocks, nm_waiting waiting, int64_t now);

/* Whether the partial frame has waited long enough. */
bool nm_clocks_seal_is_due(const nm_clocks *clocks, int64_t now);

/* Whether a message that comes now comes alone. */
bool nm_clocks_is_lone(const nm_clocks *clocks, int64_t now);

typedef enum nm_limit {
    NM_LIMIT_NONE,
    NM_LIMIT_IDLE,     /* nothing came */
    NM_LIMIT_PROGRESS, /* frames came, but nothing of ours gets through */
    NM_LIMIT_GONE      /* nobody has listened for too long */
} nm_limit;

/* The limit that has passed: it ends the call. */
nm_limit nm_clocks_passed_limit(const nm_clocks *clocks, nm_waiting waiting, int64_t now);

/* When the next of all these is due. */
int64_t nm_clocks_next(const nm_clocks *clocks, nm_waiting waiting);

/*
 * True: the call's timer is to be set to `due`, which is earlier than what it was set to. It is
 * only ever set to an earlier time, so that the many events which put a limit off cost nothing.
 */
bool nm_clocks_hasten(nm_clocks *clocks, int64_t due);

/* The timer has fired. */
void nm_clocks_on_timer(nm_clocks *clocks);

#endif
