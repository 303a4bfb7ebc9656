/*
 * Discovery: answers $SRV.PING, $SRV.INFO, $SRV.STATS and $SRV.SCHEMA.
 */
#ifndef NM_SERVER_DISCOVERY_H
#define NM_SERVER_DISCOVERY_H

#include "server/state.h"

/*
 * Subscribes `subject` for discovery requests; they are answered on the subscription's dispatch
 * thread, for `service` or for all (NULL). It shares the endpoints' budget. The server counts it in
 * discovery_alive until its callbacks have ended; until then neither service nor server may be
 * freed.
 */
natsmicro_status nm_discovery_subscribe(natsmicro_server *server, nm_service *service,
                                        const char *subject, nm_bounded *bounded, nm_error *error);

#endif
