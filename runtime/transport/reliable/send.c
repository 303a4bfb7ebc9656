/*
 * See send.h.
 */
#include "transport/reliable/send.h"

#include "base/cold.h"
#include "base/compare.h"
#include "transport/reliable/due.h"
#include "transport/reliable/transmit.h"

/* ---- the window ---- */

/*
 * The window is closed. Before the sender waits, the peer gets what it may be waiting for. The
 * window may open meanwhile.
 */
NM_COLD static natsmicro_status wait_for_window(nm_stream *stream, nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    bool first = (stream->waiting & NM_WRITABLE) == 0;
    if (first) {
        reliable->stalls++;
        atomic_fetch_add_explicit(&stream->settings->totals->stalls, 1, memory_order_relaxed);
    }
    nm_reliable_seal_and_transmit(stream);
    natsmicro_status status = nm_stream_check_open(stream, error);
    if (status != NATSMICRO_OK || nm_outbox_window_is_open(&reliable->outbox))
        return status;
    status = nm_stream_would_block(stream, NM_WRITABLE);
    nm_reliable_schedule(stream); /* the timer asks the peer for room */
    return status;
}

/* ---- sending ---- */

/*
 * Opens a segment for a message. *lone: the message comes a while after the last one and fills no
 * frame, so it is sent at once; not while another thread publishes. Any other segment is left to
 * fill. False: no memory.
 */
static bool open_for(nm_stream *stream, size_t encoded, bool *lone)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();
    size_t fill = nm_outbox_next_fill(&reliable->outbox);
    *lone = encoded < fill && !reliable->publishing && nm_clocks_is_lone(&reliable->clocks, now);
    if (!nm_outbox_open(&reliable->outbox, *lone ? encoded : nm_larger(encoded, fill)))
        return false;
    if (*lone || encoded >= fill)
        return true;
    nm_clocks_on_open(&reliable->clocks, now);
    nm_reliable_schedule(stream);
    return true;
}

bool nm_reliable_has_room(nm_stream *stream, size_t length)
{
    size_t most = nm_reliable_max_message(stream);
    return most > 0 && length <= most;
}

/*
 * Takes the lock, unless a message is larger than a frame can be. Only one that is long, or goes
 * with our headers, has to be measured, and nats.c is not asked under the lock.
 */
static natsmicro_status lock_for(nm_stream *stream, size_t length, nm_error *error)
{
    const nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    pthread_mutex_lock(&stream->lock);
    if (nm_frame_message_size(length) <= outbox->fill && outbox->last_number != 0)
        return NATSMICRO_OK;
    pthread_mutex_unlock(&stream->lock);
    size_t max_payload = nm_link_max_payload(stream->link);
    pthread_mutex_lock(&stream->lock);
    size_t most = nm_outbox_room(outbox, max_payload);
    if (most > 0 && length <= most)
        return NATSMICRO_OK;
    pthread_mutex_unlock(&stream->lock);
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: a message of %zu bytes is larger than the %zu that the broker's "
                        "max_payload of %zu leaves room for",
                        stream->method, length, most, max_payload);
}

natsmicro_status nm_reliable_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                      bool *lone, nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outbox *outbox = &reliable->outbox;
    size_t length = nm_bytes_length(pieces, count);
    size_t encoded = nm_frame_message_size(length);
    natsmicro_status status = lock_for(stream, length, error);
    if (status != NATSMICRO_OK)
        return status;
    status = nm_stream_check_open(stream, error);
    if (status == NATSMICRO_OK && !nm_outbox_window_is_open(outbox))
        status = wait_for_window(stream, error);
    if (status == NATSMICRO_OK && outbox->open != NULL && !nm_outbox_fits(outbox, encoded)) {
        nm_reliable_seal_and_transmit(stream);
        status = nm_stream_check_open(stream, error);
    }
    if (status == NATSMICRO_OK && outbox->open == NULL && !open_for(stream, encoded, lone))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory to send",
                              stream->method);
    if (status == NATSMICRO_OK) {
        nm_outbox_append(outbox, pieces, count, length);
        stream->sent++;
        if (*lone || nm_outbox_is_full(outbox))
            nm_reliable_seal_and_transmit(stream);
        *lone = *lone && outbox->unpublished == NULL; /* else it waits for a recovery */
    }
    pthread_mutex_unlock(&stream->lock);
    return status;
}

/* Tag and length of a short message. */
#define SHORT_HEAD 2

/* Under the lock: where the next short message of the open frame may be written. */
static nm_buffer next_place(nm_stream *stream)
{
    const nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    const nm_segment *segment = outbox->open;
    nm_buffer room = {.fixed = true};
    if (segment == NULL || !nm_outbox_fits(outbox, SHORT_HEAD) ||
        nm_stream_check_open(stream, NULL) != NATSMICRO_OK || !nm_outbox_window_is_open(outbox))
        return room;
    room.data = segment->bytes + segment->length + SHORT_HEAD;
    room.capacity =
        nm_smaller(segment->capacity - segment->length - SHORT_HEAD, NM_SHORT_MESSAGE - 1);
    return room;
}

/*
 * Only after another message of an open frame: a message that goes alone, or opens a frame, takes
 * nm_reliable_try_send.
 */
bool nm_reliable_send_in_place(nm_stream *stream, nm_write write, const void *message)
{
    nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    pthread_mutex_lock(&stream->lock);
    nm_buffer room = next_place(stream);
    bool written = room.data != NULL && write(message, &room);
    if (written) {
        const nm_segment *segment = outbox->open;
        nm_frame_put_message_head(segment->bytes + segment->length, room.length);
        nm_outbox_count(outbox, room.length, SHORT_HEAD + room.length);
        stream->sent++;
        if (nm_outbox_is_full(outbox))
            nm_reliable_seal_and_transmit(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return written;
}

bool nm_reliable_can_send(nm_stream *stream)
{
    const nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    return nm_stream_check_open(stream, NULL) != NATSMICRO_OK || nm_outbox_window_is_open(outbox);
}

size_t nm_reliable_max_message(nm_stream *stream)
{
    size_t max_payload = nm_link_max_payload(stream->link);
    pthread_mutex_lock(&stream->lock);
    size_t room = nm_outbox_room(&nm_reliable_of(stream)->outbox, max_payload);
    pthread_mutex_unlock(&stream->lock);
    return room;
}
