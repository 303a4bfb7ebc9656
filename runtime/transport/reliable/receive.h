/*
 * Receive: takes frames on the link's dispatch thread, in the order that the protocol gives:
 * acknowledgement and limits, messages, end, answer. The user's thread reads messages out of queued
 * frames without a lock and tells the sender when half of the window is free again.
 */
#ifndef NM_TRANSPORT_RELIABLE_RECEIVE_H
#define NM_TRANSPORT_RELIABLE_RECEIVE_H

#include "transport/reliable/state.h"

/* ---- the transport's functions ---- */

void nm_reliable_on_message(nm_stream *stream, natsMsg *message);
natsmicro_status nm_reliable_try_recv(nm_stream *stream, nm_span *span);
int64_t nm_reliable_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now);

#endif
