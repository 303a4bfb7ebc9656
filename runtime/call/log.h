/*
 * Log: what a log tells of a call: that it was opened, and how it ended.
 */
#ifndef NM_CALL_LOG_H
#define NM_CALL_LOG_H

#include "call/call.h"

static inline bool nm_call_is_logged(const natsmicro_call *call)
{
    return call->settings->stream.log >= NATSMICRO_LOG_INFO;
}

/* A client is about to send the request, or a server to run the handler. */
void nm_call_log_opened(natsmicro_call *call);

/* The call has ended. `error` NULL: nm_call_shown_error has the text. */
void nm_call_log_ended(natsmicro_call *call, natsmicro_status status, const nm_error *error);

#endif
