/*
 * Fit: what is kept fits into the frames that the broker takes. A connection that was made again
 * may have come to a broker with a smaller max_payload.
 */
#ifndef NM_TRANSPORT_RELIABLE_FIT_H
#define NM_TRANSPORT_RELIABLE_FIT_H

#include "transport/reliable/control.h"

typedef enum nm_fit {
    NM_FIT_UNCHANGED,
    NM_FIT_CUT,   /* frames were cut anew and may be published now */
    NM_FIT_FAILED /* the call is over; `control` is the reset that tells the peer */
} nm_fit;

/*
 * Under the lock: the connection has this max_payload now. What is kept and is too large is cut
 * anew, and where that cannot be, the call ends with RESOURCE_EXHAUSTED.
 */
nm_fit nm_reliable_fit(nm_stream *stream, size_t max_payload, nm_control_frame *control);

#endif
