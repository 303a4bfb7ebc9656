/*
 * Build: a schema while it is made. Its parts go to the schema's arena; what is needed only until
 * then, such as names of types that are not yet looked up, to the arena `scratch`.
 */
#ifndef NM_SCHEMA_BUILD_H
#define NM_SCHEMA_BUILD_H

#include "base/error.h"
#include "codec/arena.h"
#include "schema/tables.h"
#include "schema/types.h"

/* A list in scratch, in the order of adding. */
typedef struct nm_schema_item {
    struct nm_schema_item *next;
    void *what;
} nm_schema_item;

typedef struct nm_schema_list {
    nm_schema_item *first;
    nm_schema_item *last;
    size_t count;
} nm_schema_list;

/* A type's name, to be looked up when all files are read. One of `field` and `message` is set. */
typedef struct nm_schema_reference {
    const char *type_name;             /* as in the descriptor */
    const nm_schema_file *file;        /* that uses the type */
    const char *owner;                 /* full name of the message or service that uses it */
    const char *member;                /* name of the field or method */
    nm_schema_field *field;            /* whose type it is */
    const nm_schema_message **message; /* where a method keeps it */
} nm_schema_reference;

typedef struct nm_schema_build {
    nm_schema *schema;
    nm_arena scratch;
    nm_arena decoded;          /* the descriptor of the file that is being read */
    nm_schema_list messages;   /* nm_schema_message */
    nm_schema_list enums;      /* nm_schema_enum */
    nm_schema_list services;   /* nm_schema_service */
    nm_schema_list references; /* nm_schema_reference */
    nm_error *error;
} nm_schema_build;

/* Fails with INVALID_ARGUMENT; the text begins with the file's name. */
natsmicro_status nm_schema_fail(nm_schema_build *build, const char *file, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);

/* Fails because an arena is exhausted. */
natsmicro_status nm_schema_fail_memory(nm_schema_build *build);

/* Memory of the schema's arena, and of scratch; NULL: exhausted. */
void *nm_schema_keep(nm_schema_build *build, size_t count, size_t size);
void *nm_schema_scratch(nm_schema_build *build, size_t count, size_t size);

/* Copies a string to the schema's arena. NULL: exhausted. */
char *nm_schema_keep_string(nm_schema_build *build, const char *string);

/* Copies a string to scratch: that of a descriptor lasts until the next file is read. */
char *nm_schema_scratch_string(nm_schema_build *build, const char *string);

/* Returns "a.b", of the arena, or a copy of `name` if `scope` is "". NULL: exhausted. */
char *nm_schema_join_names(nm_schema_build *build, const char *scope, const char *name);

/* Returns false if the arena is exhausted. */
bool nm_schema_add(nm_schema_build *build, nm_schema_list *list, void *what);

/* Adds a copy of a reference, and of its type's name. Returns false if the arena is exhausted. */
bool nm_schema_refer(nm_schema_build *build, const nm_schema_reference *reference);

#endif
