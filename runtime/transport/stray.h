/*
 * Strays: messages to inboxes that are gone, of whichever transport.
 */
#ifndef NM_TRANSPORT_STRAY_H
#define NM_TRANSPORT_STRAY_H

#include "link/link.h"

/* The link's on_stray; `data` is the nm_stream_settings of the client or server. */
void nm_transport_on_stray(nm_link *link, natsMsg *message, void *data);

#endif
