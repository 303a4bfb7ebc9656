/*
 * Read: makes the tables of one file of its serialized FileDescriptorProto. Types that fields and
 * methods name, and imports, are left as names.
 */
#ifndef NM_SCHEMA_READ_H
#define NM_SCHEMA_READ_H

#include "schema/build.h"

typedef struct nm_schema_source {
    nm_schema_file *file;
    char **imports; /* names, in scratch; file->n_imports of them */
} nm_schema_source;

/* Reads file->bytes of a file whose name is set already. */
natsmicro_status nm_schema_read(nm_schema_build *build, nm_schema_source *source);

#endif
