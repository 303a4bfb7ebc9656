/*
 * Link: finds the types that fields and methods name, when all files are read, and checks what can
 * only be checked then: map entries and defaults.
 */
#ifndef NM_SCHEMA_LINK_H
#define NM_SCHEMA_LINK_H

#include "schema/build.h"

/* Sets the schema's messages, enums and symbols from the lists of the build. */
natsmicro_status nm_schema_link(nm_schema_build *build);

#endif
