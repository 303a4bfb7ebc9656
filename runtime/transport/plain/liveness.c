/*
 * See liveness.h.
 *
 * A side that waits probes the peer once a second, or three times within its idle limit. A peer
 * that lives answers from its link's dispatch thread, whatever its user does. For one that is gone
 * the broker answers 503. So the idle limit decides only for peers that name no inbox, and for
 * connections that are silent.
 */
#include "transport/plain/liveness.h"
#include "transport/publish.h"
#include "transport/stream.h"
#include "wire/names.h"
#include "wire/subject.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_PROBE_INTERVAL (1000 * NM_NS_PER_MS)

/* A copy of the peer's inbox, for use without the lock; longer subjects are refused anyway. */
#define SUBJECT_SIZE 1100

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t opening_deadline(const nm_stream *stream)
{
    return earlier(stream->open_deadline, stream->deadline);
}

/* How often a peer that lives is to be heard, so that it is within the idle limit; ns. */
static int64_t probe_interval(const nm_stream *stream)
{
    int64_t interval = stream->idle_limit / 3;
    return interval < LONGEST_PROBE_INTERVAL ? interval : LONGEST_PROBE_INTERVAL;
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

static void publish_control(nm_stream *stream, const char *subject, const char *control,
                            const char *reply)
{
    nm_outgoing outgoing = {.subject = subject, .reply = reply, .control = control};
    nm_publish_or_report(stream->link, &outgoing, stream->method);
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

static void probe(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    char subject[SUBJECT_SIZE];
    bool ask = peer_inbox(stream, subject);
    pthread_mutex_unlock(&stream->lock);
    if (ask)
        publish_control(stream, subject, NM_CONTROL_PROBE, stream->inbox.subject);
}

/* Under the lock: a limit of the wait that has passed aborts the call. */
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
        nm_stream_abort_locked(stream, NATSMICRO_UNAVAILABLE,
                               "%s: nothing came from the peer for %lld ms", stream->method,
                               (long long)(stream->idle_limit / NM_NS_PER_MS));
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

/* Under the lock, for a reader: when to look again at the latest. */
static int64_t next_look(const nm_stream *stream, int64_t now)
{
    int64_t limit = earlier(nm_stream_wait_deadline(stream),
                            nm_after(stream->silent_since, stream->idle_limit));
    return earlier(limit, now + probe_interval(stream));
}

int64_t nm_plain_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now)
{
    nm_plain *plain = nm_plain_of(stream);
    char refused[NM_REFUSED_SUBJECT_SIZE];
    bool is_refused = !first && nm_link_refused_subject(stream->link, refused);

    pthread_mutex_lock(&stream->lock);
    if (plain->active)
        stream->silent_since = now;
    plain->active = false;
    if (is_refused)
        check_refusal(stream, refused);
    check_limits(stream, readiness, now);
    int64_t until = readiness == NM_READABLE ? next_look(stream, now) : opening_deadline(stream);
    pthread_mutex_unlock(&stream->lock);

    if (first)
        plain->probed_at = now;
    if (readiness == NM_READABLE && now - plain->probed_at >= probe_interval(stream)) {
        plain->probed_at = now;
        probe(stream);
    }
    return until;
}

void nm_plain_answer_probe(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool over =
        stream->aborted != NATSMICRO_OK || (!stream->is_server && stream->in_end != NATSMICRO_OK);
    char subject[SUBJECT_SIZE];
    bool tell = !over && peer_inbox(stream, subject);
    pthread_mutex_unlock(&stream->lock);
    if (tell)
        publish_control(stream, subject, NM_CONTROL_ALIVE, NULL);
}

void nm_plain_announce_later(nm_stream *stream)
{
    nm_inbox_set_timer(&stream->inbox, nm_now() + probe_interval(stream));
}

void nm_plain_announce(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    pthread_mutex_lock(&stream->lock);
    bool silent = stream->sent == 0 && !stream->finished && stream->aborted == NATSMICRO_OK;
    if (silent) /* under the lock, so that a cancel's timer is never put off */
        nm_plain_announce_later(stream);
    pthread_mutex_unlock(&stream->lock);
    if (silent)
        publish_control(stream, plain->peer, NM_CONTROL_ALIVE, stream->inbox.subject);
}
