/*
 * Send: the user's messages into the outbox.
 *
 * While messages follow each other closely a frame is left to fill; it is sealed when it is full,
 * when its time is up, and before a thread of the user blocks. A message that comes alone is sent
 * at once.
 */
#ifndef NM_TRANSPORT_RELIABLE_SEND_H
#define NM_TRANSPORT_RELIABLE_SEND_H

#include "transport/reliable/state.h"

/* ---- the transport's functions ---- */

natsmicro_status nm_reliable_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                  nm_error *error);
nm_buffer nm_reliable_reserve(nm_stream *stream);
void nm_reliable_commit(nm_stream *stream, const nm_buffer *message);
bool nm_reliable_can_send(nm_stream *stream);
size_t nm_reliable_max_message(nm_stream *stream);

/* ---- for an answer, too ---- */

/*
 * Under the lock: OK, or why nothing may be sent, however wide the window is. Fills `error`, which
 * may be NULL.
 */
static inline natsmicro_status nm_reliable_check_send(nm_stream *stream, nm_error *error)
{
    if (!nm_stream_may_send(stream))
        return nm_stream_check_send(stream, error);
    if (!stream->send_closed && !stream->finished)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: this direction of the call is closed", stream->method);
}

/*
 * Whether a message of that length can be sent as the connection is now. Response headers may leave
 * no room for any, not even for an empty one.
 */
bool nm_reliable_has_room(nm_stream *stream, size_t length);

#endif
