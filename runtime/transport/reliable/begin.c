/*
 * See begin.h.
 */
#include "transport/reliable/begin.h"

#include "transport/publish.h"
#include "transport/reliable/control.h"
#include "transport/reliable/due.h"
#include "transport/reliable/pace.h"

#include <stdlib.h>
#include <string.h>

static bool peer_streams(const nm_stream *stream)
{
    if (!stream->is_server)
        return true; /* a single response travels as a message and an end, too */
    return nm_caller_streams(stream->kind);
}

/* Between calls only the memory of a short queue stays. */
static void reset_state(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_pace_end(stream);
    nm_outbox_clear(&reliable->outbox);
    nm_intake_clear(&reliable->intake);
    free(reliable->service);
    reliable->service = NULL;
}

/* After reset_state. */
static void free_state(void *state)
{
    nm_reliable *reliable = state;
    nm_intake_free(&reliable->intake);
    free(reliable->address);
    free(reliable);
}

static const nm_state_kind state_kind = {
    sizeof(nm_reliable),
    alignof(nm_reliable),
    reset_state,
    free_state,
};

/* Under the lock, or while no other thread knows the call: the peer may send, which counts. */
static void open_share(nm_stream *stream)
{
    if (stream->share == 0) /* a client's was opened with its offer */
        stream->share = nm_budget_open_share(nm_link_budget(stream->link), stream->window_bytes);
}

bool nm_reliable_begin(nm_stream *stream, const nm_stream_offer *peer, bool waits)
{
    nm_reliable *reliable = nm_stream_take_state(stream, &state_kind);
    if (reliable == NULL)
        return false;
    reliable->state = NM_RELIABLE_UP;
    reliable->peer_answered = !stream->is_server;
    reliable->peer_heard_us = reliable->peer_is_known = false;
    reliable->publishing = reliable->end_was_cut = false;
    if (reliable->address != NULL)
        reliable->address[0] = '\0';
    reliable->stalls = 0;
    stream->resent = 0;
    nm_clocks_begin(&reliable->clocks, stream->idle_limit, stream->settings->gone_limit,
                    stream->reconnects, nm_now());
    nm_outbox_begin(&reliable->outbox, stream->max_payload, stream->window_messages,
                    stream->window_bytes, stream->is_server ? &stream->headers_out : NULL);
    if (peer != NULL)
        nm_outbox_begin_unheard(&reliable->outbox, peer->messages, peer->bytes);
    bool may_send = peer_streams(stream) && !waits;
    if (may_send)
        open_share(stream);
    nm_intake_begin(&reliable->intake, may_send ? stream->window_messages : 0, stream->share);
    /* The opening of a server stream is the caller's end, number 1. */
    if (stream->kind == NATSMICRO_SERVER_STREAM && stream->is_server) {
        nm_intake_begin_ended(&reliable->intake);
        stream->in_end = NATSMICRO_END;
    } else if (stream->kind == NATSMICRO_SERVER_STREAM)
        nm_outbox_begin_ended(&reliable->outbox);
    return true;
}

/* The caller's address is the opening's NATS reply, which accounts rewrite; it is not Reply-To. */
natsmicro_status nm_reliable_accept(nm_stream *stream, const nm_incoming *opening, nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (!nm_reply_is_allowed(stream->link, stream->settings, opening->reply, stream->method))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the service must not publish to the NATS reply of the request");
    if (strlen(opening->reply) >= NM_RELIABLE_ADDRESS_SIZE)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the NATS reply of the request is longer than %d bytes",
                            NM_RELIABLE_ADDRESS_SIZE - 1);
    nm_control_frame control;
    nm_control_clear(&control);
    if (!nm_reliable_set_address(reliable, opening->reply)) /* no other thread knows the call yet */
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the stream");
    pthread_mutex_lock(&stream->lock);
    /* Where only we send, the first message soon makes the first frame; else the timer does. */
    if (peer_streams(stream))
        nm_control_acknowledge(stream, &control, false, true);
    else
        nm_clocks_owe_acknowledgement(&reliable->clocks, nm_now());
    nm_reliable_schedule(stream);
    pthread_mutex_unlock(&stream->lock);
    nm_control_publish(stream, &control);
    return NATSMICRO_OK;
}

void nm_reliable_admit(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_lock(&stream->lock);
    if (peer_streams(stream) && reliable->state == NM_RELIABLE_UP && !reliable->intake.ended) {
        open_share(stream);
        nm_intake_open(&reliable->intake, stream->window_messages, stream->share);
        nm_control_acknowledge(stream, &control, false, false);
    }
    pthread_mutex_unlock(&stream->lock);
    nm_control_publish(stream, &control);
}
