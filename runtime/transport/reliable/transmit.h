/*
 * Transmit: publishes the outbox's segments to nats.c, in order and from one thread at a time. The
 * thread that publishes has the turn (`publishing`); other threads leave their segments to it.
 */
#ifndef NM_TRANSPORT_RELIABLE_TRANSMIT_H
#define NM_TRANSPORT_RELIABLE_TRANSMIT_H

#include "transport/reliable/state.h"

/* Under the lock: the open segment, if there is one, is complete. */
void nm_reliable_seal(nm_reliable *reliable);

/*
 * Under the lock, which it frees meanwhile: publishes what is sealed, unless another thread has the
 * turn.
 */
void nm_reliable_transmit(nm_stream *stream);

/* Both. */
void nm_reliable_seal_and_transmit(nm_stream *stream);

#endif
