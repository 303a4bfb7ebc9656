/*
 * Ask: has a service tell its types: $SRV.SCHEMA.
 */
#ifndef CMD_TYPES_ASK_H
#define CMD_TYPES_ASK_H

#include "discover/services.h"

/*
 * Finds an instance of the service that has the method, service or discovery name `wanted`, appends
 * its descriptor set, and sets *schema to its answer, which the caller releases. Returns CMD_DONE,
 * or an exit status after it was told what is wrong.
 */
int cmd_ask_types(const cmd_settings *settings, cmd_connection *connection, const char *wanted,
                  nm_buffer *set, json_t **schema);

#endif
