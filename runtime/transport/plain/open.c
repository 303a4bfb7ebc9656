/*
 * The plain transport's opening, on the client, and giving up.
 *
 * One inbox is NATS reply and Reply-To at once: so nobody listening is known at once, and an
 * acknowledgement is found wherever the peer sends it.
 */
#include "transport/plain/state.h"

#include <stdlib.h>
#include <string.h>

natsmicro_status nm_plain_publish_opening(nm_stream *stream, const void *request, size_t length,
                                          const char *offer)
{
    nm_outgoing outgoing = {
        .subject = stream->subject,
        .reply = stream->inbox.subject,
        .data = request,
        .length = length,
        .reply_to = stream->kind == NATSMICRO_UNARY ? NULL : stream->inbox.subject,
        .stream = offer,
        .headers = &stream->headers_out,
    };
    nm_error error = NM_ERROR_INIT;
    size_t limit = nm_link_max_payload(stream->link);
    size_t headers = nm_outgoing_headers_length(&outgoing);
    natsmicro_status status;
    if (length + headers > limit)
        status = nm_error_set(&error, NATSMICRO_RESOURCE_EXHAUSTED,
                              "%s: a request of %zu bytes and %zu of headers is over the broker's "
                              "max_payload of %zu",
                              stream->method, length, headers, limit);
    else
        status = nm_publish(nm_link_connection(stream->link), &outgoing, &error);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    nm_stream_abort(stream, status, "%s", nm_error_text(&error));
    nm_error_clear(&error);
    return status;
}

/* Without the acknowledgement there is nowhere to send to. */
natsmicro_status nm_plain_wait_for_acknowledgement(nm_stream *stream)
{
    int64_t deadline =
        stream->open_deadline < stream->deadline ? stream->open_deadline : stream->deadline;

    nm_link_flush(stream->link, deadline);
    pthread_mutex_lock(&stream->lock);
    while (stream->peer == NULL && stream->in_end == NATSMICRO_OK &&
           stream->aborted == NATSMICRO_OK && nm_now() < deadline)
        nm_cond_wait_until(&stream->changed, &stream->lock, deadline);
    if (stream->peer == NULL && stream->in_end == NATSMICRO_OK)
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the opening was not acknowledged in time", stream->method);
    natsmicro_status status = stream->aborted;
    /* What came behind the acknowledgement, or an answer instead of it, is the reader's. */
    if (status == NATSMICRO_OK && stream->peer == NULL && stream->in_end != NATSMICRO_END)
        status = stream->in_end;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

natsmicro_status nm_plain_open(nm_stream *stream, const void *request, size_t length)
{
    natsmicro_status status = nm_plain_publish_opening(stream, request, length, NULL);
    if (status != NATSMICRO_OK)
        return status;
    if (stream->kind == NATSMICRO_UNARY)
        return NATSMICRO_OK; /* the wait for the answer flushes */
    if (stream->kind == NATSMICRO_SERVER_STREAM) {
        nm_link_flush(stream->link, stream->deadline);
        return NATSMICRO_OK;
    }
    return nm_plain_wait_for_acknowledgement(stream);
}

/*
 * A call that is given up must never look finished: its end carries an error. It goes where our
 * messages go, or, on a server-stream, to the inbox that the peer's messages named; other peers
 * have none.
 */
void nm_plain_give_up(nm_stream *stream)
{
    if (stream->kind == NATSMICRO_UNARY)
        return;
    pthread_mutex_lock(&stream->lock);
    const char *known =
        stream->kind == NATSMICRO_SERVER_STREAM ? stream->peer_control : stream->peer;
    char *subject = stream->told_peer || known == NULL ? NULL : strdup(known);
    stream->told_peer = true;
    stream->send_closed = true;
    nm_error error = NM_ERROR_INIT;
    if (subject != NULL)
        nm_stream_reason(stream, &error);
    uint64_t sequence = stream->sent;
    pthread_mutex_unlock(&stream->lock);
    if (subject == NULL)
        return;

    nm_outgoing outgoing = {.subject = subject,
                            .has_sequence = true,
                            .sequence = sequence,
                            .end = true,
                            .error = &error};
    nm_publish_or_report(stream->link, &outgoing, stream->method);
    nm_link_flush_soon(stream->link);
    nm_error_clear(&error);
    free(subject);
}
