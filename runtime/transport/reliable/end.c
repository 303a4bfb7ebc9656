/*
 * See end.h.
 */
#include "transport/reliable/end.h"

#include "base/compare.h"
#include "transport/reliable/over.h"
#include "transport/reliable/send.h"
#include "transport/reliable/transmit.h"
#include "wire/outgoing.h"

#include <string.h>

/* Tags and lengths of an end's text and data, and of the end itself, at most. */
#define END_FIELDS 32

/* ---- an END ---- */

/* Bytes of an end without its text, which may always be cut. */
static size_t end_size_without_text(const nm_frame_outcome *outcome)
{
    size_t size = NM_FRAME_SHORTEST_END + nm_frame_headers_size(outcome->trailers);
    return outcome->status == NULL ? size : size + outcome->data.length + END_FIELDS;
}

/* Bytes of an end at most. One that does not fit into a frame is cut when it is written. */
static size_t end_size(const nm_frame_outcome *outcome, size_t room)
{
    size_t text = outcome->status == NULL ? 0 : NM_ERROR_TEXT_LIMIT;
    return nm_smaller(end_size_without_text(outcome) + text, room);
}

/* With the lock free: tells the user what could not go with the end. */
static void report_cut(nm_stream *stream)
{
    if (!nm_reliable_of(stream)->end_was_cut) /* set by this thread, with the end */
        return;
    pthread_mutex_lock(&stream->lock);
    char address[NM_RELIABLE_ADDRESS_SIZE];
    strcpy(address, nm_reliable_address(nm_reliable_of(stream)));
    size_t max_payload = nm_reliable_of(stream)->outbox.max_payload;
    pthread_mutex_unlock(&stream->lock);
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_PUBLISH_FAILED, address,
                   stream->method,
                   "the end is larger than the broker's max_payload of %zu: it goes without some "
                   "of its headers and trailers, or without the error's data",
                   max_payload);
}

/* Under the lock: our direction ends with this. False: no memory. */
static bool append_end(nm_stream *stream, const nm_error *failure)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outbox *outbox = &reliable->outbox;
    nm_frame_outcome outcome = {.trailers = &stream->trailers_out};
    if (failure != NULL && failure->status != NATSMICRO_OK) {
        outcome.status = nm_error_code(failure);
        outcome.text = nm_error_text(failure);
        outcome.data = (nm_bytes){failure->data, failure->data_length};
    }
    /* Headers that leave no room for an end are dropped: no message could carry them either. */
    bool drops_headers = outbox->last_number == 0 && stream->headers_out.count > 0 &&
                         nm_outbox_room(outbox, outbox->max_payload) < NM_FRAME_SHORTEST_END;
    if (drops_headers)
        nm_headers_clear(&stream->headers_out);
    size_t most = nm_outbox_room(outbox, outbox->max_payload);
    bool appended = nm_outbox_append_end(outbox, end_size(&outcome, most), &outcome);
    reliable->end_was_cut = appended && (drops_headers || outcome.was_cut);
    nm_clocks_on_seal(&reliable->clocks); /* nothing is open any more */
    return appended;
}

/* ---- ends ---- */

natsmicro_status nm_reliable_close_send(nm_stream *stream, nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = nm_stream_check_open(stream, error);
    if (status == NATSMICRO_OK && !append_end(stream, NULL))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    if (status == NATSMICRO_OK) {
        stream->send_closed = true;
        nm_reliable_transmit(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return status;
}

/* Appends the one message of an answer. False: no memory. */
static bool append_answer(nm_stream *stream, const nm_bytes *message)
{
    nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    size_t size = nm_frame_message_size(message->length);
    size_t both = size + NM_FRAME_SHORTEST_END + nm_frame_headers_size(&stream->trailers_out);
    /* Where one frame cannot hold both, the end goes in the next one. */
    size_t room = both <= nm_outbox_room(outbox, outbox->max_payload) ? both : size;
    if (!nm_outbox_open(outbox, room))
        return false;
    nm_outbox_append(outbox, message, 1, message->length);
    stream->sent++;
    return true;
}

natsmicro_status nm_reliable_answer(nm_stream *stream, const void *message, size_t length,
                                    nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_bytes whole = {message, length};
    if (!nm_reliable_has_room(stream, length))
        return nm_error_set(
            error, NATSMICRO_RESOURCE_EXHAUSTED,
            "%s: a response of %zu bytes is larger than the broker's max_payload of %zu",
            stream->method, length, nm_link_max_payload(stream->link));

    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = nm_stream_check_open(stream, error);
    if (status == NATSMICRO_OK && (!append_answer(stream, &whole) || !append_end(stream, NULL)))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    if (status == NATSMICRO_OK) {
        stream->finished = true;
        reliable->state = NM_RELIABLE_ENDING;
        nm_reliable_transmit(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    if (status == NATSMICRO_OK)
        report_cut(stream);
    return status;
}

/* The handler has returned: END, unless the call is over already. */
void nm_reliable_finish(nm_stream *stream, const nm_error *failure)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_lock(&stream->lock);
    bool first = !stream->finished;
    stream->finished = stream->discarding = true;
    bool end = first && reliable->state == NM_RELIABLE_UP;
    nm_intake_drop(&reliable->intake); /* nobody reads any more */
    if (end && append_end(stream, failure)) {
        reliable->state = NM_RELIABLE_ENDING;
        nm_reliable_transmit(stream);
    } else if (end) { /* no memory for an end; a reset needs none */
        nm_error error = NM_ERROR_INIT;
        error.status = NATSMICRO_RESOURCE_EXHAUSTED;
        nm_control_reset(stream, &control, &error);
        nm_reliable_over(stream);
    }
    bool over = reliable->state == NM_RELIABLE_OVER;
    pthread_mutex_unlock(&stream->lock);
    nm_control_publish(stream, &control);
    if (end)
        report_cut(stream);
    if (over)
        nm_stream_close_finished(stream);
}

/* Ends the call on the wire now. True: a handler has returned, so the inbox can close. */
static bool reset(nm_stream *stream, const nm_error *why)
{
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_lock(&stream->lock);
    if (nm_reliable_of(stream)->state != NM_RELIABLE_OVER) {
        nm_control_reset(stream, &control, why);
        nm_reliable_over(stream);
    }
    bool finished = stream->finished;
    pthread_mutex_unlock(&stream->lock);
    nm_control_publish(stream, &control);
    return finished;
}

void nm_reliable_reset_client(nm_stream *stream, const nm_error *why)
{
    reset(stream, why);
}

void nm_reliable_reset_server(nm_stream *stream, const nm_error *failure)
{
    if (reset(stream, failure))
        nm_stream_close_finished(stream);
}
