/*
 * Status: nats.c's statuses in our words.
 */
#ifndef NM_LINK_STATUS_H
#define NM_LINK_STATUS_H

#include "base/error.h"

#include <nats/nats.h>

/* nats.c's status as ours; fills `error` with a text that names the subject unless it is OK. */
natsmicro_status nm_link_status(natsStatus status, const char *subject, nm_error *error);

#endif
