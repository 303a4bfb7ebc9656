/*
 * Timer: what time brings to a reliable call: delayed acknowledgements, partial frames,
 * retransmission, probes, and the limits after which a peer counts as gone. Runs on the link's
 * service thread.
 */
#ifndef NM_TRANSPORT_RELIABLE_TIMER_H
#define NM_TRANSPORT_RELIABLE_TIMER_H

#include "transport/reliable/state.h"

/* ---- the transport's functions ---- */

void nm_reliable_on_timer(nm_stream *stream);
int64_t nm_reliable_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now);

#endif
