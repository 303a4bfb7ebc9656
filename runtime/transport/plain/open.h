/*
 * Open: a client's opening over the plain protocol, and its giving up.
 */
#ifndef NM_TRANSPORT_PLAIN_OPEN_H
#define NM_TRANSPORT_PLAIN_OPEN_H

#include "transport/plain/state.h"

/* Publishes the opening. `offer`: of a reliable stream, or NULL. A failure aborts the call. */
natsmicro_status nm_plain_publish_opening(nm_stream *stream, const void *request, size_t length,
                                          const char *offer);

/* The table's. */
natsmicro_status nm_plain_try_opened(nm_stream *stream);
void nm_plain_cancel(nm_stream *stream, const nm_error *why);

#endif
