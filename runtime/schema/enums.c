/*
 * Enums: see enums.h.
 */
#include "schema/enums.h"

#include <stdlib.h>
#include <string.h>

typedef Nm__Schema__EnumSubset enum_source;

#define OPTION_ALLOW_ALIAS 2 /* of EnumOptions */

/* A value while its enum is sorted. */
typedef struct entry {
    const char *name;
    int32_t number;
    uint32_t index;
} entry;

static natsmicro_status fail(const nm_schema_scope *scope, const nm_schema_enum *enumeration,
                             const char *reason)
{
    return nm_schema_fail(scope->build, scope->file->name, "enum %s: %s", enumeration->full_name,
                          reason);
}

static int compare_numbers(const void *a, const void *b)
{
    const entry *left = a;
    const entry *right = b;

    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static int compare_names(const void *a, const void *b)
{
    const entry *left = a;
    const entry *right = b;

    return strcmp(left->name, right->name);
}

/* Sorts the entries, and keeps their indices. NULL: memory is exhausted. */
static uint32_t *sort(const nm_schema_scope *scope, entry *entries, size_t count,
                      int (*compare)(const void *, const void *))
{
    uint32_t *indices = nm_schema_keep(scope->build, count, sizeof(indices[0]));

    if (indices == NULL)
        return NULL;
    qsort(entries, count, sizeof(entries[0]), compare);
    for (size_t i = 0; i < count; i++)
        indices[i] = entries[i].index;
    return indices;
}

static natsmicro_status sort_values(const nm_schema_scope *scope, nm_schema_enum *enumeration,
                                    bool allow_alias)
{
    size_t count = enumeration->n_values;
    entry *entries = nm_schema_scratch(scope->build, count, sizeof(entries[0]));

    if (entries == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < count; i++)
        entries[i] =
            (entry){enumeration->values[i].name, enumeration->values[i].number, (uint32_t)i};
    enumeration->by_number = sort(scope, entries, count, compare_numbers);
    for (size_t i = 1; i < count && !allow_alias; i++)
        if (entries[i - 1].number == entries[i].number)
            return fail(scope, enumeration, "two values have the same number without allow_alias");
    enumeration->by_name = sort(scope, entries, count, compare_names);
    if (enumeration->by_number == NULL || enumeration->by_name == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 1; i < count; i++)
        if (strcmp(entries[i - 1].name, entries[i].name) == 0)
            return fail(scope, enumeration, "two values have the same name");
    return NATSMICRO_OK;
}

static natsmicro_status read_values(const nm_schema_scope *scope, nm_schema_enum *enumeration,
                                    const enum_source *source)
{
    nm_schema_value *values = nm_schema_keep(scope->build, source->n_value, sizeof(values[0]));

    if (values == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < source->n_value; i++) {
        const char *fault = nm_schema_name_fault(source->value[i]->name);
        if (fault != NULL)
            return nm_schema_fail(scope->build, scope->file->name, "value %d of enum %s has %s",
                                  (int)source->value[i]->number, enumeration->full_name, fault);
        values[i].name = nm_schema_keep_string(scope->build, source->value[i]->name);
        values[i].number = source->value[i]->number;
        if (values[i].name == NULL)
            return nm_schema_fail_memory(scope->build);
    }
    enumeration->values = values;
    enumeration->n_values = source->n_value;
    return NATSMICRO_OK;
}

static natsmicro_status read_enum(const nm_schema_scope *scope, nm_schema_enum *enumeration,
                                  const enum_source *source)
{
    *enumeration = (nm_schema_enum){
        .file = scope->file, .parent = scope->message, .index = scope->build->enums.count};
    natsmicro_status status = nm_schema_read_name(scope, "an enum", source->name,
                                                  &enumeration->name, &enumeration->full_name);
    if (status != NATSMICRO_OK)
        return status;
    bool allow_alias = false;
    const char *fault = nm_schema_read_option(source->has_options, &source->options,
                                              OPTION_ALLOW_ALIAS, &allow_alias);
    if (fault == NULL && source->n_value == 0)
        fault = "it has no value";
    if (fault == NULL && scope->file->is_proto3 && source->value[0]->number != 0)
        fault = "its first value is not 0, as it must be in proto3";
    if (fault != NULL)
        return fail(scope, enumeration, fault);
    status = read_values(scope, enumeration, source);
    if (status == NATSMICRO_OK)
        status = sort_values(scope, enumeration, allow_alias);
    return status;
}

natsmicro_status nm_schema_read_enums(const nm_schema_scope *scope,
                                      Nm__Schema__EnumSubset *const *sources, size_t count)
{
    nm_schema_enum *enums = nm_schema_keep(scope->build, count, sizeof(enums[0]));

    if (enums == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < count; i++) {
        natsmicro_status status = read_enum(scope, &enums[i], sources[i]);
        if (status != NATSMICRO_OK)
            return status;
        if (!nm_schema_add(scope->build, &scope->build->enums, &enums[i]))
            return nm_schema_fail_memory(scope->build);
    }
    return NATSMICRO_OK;
}
