/*
 * Strays: messages to inboxes that are gone, or from a service that the call is not with, of
 * whichever transport.
 */
#ifndef NM_TRANSPORT_STRAY_H
#define NM_TRANSPORT_STRAY_H

#include "link/link.h"
#include "transport/types.h"
#include "wire/incoming.h"

/*
 * Counts a message to a call that is over on this side, tells its sender so if it can be told, and
 * destroys the message. Not under a stream's lock.
 */
void nm_stray_treat(nm_link *link, const nm_stream_settings *settings, natsMsg *message);

/* The link's on_stray; `data` is the nm_stream_settings of the client or server. */
void nm_transport_on_stray(nm_link *link, natsMsg *message, void *data);

/*
 * Client, from the dispatch thread: tells a service that another one has answered the opening
 * before, in answer to a message of it that asks for an answer. Its handler sees CANCELLED.
 */
void nm_stray_refuse_service(nm_link *link, const nm_stream_settings *settings,
                             const nm_incoming *incoming);

#endif
