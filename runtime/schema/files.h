/*
 * Files: reads all files of a schema and those of the library that they import, and sorts them so
 * that imports come first.
 */
#ifndef NM_SCHEMA_FILES_H
#define NM_SCHEMA_FILES_H

#include "schema/build.h"

/* Sets the schema's files, and adds what is in them to the lists of the build. */
natsmicro_status nm_schema_read_files(nm_schema_build *build, const nm_bytes *files,
                                      size_t n_files);

#endif
