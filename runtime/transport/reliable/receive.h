/*
 * Receive: takes frames on the link's dispatch thread, in the order that the protocol gives:
 * acknowledgement and limits, messages, end, answer.
 */
#ifndef NM_TRANSPORT_RELIABLE_RECEIVE_H
#define NM_TRANSPORT_RELIABLE_RECEIVE_H

#include "transport/reliable/state.h"

/* The transport's function. */
void nm_reliable_on_message(nm_stream *stream, natsMsg *message);

#endif
