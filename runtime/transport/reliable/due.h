/*
 * Due: sets the one timer of a reliable call to what is due next.
 */
#ifndef NM_TRANSPORT_RELIABLE_DUE_H
#define NM_TRANSPORT_RELIABLE_DUE_H

#include "transport/reliable/state.h"

/* ---- all under the lock ---- */

/* Whether the call waits for its peer. */
nm_waiting nm_reliable_waiting(const nm_stream *stream);

/* When the call's own deadline is due. */
int64_t nm_reliable_deadline_due(const nm_stream *stream);

/* The timer fires no later than what is due next. */
void nm_reliable_schedule(nm_stream *stream);

#endif
