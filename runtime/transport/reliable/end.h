/*
 * End: how a reliable call ends: by our END, which is sent and acknowledged like a message, or by a
 * reset, which overtakes everything and is not acknowledged.
 */
#ifndef NM_TRANSPORT_RELIABLE_END_H
#define NM_TRANSPORT_RELIABLE_END_H

#include "transport/reliable/control.h"

/* ---- under the lock ---- */

/* The call is over on the wire: what is to be sent is dropped. */
void nm_reliable_over(nm_stream *stream);

/* The call ends now, with `status`; `control` becomes a reset for the peer. */
void nm_reliable_end_call(nm_stream *stream, nm_control_frame *control, natsmicro_status status,
                          const char *text);

/* ---- the transport's functions ---- */

natsmicro_status nm_reliable_close_send(nm_stream *stream, nm_error *error);
natsmicro_status nm_reliable_answer(nm_stream *stream, const void *message, size_t length,
                                    nm_error *error);
void nm_reliable_finish(nm_stream *stream, const nm_error *failure);
/* Both sides' cancel: a reset. */
void nm_reliable_reset_client(nm_stream *stream, const nm_error *why);
void nm_reliable_reset_server(nm_stream *stream, const nm_error *failure);

#endif
