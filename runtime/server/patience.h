/*
 * Patience: ends streams that live longer than their server lets them, or that their callers hardly
 * move. So no caller keeps a worker by reading or sending a little now and then.
 */
#ifndef NM_SERVER_PATIENCE_H
#define NM_SERVER_PATIENCE_H

#include <stdint.h>

typedef struct natsmicro_server natsmicro_server;

/*
 * Looks at all live calls of a server, where an option asks for it: once a second, from the link's
 * service thread, without locks.
 */
void nm_patience_look(natsmicro_server *server);

#endif
