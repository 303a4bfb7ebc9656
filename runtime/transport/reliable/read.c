/*
 * See read.h.
 */
#include "transport/reliable/read.h"

#include "base/cold.h"
#include "transport/reliable/control.h"
#include "transport/reliable/transmit.h"

/* The window grows while the link has room for that, and goes down where many streams share it. */
static void adjust_window(nm_stream *stream)
{
    nm_intake *intake = &nm_reliable_of(stream)->intake;
    size_t window =
        nm_budget_adjust_share(nm_link_budget(stream->link), &stream->share, intake->window_bytes,
                               nm_intake_allowed(intake), stream->window_bytes);
    nm_intake_set_window(intake, window);
}

/* Half of the window may be free; frames that went for other reasons may have told the peer. */
NM_COLD static void tell_of_room(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_intake *intake = &reliable->intake;
    if (!nm_intake_window_is_half_free(intake))
        return;
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_lock(&stream->lock);
    bool wants_room = reliable->state == NM_RELIABLE_UP && !intake->ended;
    if (wants_room) {
        adjust_window(stream);
        nm_control_acknowledge(stream, &control, false, false);
    }
    pthread_mutex_unlock(&stream->lock);
    control.flush = true;
    nm_control_publish(stream, &control);
    if (wants_room)
        nm_intake_look_again(intake);
    else
        nm_intake_look_no_more(intake);
}

/* Under the lock: what ends the wait of a receiver; OK: nothing but a message does. */
static natsmicro_status ended(const nm_stream *stream)
{
    return stream->aborted != NATSMICRO_OK ? stream->aborted : stream->in_end;
}

/* Under the lock. The one answer of a client stream counts only with the end after it. */
static bool has_message(const nm_stream *stream)
{
    bool counts = stream->is_server || stream->kind != NATSMICRO_CLIENT_STREAM ||
                  stream->in_end != NATSMICRO_OK;
    return counts && nm_reliable_of(stream)->intake.queue.count > 0;
}

/* The next frame that waits becomes the one that is read. */
NM_COLD static natsmicro_status next_frame(nm_stream *stream)
{
    nm_intake *intake = &nm_reliable_of(stream)->intake;
    nm_received_frame done = nm_intake_end_frame(intake);
    pthread_mutex_lock(&stream->lock);
    /* Before the receiver waits: what is not published yet may be what the peer waits for. */
    if (!has_message(stream) && ended(stream) == NATSMICRO_OK)
        nm_reliable_seal_and_transmit(stream);
    natsmicro_status status = stream->aborted;
    if (status == NATSMICRO_OK && has_message(stream))
        nm_intake_begin_frame(intake);
    else if (ended(stream) != NATSMICRO_OK)
        status = ended(stream);
    else
        status = nm_stream_would_block(stream, NM_READABLE);
    pthread_mutex_unlock(&stream->lock);
    nm_received_frame_free(&done);
    return status;
}

natsmicro_status nm_reliable_try_recv(nm_stream *stream, nm_span *span)
{
    nm_intake *intake = &nm_reliable_of(stream)->intake;
    while (!nm_intake_has_message(intake) ||
           atomic_load_explicit(&stream->is_aborted, memory_order_acquire)) {
        natsmicro_status status = next_frame(stream);
        if (status != NATSMICRO_OK)
            return status;
    }
    if (nm_intake_read(intake, &span->data, &span->length))
        tell_of_room(stream);
    return NATSMICRO_OK;
}
