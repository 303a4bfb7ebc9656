/*
 * JSON: what the program needs to read and write its messages as JSON: a schema, and a type that is
 * bound to it.
 */
#ifndef CONFORMANCE_JSON_H
#define CONFORMANCE_JSON_H

#include "support/descriptors.h"
#include "json/json.h"

typedef struct conformance_json {
    descriptors files;
    nm_schema *schema;
    nm_dynamic *dynamic;
    nm_json *json;
    const ProtobufCMessageDescriptor *descriptor;
    const nm_json_type *type;
} conformance_json;

/*
 * Binds a type to the schema of the runner's messages: the generated one, or one of the same name
 * that is made at run time. Exits with a message if that is not possible.
 */
void conformance_json_open(conformance_json *json, const ProtobufCMessageDescriptor *generated,
                           bool is_dynamic);
void conformance_json_close(conformance_json *json);

#endif
