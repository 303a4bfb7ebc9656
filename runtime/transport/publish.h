/*
 * Publish: hands a message to nats.c, for every transport, and decides which subjects of a peer's
 * choice may be published to. The transports decide what a message says.
 */
#ifndef NM_TRANSPORT_PUBLISH_H
#define NM_TRANSPORT_PUBLISH_H

#include "base/error.h"
#include "link/link.h"
#include "transport/types.h"
#include "wire/outgoing.h"

/* Composes and publishes. Fills `error` and returns its status when nats.c would not take it. */
natsmicro_status nm_publish(natsConnection *connection, const nm_outgoing *outgoing,
                            nm_error *error);

/* Publishes a message whose outcome nobody waits for; a failure is reported as an event. */
void nm_publish_or_report(nm_link *link, const nm_outgoing *outgoing, const char *method);

/*
 * Whether a request fits into one message. RESOURCE_EXHAUSTED, with the sizes and the limit: its
 * headers are over max_header_bytes, so that its receiver would refuse it, or all is over
 * max_payload.
 */
natsmicro_status nm_publish_check_request(nm_link *link, const nm_stream_settings *settings,
                                          const nm_outgoing *outgoing, const char *method,
                                          nm_error *error);

/*
 * A failure must reach its caller: when it is over max_payload, or its headers over
 * max_header_bytes, the handler's headers and trailers are taken out of `outgoing`, which is
 * reported, and its text is cut. The error's data has been checked when it was set.
 */
void nm_publish_shorten(nm_link *link, const nm_stream_settings *settings, nm_outgoing *outgoing,
                        const char *method);

/* What a call is told whose peer's inbox the broker refuses; the subject. */
#define NM_REFUSED_TEXT                                                                     \
    "the broker does not let this user publish to %s: its permissions forbid it, or allow " \
    "fewer responses (allow_responses)"

/* Whether a NATS reply may be published to. One that may not is counted and reported. */
bool nm_reply_is_allowed(nm_link *link, const nm_stream_settings *settings, const char *reply,
                         const char *method);

/* The same for a subject from a header. */
bool nm_header_subject_is_allowed(nm_link *link, const nm_stream_settings *settings,
                                  const char *subject, const char *header, const char *method);

#endif
