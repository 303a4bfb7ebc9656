/*
 * The answer to a client-stream, published until somebody hears it.
 *
 * Existing callers listen for the answer only after they have sent End, so an answer that is
 * published before, or just then, may meet no listener and would be lost. It therefore carries our
 * inbox as NATS reply: the broker's 503 tells that nobody listened. Behind it goes a fence, a
 * message to ourselves: it comes back after any 503, so its return without one proves that the
 * answer was heard.
 *
 *   SENT --fence, heard, or the caller has given up--> DONE
 *   SENT --fence, unheard, no End yet--> HELD --End--> RETRY
 *   SENT --fence, unheard, after End--> RETRY --1, 2, 4 … ms--> SENT
 *   any --deadline--> DONE, and an event
 */
#include "transport/plain/state.h"

#define FIRST_BACKOFF   (1 * NM_NS_PER_MS)
#define LONGEST_BACKOFF (128 * NM_NS_PER_MS)

/* An answer is offered at least this long after the caller's End. */
#define SHORTEST_OFFER (2000 * NM_NS_PER_MS)

/* An answer is kept this long for the caller's End where the stream has no idle limit. */
#define LONGEST_HOLD (600 * 1000 * NM_NS_PER_MS)

/* A fence that does not come back was lost in a reconnect: the answer may have been, too. */
#define FENCE_TIMEOUT (250 * NM_NS_PER_MS)

static bool is_pending(const nm_stream *stream)
{
    return stream->answer_state != NM_ANSWER_NONE && stream->answer_state != NM_ANSWER_DONE;
}

static int64_t offer_until(const nm_stream *stream, int64_t now)
{
    int64_t until = now + SHORTEST_OFFER;
    return stream->deadline != NM_NEVER && stream->deadline > until ? stream->deadline : until;
}

/* Publishes the answer and the fence behind it. */
static natsmicro_status offer(nm_stream *stream, nm_error *error)
{
    natsStatus status = natsConnection_PublishMsg(nm_link_connection(stream->link), stream->answer);
    if (status != NATS_OK)
        return nm_link_status(status, stream->peer, error);
    nm_outgoing fence = {.subject = stream->inbox.subject, .control = NM_CONTROL_FENCE};
    return nm_publish(nm_link_connection(stream->link), &fence, error);
}

static natsmicro_status first_offer(nm_stream *stream, const nm_outgoing *outgoing, nm_error *error)
{
    natsMsg *answer = NULL;
    natsStatus composed = nm_outgoing_compose(&answer, outgoing);
    if (composed != NATS_OK)
        return nm_link_status(composed, stream->peer, error);
    int64_t now = nm_now();

    pthread_mutex_lock(&stream->lock);
    stream->answer = answer;
    stream->answer_state = NM_ANSWER_SENT;
    stream->answer_unheard = false;
    stream->answer_backoff = FIRST_BACKOFF;
    stream->answer_deadline = offer_until(stream, now);
    pthread_mutex_unlock(&stream->lock);

    nm_inbox_set_timer(&stream->inbox, now + FENCE_TIMEOUT);
    natsmicro_status status = offer(stream, error);
    nm_link_flush(stream->link, NM_NEVER);
    return status;
}

natsmicro_status nm_plain_answer(nm_stream *stream, const void *message, size_t length,
                                 nm_error *error)
{
    bool streaming = stream->kind == NATSMICRO_CLIENT_STREAM;
    nm_outgoing outgoing = {.subject = stream->peer,
                            .reply = streaming ? stream->inbox.subject : NULL,
                            .data = message,
                            .length = length,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    size_t limit = nm_link_max_payload(stream->link);
    if (length + nm_outgoing_headers_length(&outgoing) > limit)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: a response of %zu bytes is over the broker's max_payload of %zu",
                            stream->method, length, limit);
    pthread_mutex_lock(&stream->lock);
    bool first = !stream->finished;
    stream->finished = true;
    pthread_mutex_unlock(&stream->lock);
    if (!first)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: the call has ended",
                            stream->method);
    natsmicro_status status = streaming
                                  ? first_offer(stream, &outgoing, error)
                                  : nm_publish(nm_link_connection(stream->link), &outgoing, error);
    if (status == NATSMICRO_RESOURCE_EXHAUSTED) { /* nothing has gone out, or will: a failure may */
        pthread_mutex_lock(&stream->lock);
        stream->finished = is_pending(stream);
        pthread_mutex_unlock(&stream->lock);
    }
    if (!streaming)
        nm_stream_flush(stream, NM_NEVER);
    return status;
}

void nm_plain_answer_error(nm_stream *stream, const nm_error *failure)
{
    nm_outgoing outgoing = {.subject = stream->peer,
                            .reply = stream->inbox.subject,
                            .error = failure,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    nm_error error = NM_ERROR_INIT;
    nm_publish_shorten(stream->link, &outgoing, stream->method);
    if (first_offer(stream, &outgoing, &error) != NATSMICRO_OK)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_PUBLISH_FAILED, stream->peer,
                       stream->method, "not published: %s", nm_error_text(&error));
    nm_error_clear(&error);
}

bool nm_plain_answer_unheard(nm_stream *stream)
{
    if (stream->answer_state == NM_ANSWER_NONE)
        return false;
    stream->answer_unheard = true;
    return true;
}

bool nm_plain_answer_is_pending(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool pending = is_pending(stream);
    pthread_mutex_unlock(&stream->lock);
    return pending;
}

/*
 * The answer's time starts anew with End; the timer publishes it, as the dispatch thread must not
 * wait.
 */
void nm_plain_answer_end_came(nm_stream *stream)
{
    if (!is_pending(stream))
        return;
    int64_t now = nm_now();
    stream->answer_deadline = offer_until(stream, now);
    if (stream->answer_state != NM_ANSWER_HELD)
        return;
    stream->answer_state = NM_ANSWER_RETRY;
    nm_inbox_set_timer(&stream->inbox, now);
}

static bool caller_has_ended(const nm_stream *stream)
{
    return stream->in_end != NATSMICRO_OK || stream->aborted != NATSMICRO_OK;
}

void nm_plain_answer_fence(nm_stream *stream)
{
    bool done = false;

    pthread_mutex_lock(&stream->lock);
    if (stream->answer_state == NM_ANSWER_SENT) {
        int64_t now = nm_now();
        if (!stream->answer_unheard || stream->caller_gave_up) {
            stream->answer_state = NM_ANSWER_DONE;
            done = true;
        } else if (caller_has_ended(stream)) {
            stream->answer_state = NM_ANSWER_RETRY;
            nm_inbox_set_timer(&stream->inbox, now + stream->answer_backoff);
            if (stream->answer_backoff < LONGEST_BACKOFF)
                stream->answer_backoff *= 2;
        } else {
            stream->answer_state = NM_ANSWER_HELD;
            stream->answer_deadline =
                now + (stream->idle_limit == NM_NEVER ? LONGEST_HOLD : stream->idle_limit);
            nm_inbox_set_timer(&stream->inbox, stream->answer_deadline);
        }
        stream->answer_unheard = false;
    }
    pthread_mutex_unlock(&stream->lock);
    if (done)
        nm_inbox_close(&stream->inbox);
}

void nm_plain_answer_timer(nm_stream *stream)
{
    int64_t now = nm_now();

    pthread_mutex_lock(&stream->lock);
    bool pending = is_pending(stream);
    bool too_late = pending && now >= stream->answer_deadline;
    bool again = pending && !too_late && stream->answer_state != NM_ANSWER_HELD;
    if (too_late)
        stream->answer_state = NM_ANSWER_DONE;
    if (again) {
        stream->answer_state = NM_ANSWER_SENT;
        stream->answer_unheard = false;
    }
    pthread_mutex_unlock(&stream->lock);

    if (too_late) {
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_UNHEARD, stream->peer,
                       stream->method, "nobody listened to the answer until its deadline");
        nm_inbox_close(&stream->inbox);
    }
    if (again) {
        nm_inbox_set_timer(&stream->inbox, now + FENCE_TIMEOUT);
        nm_error error = NM_ERROR_INIT;
        if (offer(stream, &error) == NATSMICRO_OK)
            nm_link_flush_soon(stream->link);
        nm_error_clear(&error);
    }
}
