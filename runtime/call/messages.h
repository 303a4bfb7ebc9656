/*
 * Messages: sending, receiving and decoding on a call, each waiting where the stream would block.
 */
#ifndef NM_CALL_MESSAGES_H
#define NM_CALL_MESSAGES_H

#include "call/call.h"

/* Appends a message to the buffer, which is failed afterwards if memory is short. */
typedef void (*nm_call_write)(const void *what, nm_buffer *buffer);

/* Sends a message that is encoded already, given in pieces. As natsmicro_stub_send otherwise. */
natsmicro_status nm_call_send_pieces(natsmicro_call *call, const nm_bytes *pieces, size_t count);

/*
 * Sends a message that `write` appends to the call's buffer. RESOURCE_EXHAUSTED: that has failed.
 * As natsmicro_stub_send otherwise.
 */
natsmicro_status nm_call_send_written(natsmicro_call *call, nm_call_write write, const void *what);

/* The next message, not decoded: the bytes are borrowed until the next recv or the call's end. */
natsmicro_status nm_call_recv_span(natsmicro_call *call, nm_span *span);

/*
 * Client: the one response of a unary call or a client stream, which is the first message; later
 * ones are ignored. Decoded into memory of its own, which the caller frees. INTERNAL: it cannot be
 * decoded, or the call ended without one.
 */
natsmicro_status nm_call_recv_response(natsmicro_call *call, void **response);

/* The same for a client stream, under the interceptors of the method. */
natsmicro_status nm_call_recv_last(natsmicro_call *call, void **response);

/* A chunk of a blob as a message, under the interceptors of the method. */
natsmicro_status nm_call_recv_chunk(natsmicro_call *call, const void **message);

/* Decodes it into the call's arena; a malformed message ends the call. NULL unless OK. */
natsmicro_status nm_call_decode(natsmicro_call *call, const nm_span *span, const void **message);

#endif
