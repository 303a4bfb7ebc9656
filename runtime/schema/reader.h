/*
 * Reader: what the readers of a file's parts share: messages, fields, enums, services.
 */
#ifndef NM_SCHEMA_READER_H
#define NM_SCHEMA_READER_H

#include "schema/build.h"
#include "schema/descriptor_subset.pb-c.h"

/* Where a declaration is. */
typedef struct nm_schema_scope {
    nm_schema_build *build;
    const nm_schema_file *file;
    const nm_schema_message *message; /* NULL: at the top of the file */
    const char *name;                 /* the message's full name, or the file's package */
    uint32_t depth;                   /* of messages in messages */
} nm_schema_scope;

/*
 * Sets name and full name of what is declared in the scope, or fails. `kind` is "message", "enum" or
 * "service".
 */
natsmicro_status nm_schema_read_name(const nm_schema_scope *scope, const char *kind,
                                     const char *given, const char **name, const char **full_name);

/* Returns what is wrong with the name of a field, oneof, value or method; NULL: nothing. */
const char *nm_schema_name_fault(const char *name);

/* Copies options, of which the source may be NULL; false: memory is exhausted. */
bool nm_schema_keep_options(nm_schema_build *build, const ProtobufCBinaryData *from, nm_bytes *to);

/* Sorts strings, and returns one that is there twice, or NULL. */
const char *nm_schema_find_twice(const char **strings, size_t count);

/* Reads a bool of an options message. Returns what is wrong with the options, or NULL. */
const char *nm_schema_read_option(protobuf_c_boolean has, const ProtobufCBinaryData *options,
                                  uint32_t number, bool *value);

#endif
