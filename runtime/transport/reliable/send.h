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

natsmicro_status nm_reliable_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                      bool *lone, nm_error *error);
bool nm_reliable_send_in_place(nm_stream *stream, nm_write write, const void *message);
bool nm_reliable_can_send(nm_stream *stream);
size_t nm_reliable_max_message(nm_stream *stream);

/* ---- for an answer, too ---- */

/*
 * Whether a message of that length can be sent as the connection is now. Response headers may leave
 * no room for any, not even for an empty one.
 */
bool nm_reliable_has_room(nm_stream *stream, size_t length);

#endif
