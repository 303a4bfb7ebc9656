/*
 * Bind: makes one type of a descriptor and a message of the schema that fit each other. The types
 * that its fields hold are left to json.c, which knows all types.
 */
#ifndef NM_JSON_BIND_H
#define NM_JSON_BIND_H

#include "json/type.h"

/* A type without its fields yet. NULL: memory is short. */
nm_json_type *nm_json_type_new(nm_json *json, const nm_json_secret *secret,
                               const ProtobufCMessageDescriptor *descriptor,
                               const nm_schema_message *message);

/*
 * Fills in the fields, all but `type`. FAILED_PRECONDITION: descriptor and schema do not fit, with
 * a text that names the field. RESOURCE_EXHAUSTED: memory is short.
 */
natsmicro_status nm_json_type_fill(nm_json_type *type, nm_error *error);

void nm_json_type_free(nm_json_type *type);

#endif
