/*
 * Buckets: where the responses of a service's methods are stored: binds methods to a server's
 * store, and has the buckets made.
 */
#ifndef NM_SERVER_BUCKETS_H
#define NM_SERVER_BUCKETS_H

#include "server/state.h"

/*
 * Binds a service's methods to the server's store, which is made for the first service that needs
 * it. Asks nothing of the broker. From the thread that adds the service.
 */
natsmicro_status nm_buckets_bind(nm_service *service, nm_error *error);

/*
 * Makes a service's buckets where the server is connected. What cannot be made or changed is an
 * event, as the service serves all the same. Blocks for as long as a constant says.
 */
void nm_buckets_make(nm_service *service);

/* What waits for the store ends, now and later. Returns when nothing uses it any more. */
void nm_buckets_end(natsmicro_server *server);

#endif
