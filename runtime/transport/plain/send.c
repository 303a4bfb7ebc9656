/*
 * See send.h.
 */
#include "transport/plain/send.h"
#include "transport/plain/answer.h"
#include "transport/publish.h"
#include "transport/stream.h"

/* How often a message asks whether the peer is there. */
#define ASK_INTERVAL (1000 * NM_NS_PER_MS)

/* A message that comes this long after the one before it is lone: it is flushed at once. */
#define LONE_AFTER (500 * INT64_C(1000))

/* That many messages without such a gap are a burst. */
#define BURST 32

/* ---- sending ---- */

/* Says how large a message was that did not fit. */
static void say_too_large(nm_stream *stream, const nm_outgoing *outgoing, nm_error *error)
{
    size_t limit = nm_link_max_payload(stream->link);
    size_t headers = nm_outgoing_headers_length(outgoing);
    if (outgoing->length + headers > limit)
        nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                     "%s: a message of %zu bytes with %zu bytes of headers is larger than the "
                     "broker's max_payload of %zu",
                     stream->method, outgoing->length, headers, limit);
}

/* One message of a stream. Nearly all carry a number and nothing else. */
static natsmicro_status publish_item(nm_stream *stream, const nm_outgoing *outgoing,
                                     nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    natsConnection *connection = nm_link_connection(stream->link);
    if (outgoing->reply != NULL || outgoing->headers != NULL)
        return nm_publish(connection, outgoing, error);
    natsMsg *message;
    natsStatus status = nm_draft_compose(&plain->draft, &message, outgoing->subject,
                                         outgoing->pieces, outgoing->n_pieces, outgoing->sequence);
    if (status == NATS_OK)
        status = natsConnection_PublishMsg(connection, message);
    return nm_link_status(status, outgoing->subject, error);
}

/* Takes the next number for a message, unless the call is over. */
static natsmicro_status begin_send(nm_stream *stream, nm_outgoing *outgoing, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = nm_stream_check_open(stream, error);
    if (status == NATSMICRO_OK) {
        outgoing->sequence = ++stream->sent;
        plain->bytes_sent += outgoing->length;
    }
    outgoing->subject = plain->peer;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

/*
 * The first message of a server carries its token and the response headers; a client's went with
 * the opening. The number counts with all the digits that it may have.
 */
size_t nm_plain_max_message(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool first = stream->is_server && stream->sent == 0;
    nm_outgoing outgoing = {.has_sequence = true,
                            .sequence = UINT64_MAX,
                            .service = first ? stream->inbox.token : NULL,
                            .headers = first ? &stream->headers_out : NULL};
    size_t headers = nm_outgoing_headers_length(&outgoing);
    pthread_mutex_unlock(&stream->lock);
    size_t limit = nm_link_max_payload(stream->link);
    return limit > headers ? limit - headers : 0;
}

/*
 * Whether the message just sent is to be flushed at once. A gap after a burst probably comes from
 * the scheduler: a flush would hold up a sender that has more, and nats.c sends within a
 * millisecond anyway.
 */
static bool is_lone(nm_plain *plain, int64_t now)
{
    bool gap = now - plain->last_send >= LONE_AFTER;
    bool lone = gap && plain->burst < BURST;
    plain->burst = gap ? 0 : plain->burst + 1;
    plain->last_send = now;
    return lone;
}

natsmicro_status nm_plain_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                   bool *lone, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    int64_t now = nm_now();
    if (now >= stream->deadline)
        nm_stream_abort_unless_ended(stream, NATSMICRO_DEADLINE_EXCEEDED, "the deadline passed");

    nm_outgoing outgoing = {.pieces = pieces,
                            .n_pieces = count,
                            .length = nm_bytes_length(pieces, count),
                            .has_sequence = true};
    natsmicro_status status = begin_send(stream, &outgoing, error);
    if (status != NATSMICRO_OK)
        return status;
    if (outgoing.sequence == 1 || now - plain->last_asked >= ASK_INTERVAL) {
        outgoing.reply = stream->inbox.subject;
        plain->last_asked = now;
    }
    if (outgoing.sequence == 1 && stream->is_server) {
        outgoing.service = stream->inbox.token;
        outgoing.headers = &stream->headers_out; /* a client's went with the opening */
    }

    status = publish_item(stream, &outgoing, error);
    if (status != NATSMICRO_OK) {
        say_too_large(stream, &outgoing, error);
        /* Nothing has gone out: the number is the next message's. */
        pthread_mutex_lock(&stream->lock);
        stream->sent--;
        plain->bytes_sent -= outgoing.length;
        pthread_mutex_unlock(&stream->lock);
        return status;
    }
    atomic_store_explicit(&plain->handed, outgoing.sequence, memory_order_release);
    *lone = is_lone(plain, now);
    return NATSMICRO_OK;
}

natsmicro_status nm_plain_close_send(nm_stream *stream, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = nm_stream_check_open(stream, error);
    if (status == NATSMICRO_OK)
        stream->send_closed = true;
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = stream->inbox.subject,
                            .has_sequence = true,
                            .sequence = stream->sent,
                            .end = true};
    pthread_mutex_unlock(&stream->lock);
    if (status == NATSMICRO_OK)
        status = nm_publish(nm_link_connection(stream->link), &outgoing, error);
    if (status != NATSMICRO_OK)
        return status;
    pthread_mutex_lock(&stream->lock);
    plain->end_handed = true;
    pthread_mutex_unlock(&stream->lock);
    return NATSMICRO_OK;
}

/* ---- the server's end of a call ---- */

/* The end of a direction, until it is heard. */
static void publish_stream_end(nm_stream *stream, const nm_error *failure)
{
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    uint64_t sent = stream->sent;
    pthread_mutex_unlock(&stream->lock);
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = stream->inbox.subject,
                            .has_sequence = true,
                            .sequence = sent,
                            .end = true,
                            .service = stream->inbox.token,
                            .error = failure->status != NATSMICRO_OK ? failure : NULL,
                            .numeric_code = stream->settings->numeric_codes,
                            .headers = sent == 0 ? &stream->headers_out : NULL,
                            .trailers = &stream->trailers_out};
    nm_publish_shorten(stream->link, stream->settings, &outgoing, stream->method);
    nm_plain_answer_end(stream, &outgoing);
}

static void publish_unary_error(nm_stream *stream, const nm_error *failure)
{
    nm_plain *plain = nm_plain_of(stream);
    nm_outgoing outgoing = {.subject = plain->peer,
                            .error = failure,
                            .numeric_code = stream->settings->numeric_codes,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    nm_publish_shorten(stream->link, stream->settings, &outgoing, stream->method);
    nm_publish_or_report(stream->link, &outgoing, stream->method);
}

static void publish_outcome(nm_stream *stream, const nm_error *failure)
{
    if (nm_service_streams(stream->kind))
        publish_stream_end(stream, failure);
    else if (stream->kind == NATSMICRO_CLIENT_STREAM)
        nm_plain_answer_error(stream, failure);
    else
        publish_unary_error(stream, failure);
}

static bool answer_is_pending(nm_stream *stream)
{
    if (stream->kind == NATSMICRO_UNARY)
        return false; /* it has no inbox where a 503 would come */
    pthread_mutex_lock(&stream->lock);
    bool pending = nm_plain_answer_is_pending(stream);
    pthread_mutex_unlock(&stream->lock);
    return pending;
}

/* The first end of a call is published; the inbox is closed, unless the end still needs it. */
static void end_call(nm_stream *stream, const nm_error *failure, bool discard)
{
    pthread_mutex_lock(&stream->lock);
    bool first = !stream->finished;
    stream->finished = true;
    if (discard) {
        stream->discarding = true;
        nm_plain_queue_drop_arrived(&nm_plain_of(stream)->queue);
    }
    pthread_mutex_unlock(&stream->lock);
    if (first)
        publish_outcome(stream, failure);
    if (!answer_is_pending(stream))
        nm_inbox_close(&stream->inbox);
}

void nm_plain_finish(nm_stream *stream, const nm_error *failure)
{
    nm_plain_queue_drop_batch(&nm_plain_of(stream)->queue);
    end_call(stream, failure, true);
}

void nm_plain_cancel_service(nm_stream *stream, const nm_error *failure)
{
    end_call(stream, failure, false);
}
