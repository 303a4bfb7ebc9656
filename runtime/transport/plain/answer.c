/*
 * See answer.h. The answer to a client stream is published until somebody hears it.
 *
 * Existing callers listen for the answer only after they have sent End, so an answer that is
 * published before, or just then, may meet no listener and would be lost. It therefore carries our
 * inbox as NATS reply: the broker's 503 tells that nobody listened. After it goes a fence, a
 * message to ourselves: it comes back after any 503, so its return without one proves that the
 * answer was heard.
 *
 *   SENT --fence, heard, or the caller has given up--> DONE
 *   SENT --fence, unheard, no End yet--> HELD --End--> RETRY
 *   SENT --fence, unheard, after End--> RETRY --1, 2, 4 … ms--> SENT
 *   any --deadline--> DONE, and an event
 */
#include "transport/plain/answer.h"
#include "transport/publish.h"
#include "wire/names.h"

#define FIRST_BACKOFF   (1 * NM_NS_PER_MS)
#define LONGEST_BACKOFF (128 * NM_NS_PER_MS)

/* An answer is offered at least this long after the caller's End. */
#define SHORTEST_OFFER (2000 * NM_NS_PER_MS)

/* An answer is kept this long for the caller's End where the stream has no idle limit. */
#define LONGEST_HOLD (600 * 1000 * NM_NS_PER_MS)

/* A fence that does not come back was lost in a reconnect: the answer may have been, too. */
#define FENCE_TIMEOUT (250 * NM_NS_PER_MS)

bool nm_plain_answer_is_pending(const nm_stream *stream)
{
    nm_answer_state state = nm_plain_of(stream)->answer.state;
    return state != NM_ANSWER_NONE && state != NM_ANSWER_DONE;
}

static int64_t offer_until(const nm_stream *stream, int64_t now)
{
    int64_t until = now + SHORTEST_OFFER;
    return stream->deadline != NM_NEVER && stream->deadline > until ? stream->deadline : until;
}

/* Publishes the answer and the fence after it. */
static natsmicro_status offer(nm_stream *stream, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    natsStatus status =
        natsConnection_PublishMsg(nm_link_connection(stream->link), plain->answer.message);
    if (status != NATS_OK)
        return nm_link_status(status, plain->peer, error);
    nm_outgoing fence = {.subject = stream->inbox.subject, .control = NM_CONTROL_FENCE};
    return nm_publish(nm_link_connection(stream->link), &fence, error);
}

static natsmicro_status first_offer(nm_stream *stream, const nm_outgoing *outgoing, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    natsMsg *answer = NULL;
    natsStatus composed = nm_outgoing_compose(&answer, outgoing);
    if (composed != NATS_OK)
        return nm_link_status(composed, plain->peer, error);
    int64_t now = nm_now();

    pthread_mutex_lock(&stream->lock);
    plain->answer.message = answer;
    plain->answer.state = NM_ANSWER_SENT;
    plain->answer.unheard = false;
    plain->answer.backoff = FIRST_BACKOFF;
    plain->answer.deadline = offer_until(stream, now);
    pthread_mutex_unlock(&stream->lock);

    nm_inbox_set_timer(&stream->inbox, now + FENCE_TIMEOUT);
    return offer(stream, error);
}

natsmicro_status nm_plain_answer(nm_stream *stream, const void *message, size_t length,
                                 nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    bool streaming = stream->kind == NATSMICRO_CLIENT_STREAM;
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = streaming ? stream->inbox.subject : NULL,
                            .data = message,
                            .length = length,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    size_t limit = nm_link_max_payload(stream->link);
    if (length + nm_outgoing_headers_length(&outgoing) > limit)
        return nm_error_set(
            error, NATSMICRO_RESOURCE_EXHAUSTED,
            "%s: a response of %zu bytes is larger than the broker's max_payload of %zu",
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
        stream->finished = nm_plain_answer_is_pending(stream);
        pthread_mutex_unlock(&stream->lock);
    }
    return status;
}

void nm_plain_answer_error(nm_stream *stream, const nm_error *failure)
{
    nm_plain *plain = nm_plain_of(stream);
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = stream->inbox.subject,
                            .error = failure,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    nm_error error = NM_ERROR_INIT;
    nm_publish_shorten(stream->link, stream->settings, &outgoing, stream->method);
    if (first_offer(stream, &outgoing, &error) != NATSMICRO_OK)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_PUBLISH_FAILED, plain->peer,
                       stream->method, "a message was not published: %s", nm_error_text(&error));
    nm_error_clear(&error);
}

bool nm_plain_answer_unheard(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    if (plain->answer.state == NM_ANSWER_NONE)
        return false;
    plain->answer.unheard = true;
    return true;
}

/*
 * The time to offer the answer starts again with End. The timer publishes it, as the dispatch
 * thread must not wait.
 */
void nm_plain_answer_end_came(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    if (!nm_plain_answer_is_pending(stream))
        return;
    int64_t now = nm_now();
    plain->answer.deadline = offer_until(stream, now);
    if (plain->answer.state != NM_ANSWER_HELD)
        return;
    plain->answer.state = NM_ANSWER_RETRY;
    nm_inbox_set_timer(&stream->inbox, now);
}

static bool caller_has_ended(const nm_stream *stream)
{
    return stream->in_end != NATSMICRO_OK || stream->aborted != NATSMICRO_OK;
}

void nm_plain_answer_fence(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    bool done = false;

    pthread_mutex_lock(&stream->lock);
    if (plain->answer.state == NM_ANSWER_SENT) {
        int64_t now = nm_now();
        if (!plain->answer.unheard || plain->answer.caller_gave_up) {
            plain->answer.state = NM_ANSWER_DONE;
            done = true;
        } else if (caller_has_ended(stream)) {
            plain->answer.state = NM_ANSWER_RETRY;
            nm_inbox_set_timer(&stream->inbox, now + plain->answer.backoff);
            if (plain->answer.backoff < LONGEST_BACKOFF)
                plain->answer.backoff *= 2;
        } else {
            plain->answer.state = NM_ANSWER_HELD;
            plain->answer.deadline =
                now + (stream->idle_limit == NM_NEVER ? LONGEST_HOLD : stream->idle_limit);
            nm_inbox_set_timer(&stream->inbox, plain->answer.deadline);
        }
        plain->answer.unheard = false;
    }
    pthread_mutex_unlock(&stream->lock);
    if (done)
        nm_inbox_close(&stream->inbox);
}

void nm_plain_answer_timer(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    int64_t now = nm_now();

    pthread_mutex_lock(&stream->lock);
    bool pending = nm_plain_answer_is_pending(stream);
    bool too_late = pending && now >= plain->answer.deadline;
    bool again = pending && !too_late && plain->answer.state != NM_ANSWER_HELD;
    if (too_late)
        plain->answer.state = NM_ANSWER_DONE;
    if (again) {
        plain->answer.state = NM_ANSWER_SENT;
        plain->answer.unheard = false;
    }
    pthread_mutex_unlock(&stream->lock);

    if (too_late) {
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_UNHEARD, plain->peer,
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

void nm_plain_answer_reset(nm_plain *plain)
{
    natsMsg_Destroy(plain->answer.message);
    plain->answer.message = NULL;
    plain->answer.state = NM_ANSWER_NONE;
    plain->answer.unheard = plain->answer.caller_gave_up = false;
}
