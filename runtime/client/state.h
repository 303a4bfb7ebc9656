/*
 * State: what a client holds, and its end. It is the user's, and of each call that is not closed;
 * the last of them frees it.
 */
#ifndef NM_CLIENT_STATE_H
#define NM_CLIENT_STATE_H

#include "call/call.h"
#include "call/context.h"
#include "store/store.h"

/* Of a call where nobody says anything else. */
#define NM_DEFAULT_TIMEOUT_MS 5000

struct natsmicro_client {
    atomic_size_t references; /* the user's, and one for each call that is not closed */
    struct {
        natsmicro_client *base;
    } handle;
    nm_events events;
    nm_link *link;
    nm_store *store; /* NULL: no method has one */
    nm_call_settings settings;
    nm_call_cache cache;
    nm_json_types *types; /* NULL: messages travel in the binary form */
    nm_method *methods;
    size_t n_methods;
};

/* For how long a call of the method, or a use of its stores, may last (ms); negative: no time. */
static inline int64_t nm_client_timeout_ms(const nm_method *method,
                                           const natsmicro_context *context)
{
    if (context != NULL && context->timeout_ms != 0)
        return context->timeout_ms;
    return method->timeout_ms != 0 ? method->timeout_ms : NM_DEFAULT_TIMEOUT_MS;
}

static inline void nm_client_reference(natsmicro_client *client)
{
    atomic_fetch_add_explicit(&client->references, 1, memory_order_relaxed);
}

void nm_client_unreference(natsmicro_client *client);

#endif
