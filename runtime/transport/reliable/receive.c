/*
 * See receive.h.
 */
#include "transport/reliable/receive.h"

#include "base/cold.h"
#include "transport/publish.h"
#include "transport/reliable/due.h"
#include "transport/reliable/over.h"
#include "transport/reliable/pace.h"
#include "transport/stray.h"

#include <inttypes.h>
#include <string.h>

/* This many frames wake a waiting reader, even if more are at hand. */
#define WAKE_AT 4

/* The rest of the work, once the lock is free. */
typedef struct nm_outcome {
    nm_control_frame control;
    bool over;  /* server: the call is over, and its inbox can close */
    bool taken; /* the intake owns the natsMsg now */
} nm_outcome;

/* ---- taking a frame ---- */

static void read_error(const nm_bytes *status, const nm_bytes *text, nm_error *error)
{
    char words[NM_ERROR_TEXT_LIMIT + 1];
    size_t length = text->length < sizeof(words) - 1 ? text->length : sizeof(words) - 1;
    char code[NM_CODE_LIMIT + 1];
    memcpy(code, status->data, status->length);
    code[status->length] = '\0';
    if (length > 0)
        memcpy(words, text->data, length);
    words[length] = '\0';
    nm_error_set_code(error, code, words);
}

/* Ends the call now and tells the peer. */
static void give_up(nm_stream *stream, nm_outcome *outcome, natsmicro_status status,
                    const char *text)
{
    nm_reliable_end_call(stream, &outcome->control, status, text);
    outcome->over = stream->is_server;
}

/* The peer has ended the call; the reader gets nothing more. */
static void take_reset(nm_stream *stream, const nm_frame *frame, nm_outcome *outcome)
{
    nm_error error = NM_ERROR_INIT;
    if (frame->reset.status.length > 0)
        read_error(&frame->reset.status, &frame->reset.text, &error);
    natsmicro_status status = error.status;
    nm_reliable *reliable = nm_reliable_of(stream);
    /* A reset while our END is under way: the peer has the END, or no longer wants it. */
    bool open = reliable->state != NM_RELIABLE_ENDING;
    if (open && status == NATSMICRO_OK)
        nm_stream_abort_locked(stream,
                               stream->is_server ? NATSMICRO_CANCELLED : NATSMICRO_UNAVAILABLE,
                               stream->is_server ? "%s: the caller no longer knows the call"
                                                 : "%s: the service no longer knows the call",
                               stream->method);
    else if (open)
        nm_stream_abort_locked(stream, status, "%s: the peer ended the call: %s", stream->method,
                               nm_error_text(&error));
    nm_error_clear(&error);
    nm_reliable_over(stream);
    outcome->over = stream->is_server;
}

static void take_limits(nm_stream *stream, const nm_frame *frame)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outbox_raise_limits(&reliable->outbox, frame->max_messages, frame->max_bytes);
    if (nm_outbox_window_is_open(&reliable->outbox))
        nm_stream_notify(stream, NM_WRITABLE);
}

/* Takes the frame's new messages. False: no memory, and nothing was taken. */
static bool take_messages(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                          nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_intake *intake = &reliable->intake;
    uint64_t received = intake->received;
    uint64_t received_bytes = intake->received_bytes;
    size_t memory = (size_t)natsMsg_GetDataLength(message) + nm_message_front(message);
    if (!nm_intake_take_messages(intake, frame, stream->discarding ? NULL : message, memory,
                                 &outcome->taken))
        return false;
    uint64_t count = intake->received - received;
    uint64_t bytes = intake->received_bytes - received_bytes;
    nm_stream_totals *totals = stream->settings->totals;
    atomic_fetch_add_explicit(&totals->messages_received, count, memory_order_relaxed);
    atomic_fetch_add_explicit(&totals->bytes_received, bytes, memory_order_relaxed);
    if (!stream->discarding)
        nm_stream_notify_reader(stream, intake->queue.count >= WAKE_AT);
    return true;
}

/* Takes headers of a frame into a list that has none. False: no memory, and none was taken. */
static bool take_headers(nm_frame_header_cursor cursor, nm_headers *headers)
{
    if (headers->count > 0 || nm_frame_copy_headers(cursor, headers))
        return true;
    nm_headers_clear(headers);
    return false;
}

/* Takes the peer's end, whose number is the next one. False: no memory, and nothing was taken. */
static bool take_end(nm_stream *stream, const nm_frame *frame, nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (!stream->is_server && !take_headers(nm_frame_trailers(frame), &stream->trailers_in))
        return false;
    if (!nm_intake_take_end(&reliable->intake, frame)) {
        give_up(stream, outcome, NATSMICRO_DATA_LOSS,
                "the digest at the stream's end does not match the messages that came");
        return true;
    }
    nm_stream_close_share(stream);
    if (stream->is_server) {
        nm_stream_end_input(stream);
        return true;
    }
    nm_error error = NM_ERROR_INIT;
    if (frame->end.status.length > 0) {
        read_error(&frame->end.status, &frame->end.text, &error);
        nm_error_set_data(&error, frame->end.data.data, frame->end.data.length);
    }
    uint64_t messages = reliable->intake.received - 1;
    bool one_answer = stream->kind == NATSMICRO_CLIENT_STREAM;
    if (one_answer && (messages != 1 || error.status != NATSMICRO_OK))
        nm_intake_drop(&reliable->intake);
    if (error.status != NATSMICRO_OK)
        nm_stream_fail_input_with(stream, &error);
    else if (one_answer && messages != 1)
        nm_stream_fail_input(stream, NATSMICRO_INTERNAL,
                             "%s: the call ended with %" PRIu64 " responses, not with one",
                             stream->method, messages);
    else
        nm_stream_end_input(stream);
    nm_error_clear(&error);
    return true;
}

static nm_novelty take_numbers(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                               nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_novelty novelty = nm_intake_novelty(&reliable->intake, frame);
    if (novelty != NM_SOMETHING_NEW)
        return novelty;
    if (reliable->state == NM_RELIABLE_ENDING)
        return NM_NOTHING_NEW;
    bool has_headers = frame->seq == 1 && !stream->is_server;
    if (has_headers && !take_headers(nm_frame_headers(frame), &stream->headers_in))
        return NM_NOTHING_NEW; /* it will come again, as with the next two */
    if (nm_intake_has_new_messages(&reliable->intake, frame) &&
        !take_messages(stream, frame, message, outcome))
        return NM_NOTHING_NEW;
    if (frame->has_end && !take_end(stream, frame, outcome))
        return NM_NOTHING_NEW;
    return NM_SOMETHING_NEW;
}

static void answer(nm_stream *stream, const nm_frame *frame, bool asked, nm_novelty novelty,
                   nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    switch (nm_intake_owes(&reliable->intake, frame, novelty, asked)) {
    case NM_OWED_NOTHING:
        break;
    case NM_OWED_LATER:
        if (nm_clocks_owe_acknowledgement(&reliable->clocks, reliable->clocks.last_activity))
            nm_reliable_schedule(stream);
        break;
    case NM_OWED_NOW:
        nm_control_acknowledge(stream, &outcome->control, novelty == NM_A_GAP, false);
        break;
    }
}

/* Why no honest peer can have sent the frame at this point of the call; or NULL. */
static const char *find_violation(nm_stream *stream, const nm_frame *frame)
{
    nm_frame_rules rules = {.from_client = stream->is_server,
                            .without_messages =
                                stream->is_server && stream->kind == NATSMICRO_SERVER_STREAM,
                            .sent = nm_reliable_of(stream)->outbox.published};
    return nm_frame_breaks(frame, &rules);
}

static void take_progress(nm_stream *stream, uint64_t number, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_clocks_on_progress(&reliable->clocks, number, now);
    /* The service thread publishes the next burst. */
    if (nm_outbox_acknowledge(&reliable->outbox, number))
        nm_inbox_hasten_timer(&stream->inbox, now);
    nm_pace_settle(stream);
}

static void take_acknowledgement(nm_stream *stream, const nm_frame *frame, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->ack > reliable->outbox.acknowledged)
        take_progress(stream, frame->ack, now);
    take_limits(stream, frame);
    if (!frame->gap || !nm_outbox_take_gap(&reliable->outbox, frame->ack))
        return;
    nm_clocks_on_gap(&reliable->clocks, now);
    nm_pace_settle(stream);
    nm_inbox_hasten_timer(&stream->inbox, now);
}

/* A frame while the call is up. */
static void take_frame(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                       const char *reply, nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();
    if (nm_clocks_on_frame(&reliable->clocks, now))
        nm_reliable_schedule(stream);
    if (!reliable->peer_answered)
        nm_outbox_hear(&reliable->outbox);
    reliable->peer_answered = true;
    if (reply != NULL)
        nm_reliable_set_address(reliable, reply); /* without memory the last one has to do */
    take_acknowledgement(stream, frame, now);
    if (nm_intake_contradicts_end(&reliable->intake, frame)) {
        give_up(stream, outcome, NATSMICRO_INTERNAL,
                "the peer's stream has two ends, or messages after its end");
        return;
    }
    if (!stream->discarding && nm_intake_is_beyond_window(&reliable->intake, frame)) {
        give_up(stream, outcome, NATSMICRO_INTERNAL, "the peer sent more than our window allows");
        return;
    }
    nm_novelty novelty = take_numbers(stream, frame, message, outcome);
    if (reliable->state == NM_RELIABLE_OVER)
        return;
    answer(stream, frame, reply != NULL, novelty, outcome);
    if (!stream->is_server && reliable->intake.ended)
        nm_reliable_over(stream);
    if (stream->is_server && reliable->outbox.ended &&
        reliable->outbox.acknowledged == reliable->outbox.last_number) {
        nm_reliable_over(stream);
        outcome->over = true;
    }
}

/* A frame for a call that is over, while its inbox still listens. */
static void answer_late(nm_stream *stream, const nm_frame *frame, const char *reply,
                        nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->has_reset || reply == NULL)
        return;
    nm_reliable_set_address(reliable, reply);
    if (reliable->intake.ended && stream->aborted == NATSMICRO_OK)
        nm_control_acknowledge(stream, &outcome->control, false, false);
    else
        nm_control_reset(stream, &outcome->control, NULL);
}

/* The NATS reply as an address. NULL: there is none, or nothing may be published to it. */
static const char *address_of(nm_stream *stream, natsMsg *message)
{
    const char *reply = natsMsg_GetReply(message);
    if (reply == NULL)
        return NULL;
    if (strlen(reply) >= NM_RELIABLE_ADDRESS_SIZE)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_REFUSED_SUBJECT, reply,
                       stream->method, "the NATS reply of a frame is longer than %d bytes",
                       NM_RELIABLE_ADDRESS_SIZE - 1);
    else if (nm_reply_is_allowed(stream->link, stream->settings, reply, stream->method))
        return reply;
    return NULL;
}

static void drop_frame(nm_stream *stream, const char *why)
{
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_DROPPED, stream->inbox.subject,
                   stream->method, "a frame was dropped: %s", why);
}

/* ---- whose frame it is ---- */

/* What the headers of a message to a client say about who has sent it. */
typedef struct nm_origin {
    bool has_headers;
    bool accepts;                        /* the opening, as a service does that has not heard us */
    bool ends;                           /* as one does that knows no such call */
    char service[NM_SERVICE_TOKEN_SIZE]; /* where it accepts: the token; empty: it has none */
} nm_origin;

static void read_origin(const nm_stream *stream, natsMsg *message, nm_origin *origin)
{
    origin->has_headers = origin->accepts = origin->ends = false;
    nm_bytes block;
    if (stream->is_server ||
        nm_header_block_find(natsMsg_GetSubject(message), natsMsg_GetReply(message),
                             natsMsg_GetData(message), stream->settings->max_header_bytes,
                             &block) == NM_HEADER_BLOCK_NONE)
        return;
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, stream->settings->max_header_bytes);
    origin->has_headers = true;
    origin->accepts = nm_stream_acceptance_read(incoming.stream, origin->service);
    origin->ends = incoming.end && incoming.error_code != NULL;
}

/*
 * Under the lock. Two services may have got the opening: a stranger has sent it again, or they are
 * in no queue group. The first one that accepts it decides. Each frame of another has the header,
 * with its own token, until it has heard us, and from us it hears nothing but a reset. Services
 * without tokens can be told apart only once the first has heard us. NULL: it is our service.
 */
static const char *find_stranger(const nm_reliable *reliable, const nm_origin *origin, bool resets)
{
    if (!origin->has_headers || (origin->ends && resets) ||
        (origin->accepts && !reliable->peer_is_known))
        return NULL;
    if (!origin->accepts)
        return "it comes from another service, with which the stream would be a plain one";
    if (strcmp(origin->service, reliable->service != NULL ? reliable->service : "") != 0)
        return "another service has accepted the opening before";
    return origin->service[0] == '\0' && reliable->peer_heard_us
               ? "it accepts the opening, and a service that has accepted it has been heard already"
               : NULL;
}

/* Under the lock: a frame of our service has come. */
static void learn_service(nm_reliable *reliable, const nm_origin *origin)
{
    if (!origin->has_headers)
        reliable->peer_heard_us = true;
    else if (origin->accepts && !reliable->peer_is_known) {
        bool has_token = origin->service[0] != '\0';
        if (has_token)
            reliable->service = strdup(origin->service);
        reliable->peer_is_known = !has_token || reliable->service != NULL;
    }
}

/* A service that the call is not with: it is told, and so is who looks after events. */
NM_COLD static void refuse_stranger(nm_stream *stream, natsMsg *message)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, stream->settings->max_header_bytes);
    nm_stray_refuse_service(stream->link, stream->settings, &incoming);
}

/* The broker's 503: nobody listens at the peer's address now. A peer that reconnects will again. */
static void take_no_responders(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint64_t reconnects = nm_link_reconnects(stream->link);
    nm_stream_debug(stream, NM_NO_RESPONDERS_TEXT);
    pthread_mutex_lock(&stream->lock);
    nm_clocks_on_no_responders(&reliable->clocks, reconnects, nm_now());
    nm_reliable_schedule(stream);
    pthread_mutex_unlock(&stream->lock);
}

void nm_reliable_on_message(nm_stream *stream, natsMsg *message)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outcome outcome;
    nm_control_clear(&outcome.control);
    outcome.over = outcome.taken = false;

    if (nm_incoming_is_no_responders(message)) {
        take_no_responders(stream);
        natsMsg_Destroy(message);
        return;
    }
    const char *why = NULL;
    nm_frame frame;
    nm_frame_read((const uint8_t *)natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                  &frame, &why);
    const char *reply = why == NULL ? address_of(stream, message) : NULL;
    nm_origin origin;
    read_origin(stream, message, &origin);

    pthread_mutex_lock(&stream->lock);
    const char *stranger = find_stranger(reliable, &origin, why == NULL && frame.has_reset);
    if (stranger != NULL)
        why = stranger;
    if (why == NULL)
        why = find_violation(stream, &frame);
    if (why == NULL)
        learn_service(reliable, &origin);
    if (why == NULL && reliable->state == NM_RELIABLE_OVER)
        answer_late(stream, &frame, reply, &outcome);
    else if (why == NULL && frame.has_reset)
        take_reset(stream, &frame, &outcome);
    else if (why == NULL)
        take_frame(stream, &frame, message, reply, &outcome);
    bool done = outcome.over && stream->finished;
    pthread_mutex_unlock(&stream->lock);

    nm_control_publish(stream, &outcome.control);
    if (why != NULL)
        drop_frame(stream, why);
    if (stranger != NULL)
        refuse_stranger(stream, message);
    if (done)
        nm_stream_close_finished(stream);
    if (!outcome.taken)
        natsMsg_Destroy(message);
}
