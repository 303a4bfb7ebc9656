/*
 * Reader: see reader.h.
 */
#include "schema/reader.h"

#include "schema/limits.h"
#include "schema/names.h"
#include "schema/options.h"

#include <stdlib.h>
#include <string.h>

const char *nm_schema_name_fault(const char *name)
{
    if (name == NULL || name[0] == '\0')
        return "no name";
    if (strlen(name) > NM_SCHEMA_MOST_NAME)
        return "a name that is too long";
    return nm_is_identifier(name) ? NULL : "a name that is no identifier";
}

natsmicro_status nm_schema_read_name(const nm_schema_scope *scope, const char *kind,
                                     const char *given, const char **name, const char **full_name)
{
    const char *where = scope->name[0] == '\0' ? "the file" : scope->name;
    const char *fault = nm_schema_name_fault(given);

    if (fault == NULL && strlen(scope->name) + 1 + strlen(given) > NM_SCHEMA_MOST_NAME)
        fault = "a full name that is too long";
    if (fault != NULL)
        return nm_schema_fail(scope->build, scope->file->name, "%s in %s has %s", kind, where,
                              fault);
    *full_name = nm_schema_join_names(scope->build, scope->name, given);
    if (*full_name == NULL)
        return nm_schema_fail_memory(scope->build);
    *name = *full_name + strlen(*full_name) - strlen(given);
    return NATSMICRO_OK;
}

bool nm_schema_keep_options(nm_schema_build *build, const ProtobufCBinaryData *from, nm_bytes *to)
{
    void *copy = NULL;

    if (from->len > 0) {
        copy = nm_schema_keep(build, from->len, 1);
        if (copy == NULL)
            return false;
        memcpy(copy, from->data, from->len);
    }
    *to = (nm_bytes){copy, from->len};
    return true;
}

static int compare_strings(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

const char *nm_schema_find_twice(const char **strings, size_t count)
{
    if (count > 0)
        qsort(strings, count, sizeof(strings[0]), compare_strings);
    for (size_t i = 1; i < count; i++)
        if (strcmp(strings[i - 1], strings[i]) == 0)
            return strings[i];
    return NULL;
}

const char *nm_schema_read_option(protobuf_c_boolean has, const ProtobufCBinaryData *options,
                                  uint32_t number, bool *value)
{
    if (!has)
        return NULL;
    return nm_options_read_bool((nm_bytes){options->data, options->len}, number, value);
}
