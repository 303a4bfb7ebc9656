/*
 * Read: the receiver's part. It takes messages out of received frames, without a lock but for each
 * new frame, and tells the peer when half of the window is free again.
 */
#ifndef NM_TRANSPORT_RELIABLE_READ_H
#define NM_TRANSPORT_RELIABLE_READ_H

#include "transport/reliable/state.h"

/* The transport's function. */
natsmicro_status nm_reliable_try_recv(nm_stream *stream, nm_span *span);

#endif
