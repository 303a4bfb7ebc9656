/*
 * Delivery: whether nats.c gives each subscription of a connection a thread of its own. With
 * natsOptions_UseGlobalMessageDelivery all connections of a process share a few threads, and a
 * user's callback that waits for a call would wait for the very thread that the answer comes by.
 */
#ifndef NM_LINK_DELIVERY_H
#define NM_LINK_DELIVERY_H

#include "base/error.h"

#include <nats/nats.h>

/*
 * Makes a subscription to `subject`, which gets no messages, and looks whether its thread ends with
 * it: nats.c tells nothing of a connection's options. OK; FAILED_PRECONDITION: the threads are
 * shared; RESOURCE_EXHAUSTED, UNAVAILABLE: it could not be found out. Blocks until the thread has
 * ended, or, if it does not, for 5 s.
 */
natsmicro_status nm_delivery_check(natsConnection *connection, const char *subject,
                                   nm_error *error);

#endif
