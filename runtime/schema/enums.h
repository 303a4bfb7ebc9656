/*
 * Enums: reads the enums declared in a file or in a message.
 */
#ifndef NM_SCHEMA_ENUMS_H
#define NM_SCHEMA_ENUMS_H

#include "schema/reader.h"

natsmicro_status nm_schema_read_enums(const nm_schema_scope *scope,
                                      Nm__Schema__EnumSubset *const *sources, size_t count);

#endif
