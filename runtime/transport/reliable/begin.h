/*
 * Begin: how a reliable call begins on either side, once both have agreed.
 */
#ifndef NM_TRANSPORT_RELIABLE_BEGIN_H
#define NM_TRANSPORT_RELIABLE_BEGIN_H

#include "transport/reliable/state.h"
#include "wire/incoming.h"
#include "wire/offer.h"

/*
 * Makes the state of a call that both sides have agreed on. `peer`: the limits that it offered;
 * NULL: its first frame tells them. `waits`: the peer may send nothing before nm_reliable_admit.
 * False: no memory.
 */
bool nm_reliable_begin(nm_stream *stream, const nm_stream_offer *peer, bool waits);

/* nm_stream_accept's part. */
natsmicro_status nm_reliable_accept(nm_stream *stream, const nm_incoming *opening, nm_error *error);

/* A caller that was accepted with a window of 0 gets one, unless its end has come already. */
void nm_reliable_admit(nm_stream *stream);

#endif
