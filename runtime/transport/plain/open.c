/*
 * See open.h. One inbox is NATS reply and Reply-To at once: so it is known at once when nobody
 * listens, and an acknowledgement is found wherever the peer sends it.
 */
#include "transport/plain/open.h"
#include "transport/publish.h"
#include "transport/stream.h"
#include "wire/names.h"

#include <stdlib.h>
#include <string.h>

/* The time for the call as the header says it; 0: the header would cost more than it tells. */
static int64_t timeout_to_tell(const nm_stream *stream)
{
    int64_t deadline = nm_stream_wait_deadline(stream);
    if (stream->known_limit == 0 || deadline == NM_NEVER)
        return 0;
    int64_t left = nm_remaining_ms(deadline);
    if (left > NM_TIMEOUT_LIMIT || nm_duration(left) >= stream->known_limit ||
        !nm_link_has_headers(stream->link))
        return 0;
    return left > 0 ? left : 1;
}

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
        .timeout_ms = offer == NULL ? timeout_to_tell(stream) : 0, /* an offer tells it, too */
        .headers = &stream->headers_out,
    };
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status =
        nm_publish_check_request(stream->link, stream->settings, &outgoing, stream->method, &error);
    if (status == NATSMICRO_OK)
        status = nm_publish(nm_link_connection(stream->link), &outgoing, &error);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    return nm_stream_abort_with(stream, &error);
}

/* Without the acknowledgement there is nowhere to send to. */
natsmicro_status nm_plain_try_opened(nm_stream *stream)
{
    const nm_plain *plain = nm_plain_of(stream);
    if (plain->peer != NULL || !nm_caller_streams(stream->kind))
        return NATSMICRO_OK;
    if (stream->in_end == NATSMICRO_OK)
        return nm_stream_would_block(stream, NM_OPENED);
    /* An answer instead of the acknowledgement is the reader's. */
    return stream->in_end == NATSMICRO_END ? NATSMICRO_OK : stream->in_end;
}

/*
 * A call that is given up must never look finished: its end carries an error. It goes where our
 * messages go, or, on a server stream, to the inbox that the peer's messages named; other peers
 * have none.
 */
void nm_plain_cancel(nm_stream *stream, const nm_error *why)
{
    nm_plain *plain = nm_plain_of(stream);
    if (stream->kind == NATSMICRO_UNARY)
        return;
    pthread_mutex_lock(&stream->lock);
    const char *known = stream->kind == NATSMICRO_SERVER_STREAM ? plain->peer_control : plain->peer;
    char *subject = plain->peer_was_told || known == NULL ? NULL : strdup(known);
    plain->peer_was_told = true;
    uint64_t sequence = stream->sent;
    pthread_mutex_unlock(&stream->lock);
    if (subject == NULL)
        return;

    nm_outgoing outgoing = {
        .subject = subject, .has_sequence = true, .sequence = sequence, .end = true, .error = why};
    nm_publish_or_report(stream->link, &outgoing, stream->method);
    nm_link_flush_soon(stream->link);
    free(subject);
}
