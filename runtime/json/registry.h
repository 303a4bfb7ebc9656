/*
 * Registry: all bound types of a schema, and those that messages in Any have.
 */
#ifndef NM_JSON_REGISTRY_H
#define NM_JSON_REGISTRY_H

#include "json/type.h"

/*
 * Binds the type that an Any names, `length` bytes of its type_url. INVALID_ARGUMENT: no URL, or
 * the schema does not have the type. The other statuses are those of nm_dynamic_descriptor and
 * nm_json_bind.
 */
natsmicro_status nm_json_bind_any(nm_json *json, const char *url, size_t length,
                                  const nm_json_type **type, nm_error *error);

#endif
