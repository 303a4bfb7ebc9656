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

#endif
