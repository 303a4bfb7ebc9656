/*
 * Fields: reads the fields and oneofs of one message. Types of fields are left as references.
 */
#ifndef NM_SCHEMA_FIELDS_H
#define NM_SCHEMA_FIELDS_H

#include "schema/reader.h"

/* The message has its names and its file already. */
natsmicro_status nm_schema_read_fields(nm_schema_build *build, nm_schema_message *message,
                                       const Nm__Schema__MessageSubset *source);

#endif
