/*
 * Layout: where the members of a message are in memory, as they would be in the struct that
 * protoc-gen-c generates.
 */
#ifndef NM_DYNAMIC_LAYOUT_H
#define NM_DYNAMIC_LAYOUT_H

#include "schema/types.h"

#include <protobuf-c/protobuf-c.h>

#include <stddef.h>

/* Where a field is, or a oneof. */
typedef struct nm_place {
    unsigned offset;
    unsigned quantifier; /* of n_…, has_… or …_case; 0: none */
} nm_place;

/*
 * Sets the places of the message's fields, and uses `oneofs`, which has room for as many as the
 * message has. Returns the size of the whole message.
 */
size_t nm_layout(const nm_schema_message *message, nm_place *fields, nm_place *oneofs);

ProtobufCType nm_layout_type(nm_field_type type);
ProtobufCLabel nm_layout_label(const nm_schema_message *message, const nm_schema_field *field);

#endif
