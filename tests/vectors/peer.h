/*
 * Peer: a NATS connection made by hand, byte for byte: the recorded program's stand-in. It
 * publishes header blocks as they were recorded, in their order and spelling, which no client
 * library does.
 */
#ifndef VECTORS_PEER_H
#define VECTORS_PEER_H

#include "support/broker.h"
#include "vectors/frames.h"

typedef struct peer peer;

peer *peer_start(const broker *nats);
void peer_stop(peer *self);

void peer_subscribe(peer *self, const char *subject);

/* Publishes with subject, reply and raw header block as they stand. */
void peer_publish(peer *self, const char *subject, const char *reply, const char *raw,
                  const void *payload, size_t length);

/* Returns when the broker has handled all of the above. */
void peer_flush(peer *self);

/* What it has received. */
mailbox *peer_received(peer *self);

#endif
