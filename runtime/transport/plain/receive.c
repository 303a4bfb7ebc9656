/*
 * See receive.h. The link's dispatch thread takes messages, so that an end, an error or a 503 is
 * noticed although nobody reads.
 */
#include "transport/plain/receive.h"
#include "base/compare.h"
#include "transport/plain/answer.h"
#include "transport/plain/liveness.h"
#include "transport/publish.h"
#include "transport/stray.h"
#include "transport/stream.h"
#include "wire/digest.h"
#include "wire/incoming.h"
#include "wire/names.h"
#include "wire/subject.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A waiting reader is woken at this many messages: a wake costs as much as dozens of them. */
#define WAKE_AT 64

/* Work that is left for when the lock is free, and what must be known before it is taken. */
typedef struct nm_receipt {
    uint64_t reconnects; /* nm_link_reconnects; of a 503 */
    natsMsg *message;    /* to destroy; NULL: the queue took it */
    bool dropped;        /* over the limit of what may wait to be read */
    bool probe;          /* to be answered */
    bool refused_inbox;  /* the service named an inbox that we do not publish to */
    bool stranger;       /* it is of another service than the call's */
} nm_receipt;

/* ---- two services ---- */

/* So many bytes of a message are compared with those of another of the same number. */
#define COMPARED_BYTES 256

static uint64_t hash_of(const nm_incoming *incoming)
{
    return nm_digest_of(incoming->data, nm_smaller(incoming->length, COMPARED_BYTES));
}

/* Client: a message of the service was taken. */
static void remember(nm_plain *plain, const nm_incoming *incoming)
{
    plain->last_length = incoming->length;
    plain->last_hash = hash_of(incoming);
}

/*
 * Client: whether a number that has been there cannot be a repeat. It is all that shows two
 * services without tokens.
 */
static bool contradicts(const nm_plain *plain, const nm_incoming *incoming)
{
    if (incoming->sequence < plain->received)
        return incoming->sequence == 1;
    return incoming->length != plain->last_length || hash_of(incoming) != plain->last_hash;
}

/* What is not complete must not look so: nobody knows of which service later messages are. */
static void fail_for_two_services(nm_stream *stream, const char *what)
{
    nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                         "%s: two services answer at %s: %s after message %" PRIu64
                         " (they are in no queue group, or share a prefix by mistake)",
                         stream->method, stream->subject, what, nm_plain_of(stream)->received);
}

/* ---- numbers ---- */

/*
 * Checks a message's number: true when the message is the next one. Otherwise it is a repeat, to be
 * dropped, or the stream has a hole and its input ends with DATA_LOSS here.
 */
static bool is_next(nm_stream *stream, const nm_incoming *incoming)
{
    nm_plain *plain = nm_plain_of(stream);
    if (incoming->bad_sequence || (incoming->has_sequence && incoming->sequence == 0)) {
        nm_stream_fail_input(stream, NATSMICRO_INVALID_ARGUMENT,
                             "%s: a message after number %" PRIu64 " has a " NM_HEADER_STREAM_SEQ
                             " that is not a number, or 0",
                             stream->method, plain->received);
        return false;
    }
    if (!incoming->has_sequence) {
        if (plain->any_taken && !plain->unnumbered) {
            nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                                 "%s: a message without a number came after number %" PRIu64,
                                 stream->method, plain->received);
            return false;
        }
        plain->unnumbered = true;
    } else if (incoming->sequence <= plain->received) {
        if (!stream->is_server && contradicts(plain, incoming))
            fail_for_two_services(stream, "a number came again, with other contents or from 1 on,");
        return false;
    } else if (incoming->sequence > plain->received + 1) {
        nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                             "%s: message %" PRIu64 " came after message %" PRIu64 ": %" PRIu64
                             " lost",
                             stream->method, incoming->sequence, plain->received,
                             incoming->sequence - plain->received - 1);
        return false;
    }
    plain->received++;
    plain->bytes_received += incoming->length;
    if (!stream->is_server)
        remember(plain, incoming);
    return true;
}

/* The peer's regular end: complete, unless its number says that the tail is missing. */
static void end_regularly(nm_stream *stream, const nm_incoming *incoming)
{
    nm_plain *plain = nm_plain_of(stream);
    if (incoming->has_sequence && incoming->sequence > plain->received)
        nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                             "%s: the stream ended at message %" PRIu64 " but only %" PRIu64
                             " came: %" PRIu64 " lost",
                             stream->method, incoming->sequence, plain->received,
                             incoming->sequence - plain->received);
    else if (!stream->is_server && incoming->has_sequence && incoming->sequence < plain->received)
        fail_for_two_services(stream, "an end with a lower number came");
    else
        nm_stream_end_input(stream);
}

/* ---- common to both sides ---- */

/* Queues a message, which is the queue's then. False: it is over a limit, or there is no memory. */
static bool queue(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    const nm_plain_message message = {receipt->message, incoming->data, incoming->length};
    if (!nm_plain_queue_add(&nm_plain_of(stream)->queue, &message,
                            stream->settings->max_pending_messages,
                            stream->settings->max_pending_bytes))
        return false;
    receipt->message = NULL;
    return true;
}

/* Takes a message into the queue; what is over the limit is lost, and the stream says so. */
static void take_item(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    nm_plain *plain = nm_plain_of(stream);
    if (stream->in_end != NATSMICRO_OK || !is_next(stream, incoming))
        return;
    plain->any_taken = true;
    if (stream->discarding)
        return;
    if (queue(stream, incoming, receipt)) {
        nm_stream_notify_reader(stream, plain->queue.arrived.count >= WAKE_AT);
        return;
    }
    receipt->dropped = true;
    nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                         "%s: message %" PRIu64
                         " was dropped, because %zu messages (%zu bytes with "
                         "overhead) already wait to be read",
                         stream->method, plain->received, plain->queue.count, plain->queue.bytes);
}

/*
 * A NATS reply on a stream's message is the inbox of a peer that can be asked whether it is there.
 */
static void learn_peer(nm_stream *stream, const nm_incoming *incoming)
{
    if (incoming->reply != NULL)
        nm_plain_learn_peer(stream, incoming->reply);
}

/* A probe says how many messages have gone before it, and whether the end has. */
static void take_count(nm_stream *stream, const nm_incoming *incoming)
{
    const nm_plain *plain = nm_plain_of(stream);
    if (incoming->end) {
        end_regularly(stream, incoming);
        nm_plain_answer_end_came(stream);
    } else if (incoming->sequence > plain->received)
        nm_stream_fail_input(stream, NATSMICRO_DATA_LOSS,
                             "%s: the peer has sent %" PRIu64 " messages but only %" PRIu64
                             " came: %" PRIu64 " lost",
                             stream->method, incoming->sequence, plain->received,
                             incoming->sequence - plain->received);
}

static void take_control(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    nm_plain_peer_lives(stream);
    learn_peer(stream, incoming);
    receipt->probe = incoming->reply != NULL && strcmp(incoming->control, NM_CONTROL_PROBE) == 0;
    if (!incoming->has_sequence)
        return;
    if (receipt->probe)
        take_count(stream, incoming);
    else
        nm_plain_peer_has(stream, incoming->sequence);
}

/* Where memory is short the call ends, as it cannot be told which headers are missing. */
static void take_headers(nm_stream *stream, nm_headers *headers, natsMsg *message)
{
    if (headers->count > 0 ||
        nm_incoming_user_headers(message, stream->settings->max_header_bytes, headers))
        return;
    nm_headers_clear(headers);
    nm_stream_fail_input(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the headers",
                         stream->method);
}

/* ---- client ---- */

static void take_acknowledgement(nm_stream *stream, const nm_incoming *incoming,
                                 nm_receipt *receipt)
{
    nm_plain *plain = nm_plain_of(stream);
    if (stream->kind == NATSMICRO_SERVER_STREAM)
        return;
    if (plain->peer != NULL) {
        /* Services without tokens: what comes from now on may be of either. */
        receipt->stranger = strcmp(plain->peer, incoming->stream_inbox) != 0;
        if (receipt->stranger)
            fail_for_two_services(stream, "a second one acknowledged the opening");
        return;
    }
    if (!nm_subject_from_header_is_allowed(incoming->stream_inbox,
                                           stream->settings->allowed_inbox_prefixes)) {
        nm_stream_fail_input(stream, NATSMICRO_INTERNAL,
                             "%s: the service's " NM_HEADER_STREAM_INBOX
                             " is not a subject that begins with an allowed inbox prefix",
                             stream->method);
        receipt->refused_inbox = true;
        return;
    }
    plain->peer = strdup(incoming->stream_inbox);
    if (plain->peer == NULL)
        nm_stream_fail_input(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    else
        nm_stream_notify(stream, NM_OPENED);
}

static void take_client_error(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    nm_error error = NM_ERROR_INIT;
    nm_incoming_error(incoming, &error);
    nm_stream_fail_input_with(stream, &error);
    /* The service's error is worth more than its headers: it stays if these have no memory. */
    take_headers(stream, &stream->trailers_in, receipt->message);
}

/* The one response of a unary call or a client-stream. */
static void take_response(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    /* An acknowledgement may have brought headers already. */
    take_headers(stream, stream->headers_in.count == 0 ? &stream->headers_in : &stream->trailers_in,
                 receipt->message);
    if (stream->in_end != NATSMICRO_OK)
        return;
    if (queue(stream, incoming, receipt))
        nm_stream_end_input(stream);
    else
        nm_stream_fail_input(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the answer",
                             stream->method);
}

/* Whether a service of ours would have put its token on a message like this. */
static bool would_have_token(const nm_stream *stream, const nm_incoming *incoming)
{
    return incoming->stream_inbox != NULL || incoming->end || incoming->error_code != NULL ||
           stream->kind == NATSMICRO_CLIENT_STREAM;
}

/*
 * Whether a message is of another service than the first one that answered, which decides. A
 * message without a token that need not have one is taken for the call's own.
 */
static bool is_of_stranger(nm_stream *stream, const nm_incoming *incoming)
{
    nm_plain *plain = nm_plain_of(stream);
    const char *token = incoming->service != NULL ? incoming->service : "";
    if (nm_stream_acceptance_read(incoming->stream, NULL))
        return true; /* with that service the stream would be a reliable one */
    if (strlen(token) >= NM_SERVICE_TOKEN_SIZE)
        token = "";
    if (incoming->malformed != NULL || (incoming->control != NULL && token[0] == '\0'))
        return false;
    if (!plain->service_is_known) {
        plain->service_is_known = true;
        strcpy(plain->service, token);
        return false;
    }
    if (token[0] == '\0')
        return plain->service[0] != '\0' && would_have_token(stream, incoming);
    return strcmp(token, plain->service) != 0;
}

/* After its first message a service's others have no token: they cannot be told from ours. */
static void take_stranger(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    bool is_item = nm_service_streams(stream->kind) && incoming->control == NULL &&
                   incoming->stream == NULL && incoming->stream_inbox == NULL && !incoming->end &&
                   incoming->error_code == NULL;
    receipt->stranger = true;
    if (is_item)
        fail_for_two_services(stream, "the first message of a second one came");
}

static void fail_for_jetstream(nm_stream *stream, const nm_bytes *name)
{
    nm_stream_fail_input(stream, NATSMICRO_INTERNAL,
                         "%s: the answer is JetStream's, not the service's: its stream %.*s "
                         "captures the subject %s",
                         stream->method, (int)name->length, (const char *)name->data,
                         stream->subject);
}

static void receive_on_client(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    nm_plain *plain = nm_plain_of(stream);
    bool first = !plain->opening_answered;
    plain->opening_answered = true;

    if (incoming->no_responders) {
        if (first)
            nm_stream_fail_input(stream, NATSMICRO_UNAVAILABLE, "%s: nobody serves %s",
                                 stream->method, stream->subject);
        else
            nm_plain_nobody_listens(stream, receipt->reconnects);
        return;
    }
    nm_bytes name;
    if (nm_incoming_is_of_jetstream(incoming, &name)) {
        fail_for_jetstream(stream, &name);
        return;
    }
    if (stream->kind != NATSMICRO_UNARY && is_of_stranger(stream, incoming)) {
        take_stranger(stream, incoming, receipt);
        return;
    }
    if (incoming->control != NULL) {
        take_control(stream, incoming, receipt);
        return;
    }
    nm_plain_peer_lives(stream);
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
        take_headers(stream, &stream->headers_in, receipt->message);
        take_acknowledgement(stream, incoming, receipt);
        return;
    }
    if (stream->kind == NATSMICRO_CLIENT_STREAM) {
        take_response(stream, incoming, receipt);
        return;
    }
    if (incoming->end) {
        take_headers(stream, &stream->trailers_in, receipt->message);
        end_regularly(stream, incoming);
        return;
    }
    if (!plain->any_taken)
        take_headers(stream, &stream->headers_in, receipt->message);
    take_item(stream, incoming, receipt);
}

/* ---- server ---- */

/*
 * Error headers on the caller's end, or a plain end of a call that has no stream: the caller gave
 * up.
 */
static void take_caller_error(nm_stream *stream, const nm_incoming *incoming)
{
    nm_plain *plain = nm_plain_of(stream);
    nm_error error = NM_ERROR_INIT;
    nm_error told = NM_ERROR_INIT;
    natsmicro_status status = nm_incoming_error(incoming, &error);
    nm_error_set(&told, status, "%s: the caller ended the call: %s", stream->method,
                 nm_error_text(&error));
    nm_error_set_code(&told, nm_error_code(&error), told.text);
    nm_stream_abort_locked_with(stream, &told);
    nm_error_clear(&error);
    plain->answer.caller_gave_up = true;
    nm_plain_answer_end_came(stream);
}

static void receive_on_server(nm_stream *stream, const nm_incoming *incoming, nm_receipt *receipt)
{
    if (incoming->no_responders) {
        if (!nm_plain_answer_unheard(stream))
            nm_plain_nobody_listens(stream, receipt->reconnects);
        return;
    }
    if (incoming->control != NULL) {
        take_control(stream, incoming, receipt);
        return;
    }
    nm_plain_peer_lives(stream);
    learn_peer(stream, incoming);
    if (incoming->malformed != NULL) { /* the caller goes on */
        nm_stream_abort_locked(stream, NATSMICRO_INVALID_ARGUMENT, "%s: %s", stream->method,
                               incoming->malformed);
        return;
    }
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

/* Tells the other service, and who looks after events. */
static void refuse_stranger(nm_stream *stream, const nm_incoming *incoming)
{
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_DROPPED, stream->inbox.subject,
                   stream->method,
                   "a message was dropped: another service has answered the call before");
    nm_stray_refuse_service(stream->link, stream->settings, incoming);
}

void nm_plain_on_message(nm_stream *stream, natsMsg *message)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, stream->settings->max_header_bytes);
    nm_receipt receipt = {.message = message};
    if (incoming.no_responders) { /* before the lock */
        receipt.reconnects = nm_link_reconnects(stream->link);
        nm_stream_debug(stream, NM_NO_RESPONDERS_TEXT);
    }

    pthread_mutex_lock(&stream->lock);
    if (stream->is_server)
        receive_on_server(stream, &incoming, &receipt);
    else
        receive_on_client(stream, &incoming, &receipt);
    pthread_mutex_unlock(&stream->lock);

    if (receipt.probe)
        nm_plain_answer_probe(stream, &incoming);
    if (receipt.dropped)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_SLOW_CONSUMER,
                       stream->inbox.subject, stream->method,
                       "messages came faster than they were read; the stream ends with DATA_LOSS");
    if (receipt.refused_inbox)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_REFUSED_SUBJECT,
                       incoming.stream_inbox, stream->method,
                       "the header " NM_HEADER_STREAM_INBOX
                       " is not a subject that begins with an allowed inbox prefix");
    if (receipt.stranger)
        refuse_stranger(stream, &incoming);
    natsMsg_Destroy(receipt.message);
}

/* ---- reading ---- */

/* A batch is to be taken, or the call was aborted. Under the lock. */
static natsmicro_status take_batch(nm_stream *stream)
{
    nm_plain_queue *queue = &nm_plain_of(stream)->queue;
    if (stream->aborted != NATSMICRO_OK)
        return stream->aborted;
    if (nm_plain_queue_has_batch(queue) || nm_plain_queue_take_batch(queue))
        return NATSMICRO_OK;
    return stream->in_end != NATSMICRO_OK ? stream->in_end
                                          : nm_stream_would_block(stream, NM_READABLE);
}

natsmicro_status nm_plain_try_recv(nm_stream *stream, nm_span *span)
{
    nm_plain_queue *queue = &nm_plain_of(stream)->queue;
    nm_stream_recycle(stream, nm_plain_queue_take_current(queue));
    if (!nm_plain_queue_has_batch(queue) ||
        atomic_load_explicit(&stream->is_aborted, memory_order_acquire)) {
        pthread_mutex_lock(&stream->lock);
        natsmicro_status status = take_batch(stream);
        pthread_mutex_unlock(&stream->lock);
        if (status != NATSMICRO_OK)
            return status;
    }
    const nm_plain_message *message = nm_plain_queue_next(queue);
    *span = (nm_span){message->data, message->length};
    return NATSMICRO_OK;
}
