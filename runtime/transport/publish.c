/*
 * Publish: see publish.h.
 */
#include "transport/publish.h"

#include "wire/subject.h"

#include <string.h>

/* ---- publishing ---- */

/* What a broker can do is only known once there is one. */
static natsmicro_status publish_status(natsConnection *connection, natsStatus status,
                                       const char *subject, nm_error *error)
{
    if (status == NATS_NO_SERVER_SUPPORT &&
        natsConnection_Status(connection) != NATS_CONN_STATUS_CONNECTED)
        return nm_error_set(error, NATSMICRO_UNAVAILABLE,
                            "%s: the connection to the broker has not been made yet", subject);
    return nm_link_status(status, subject, error);
}

natsmicro_status nm_publish(natsConnection *connection, const nm_outgoing *outgoing,
                            nm_error *error)
{
    natsStatus status;
    if (!nm_outgoing_has_headers(outgoing) && outgoing->n_pieces == 0) {
        if (outgoing->reply != NULL)
            status = natsConnection_PublishRequest(connection, outgoing->subject, outgoing->reply,
                                                   outgoing->data, (int)outgoing->length);
        else
            status = natsConnection_Publish(connection, outgoing->subject, outgoing->data,
                                            (int)outgoing->length);
        return publish_status(connection, status, outgoing->subject, error);
    }
    natsMsg *message = NULL;
    status = nm_outgoing_compose(&message, outgoing);
    if (status == NATS_OK)
        status = natsConnection_PublishMsg(connection, message);
    natsMsg_Destroy(message);
    return publish_status(connection, status, outgoing->subject, error);
}

void nm_publish_or_report(nm_link *link, const nm_outgoing *outgoing, const char *method)
{
    nm_error error = NM_ERROR_INIT;
    if (nm_publish(nm_link_connection(link), outgoing, &error) != NATSMICRO_OK)
        nm_events_emit(nm_link_events(link), NATSMICRO_EVENT_PUBLISH_FAILED, outgoing->subject,
                       method, "a message was not published: %s", nm_error_text(&error));
    nm_error_clear(&error);
}

natsmicro_status nm_publish_check_request(nm_link *link, const nm_stream_settings *settings,
                                          const nm_outgoing *outgoing, const char *method,
                                          nm_error *error)
{
    size_t limit = nm_link_max_payload(link);
    size_t headers = nm_outgoing_headers_length(outgoing);
    if (headers > settings->max_header_bytes)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: the request's headers come to %zu bytes, more than "
                            "max_header_bytes, %zu",
                            method, headers, settings->max_header_bytes);
    if (outgoing->length + headers <= limit)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: a request of %zu bytes with %zu bytes of headers is larger than the "
                        "broker's max_payload of %zu",
                        method, outgoing->length, headers, limit);
}

/* The size of an end in a message. */
static size_t end_length(const nm_outgoing *outgoing)
{
    size_t data = outgoing->error != NULL ? outgoing->error->data_length : 0;
    return nm_outgoing_headers_length(outgoing) + data;
}

static bool has_headers(const nm_headers *headers)
{
    return headers != NULL && headers->count > 0;
}

/* Takes the handler's headers out of an end that is larger than `limit`, and says so. */
static void drop_headers(nm_link *link, nm_outgoing *outgoing, const char *method, size_t length,
                         const char *option, size_t limit)
{
    if (has_headers(outgoing->headers) || has_headers(outgoing->trailers))
        nm_events_emit(nm_link_events(link), NATSMICRO_EVENT_PUBLISH_FAILED, outgoing->subject,
                       method,
                       "an end of %zu bytes is larger than %s of %zu: it goes without the "
                       "handler's headers",
                       length, option, limit);
    outgoing->headers = outgoing->trailers = NULL;
}

void nm_publish_shorten(nm_link *link, const nm_stream_settings *settings, nm_outgoing *outgoing,
                        const char *method)
{
    size_t limit = nm_link_max_payload(link);
    size_t length = end_length(outgoing);
    size_t headers = nm_outgoing_headers_length(outgoing);
    if (length > limit)
        drop_headers(link, outgoing, method, length, "the broker's max_payload", limit);
    else if (headers > settings->max_header_bytes)
        drop_headers(link, outgoing, method, headers, "the max_header_bytes",
                     settings->max_header_bytes);
    else
        return;
    length = end_length(outgoing);
    if (length <= limit || outgoing->error == NULL)
        return;
    size_t text = strlen(nm_error_text(outgoing->error));
    if (text > NM_ERROR_TEXT_LIMIT)
        text = NM_ERROR_TEXT_LIMIT;
    outgoing->text_limit = text > length - limit ? text - (length - limit) : 1;
}

/* ---- subjects from the peer ---- */

bool nm_reply_is_allowed(nm_link *link, const nm_stream_settings *settings, const char *reply,
                         const char *method)
{
    if (nm_subject_reply_is_allowed(reply) &&
        (settings->is_own_subject == NULL ||
         !settings->is_own_subject(reply, settings->own_subject_data)))
        return true;
    nm_events_emit(nm_link_events(link), NATSMICRO_EVENT_REFUSED_SUBJECT, reply, method,
                   "the NATS reply is malformed, begins with $, or is an endpoint of this server");
    return false;
}

bool nm_header_subject_is_allowed(nm_link *link, const nm_stream_settings *settings,
                                  const char *subject, const char *header, const char *method)
{
    if (nm_subject_from_header_is_allowed(subject, settings->allowed_inbox_prefixes))
        return true;
    nm_events_emit(nm_link_events(link), NATSMICRO_EVENT_REFUSED_SUBJECT, subject, method,
                   "the header %s is not a subject that begins with one of allowed_inbox_prefixes",
                   header);
    return false;
}
