/*
 * Methods: lists the methods of a schema, with what their options say, as the plugin reads them.
 */
#ifndef CMD_TYPES_METHODS_H
#define CMD_TYPES_METHODS_H

#include "request/pool.h"
#include "types/types.h"

/* Fills the methods of types whose schema has been made. */
void cmd_list_methods(gen_pool *pool, cmd_types *types);

#endif
