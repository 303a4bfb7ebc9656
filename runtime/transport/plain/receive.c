/*
 * The plain transport's receiving half: what a message to a call's inbox means. Runs on the link's
 * dispatch thread, so that an end, an error or a 503 is noticed although nobody reads.
 */
#include "transport/plain/state.h"
#include "wire/subject.h"

#include <inttypes.h>
#include <string.h>

/* What is left to do once the lock is free. */
typedef struct nm_receipt {
    natsMsg *message; /* to destroy; NULL: the stream took it */
    bool dropped;     /* over the limit of what may wait to be read */
    bool probe;       /* to be answered */
    bool fence;
    bool refused_inbox; /* the service named an inbox that we do not publish to */
} nm_receipt;

/* ---- numbers ---- */

/*
 * Checks a message's number: true when the message is the next one. Otherwise it is a repeat, to be
 * dropped, or the stream has a hole and its input ends with DATA_LOSS here.
 */
static bool is_next(nm_stream *stream, const nm_incoming *incoming)
{
    if (incoming->bad_sequence || (incoming->has_sequence && incoming->sequence == 0)) {
        nm_stream_end_input(stream, NATSMICRO_INVALID_ARGUMENT,
                            "%s: a message after number %" PRIu64 " has a " NM_HEADER_STREAM_SEQ
                            " that is no number from 1",
                            stream->method, stream->received);
        return false;
    }
    if (!incoming->has_sequence) {
        if (stream->any_taken && !stream->unnumbered) {
            nm_stream_end_input(stream, NATSMICRO_DATA_LOSS,
                                "%s: a message without a number came after number %" PRIu64,
                                stream->method, stream->received);
            return false;
        }
        stream->unnumbered = true;
        stream->received++;
        return true;
    }
    if (incoming->sequence <= stream->received)
        return false;
    if (incoming->sequence == stream->received + 1) {
        stream->received++;
        return true;
    }
    nm_stream_end_input(stream, NATSMICRO_DATA_LOSS,
                        "%s: message %" PRIu64 " came after message %" PRIu64 ": %" PRIu64 " lost",
                        stream->method, incoming->sequence, stream->received,
                        incoming->sequence - stream->received - 1);
    return false;
}

/* The peer's regular end: complete, unless its number says that the tail is missing. */
static void end_regularly(nm_stream *stream, const nm_incoming *incoming)
{
    if (incoming->has_sequence && incoming->sequence > stream->received)
        nm_stream_end_input(stream, NATSMICRO_DATA_LOSS,
                            "%s: the stream ended at message %" PRIu64 " but only %" PRIu64
                            " came: %" PRIu64 " lost",
                            stream->method, incoming->sequence, stream->received,
                            incoming->sequence - stream->received);
    else
        nm_stream_end_input(stream, NATSMICRO_END, " ");
}

/* ---- common to both sides ---- */

/* Takes a message into the queue; what is over the limit is lost, and the stream says so. */
static void take_item(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    if (stream->in_end != NATSMICRO_OK || !is_next(stream, incoming))
        return;
    stream->any_taken = true;
    bool discarding = stream->discarding;
    natsMsg *message = receipt->message;
    receipt->message = NULL;
    if (nm_stream_push_more(stream, message, incoming->data, incoming->length) || discarding)
        return;
    receipt->dropped = true;
    nm_stream_end_input(stream, NATSMICRO_DATA_LOSS,
                        "%s: message %" PRIu64 " was dropped: %zu messages (%zu bytes with "
                        "overhead) wait to be read already",
                        stream->method, stream->received, stream->pending_messages,
                        stream->pending_bytes);
}

/*
 * A NATS reply on a stream's message is the inbox of a peer that can be asked whether it is there.
 */
static void learn_peer(nm_stream *stream, const nm_incoming *incoming)
{
    if (incoming->reply != NULL)
        nm_plain_learn_peer(stream, incoming->reply);
}

static void take_control(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    learn_peer(stream, incoming);
    receipt->probe = incoming->reply != NULL && strcmp(incoming->control, NM_CONTROL_PROBE) == 0;
    receipt->fence = stream->is_server && strcmp(incoming->control, NM_CONTROL_FENCE) == 0;
}

static void take_headers(nm_headers *headers, natsMsg *message)
{
    if (headers->count == 0)
        nm_incoming_user_headers(message, headers); /* short memory: a header less */
}

/* ---- client ---- */

static void take_acknowledgement(nm_stream *stream, const nm_incoming *incoming,
                                 nm_receipt *receipt)
{
    if (stream->peer != NULL || stream->kind == NATSMICRO_SERVER_STREAM)
        return;
    if (!nm_subject_from_header_is_allowed(incoming->stream_inbox,
                                           stream->settings->allowed_inbox_prefixes)) {
        nm_stream_end_input(stream, NATSMICRO_INTERNAL,
                            "%s: the service's " NM_HEADER_STREAM_INBOX
                            " is no literal subject under an allowed inbox prefix",
                            stream->method);
        receipt->refused_inbox = true;
        return;
    }
    stream->peer = strdup(incoming->stream_inbox);
    if (stream->peer == NULL)
        nm_stream_end_input(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    pthread_cond_broadcast(&stream->changed);
}

static void take_client_error(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    nm_error error = NM_ERROR_INIT;
    nm_incoming_error(incoming, &error);
    take_headers(&stream->trailers_in, receipt->message);
    nm_stream_end_input_with(stream, &error);
}

/* The one response of a unary call or a client-stream. */
static void take_response(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    /* An acknowledgement may have brought headers already. */
    take_headers(stream->headers_in.count == 0 ? &stream->headers_in : &stream->trailers_in,
                 receipt->message);
    natsMsg *message = receipt->message;
    receipt->message = NULL;
    if (stream->in_end != NATSMICRO_OK)
        natsMsg_Destroy(message);
    else if (nm_stream_push(stream, message, incoming->data, incoming->length))
        nm_stream_end_input(stream, NATSMICRO_END, " ");
    else
        nm_stream_end_input(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the answer",
                            stream->method);
}

static void receive_on_client(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    bool first = !stream->opened;
    stream->opened = true;

    if (incoming->no_responders) {
        nm_stream_end_input(stream, NATSMICRO_UNAVAILABLE,
                            first ? "%s: nobody serves %s" : "%s: the service at %s is gone",
                            stream->method, stream->subject);
        return;
    }
    if (incoming->control != NULL) {
        take_control(stream, incoming, receipt);
        return;
    }
    if (incoming->error_code != NULL) {
        take_client_error(stream, incoming, receipt);
        return;
    }
    if (stream->kind == NATSMICRO_UNARY) {
        take_response(stream, incoming, receipt);
        return;
    }
    learn_peer(stream, incoming);
    if (incoming->stream_inbox != NULL) {
        take_headers(&stream->headers_in, receipt->message);
        take_acknowledgement(stream, incoming, receipt);
        return;
    }
    if (stream->kind == NATSMICRO_CLIENT_STREAM) {
        take_response(stream, incoming, receipt);
        return;
    }
    if (incoming->end) {
        take_headers(&stream->trailers_in, receipt->message);
        end_regularly(stream, incoming);
        return;
    }
    if (!stream->any_taken)
        take_headers(&stream->headers_in, receipt->message);
    take_item(stream, incoming, receipt);
}

/* ---- server ---- */

/*
 * Error headers on the caller's end, or a plain end of a call that has no stream: the caller gave
 * up.
 */
static void take_caller_error(nm_stream *stream, const nm_incoming *incoming)
{
    nm_error error = NM_ERROR_INIT;
    nm_error told = NM_ERROR_INIT;
    natsmicro_status status = nm_incoming_error(incoming, &error);
    if (incoming->malformed)
        status = nm_error_set(&error, NATSMICRO_INVALID_ARGUMENT, "%s", incoming->error_text);
    nm_error_set(&told, status, "%s: the caller ended the call: %s", stream->method,
                 nm_error_text(&error));
    nm_error_set_code(&told, nm_error_code(&error), told.text);
    nm_stream_abort_with(stream, &told);
    nm_error_clear(&error);
    stream->caller_gave_up = true;
    nm_plain_answer_end_came(stream);
}

static void receive_on_server(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    if (incoming->no_responders) {
        if (!nm_plain_answer_unheard(stream))
            nm_stream_abort_locked(stream, NATSMICRO_CANCELLED, "%s: the caller is gone",
                                   stream->method);
        return;
    }
    if (incoming->control != NULL) {
        take_control(stream, incoming, receipt);
        return;
    }
    learn_peer(stream, incoming);
    if (incoming->error_code != NULL) {
        take_caller_error(stream, incoming);
        return;
    }
    if (!nm_caller_streams(stream->kind))
        return; /* a call without a stream from the caller: there is nothing else to say */
    if (incoming->end) {
        end_regularly(stream, incoming);
        nm_plain_answer_end_came(stream);
        return;
    }
    take_item(stream, incoming, receipt);
}

void nm_plain_on_message(nm_stream *stream, natsMsg *message)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message);
    nm_receipt receipt = {.message = message};

    pthread_mutex_lock(&stream->lock);
    stream->heard = true;
    if (stream->is_server)
        receive_on_server(stream, &incoming, &receipt);
    else
        receive_on_client(stream, &incoming, &receipt);
    pthread_mutex_unlock(&stream->lock);

    if (receipt.probe)
        nm_plain_answer_probe(stream);
    if (receipt.fence)
        nm_plain_answer_fence(stream);
    if (receipt.dropped)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_SLOW_CONSUMER,
                       stream->inbox.subject, stream->method,
                       "messages came faster than they were read; the stream ends with DATA_LOSS");
    if (receipt.refused_inbox)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_REFUSED_SUBJECT,
                       incoming.stream_inbox, stream->method,
                       "the header " NM_HEADER_STREAM_INBOX
                       " is no literal subject under an allowed inbox prefix");
    natsMsg_Destroy(receipt.message);
}
