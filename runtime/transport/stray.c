/*
 * See stray.h.
 *
 * A peer that still sends to a call that is over is told so when its message asks for an answer: by
 * a NATS reply, or because it is an acknowledgement that came too late. Ends, errors, resets and
 * 503s are never answered, so that two sides cannot go on answering each other. Nor is anything
 * answered while messages to our own calls have to wait. No state is kept.
 */
#include "transport/stray.h"
#include "transport/publish.h"
#include "wire/frame.h"
#include "wire/names.h"
#include "wire/offer.h"

#include <string.h>

/* Where an answer goes, or NULL. */
static const char *answer_subject(nm_link *link, const nm_stream_settings *settings,
                                  const nm_incoming *incoming)
{
    if (incoming->no_responders || incoming->end || incoming->error_code != NULL)
        return NULL;
    if (incoming->stream_inbox != NULL)
        return nm_header_subject_is_allowed(link, settings, incoming->stream_inbox,
                                            NM_HEADER_STREAM_INBOX, NULL)
                   ? incoming->stream_inbox
                   : NULL;
    if (incoming->reply != NULL)
        return nm_reply_is_allowed(link, settings, incoming->reply, NULL) ? incoming->reply : NULL;
    return NULL;
}

/* As a service, the token that the call had: the last part of its inbox. */
static const char *token_of(const nm_stream_settings *settings, const nm_incoming *incoming)
{
    const char *dot = strrchr(incoming->subject, '.');
    return settings->is_own_subject != NULL && dot != NULL ? dot + 1 : NULL;
}

/*
 * A message without headers is a frame, or the answer of a plain call. A reset with the headers of
 * a plain end tells either sender that there is no such call. `why` NULL: a frame's sender is told
 * that by a reset without a status, which to one whose end is under way is as good as an
 * acknowledgement.
 */
static void answer(nm_link *link, const char *subject, const nm_incoming *incoming,
                   const char *token, const char *why)
{
    const char *code = natsmicro_status_name(NATSMICRO_CANCELLED);
    uint8_t reset[NM_FRAME_RESET_SIZE];
    size_t length = (size_t)(nm_frame_write_reset(reset, why != NULL ? code : NULL, why) - reset);
    bool plain = !nm_stream_acceptance_read(incoming->stream, NULL);
    bool bare = !incoming->has_sequence && !incoming->bad_sequence &&
                incoming->stream_inbox == NULL && incoming->control == NULL;
    nm_error error = NM_ERROR_INIT;
    if (plain)
        nm_error_set(&error, NATSMICRO_CANCELLED, "%s",
                     why != NULL ? why : "there is no such call any more");
    nm_outgoing outgoing = {
        .subject = subject, .end = plain, .service = token, .error = plain ? &error : NULL};
    if (!plain || bare) {
        outgoing.data = reset;
        outgoing.length = length;
    }
    nm_publish_or_report(link, &outgoing, NULL);
    nm_link_flush_soon(link);
    nm_error_clear(&error);
}

static void answer_if_asked(nm_link *link, const nm_stream_settings *settings,
                            const nm_incoming *incoming, const char *why)
{
    const char *subject = answer_subject(link, settings, incoming);
    if (subject != NULL)
        answer(link, subject, incoming, token_of(settings, incoming), why);
}

void nm_stray_treat(nm_link *link, const nm_stream_settings *settings, natsMsg *message)
{
    nm_events_count_dropped(nm_link_events(link), 1);
    if (!nm_link_is_flooded(link)) {
        nm_incoming incoming;
        nm_incoming_read(&incoming, message, settings->max_header_bytes);
        answer_if_asked(link, settings, &incoming, NULL);
    }
    natsMsg_Destroy(message);
}

void nm_transport_on_stray(nm_link *link, natsMsg *message, void *data)
{
    nm_stray_treat(link, data, message);
}

void nm_stray_refuse_service(nm_link *link, const nm_stream_settings *settings,
                             const nm_incoming *incoming)
{
    if (!nm_link_is_flooded(link))
        answer_if_asked(link, settings, incoming, "another service has answered the call before");
}
