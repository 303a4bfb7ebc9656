/*
 * Tables: what nm_schema is, for the files of this room.
 */
#ifndef NM_SCHEMA_TABLES_H
#define NM_SCHEMA_TABLES_H

#include "codec/arena.h"
#include "schema/symbols.h"
#include "schema/types.h"

struct nm_schema {
    nm_arena arena; /* holds all that follows */
    size_t n_files;
    const nm_schema_file **files; /* imports first */
    size_t n_messages;
    const nm_schema_message **messages; /* by index */
    size_t n_enums;
    const nm_schema_enum **enums; /* by index */
    nm_symbols symbols;
};

#endif
