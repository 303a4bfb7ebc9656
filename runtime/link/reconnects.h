/*
 * Reconnects: how often a connection has been lost and made again.
 */
#ifndef NM_LINK_RECONNECTS_H
#define NM_LINK_RECONNECTS_H

#include <nats/nats.h>
#include <stdint.h>

/* Takes a lock of nats.c. */
uint64_t nm_reconnects(natsConnection *connection);

#endif
