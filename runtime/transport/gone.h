/*
 * Gone: for how long the broker may say that nobody listens at a peer's inbox before the peer
 * counts as gone. A 503 alone says little: a peer that is connecting again has no subscription for
 * a while, and neither has one beyond a broker that is. So the limit begins with the first 503,
 * anything from the peer clears it, and the number of 503s never counts. At our own reconnect it
 * begins again, as the peer may have lost the same broker.
 *
 * It knows no call and no connection, and takes no lock. All times are ns of nm_now; NM_NEVER means
 * off.
 */
#ifndef NM_TRANSPORT_GONE_H
#define NM_TRANSPORT_GONE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* How long after our own reconnect 503s do not count. */
#define NM_GONE_GRACE (3000 * NM_NS_PER_MS)

typedef struct nm_gone {
    int64_t limit;       /* a duration */
    int64_t since;       /* the first 503 since the last sign of life and reconnect that counts */
    int64_t grace_until; /* 503s before this do not count */
    uint64_t reconnects; /* of our connection, as far as noticed */
    bool saw_return;     /* of the connection, which `reconnects` does not count yet */
} nm_gone;

/* `reconnects`: how often the connection has been made again so far. */
static inline void nm_gone_begin(nm_gone *gone, int64_t limit, uint64_t reconnects)
{
    *gone = (nm_gone){.limit = limit, .since = NM_NEVER, .reconnects = reconnects};
}

/* Something came from the peer. */
static inline void nm_gone_on_sign(nm_gone *gone)
{
    gone->since = NM_NEVER;
}

/* The connection is down: the limit does not run. */
static inline void nm_gone_on_disconnect(nm_gone *gone)
{
    gone->since = NM_NEVER;
}

static inline void nm_gone_begin_again(nm_gone *gone, int64_t now)
{
    gone->since = NM_NEVER;
    gone->grace_until = now + NM_GONE_GRACE;
}

/* The connection was seen down and is up again. For a user that does not know how often. */
static inline void nm_gone_on_return(nm_gone *gone, int64_t now)
{
    nm_gone_begin_again(gone, now);
    gone->saw_return = true;
}

/* The connection is up. That it was down meanwhile may only show in the number of reconnects. */
static inline void nm_gone_on_connected(nm_gone *gone, uint64_t reconnects, int64_t now)
{
    if (reconnects != gone->reconnects && !gone->saw_return)
        nm_gone_begin_again(gone, now);
    gone->reconnects = reconnects;
    gone->saw_return = false;
}

/* A 503 came. It may be the first sign of a reconnect. */
static inline void nm_gone_on_no_responders(nm_gone *gone, uint64_t reconnects, int64_t now)
{
    nm_gone_on_connected(gone, reconnects, now);
    if (gone->since == NM_NEVER && now >= gone->grace_until)
        gone->since = now;
}

/* When the peer counts as gone; NM_NEVER: the limit does not run. */
static inline int64_t nm_gone_due(const nm_gone *gone)
{
    return nm_after(gone->since, gone->limit);
}

#endif
