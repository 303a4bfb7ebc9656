/*
 * Whether the peer of a stream is there, where no message of the stream tells: probes, their
 * answers, and the word of a server that has nothing to send yet.
 *
 * Who waits probes the peer once a second, and often enough within its idle limit. A peer that
 * lives answers from the link's dispatch thread, whatever its user does; of one that is gone the
 * broker's 503 tells. So the idle limit is left for peers that name no inbox, and for connections
 * that are silent.
 */
#include "transport/plain/state.h"
#include "wire/subject.h"

#include <stdlib.h>
#include <string.h>

/*
 * A copy of the peer's inbox for outside of the lock; longer ones are refused as subjects anyway.
 */
#define SUBJECT_SIZE 1100

/* Under the lock. */
static bool peer_inbox(const nm_stream *stream, char subject[SUBJECT_SIZE])
{
    if (stream->peer_control == NULL || strlen(stream->peer_control) >= SUBJECT_SIZE)
        return false;
    strcpy(subject, stream->peer_control);
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
    if (stream->peer_control != NULL && strcmp(stream->peer_control, inbox) == 0)
        return;
    if (!nm_subject_from_header_is_allowed(inbox, stream->settings->allowed_inbox_prefixes))
        return;
    char *control = strdup(inbox);
    if (control == NULL)
        return;
    free(stream->peer_control);
    stream->peer_control = control;
}

void nm_plain_probe(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    char subject[SUBJECT_SIZE];
    bool ask = peer_inbox(stream, subject);
    pthread_mutex_unlock(&stream->lock);
    if (ask)
        publish_control(stream, subject, NM_CONTROL_PROBE, stream->inbox.subject);
}

/* Without a NATS reply: an answer is never answered. */
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

/*
 * A server-stream is not acknowledged, so until its first message the caller knows no inbox to
 * probe and the server does not notice that the caller is gone. The timer sees to both.
 */
void nm_plain_announce_later(nm_stream *stream)
{
    nm_inbox_set_timer(&stream->inbox, nm_now() + nm_stream_tend_interval(stream));
}

void nm_plain_announce(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool silent = stream->sent == 0 && !stream->finished && stream->aborted == NATSMICRO_OK;
    if (silent) /* under the lock, so that a cancel's timer is never put off */
        nm_plain_announce_later(stream);
    pthread_mutex_unlock(&stream->lock);
    if (silent)
        publish_control(stream, stream->peer, NM_CONTROL_ALIVE, stream->inbox.subject);
}
