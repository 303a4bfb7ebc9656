/*
 * End: how a reliable call ends: by our END, which is sent and acknowledged like a message, or by a
 * reset, which overtakes everything and is not acknowledged.
 */
#ifndef NM_TRANSPORT_RELIABLE_END_H
#define NM_TRANSPORT_RELIABLE_END_H

#include "transport/reliable/state.h"

natsmicro_status nm_reliable_close_send(nm_stream *stream, nm_error *error);
natsmicro_status nm_reliable_answer(nm_stream *stream, const void *message, size_t length,
                                    nm_error *error);
void nm_reliable_finish(nm_stream *stream, const nm_error *failure);
/* Both sides' cancel: a reset. */
void nm_reliable_reset_client(nm_stream *stream, const nm_error *why);
void nm_reliable_reset_server(nm_stream *stream, const nm_error *failure);

#endif
