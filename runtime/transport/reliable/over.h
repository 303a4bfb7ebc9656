/*
 * Over: the call ends on the wire at once, whatever is under way.
 */
#ifndef NM_TRANSPORT_RELIABLE_OVER_H
#define NM_TRANSPORT_RELIABLE_OVER_H

#include "transport/reliable/control.h"

/* ---- under the lock ---- */

/* The call is over on the wire: what is to be sent is dropped. */
void nm_reliable_over(nm_stream *stream);

/* The call ends now, with `status`; `control` becomes a reset for the peer. */
void nm_reliable_end_call(nm_stream *stream, nm_control_frame *control, natsmicro_status status,
                          const char *text);

#endif
