/*
 * See log.h.
 */
#include "call/log.h"
#include "base/log.h"

static const char *side(const natsmicro_call *call)
{
    return call->side->is_server ? "server" : "client";
}

void nm_call_log_opened(natsmicro_call *call)
{
    if (nm_call_is_logged(call))
        nm_log(NATSMICRO_LOG_INFO, call->method->subject, nm_stream_id(call->stream),
               "%s: %s begins", side(call), call->method->full_name);
}

void nm_call_log_ended(natsmicro_call *call, natsmicro_status status, const nm_error *error)
{
    if (!nm_call_is_logged(call))
        return;
    const char *text = "";
    if (status != NATSMICRO_OK)
        text = nm_error_text(error != NULL ? error : nm_call_shown_error(call));
    const double ms = (double)(nm_now() - call->started) / (double)NM_NS_PER_MS;
    nm_log(NATSMICRO_LOG_INFO, call->method->subject, nm_stream_id(call->stream),
           "%s: %s ended with %s after %.3f ms%s%s", side(call), call->method->full_name,
           natsmicro_status_name(status), ms, text[0] != '\0' ? ": " : "", text);
}
