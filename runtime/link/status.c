/*
 * Status: see status.h.
 */
#include "link/status.h"

natsmicro_status nm_link_status(natsStatus status, const char *subject, nm_error *error)
{
    const char *text = natsStatus_GetText(status);
    switch (status) {
    case NATS_OK:
        return NATSMICRO_OK;
    case NATS_MAX_PAYLOAD:
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: the message is larger than the broker's max_payload", subject);
    case NATS_TIMEOUT:
        return nm_error_set(error, NATSMICRO_DEADLINE_EXCEEDED, "%s: %s", subject, text);
    case NATS_NO_MEMORY:
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: %s", subject, text);
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s: %s", subject, text);
    case NATS_NO_SERVER_SUPPORT:
        return nm_error_set(
            error, NATSMICRO_UNAVAILABLE,
            "%s: the broker does not support message headers; nats-server 2.2 and later do",
            subject);
    default:
        return nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: %s", subject, text);
    }
}
