/*
 * Schema: see schema.h. files.c reads the files into tables, link.c connects them.
 */
#include "schema/schema.h"

#include "schema/build.h"
#include "schema/files.h"
#include "schema/link.h"
#include "schema/tables.h"

#include <stdlib.h>

natsmicro_status nm_schema_new(nm_schema **schema, const nm_bytes *files, size_t n_files,
                               nm_error *error)
{
    nm_schema_build build = {.schema = calloc(1, sizeof(*build.schema)), .error = error};

    *schema = NULL;
    if (build.schema == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for a schema");
    natsmicro_status status = nm_schema_read_files(&build, files, n_files);
    nm_arena_free(&build.decoded);
    if (status == NATSMICRO_OK)
        status = nm_schema_link(&build);
    nm_arena_free(&build.scratch);
    if (status == NATSMICRO_OK)
        *schema = build.schema;
    else
        nm_schema_free(build.schema);
    return status;
}

void nm_schema_free(nm_schema *schema)
{
    if (schema == NULL)
        return;
    nm_arena_free(&schema->arena);
    free(schema);
}

size_t nm_schema_n_files(const nm_schema *schema)
{
    return schema->n_files;
}

const nm_schema_file *nm_schema_file_at(const nm_schema *schema, size_t index)
{
    return schema->files[index];
}

size_t nm_schema_n_messages(const nm_schema *schema)
{
    return schema->n_messages;
}

const nm_schema_message *nm_schema_message_at(const nm_schema *schema, size_t index)
{
    return schema->messages[index];
}

size_t nm_schema_n_enums(const nm_schema *schema)
{
    return schema->n_enums;
}

const nm_schema_enum *nm_schema_enum_at(const nm_schema *schema, size_t index)
{
    return schema->enums[index];
}

/* What a name of that kind stands for, or NULL. */
static const void *find(const nm_schema *schema, const char *name, size_t length,
                        nm_symbol_kind kind)
{
    const nm_symbol *symbol = nm_symbols_find(&schema->symbols, name, length);

    return symbol != NULL && symbol->kind == kind ? symbol->what : NULL;
}

const nm_schema_message *nm_schema_find_message(const nm_schema *schema, const char *name,
                                                size_t length)
{
    return find(schema, name, length, NM_SYMBOL_MESSAGE);
}

const nm_schema_enum *nm_schema_find_enum(const nm_schema *schema, const char *name, size_t length)
{
    return find(schema, name, length, NM_SYMBOL_ENUM);
}

const nm_schema_service *nm_schema_find_service(const nm_schema *schema, const char *name,
                                                size_t length)
{
    return find(schema, name, length, NM_SYMBOL_SERVICE);
}
