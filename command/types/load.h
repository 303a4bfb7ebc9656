/*
 * Load: reads types from where the options say, or from the service that has them.
 */
#ifndef CMD_TYPES_LOAD_H
#define CMD_TYPES_LOAD_H

#include "connect/connect.h"
#include "types/types.h"

/*
 * Reads the types that the options name, else those of the service that has the method, service or
 * discovery name `wanted`; then the connection is needed. Writes them to --descriptor-set-out.
 * Returns CMD_DONE, or an exit status after it was told what is wrong.
 */
int cmd_load_types(const cmd_settings *settings, cmd_connection *connection, const char *wanted,
                   cmd_types *types);

/* Whether the options name where types come from, so that no service is asked. */
bool cmd_has_own_types(const cmd_settings *settings);

#endif
