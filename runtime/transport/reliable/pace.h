/*
 * Pace: what goes again after a loss counts, while it is under way, for all streams of the link
 * together. After a reconnect thousands of streams would otherwise send everything that they keep
 * at once, and the broker would cut the connection.
 */
#ifndef NM_TRANSPORT_RELIABLE_PACE_H
#define NM_TRANSPORT_RELIABLE_PACE_H

#include "transport/reliable/state.h"

/* ---- under the lock ---- */

/* nm_pace_allows after a loss. */
bool nm_pace_allows_resend(nm_stream *stream);

/* Whether the next segment may be published now. False: the timer fires when it may. */
static inline bool nm_pace_allows(nm_stream *stream)
{
    return !nm_outbox_is_recovering(&nm_reliable_of(stream)->outbox) ||
           nm_pace_allows_resend(stream);
}

/* Something was acknowledged, or all is lost: what is no longer under way counts no more. */
void nm_pace_settle(nm_stream *stream);

/* The call is over: nothing goes again. */
void nm_pace_end(nm_stream *stream);

#endif
