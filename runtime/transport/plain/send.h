/*
 * Send: messages of a streaming direction, and its end.
 */
#ifndef NM_TRANSPORT_PLAIN_SEND_H
#define NM_TRANSPORT_PLAIN_SEND_H

#include "transport/plain/state.h"

/* The table's. */
natsmicro_status nm_plain_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                   bool *lone, nm_error *error);
size_t nm_plain_max_message(nm_stream *stream);
natsmicro_status nm_plain_close_send(nm_stream *stream, nm_error *error);
void nm_plain_finish(nm_stream *stream, const nm_error *failure);
void nm_plain_cancel_service(nm_stream *stream, const nm_error *failure);

#endif
