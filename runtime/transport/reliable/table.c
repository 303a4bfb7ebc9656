/*
 * The reliable transport's table: how a call begins and ends. Between two sides that know it a
 * stream is ordered, complete, bounded in memory, alive or ended; docs/reliable-streams.md
 * specifies it.
 */
#include "transport/publish.h"
#include "transport/reliable/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- beginning ---- */

static bool peer_streams(const nm_stream *stream)
{
    if (!stream->is_server)
        return true; /* what is no stream has one message, and an end */
    return nm_caller_streams(stream->kind);
}

/* Reset has given back the rest. */
static void free_state(void *state)
{
    nm_reliable *reliable = state;
    free(reliable->queue);
    free(reliable);
}

/* The state is kept with the stream from call to call, and a short queue with it. */
static nm_reliable *prepare_state(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_reliable kept = {.kept = NULL};
    if (reliable == NULL) {
        reliable = aligned_alloc(alignof(nm_reliable), sizeof(*reliable));
        if (reliable == NULL)
            return NULL;
        stream->state = reliable;
        stream->free_state = free_state;
    } else {
        kept.queue = reliable->queue;
        kept.queue_capacity = reliable->queue_capacity;
    }
    *reliable = kept;
    return reliable;
}

bool nm_reliable_begin(nm_stream *stream, const nm_stream_offer *peer)
{
    nm_reliable *reliable = prepare_state(stream);
    if (reliable == NULL)
        return false;
    int64_t now = nm_now();
    reliable->timer_at = reliable->gone_since = reliable->ack_due = reliable->seal_due = NM_NEVER;
    reliable->last_heard = reliable->last_progress = reliable->last_retransmit = now;
    reliable->peer_heard = !stream->is_server;
    if (peer != NULL) {
        reliable->max_messages = peer->messages;
        reliable->max_bytes = peer->bytes;
    }
    nm_reliable_begin_sending(stream);
    if (peer_streams(stream)) {
        reliable->window_messages = stream->window_messages;
        reliable->window_bytes = stream->window_bytes;
    }
    nm_digest_begin(&reliable->digest_out);
    nm_digest_begin(&reliable->digest_in);
    /* The opening of a server-stream is the caller's end, number 1. */
    if (stream->kind == NATSMICRO_SERVER_STREAM && stream->is_server) {
        reliable->received = reliable->told_received = 1;
        reliable->received_end = true;
        stream->in_end = NATSMICRO_END;
    } else if (stream->kind == NATSMICRO_SERVER_STREAM) {
        reliable->made = reliable->published = 1;
        reliable->ended = true;
    }
    reliable->told_max_messages = reliable->window_messages;
    reliable->told_max_bytes = reliable->window_bytes;
    return true;
}

natsmicro_status nm_transport_choose(nm_stream *stream, const nm_incoming *opening, nm_error *error)
{
    nm_stream_offer offer;
    if (stream->kind == NATSMICRO_UNARY || stream->settings->plain_streams ||
        opening->reply == NULL || !nm_stream_offer_read(opening->stream, &offer))
        return NATSMICRO_OK;
    if (!nm_reliable_begin(stream, &offer))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the stream");
    if (offer.has_timeout && offer.timeout_ms <= INT64_MAX)
        stream->deadline = nm_deadline_in((int64_t)offer.timeout_ms);
    stream->transport = &nm_reliable_transport;
    return NATSMICRO_OK;
}

/*
 * The opening's NATS reply, which is rewritten across accounts, is where the caller is; not
 * Reply-To.
 */
static natsmicro_status reliable_accept(nm_stream *stream, const nm_incoming *opening,
                                        nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);

    if (!nm_reply_is_allowed(stream->link, stream->settings, opening->reply, stream->method))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the NATS reply of the request may not be answered on");
    if (strlen(opening->reply) >= NM_RELIABLE_ADDRESS_SIZE)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the NATS reply of the request is longer than %d bytes",
                            NM_RELIABLE_ADDRESS_SIZE - 1);
    nm_note note;
    nm_note_clear(&note);
    pthread_mutex_lock(&stream->lock);
    strcpy(reliable->address, opening->reply);
    /*
     * Where only we send, the first message is soon the first frame; if not, the timer sees to one.
     */
    if (peer_streams(stream))
        nm_note_acknowledge(stream, &note, false, true);
    else
        reliable->ack_due = nm_now() + NM_RELIABLE_ACK_DELAY;
    nm_reliable_schedule(stream);
    pthread_mutex_unlock(&stream->lock);
    nm_note_publish(stream, &note);
    if (note.wanted) /* a caller that wants to send waits for it */
        nm_link_flush(stream->link, NM_NEVER);
    return NATSMICRO_OK;
}

/* ---- ending ---- */

void nm_reliable_over(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->state = NM_RELIABLE_OVER;
    nm_reliable_drop_unacknowledged(reliable);
    pthread_cond_broadcast(&stream->changed);
}

void nm_reliable_end_call(nm_stream *stream, nm_note *note, natsmicro_status status,
                          const char *text)
{
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, status, "%s: %s", stream->method, text);
    nm_stream_abort_locked(stream, status, "%s", nm_error_text(&error));
    nm_note_reset(stream, note, &error);
    nm_reliable_over(stream);
    nm_error_clear(&error);
}

/* The handler has returned: END, unless the call is over already. */
static void reliable_finish(nm_stream *stream, const nm_error *failure)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_note note;
    nm_note_clear(&note);
    pthread_mutex_lock(&stream->lock);
    bool first = !stream->finished;
    stream->finished = true;
    bool end = first && reliable->state == NM_RELIABLE_UP;
    nm_reliable_drop_received(reliable); /* nobody reads any more */
    if (end && nm_reliable_append_end(stream, failure)) {
        reliable->state = NM_RELIABLE_ENDING;
        nm_reliable_publish(stream);
    } else if (end) { /* no memory for an end; a reset takes none */
        nm_error error = NM_ERROR_INIT;
        error.status = NATSMICRO_RESOURCE_EXHAUSTED;
        nm_note_reset(stream, &note, &error);
        nm_reliable_over(stream);
    }
    bool over = reliable->state == NM_RELIABLE_OVER;
    pthread_mutex_unlock(&stream->lock);
    nm_note_publish(stream, &note);
    if (end) {
        nm_reliable_report_cut(stream);
        nm_link_flush(stream->link, NM_NEVER);
    }
    if (over)
        nm_inbox_close(&stream->inbox);
}

/* A call that is ended although its handler runs, or its end is not acknowledged. */
static void reliable_abandon(nm_stream *stream, const nm_error *failure)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_note note;

    nm_note_clear(&note);
    pthread_mutex_lock(&stream->lock);
    if (reliable->state != NM_RELIABLE_OVER) {
        nm_note_reset(stream, &note, failure);
        nm_reliable_over(stream);
    }
    bool finished = stream->finished;
    pthread_mutex_unlock(&stream->lock);
    nm_note_publish(stream, &note);
    if (finished)
        nm_inbox_close(&stream->inbox);
}

/* The caller gives up: at once, and nothing counts any more. */
static void reliable_give_up(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_error error = NM_ERROR_INIT;
    nm_note note;

    nm_note_clear(&note);
    pthread_mutex_lock(&stream->lock);
    stream->send_closed = true;
    if (reliable->state != NM_RELIABLE_OVER) {
        nm_stream_reason(stream, &error);
        nm_note_reset(stream, &note, &error);
        nm_reliable_over(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    nm_note_publish(stream, &note);
    nm_error_clear(&error);
}

static void reliable_read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    *metrics = reliable->metrics;
    metrics->reliable = true;
    metrics->messages_sent = stream->sent;
    if (reliable->open != NULL)
        metrics->bytes_sent += reliable->open->message_bytes;
    metrics->round_trip_ns = (uint64_t)reliable->round_trip;
}

/* Between calls: nothing of the last one stays but memory for the next. */
static void reliable_reset(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_reliable_drop_unacknowledged(reliable);
    nm_segment_free_spare(reliable);
    nm_reliable_drop_received(reliable);
    nm_reliable_trim_queue(reliable);
    nm_reliable_frame_free(&reliable->reading);
}

/* Without `open`: a client's call becomes reliable by the answer to its offer. */
const nm_transport nm_reliable_transport = {
    .accept = reliable_accept,
    .send = nm_reliable_send,
    .reserve = nm_reliable_reserve,
    .commit = nm_reliable_commit,
    .can_send = nm_reliable_can_send,
    .max_message = nm_reliable_max_message,
    .close_send = nm_reliable_close_send,
    .answer = nm_reliable_answer,
    .finish = reliable_finish,
    .abandon = reliable_abandon,
    .recv = nm_reliable_recv,
    .give_up = reliable_give_up,
    .read_metrics = reliable_read_metrics,
    .reset = reliable_reset,
    .on_message = nm_reliable_on_message,
    .on_timer = nm_reliable_on_timer,
};
