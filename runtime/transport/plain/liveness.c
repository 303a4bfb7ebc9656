/*
 * See liveness.h.
 *
 * A side that waits probes the peer once a second, or three times within its idle limit. A peer
 * that lives answers from its link's dispatch thread, whatever its user does. While nobody listens
 * at its inbox the broker answers 503: then the gone limit decides, and the timer goes on asking.
 * So the idle limit decides only for peers that name no inbox, and for connections that are silent.
 *
 * Two sides that only wait for each other would never notice that what they wait for was lost in an
 * outage. So a probe carries the number of our last message, and our end, and the peer misses what
 * lies between.
 */
#include "transport/plain/liveness.h"
#include "transport/plain/answer.h"
#include "transport/publish.h"
#include "transport/stream.h"
#include "wire/names.h"
#include "wire/subject.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_PROBE_INTERVAL (1000 * NM_NS_PER_MS)

/* A copy of the peer's inbox, for use without the lock; longer subjects are refused anyway. */
#define SUBJECT_SIZE 1100

static int64_t opening_deadline(const nm_stream *stream)
{
    return nm_earlier(stream->open_deadline, stream->deadline);
}

/* How often a peer that lives is to be heard, so that it is within the idle limit; ns. */
static int64_t probe_interval(const nm_stream *stream)
{
    return nm_earlier(stream->idle_limit / 3, LONGEST_PROBE_INTERVAL);
}

/* Under the lock. */
static bool peer_inbox(const nm_stream *stream, char subject[SUBJECT_SIZE])
{
    const nm_plain *plain = nm_plain_of(stream);
    if (plain->peer_control == NULL || strlen(plain->peer_control) >= SUBJECT_SIZE)
        return false;
    strcpy(subject, plain->peer_control);
    return true;
}

static void publish_control(nm_stream *stream, const nm_outgoing *outgoing)
{
    nm_publish_or_report(stream->link, outgoing, stream->method);
    nm_link_flush_soon(stream->link);
}

void nm_plain_learn_peer(nm_stream *stream, const char *inbox)
{
    nm_plain *plain = nm_plain_of(stream);
    if (plain->peer_control != NULL && strcmp(plain->peer_control, inbox) == 0)
        return;
    if (!nm_subject_from_header_is_allowed(inbox, stream->settings->allowed_inbox_prefixes))
        return;
    char *control = strdup(inbox);
    if (control == NULL)
        return;
    free(plain->peer_control);
    plain->peer_control = control;
}

static bool we_stream(const nm_stream *stream)
{
    return stream->is_server ? nm_service_streams(stream->kind) : nm_caller_streams(stream->kind);
}

/* It counts only what nats.c has: another thread may be about to publish the next message. */
static void probe(nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    char subject[SUBJECT_SIZE];
    bool ask = peer_inbox(stream, subject);
    nm_outgoing outgoing = {.subject = subject,
                            .reply = stream->inbox.subject,
                            .control = NM_CONTROL_PROBE,
                            .service = stream->is_server ? stream->inbox.token : NULL,
                            .has_sequence = we_stream(stream),
                            .sequence = atomic_load(&plain->handed),
                            .end = plain->end_handed};
    pthread_mutex_unlock(&stream->lock);
    if (ask)
        publish_control(stream, &outgoing);
}

/* Under the lock. A client still reads what came before; a handler is to stop. */
static void end_without_peer(nm_stream *stream, const char *what)
{
    if (stream->is_server)
        nm_stream_abort_locked(stream, NATSMICRO_CANCELLED, "%s: the caller is gone%s",
                               stream->method, what);
    else
        nm_stream_fail_input(stream, NATSMICRO_UNAVAILABLE, "%s: the service at %s is gone%s",
                             stream->method, stream->subject, what);
}

static void end_with_gone_limit(nm_stream *stream, int64_t now)
{
    char what[96];
    snprintf(what, sizeof(what), ": nobody has listened at its inbox for %lld ms",
             (long long)((now - nm_plain_of(stream)->gone.since) / NM_NS_PER_MS));
    end_without_peer(stream, what);
}

/* Under the lock. An idle limit that passes first still knows that nobody listens. */
static void end_silent_call(nm_stream *stream, int64_t now)
{
    if (nm_plain_of(stream)->gone.since != NM_NEVER)
        end_with_gone_limit(stream, now);
    else
        nm_stream_abort_locked(stream, NATSMICRO_UNAVAILABLE,
                               "%s: nothing came from the peer for %lld ms", stream->method,
                               (long long)(stream->idle_limit / NM_NS_PER_MS));
}

/* Under the lock: a limit of the wait that has passed ends the call. */
static void check_limits(nm_stream *stream, nm_readiness readiness, int64_t now)
{
    if (readiness == NM_OPENED && now >= opening_deadline(stream))
        nm_stream_abort_locked(
            stream, NATSMICRO_DEADLINE_EXCEEDED,
            "%s: the service did not acknowledge the opening before the deadline", stream->method);
    else if (readiness == NM_READABLE && now >= nm_stream_wait_deadline(stream))
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED, "%s: no %s before the deadline",
                               stream->method, stream->kind == NATSMICRO_UNARY ? "answer" : "end");
    else if (readiness == NM_READABLE && now >= nm_after(stream->silent_since, stream->idle_limit))
        end_silent_call(stream, now);
}

/*
 * Under the lock: nothing that we send gets through, and the broker has said why. An inbox belongs
 * to one call, so a refusal of its subject is this call's.
 */
static void check_refusal(nm_stream *stream, const char *refused)
{
    const nm_plain *plain = nm_plain_of(stream);
    if (plain->peer != NULL && strcmp(plain->peer, refused) == 0)
        nm_stream_abort_locked(stream, NATSMICRO_UNAVAILABLE, "%s: " NM_REFUSED_TEXT,
                               stream->method, refused);
}

/* When the wait ends at the latest. */
static int64_t limit_of(const nm_stream *stream, nm_readiness readiness)
{
    if (readiness == NM_OPENED)
        return opening_deadline(stream);
    return nm_earlier(nm_stream_wait_deadline(stream),
                      nm_after(stream->silent_since, stream->idle_limit));
}

/* Under the lock: a client's opening got no answer, and the broker has said why. */
static void end_refused_opening(nm_stream *stream, nm_error *refusal)
{
    if (!nm_plain_of(stream)->opening_answered)
        nm_stream_abort_locked_with(stream, refusal);
    else
        nm_error_clear(refusal);
}

/* Under the lock, for a reader: when to look again at the latest. */
static int64_t next_look(const nm_stream *stream, int64_t now)
{
    return nm_earlier(limit_of(stream, NM_READABLE), now + probe_interval(stream));
}

int64_t nm_plain_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    char refused[NM_REFUSED_SUBJECT_SIZE];
    bool is_refused = !first && nm_link_refused_subject(stream->link, refused);
    nm_error refusal = NM_ERROR_INIT;
    bool opening_is_refused =
        !first && !stream->is_server &&
        nm_stream_opening_is_refused(stream, limit_of(stream, readiness), now, &refusal);

    pthread_mutex_lock(&stream->lock);
    if (plain->active)
        stream->silent_since = now;
    plain->active = false;
    if (is_refused)
        check_refusal(stream, refused);
    if (opening_is_refused)
        end_refused_opening(stream, &refusal);
    check_limits(stream, readiness, now);
    int64_t until = readiness == NM_READABLE
                        ? next_look(stream, now)
                        : nm_earlier(limit_of(stream, readiness), now + NM_REFUSAL_INTERVAL);
    pthread_mutex_unlock(&stream->lock);

    if (first)
        plain->probed_at = now;
    if (readiness == NM_READABLE && now - plain->probed_at >= probe_interval(stream)) {
        plain->probed_at = now;
        probe(stream);
    }
    return until;
}

void nm_plain_answer_probe(nm_stream *stream, const nm_incoming *asked)
{
    pthread_mutex_lock(&stream->lock);
    bool over =
        stream->aborted != NATSMICRO_OK || (!stream->is_server && stream->in_end != NATSMICRO_OK);
    char subject[SUBJECT_SIZE];
    bool tell = !over && peer_inbox(stream, subject);
    nm_outgoing outgoing = {.subject = subject,
                            .control = NM_CONTROL_ALIVE,
                            .has_sequence = asked->has_sequence &&
                                            asked->sequence <= nm_plain_of(stream)->received,
                            .sequence = asked->sequence};
    pthread_mutex_unlock(&stream->lock);
    if (tell)
        publish_control(stream, &outgoing);
}

/* ---- a server stream before its first message ---- */

void nm_plain_announce_later(nm_stream *stream, int64_t since)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->announce_due = since + probe_interval(stream);
    nm_inbox_hasten_timer(&stream->inbox, plain->announce_due);
}

void nm_plain_announce(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    bool silent = plain->announce_due != NM_NEVER && stream->sent == 0 && !stream->finished &&
                  stream->aborted == NATSMICRO_OK;
    int64_t now = nm_now();
    bool due = silent && now >= plain->announce_due;
    if (due)
        nm_plain_announce_later(stream, now);
    else if (silent)
        nm_inbox_hasten_timer(&stream->inbox, plain->announce_due);
    pthread_mutex_unlock(&stream->lock);
    nm_outgoing outgoing = {.subject = plain->peer,
                            .reply = stream->inbox.subject,
                            .control = NM_CONTROL_ALIVE,
                            .service = stream->inbox.token};
    if (due)
        publish_control(stream, &outgoing);
}

/* ---- nobody listens ---- */

void nm_plain_peer_lives(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->active = true;
    nm_gone_on_sign(&plain->gone);
    nm_plain_answer_peer_came(stream);
}

void nm_plain_peer_has(nm_stream *stream, uint64_t number)
{
    nm_plain *plain = nm_plain_of(stream);
    plain->peer_counts = true;
    if (number > plain->delivered && number <= stream->sent)
        plain->delivered = number;
}

/*
 * Under the lock: whether something that we sent may be lost. An end to a peer that counts is not:
 * each probe says it again.
 */
static bool may_have_lost(const nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    return stream->sent > plain->delivered || (stream->send_closed && !plain->peer_counts);
}

static void end_with_loss(nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    char what[128];
    snprintf(what, sizeof(what), " or out of reach, and %s after message %" PRIu64 " may be lost",
             stream->sent > plain->delivered ? "what was sent" : "the end", plain->delivered);
    end_without_peer(stream, what);
}

static bool is_over(const nm_stream *stream)
{
    return stream->aborted != NATSMICRO_OK || stream->finished ||
           (!stream->is_server && stream->in_end != NATSMICRO_OK);
}

void nm_plain_watch_deadline(nm_stream *stream)
{
    if (stream->deadline == NM_NEVER)
        return;
    pthread_mutex_lock(&stream->lock);
    if (nm_now() < stream->deadline)
        nm_inbox_hasten_timer(&stream->inbox, stream->deadline);
    else if (!is_over(stream))
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed before the end", stream->method);
    pthread_mutex_unlock(&stream->lock);
}

/* Under the lock: has the timer look at the limit, and ask again before. */
static void watch_later(nm_stream *stream, int64_t now)
{
    int64_t due = nm_earlier(nm_gone_due(&nm_plain_of(stream)->gone), now + probe_interval(stream));
    nm_inbox_hasten_timer(&stream->inbox, due);
}

void nm_plain_nobody_listens(nm_stream *stream, uint64_t reconnects)
{
    nm_plain *plain = nm_plain_of(stream);
    int64_t now = nm_now();
    if (is_over(stream))
        return;
    if (may_have_lost(stream)) {
        end_with_loss(stream);
        return;
    }
    nm_gone_on_no_responders(&plain->gone, reconnects, now);
    if (plain->gone.since != NM_NEVER)
        watch_later(stream, now);
}

/* Under the lock, as the connection is now. True: the peer is to be asked again. */
static bool check_gone(nm_stream *stream, bool connected, uint64_t reconnects)
{
    nm_plain *plain = nm_plain_of(stream);
    int64_t now = nm_now();
    if (connected)
        nm_gone_on_connected(&plain->gone, reconnects, now);
    else
        nm_gone_on_disconnect(&plain->gone);
    if (is_over(stream) || plain->gone.since == NM_NEVER)
        return false;
    if (now >= nm_gone_due(&plain->gone)) {
        end_with_gone_limit(stream, now);
        return false;
    }
    watch_later(stream, now);
    return true;
}

void nm_plain_watch(nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    bool watching = plain->gone.since != NM_NEVER && !is_over(stream);
    pthread_mutex_unlock(&stream->lock);
    if (!watching)
        return;
    bool connected = nm_link_is_connected(stream->link);
    uint64_t reconnects = nm_link_reconnects(stream->link);

    pthread_mutex_lock(&stream->lock);
    bool ask = check_gone(stream, connected, reconnects);
    pthread_mutex_unlock(&stream->lock);
    if (ask)
        probe(stream);
}
