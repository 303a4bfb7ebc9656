/*
 * Receive: what a message to a call's inbox means, and reading what was queued.
 */
#ifndef NM_TRANSPORT_PLAIN_RECEIVE_H
#define NM_TRANSPORT_PLAIN_RECEIVE_H

#include "transport/plain/state.h"

/* The table's. */
void nm_plain_on_message(nm_stream *stream, natsMsg *message);
natsmicro_status nm_plain_try_recv(nm_stream *stream, nm_span *span);

#endif
