/*
 * Accept: a call's opening over the plain protocol, on the server.
 */
#ifndef NM_TRANSPORT_PLAIN_ACCEPT_H
#define NM_TRANSPORT_PLAIN_ACCEPT_H

#include "transport/plain/state.h"
#include "wire/incoming.h"

/*
 * Takes from the opening where the call's messages go, and acknowledges it where the caller sends
 * messages. INVALID_ARGUMENT: a subject that may not be published to; RESOURCE_EXHAUSTED.
 */
natsmicro_status nm_plain_accept(nm_stream *stream, const nm_incoming *opening, nm_error *error);

/* nm_stream_refuse: refusing is the plain protocol's, whatever was offered. */
void nm_plain_refuse(nm_link *link, const nm_stream_settings *settings, natsmicro_method_kind kind,
                     const nm_incoming *opening, const char *method, const nm_error *error);

#endif
