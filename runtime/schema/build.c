/*
 * Build: see build.h.
 */
#include "schema/build.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

natsmicro_status nm_schema_fail(nm_schema_build *build, const char *file, const char *format, ...)
{
    nm_error reason = NM_ERROR_INIT;
    va_list arguments;

    va_start(arguments, format);
    nm_error_vset(&reason, NATSMICRO_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    nm_error_set(build->error, NATSMICRO_INVALID_ARGUMENT, "%s: %s", file, nm_error_text(&reason));
    nm_error_free(&reason);
    return NATSMICRO_INVALID_ARGUMENT;
}

natsmicro_status nm_schema_fail_memory(nm_schema_build *build)
{
    return nm_error_set(build->error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "no memory for the schema, or it takes more than its files may, %zu bytes",
                        build->schema->arena.limit);
}

static void *allocate(nm_arena *arena, size_t count, size_t size)
{
    return count > SIZE_MAX / size ? NULL : nm_arena_alloc(arena, count * size);
}

void *nm_schema_keep(nm_schema_build *build, size_t count, size_t size)
{
    return allocate(&build->schema->arena, count, size);
}

void *nm_schema_scratch(nm_schema_build *build, size_t count, size_t size)
{
    return allocate(&build->scratch, count, size);
}

char *nm_schema_keep_string(nm_schema_build *build, const char *string)
{
    return nm_schema_join_names(build, "", string);
}

char *nm_schema_scratch_string(nm_schema_build *build, const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = nm_schema_scratch(build, size, 1);

    if (copy != NULL)
        memcpy(copy, string, size);
    return copy;
}

char *nm_schema_join_names(nm_schema_build *build, const char *scope, const char *name)
{
    size_t before = strlen(scope);
    size_t length = strlen(name);
    size_t dot = before > 0 ? 1 : 0;
    char *joined = nm_schema_keep(build, before + dot + length + 1, 1);

    if (joined == NULL)
        return NULL;
    memcpy(joined, scope, before);
    memcpy(joined + before, ".", dot);
    memcpy(joined + before + dot, name, length + 1);
    return joined;
}

bool nm_schema_add(nm_schema_build *build, nm_schema_list *list, void *what)
{
    nm_schema_item *item = nm_schema_scratch(build, 1, sizeof(*item));

    if (item == NULL)
        return false;
    *item = (nm_schema_item){NULL, what};
    if (list->first == NULL)
        list->first = item;
    else
        list->last->next = item;
    list->last = item;
    list->count++;
    return true;
}

bool nm_schema_refer(nm_schema_build *build, const nm_schema_reference *reference)
{
    nm_schema_reference *copy = nm_schema_scratch(build, 1, sizeof(*copy));
    char *name = nm_schema_scratch_string(build, reference->type_name);

    if (copy == NULL || name == NULL)
        return false;
    *copy = *reference;
    copy->type_name = name;
    return nm_schema_add(build, &build->references, copy);
}
