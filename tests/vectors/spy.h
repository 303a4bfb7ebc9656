/*
 * Spy: stands between one NATS connection and its broker and keeps what that connection publishes.
 * Not a subscriber: a listener on ">" would keep the broker from saying that nobody listens.
 */
#ifndef VECTORS_SPY_H
#define VECTORS_SPY_H

#include "support/broker.h"
#include "vectors/frames.h"

typedef struct spy spy;

/* Waits for one connection at spy_url. */
spy *spy_start(const broker *nats);
const char *spy_url(const spy *self);

/* What was published, in order, before the broker had it. */
mailbox *spy_published(spy *self);

/* After the connection was closed. */
void spy_stop(spy *self);

#endif
