/*
 * See accept.h.
 */
#include "transport/plain/accept.h"
#include "transport/plain/liveness.h"
#include "transport/publish.h"
#include "wire/names.h"

#include <string.h>

/* Names the handler's inbox to the caller, on the NATS reply, else on Reply-To. */
static void acknowledge(nm_stream *stream, const nm_incoming *opening)
{
    nm_outgoing outgoing = {.subject =
                                opening->reply != NULL ? opening->reply : nm_plain_of(stream)->peer,
                            .reply = stream->inbox.subject,
                            .stream_inbox = stream->inbox.subject,
                            .service = stream->inbox.token};
    nm_publish_or_report(stream->link, &outgoing, stream->method);
}

/*
 * A caller that listens on one inbox for everything is one that can be probed: other
 * implementations answer on their NATS reply once, and may listen to their Reply-To later.
 */
static bool names_its_inbox(const nm_incoming *opening)
{
    return opening->reply != NULL && opening->reply_to != NULL &&
           strcmp(opening->reply, opening->reply_to) == 0;
}

/*
 * Where the call's messages go: Reply-To for a stream, the NATS reply otherwise. Both were chosen
 * by the other side and are checked.
 */
natsmicro_status nm_plain_accept(nm_stream *stream, const nm_incoming *opening, nm_error *error)
{
    const char *reply_to = stream->kind == NATSMICRO_UNARY ? NULL : opening->reply_to;

    if (opening->reply != NULL &&
        !nm_reply_is_allowed(stream->link, stream->settings, opening->reply, stream->method))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the service must not publish to the NATS reply of the request");
    if (reply_to != NULL && !nm_header_subject_is_allowed(stream->link, stream->settings, reply_to,
                                                          NM_HEADER_REPLY_TO, stream->method))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the header " NM_HEADER_REPLY_TO
                            " is not a subject that begins with an allowed inbox prefix");
    const char *peer = reply_to != NULL ? reply_to : opening->reply;
    if (peer == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the request has no subject for the answer");
    nm_plain_of(stream)->peer = strdup(peer);
    if (nm_plain_of(stream)->peer == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory");
    if (nm_caller_streams(stream->kind))
        acknowledge(stream, opening);
    if (stream->kind != NATSMICRO_UNARY)
        nm_plain_watch_deadline(stream);
    if (names_its_inbox(opening)) {
        pthread_mutex_lock(&stream->lock);
        nm_plain_learn_peer(stream, opening->reply_to);
        if (stream->kind == NATSMICRO_SERVER_STREAM)
            nm_plain_announce_later(stream, stream->began);
        pthread_mutex_unlock(&stream->lock);
    }
    return NATSMICRO_OK;
}

/* ---- refusing ---- */

static const char *refusal_subject(nm_link *link, const nm_stream_settings *settings,
                                   natsmicro_method_kind kind, const nm_incoming *opening,
                                   const char *method)
{
    if (opening->reply != NULL)
        return nm_reply_is_allowed(link, settings, opening->reply, method) ? opening->reply : NULL;
    if (kind == NATSMICRO_UNARY || opening->reply_to == NULL)
        return NULL;
    return nm_header_subject_is_allowed(link, settings, opening->reply_to, NM_HEADER_REPLY_TO,
                                        method)
               ? opening->reply_to
               : NULL;
}

void nm_plain_refuse(nm_link *link, const nm_stream_settings *settings, natsmicro_method_kind kind,
                     const nm_incoming *opening, const char *method, const nm_error *error)
{
    const char *subject = refusal_subject(link, settings, kind, opening, method);
    if (subject == NULL) {
        nm_events_emit(nm_link_events(link), NATSMICRO_EVENT_DROPPED, opening->subject, method,
                       "a request was refused and could not be answered: %s", nm_error_text(error));
        return;
    }
    nm_outgoing outgoing = {.subject = subject,
                            .error = error,
                            .numeric_code = settings->numeric_codes,
                            .end = subject == opening->reply_to && nm_service_streams(kind)};
    nm_publish_or_report(link, &outgoing, method);
    nm_link_flush_soon(link);
}
