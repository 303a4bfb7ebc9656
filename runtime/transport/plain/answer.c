/*
 * See answer.h. The last message of a service is published until somebody hears it.
 *
 * Existing callers of a client stream listen for the answer only after they have sent End, so an
 * answer that is published before, or just then, may meet no listener and would be lost. And any
 * caller may be connecting again. The message therefore carries our inbox as NATS reply: the
 * broker's 503 tells that nobody listened. A fence of the link (link/fence.h) comes after any 503,
 * so a fence that passes without one proves that the message was heard.
 *
 *   SENT --fence, heard, or the caller has given up--> DONE
 *   SENT --fence, an answer is unheard, no End yet--> HELD --End--> RETRY
 *   (unless the caller has named its inbox: it has listened there from the beginning)
 *   SENT --fence, unheard--> RETRY --1, 2, 4 … ms, or something of the caller's--> SENT
 *   SENT --fence fails--> UNSURE --250 ms--> SENT, published again if it may be lost
 *   any --deadline--> DONE, and an event
 *
 * The deadline is the gone limit. An answer that is held waits for as long as the caller sends, and
 * is dropped once the caller has been silent for the idle limit. What ended the call on our side,
 * such as a loss, is not the caller's End: it goes on sending, and listens only then.
 *
 * A server that drains does not wait so long: an end is offered no more, and an answer for as long
 * as a caller needs that listens late.
 */
#include "transport/plain/answer.h"
#include "transport/publish.h"
#include "wire/names.h"

#define FIRST_BACKOFF   (1 * NM_NS_PER_MS)
#define LONGEST_BACKOFF (512 * NM_NS_PER_MS)

/* An answer is offered at least this long after the caller's End. */
#define SHORTEST_OFFER (2000 * NM_NS_PER_MS)

/* Ends of a server that are offered at a time. More callers than that are hardly coming back. */
#define MOST_ENDS 1024

/* An answer is kept this long for the caller's End where the stream has no idle limit. */
#define LONGEST_HOLD (600 * 1000 * NM_NS_PER_MS)

/*
 * After a fence that has failed: the broker is busy, or the connection was lost. In that time one
 * that is down is looked at again, too.
 */
#define ASK_AGAIN_AFTER (250 * NM_NS_PER_MS)

bool nm_plain_answer_is_pending(const nm_stream *stream)
{
    nm_answer_state state = nm_plain_of(stream)->answer.state;
    return state != NM_ANSWER_NONE && state != NM_ANSWER_DONE;
}

/* Whether it is the end of a stream, and not the answer of a client stream. */
static bool is_end(const nm_stream *stream)
{
    return stream->kind != NATSMICRO_CLIENT_STREAM;
}

/* Under the lock: the time to offer the message begins. */
static void begin_offers(nm_stream *stream, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    int64_t limit = plain->gone.limit;
    int64_t drain_limit = 0;
    if (!is_end(stream)) {
        drain_limit = SHORTEST_OFFER;
        limit = nm_later(limit, SHORTEST_OFFER);
    }
    plain->answer.deadline = now + limit;
    plain->answer.drain_deadline = now + drain_limit;
    if (!is_end(stream) && stream->deadline != NM_NEVER) {
        plain->answer.deadline = nm_later(plain->answer.deadline, stream->deadline);
        plain->answer.drain_deadline = nm_later(plain->answer.drain_deadline, stream->deadline);
    }
}

/* How long a caller may be silent whose End an answer waits for. */
static int64_t longest_hold(const nm_stream *stream)
{
    return stream->idle_limit == NM_NEVER ? LONGEST_HOLD
                                          : nm_later(stream->idle_limit, SHORTEST_OFFER);
}

/* Under the lock: the answer is held, and the caller has been heard just now. */
static void go_on_holding(nm_stream *stream, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->answer.deadline = plain->answer.drain_deadline = now + longest_hold(stream);
}

/* Under the lock: the timer goes on with the answer at `due`, and looks at its deadline. */
static void go_on_at(nm_stream *stream, int64_t due)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->answer.due = due;
    nm_inbox_hasten_timer(&stream->inbox, nm_earlier(due, plain->answer.deadline));
}

static bool is_draining(const nm_stream *stream)
{
    return atomic_load(&stream->settings->ends->stopped);
}

/* Under the lock: the message is offered no more. */
static void settle(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->answer.state = NM_ANSWER_DONE;
    if (plain->answer.counted)
        atomic_fetch_sub(&stream->settings->ends->offered, 1);
    plain->answer.counted = false;
}

/* Under the lock: the message was not published. */
static void retry_later(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    if (plain->answer.state != NM_ANSWER_SENT)
        return; /* given up meanwhile */
    plain->answer.state = NM_ANSWER_RETRY;
    go_on_at(stream, nm_now() + ASK_AGAIN_AFTER);
}

/* Publishes the message with a fence after it. `reconnects` are those before. */
static natsmicro_status offer(nm_stream *stream, uint64_t reconnects, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    natsStatus status =
        natsConnection_PublishMsg(nm_link_connection(stream->link), plain->answer.message);
    if (status == NATS_OK) {
        nm_link_fence(stream->link, &stream->inbox, reconnects);
        return NATSMICRO_OK;
    }
    pthread_mutex_lock(&stream->lock);
    retry_later(stream);
    pthread_mutex_unlock(&stream->lock);
    return nm_link_status(status, plain->peer, error);
}

/* Under the lock: the message is about to be published. */
static void prepare_offer(nm_stream *stream, uint64_t reconnects)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->answer.state = NM_ANSWER_SENT;
    plain->answer.unheard = false;
    plain->answer.reconnects = reconnects;
    go_on_at(stream, NM_NEVER);
}

static natsmicro_status first_offer(nm_stream *stream, const nm_outgoing *outgoing, nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    natsMsg *answer = NULL;
    natsStatus composed = nm_outgoing_compose(&answer, outgoing);
    if (composed != NATS_OK)
        return nm_link_status(composed, plain->peer, error);
    uint64_t reconnects = nm_link_reconnects(stream->link);
    int64_t now = nm_now();

    pthread_mutex_lock(&stream->lock);
    plain->answer.message = answer;
    plain->answer.backoff = FIRST_BACKOFF;
    plain->answer.latest = nm_after(now, longest_hold(stream));
    begin_offers(stream, now);
    prepare_offer(stream, reconnects);
    pthread_mutex_unlock(&stream->lock);
    return offer(stream, reconnects, error);
}

natsmicro_status nm_plain_answer(nm_stream *stream, const void *message, size_t length,
                                 nm_error *error)
{
    nm_plain *plain = nm_plain_of(stream);
    bool streaming = stream->kind == NATSMICRO_CLIENT_STREAM;
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = streaming ? stream->inbox.subject : NULL,
                            .service = streaming ? stream->inbox.token : NULL,
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

static void report_unpublished(nm_stream *stream, const nm_error *error)
{
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_PUBLISH_FAILED,
                   nm_plain_of(stream)->peer, stream->method, "a message was not published: %s",
                   nm_error_text(error));
}

void nm_plain_answer_error(nm_stream *stream, const nm_error *failure)
{
    nm_outgoing outgoing = {.subject = nm_plain_of(stream)->peer,
                            .reply = stream->inbox.subject,
                            .service = stream->inbox.token,
                            .error = failure,
                            .numeric_code = stream->settings->numeric_codes,
                            .headers = &stream->headers_out,
                            .trailers = &stream->trailers_out};
    nm_error error = NM_ERROR_INIT;
    nm_publish_shorten(stream->link, stream->settings, &outgoing, stream->method);
    if (first_offer(stream, &outgoing, &error) != NATSMICRO_OK)
        report_unpublished(stream, &error);
    nm_error_clear(&error);
}

/* ---- ends ---- */

/* Whether the end is to be offered until it is heard. It is counted then. */
static bool count_end(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    atomic_uint *offered = &stream->settings->ends->offered;
    if (is_draining(stream))
        return false;
    bool fits = atomic_fetch_add(offered, 1) < MOST_ENDS;
    pthread_mutex_lock(&stream->lock);
    plain->answer.counted = fits && !plain->answer.caller_gave_up;
    bool counted = plain->answer.counted;
    pthread_mutex_unlock(&stream->lock);
    if (!counted)
        atomic_fetch_sub(offered, 1);
    return counted;
}

void nm_plain_answer_end(nm_stream *stream, const nm_outgoing *end)
{
    if (!count_end(stream)) {
        nm_publish_or_report(stream->link, end, stream->method);
        return;
    }
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    plain->answer.is_regular_end = end->error == NULL;
    pthread_mutex_unlock(&stream->lock);
    nm_error error = NM_ERROR_INIT;
    if (first_offer(stream, end, &error) != NATSMICRO_OK) {
        report_unpublished(stream, &error);
        pthread_mutex_lock(&stream->lock);
        settle(stream);
        pthread_mutex_unlock(&stream->lock);
    }
    nm_error_clear(&error);
}

/*
 * A regular end that may not have been heard does not show a caller that knows no numbers what was
 * lost before it. For such a caller the stream has failed; if it has heard the end, it takes that.
 * The timer calls this before it publishes the message again, when no other thread uses it. False:
 * no memory.
 */
static bool fail_end(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    nm_error failure = NM_ERROR_INIT;
    nm_error_set(&failure, NATSMICRO_UNAVAILABLE,
                 "%s: the end did not reach the caller, and messages before it may be lost",
                 stream->method);
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = stream->inbox.subject,
                            .has_sequence = true,
                            .sequence = stream->sent, /* the same since the handler's return */
                            .end = true,
                            .service = stream->inbox.token,
                            .error = &failure,
                            .numeric_code = stream->settings->numeric_codes};
    natsMsg *message;
    bool composed = nm_outgoing_compose(&message, &outgoing) == NATS_OK;
    nm_error_clear(&failure);
    if (!composed)
        return false;
    natsMsg_Destroy(plain->answer.message);
    plain->answer.message = message;
    plain->answer.is_regular_end = false;
    return true;
}

/* ---- what comes ---- */

bool nm_plain_answer_unheard(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    if (plain->answer.state == NM_ANSWER_NONE)
        return false;
    plain->answer.unheard = true;
    return true;
}

void nm_plain_answer_peer_came(nm_stream *stream)
{
    nm_answer_state state = nm_plain_of(stream)->answer.state;
    if (state == NM_ANSWER_HELD)
        go_on_holding(stream, nm_now());
    else if (state == NM_ANSWER_RETRY || state == NM_ANSWER_UNSURE)
        go_on_at(stream, nm_now());
}

/*
 * The time to offer an answer starts again with End. The timer publishes it, as the dispatch thread
 * must not wait.
 */
void nm_plain_answer_end_came(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->end_came = true;
    if (!nm_plain_answer_is_pending(stream))
        return;
    int64_t now = nm_now();
    if (!is_end(stream))
        begin_offers(stream, now);
    if (plain->answer.state == NM_ANSWER_HELD)
        plain->answer.state = NM_ANSWER_RETRY;
    if (plain->answer.state == NM_ANSWER_RETRY)
        go_on_at(stream, now);
}

/* Whether the caller listens by now where it is there. */
static bool caller_listens(const nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    return is_end(stream) || plain->end_came || plain->peer_control != NULL;
}

/* Under the lock: nobody has heard the message. */
static void wait_for_a_listener(nm_stream *stream, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    if (!caller_listens(stream)) {
        plain->answer.state = NM_ANSWER_HELD;
        go_on_holding(stream, now);
        go_on_at(stream, NM_NEVER);
        return;
    }
    plain->answer.state = NM_ANSWER_RETRY;
    go_on_at(stream, now + plain->answer.backoff);
    if (plain->answer.backoff < LONGEST_BACKOFF)
        plain->answer.backoff *= 2;
}

void nm_plain_answer_fence(nm_stream *stream, bool passed)
{
    nm_plain *plain = nm_plain_of(stream);
    bool done = false;

    pthread_mutex_lock(&stream->lock);
    if (plain->answer.state == NM_ANSWER_SENT) {
        done = plain->answer.caller_gave_up || (passed && !plain->answer.unheard);
        if (done)
            settle(stream);
        else if (passed || plain->answer.unheard)
            wait_for_a_listener(stream, nm_now());
        else {
            plain->answer.state = NM_ANSWER_UNSURE;
            go_on_at(stream, nm_now() + ASK_AGAIN_AFTER);
        }
    }
    pthread_mutex_unlock(&stream->lock);
    if (done)
        nm_stream_close_finished(stream);
}

/* ---- the timer ---- */

typedef enum step {
    STEP_NONE,
    STEP_ASK,     /* the broker is to be asked again whether somebody has heard the message */
    STEP_AGAIN,   /* the message is to be published again */
    STEP_DONE,    /* nobody has to hear it any more */
    STEP_GIVE_UP, /* it is not known that anybody has heard it */
} step;

/* Under the lock: the timer looks at the answer again. */
static void look_later(nm_stream *stream, bool connected, bool draining, int64_t now)
{
    const nm_plain *plain = nm_plain_of(stream);
    int64_t due = connected ? plain->answer.due : now + ASK_AGAIN_AFTER;
    int64_t deadline = draining ? nm_earlier(plain->answer.deadline, plain->answer.drain_deadline)
                                : plain->answer.deadline;
    nm_inbox_hasten_timer(&stream->inbox, nm_earlier(due, deadline));
}

/* Under the lock. What the broker had is lost only with the connection. */
static step next_offer(const nm_stream *stream, uint64_t reconnects)
{
    const nm_plain *plain = nm_plain_of(stream);
    bool may_be_lost = plain->answer.state != NM_ANSWER_UNSURE || plain->answer.unheard ||
                       plain->answer.reconnects != reconnects;
    return may_be_lost ? STEP_AGAIN : STEP_ASK;
}

/* What must be known of the connection before the lock is taken. */
typedef struct outlook {
    natsConnStatus connection;
    uint64_t reconnects;
} outlook;

/* Under the lock. While our connection is down, the time to offer the message does not run. */
static step next_step(nm_stream *stream, const outlook *now_is, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    bool connected = now_is->connection == NATS_CONN_STATUS_CONNECTED;
    bool draining = is_draining(stream);
    if (!nm_plain_answer_is_pending(stream))
        return STEP_NONE;
    if (plain->answer.caller_gave_up)
        return STEP_DONE;
    if (now_is->connection == NATS_CONN_STATUS_CLOSED)
        return STEP_GIVE_UP;
    bool held = plain->answer.state == NM_ANSWER_HELD;
    if (!connected && !held && !draining && now < plain->answer.latest)
        begin_offers(stream, now);
    if (draining && now >= plain->answer.drain_deadline)
        return is_end(stream) ? STEP_DONE : STEP_GIVE_UP;
    if (now >= plain->answer.deadline)
        return is_end(stream) && stream->aborted != NATSMICRO_OK ? STEP_DONE : STEP_GIVE_UP;
    if (connected && now >= plain->answer.due)
        return next_offer(stream, now_is->reconnects);
    look_later(stream, connected, draining, now);
    return STEP_NONE;
}

/* Under the lock: whether a caller that knows no numbers must not take it for a regular end. */
static bool hides_a_loss(const nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    return plain->answer.is_regular_end && stream->sent > 0 && plain->peer_control == NULL;
}

/* Short memory for a failed end: the timer tries again. */
static void publish_again(nm_stream *stream, uint64_t reconnects, bool failed)
{
    if (failed && !fail_end(stream)) {
        pthread_mutex_lock(&stream->lock);
        retry_later(stream);
        pthread_mutex_unlock(&stream->lock);
        return;
    }
    nm_error error = NM_ERROR_INIT;
    offer(stream, reconnects, &error);
    nm_error_clear(&error);
}

static void report_unheard(nm_stream *stream, bool unsure)
{
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_UNHEARD, nm_plain_of(stream)->peer,
                   stream->method, "%s the %s until its deadline",
                   unsure ? "the broker did not say whether anybody listened to"
                          : "nobody listened to",
                   is_end(stream) ? "end of the stream" : "answer");
}

/* Under the lock: whether no 503 came for the message as it was published last. */
static bool is_unsure(const nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    return !plain->answer.unheard &&
           (plain->answer.state == NM_ANSWER_SENT || plain->answer.state == NM_ANSWER_UNSURE);
}

void nm_plain_answer_timer(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool pending = nm_plain_answer_is_pending(stream);
    pthread_mutex_unlock(&stream->lock);
    if (!pending)
        return;
    outlook now_is = {natsConnection_Status(nm_link_connection(stream->link)),
                      nm_link_reconnects(stream->link)};

    pthread_mutex_lock(&stream->lock);
    step next = next_step(stream, &now_is, nm_now());
    bool over = next == STEP_DONE || next == STEP_GIVE_UP;
    bool failed = next == STEP_AGAIN && hides_a_loss(stream);
    bool unsure = is_unsure(stream);
    if (next == STEP_AGAIN || next == STEP_ASK)
        prepare_offer(stream, now_is.reconnects);
    if (over)
        settle(stream);
    pthread_mutex_unlock(&stream->lock);

    if (next == STEP_AGAIN)
        publish_again(stream, now_is.reconnects, failed);
    if (next == STEP_ASK)
        nm_link_fence(stream->link, &stream->inbox, now_is.reconnects);
    if (next == STEP_AGAIN || next == STEP_ASK)
        nm_link_flush_soon(stream->link);
    if (next == STEP_GIVE_UP)
        report_unheard(stream, unsure);
    if (over)
        nm_stream_close_finished(stream);
}

void nm_plain_answer_reset(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    settle(stream);
    natsMsg_Destroy(plain->answer.message);
    plain->answer.message = NULL;
    plain->answer.state = NM_ANSWER_NONE;
    plain->answer.unheard = plain->answer.caller_gave_up = plain->answer.is_regular_end = false;
}
