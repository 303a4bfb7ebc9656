/*
 * Spelling: see spelling.h.
 */
#include "model/spelling.h"

#include "request/ascii.h"

#include <string.h>

static void add_char(nm_buffer *out, char c)
{
    nm_buffer_append(out, &c, 1);
}

/* ---- C names ---- */

static void add_camel(nm_buffer *out, const char *part, size_t length)
{
    bool next_is_upper = true;
    for (size_t i = 0; i < length; i++) {
        if (part[i] == '_') {
            next_is_upper = true;
        } else {
            add_char(out, next_is_upper ? gen_to_upper(part[i]) : part[i]);
            next_is_upper = false;
        }
    }
}

static void add_lower(nm_buffer *out, const char *part, size_t length)
{
    bool was_upper = true;
    for (size_t i = 0; i < length; i++) {
        if (gen_is_upper(part[i]) && !was_upper)
            add_char(out, '_');
        add_char(out, gen_to_lower(part[i]));
        was_upper = gen_is_upper(part[i]);
    }
}

/* A full name with the package that the option c_package sets. */
static char *override_package(gen_pool *pool, const char *full_name, gen_scope scope)
{
    if (scope.c_package == NULL)
        return gen_pool_copy(pool, full_name, strlen(full_name));
    return gen_pool_format(pool, "%s%s%s", scope.c_package, scope.package[0] == '\0' ? "." : "",
                           full_name + strlen(scope.package));
}

static char *join_parts(gen_pool *pool, const char *full_name, gen_scope scope,
                        void (*add)(nm_buffer *, const char *, size_t))
{
    const char *rest = override_package(pool, full_name, scope);
    nm_buffer out = NM_BUFFER_INIT;
    while (*rest != '\0') {
        size_t length = strcspn(rest, ".");
        if (length != 0 && out.length != 0)
            nm_buffer_append_string(&out, "__");
        add(&out, rest, length);
        rest += length;
        rest += *rest == '.';
    }
    return gen_pool_take(pool, &out);
}

char *gen_spell_type(gen_pool *pool, const char *full_name, gen_scope scope)
{
    return join_parts(pool, full_name, scope, add_camel);
}

char *gen_spell_lower(gen_pool *pool, const char *full_name, gen_scope scope)
{
    return join_parts(pool, full_name, scope, add_lower);
}

char *gen_spell_upper(gen_pool *pool, const char *full_name, gen_scope scope)
{
    char *name = gen_spell_lower(pool, full_name, scope);
    for (char *at = name; *at != '\0'; at++)
        *at = gen_to_upper(*at);
    return name;
}

char *gen_spell_lower_part(gen_pool *pool, const char *part)
{
    nm_buffer out = NM_BUFFER_INIT;
    add_lower(&out, part, strlen(part));
    return gen_pool_take(pool, &out);
}

char *gen_spell_base(gen_pool *pool, const char *file)
{
    static const char *const endings[] = {".protodevel", ".proto"};
    size_t length = strlen(file);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t ending = strlen(endings[i]);
        if (length >= ending && strcmp(file + length - ending, endings[i]) == 0)
            return gen_pool_copy(pool, file, length - ending);
    }
    return gen_pool_copy(pool, file, length);
}

char *gen_spell_file_identifier(gen_pool *pool, const char *file)
{
    nm_buffer out = NM_BUFFER_INIT;
    for (; *file != '\0'; file++) {
        if (gen_is_letter(*file) || gen_is_digit(*file))
            add_char(&out, *file);
        else
            nm_buffer_append_format(&out, "_%02x", (unsigned char)*file);
    }
    return gen_pool_take(pool, &out);
}

/* ---- subjects ---- */

/* A name in camel case, as protobuf's generator for Go spells it. */
static char *go_camel(gen_pool *pool, const char *name)
{
    nm_buffer out = NM_BUFFER_INIT;
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        if (c == '_' && i == 0) {
            add_char(&out, 'X');
        } else if (c == '_' && gen_is_lower(name[i + 1])) {
            continue; /* "_a" is "A" */
        } else if (gen_is_digit(c)) {
            add_char(&out, c);
        } else {
            add_char(&out, gen_to_upper(c));
            while (gen_is_lower(name[i + 1]))
                add_char(&out, name[++i]);
        }
    }
    return gen_pool_take(pool, &out);
}

char *gen_spell_subject(gen_pool *pool, const char *name)
{
    const char *camel = go_camel(pool, name);
    nm_buffer out = NM_BUFFER_INIT;
    for (size_t i = 0; camel[i] != '\0'; i++) {
        if (i != 0 && gen_is_upper(camel[i])) {
            char before = camel[i - 1];
            if (gen_is_lower(before) || gen_is_digit(before) ||
                (gen_is_upper(before) && gen_is_lower(camel[i + 1])))
                add_char(&out, '_');
        }
        add_char(&out, gen_to_lower(camel[i]));
    }
    return gen_pool_take(pool, &out);
}
