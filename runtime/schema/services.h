/*
 * Services: reads the services of a file. Types of methods are left as references.
 */
#ifndef NM_SCHEMA_SERVICES_H
#define NM_SCHEMA_SERVICES_H

#include "schema/reader.h"

/* Sets the file's services. */
natsmicro_status nm_schema_read_services(const nm_schema_scope *scope, nm_schema_file *file,
                                         const Nm__Schema__FileSubset *source);

#endif
