/*
 * Due: when the timer of a reliable call must fire next.
 *
 * The inbox has one timer. It is only ever set to an earlier time, so that the many events that put
 * a limit off cost nothing: when it fires too early, the time is worked out again.
 */
#ifndef NM_TRANSPORT_RELIABLE_DUE_H
#define NM_TRANSPORT_RELIABLE_DUE_H

#include "transport/reliable/state.h"

/* ---- all under the lock ---- */

/* The timer fires no later than what is due next. */
void nm_reliable_schedule(nm_stream *stream);

/* When each is due; NM_NEVER: not at all. */
int64_t nm_reliable_retransmit_due(const nm_stream *stream);
int64_t nm_reliable_probe_due(const nm_stream *stream);
int64_t nm_reliable_progress_due(const nm_stream *stream);
int64_t nm_reliable_deadline_due(const nm_stream *stream);

/* Without a new round-trip sample progress takes back only part of the back-off. */
static inline void nm_reliable_limit_backoff(nm_reliable *reliable)
{
    if (reliable->backoff > NM_RELIABLE_MOST_KEPT_BACKOFF)
        reliable->backoff = NM_RELIABLE_MOST_KEPT_BACKOFF;
}

#endif
