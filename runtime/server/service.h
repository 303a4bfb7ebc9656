/*
 * Service: adding one to a server, and freeing it.
 */
#ifndef NM_SERVER_SERVICE_H
#define NM_SERVER_SERVICE_H

#include "server/state.h"

/* No discovery request reaches it from now on. Its subscriptions are freed with the service. */
void nm_service_unsubscribe_discovery(nm_service *service);

/* Frees a service that is not listed, or whose server has ended. */
void nm_service_free(nm_service *service);

#endif
