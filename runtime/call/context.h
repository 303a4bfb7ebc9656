/*
 * The inside of a context, for the client that fills it.
 */
#ifndef NM_CALL_CONTEXT_H
#define NM_CALL_CONTEXT_H

#include "base/error.h"
#include "base/headers.h"
#include "natsmicro/context.h"

struct natsmicro_context {
    int64_t timeout_ms; /* 0: not set; negative: it had passed before the call */
    int64_t idle_timeout_ms;
    bool plain_streams;
    nm_headers headers;
    nm_error error;
    nm_headers response_headers;
};

/* A call begins: what the last one left is gone. NULL is allowed, here and below. */
void nm_context_clear(natsmicro_context *context);

/* No call was made: the thread's last error, which says why, is the context's, too. */
natsmicro_status nm_context_fail(natsmicro_context *context, natsmicro_status status);

#endif
