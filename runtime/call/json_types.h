/*
 * JSON types: those of the messages of a service whose messages travel as JSON. They are made of
 * the .proto files in the service's tables, and shared by all clients and servers of the process
 * that have the same tables.
 */
#ifndef NM_CALL_JSON_TYPES_H
#define NM_CALL_JSON_TYPES_H

#include "base/error.h"
#include "natsmicro/stub.h"
#include "json/json.h"

typedef struct nm_json_types nm_json_types;

/*
 * Makes the types, or takes another reference to them; *types is NULL for a service with messages
 * in binary. FAILED_PRECONDITION: the tables have no files, or files that do not fit. Any thread.
 */
natsmicro_status nm_json_types_take(const natsmicro_stub_service *service, nm_json_types **types,
                                    nm_error *error);

/* Gives back a reference; the types of methods are gone with the last one. NULL is allowed. */
void nm_json_types_give_back(nm_json_types *types);

/* The types of one method. FAILED_PRECONDITION: the files do not fit its messages. */
natsmicro_status nm_json_types_of(nm_json_types *types, const natsmicro_stub_method *method,
                                  const nm_json_type **request, const nm_json_type **response,
                                  nm_error *error);

#endif
