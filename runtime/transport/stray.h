/*
 * Strays: messages to inboxes that are gone, of whichever transport.
 */
#ifndef NM_TRANSPORT_STRAY_H
#define NM_TRANSPORT_STRAY_H

#include "link/link.h"
#include "transport/types.h"

/*
 * Counts a message to a call that is over on this side, tells its sender so if it can be told, and
 * destroys the message. Not under a stream's lock.
 */
void nm_stray_treat(nm_link *link, const nm_stream_settings *settings, natsMsg *message);

/* The link's on_stray; `data` is the nm_stream_settings of the client or server. */
void nm_transport_on_stray(nm_link *link, natsMsg *message, void *data);

#endif
