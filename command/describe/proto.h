/*
 * Proto: prints services and messages of a schema as a .proto file has them.
 */
#ifndef CMD_DESCRIBE_PROTO_H
#define CMD_DESCRIBE_PROTO_H

#include "request/pool.h"
#include "types/types.h"

/*
 * Appends what is named and all that it needs, but for the well-known types: a service, a method, a
 * message or an enum by its full name, or all services if `name` is NULL. False: there is nothing
 * of that name.
 */
bool cmd_write_proto(gen_pool *pool, const cmd_types *types, const char *name, nm_buffer *text);

#endif
