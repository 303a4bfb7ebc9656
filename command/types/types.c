/*
 * Types: see types.h.
 */
#include "types/types.h"

#include "text/report.h"

#include <string.h>

void cmd_types_free(cmd_types *types)
{
    nm_schema_free(types->schema);
    nm_buffer_free(&types->set);
    *types = (cmd_types){.set = NM_BUFFER_INIT};
}

/* ---- a method ---- */

static bool is_name(const char *full_name, const char *name)
{
    size_t length = strlen(full_name);
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] != full_name[i] && !(name[i] == '/' && full_name[i] == '.'))
            return false;
    }
    return true;
}

static const cmd_method *tell_missing(const cmd_types *types, const char *name)
{
    nm_buffer list = NM_BUFFER_INIT;
    for (size_t i = 0; i < types->n_methods && list.length < 1024; i++)
        nm_buffer_append_format(&list, "%s%s", list.length > 0 ? ", " : "",
                                types->methods[i].full_name);
    const char *text = nm_buffer_string(&list);
    if (text == NULL || *text == '\0')
        cmd_say("the types have no service");
    else
        cmd_say("there is no method %s: there are %s", name, text);
    nm_buffer_free(&list);
    return NULL;
}

const cmd_method *cmd_find_method(const cmd_types *types, const char *name)
{
    for (size_t i = 0; i < types->n_methods; i++) {
        if (is_name(types->methods[i].full_name, name))
            return &types->methods[i];
    }
    return tell_missing(types, name);
}
