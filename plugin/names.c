/*
 * Names: see names.h. Letters are ASCII whatever the locale says: proto names are.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

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
            add_char(out, next_is_upper ? to_upper(part[i]) : part[i]);
            next_is_upper = false;
        }
    }
}

static void add_lower(nm_buffer *out, const char *part, size_t length)
{
    bool was_upper = true;
    for (size_t i = 0; i < length; i++) {
        if (is_upper(part[i]) && !was_upper)
            add_char(out, '_');
        add_char(out, to_lower(part[i]));
        was_upper = is_upper(part[i]);
    }
}

/* What c_package makes of a full name. */
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

char *gen_names_type(gen_pool *pool, const char *full_name, gen_scope scope)
{
    return join_parts(pool, full_name, scope, add_camel);
}

char *gen_names_lower(gen_pool *pool, const char *full_name, gen_scope scope)
{
    return join_parts(pool, full_name, scope, add_lower);
}

char *gen_names_lower_part(gen_pool *pool, const char *part)
{
    nm_buffer out = NM_BUFFER_INIT;
    add_lower(&out, part, strlen(part));
    return gen_pool_take(pool, &out);
}

char *gen_names_without_proto(gen_pool *pool, const char *file)
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

char *gen_names_file_identifier(gen_pool *pool, const char *file)
{
    nm_buffer out = NM_BUFFER_INIT;
    for (; *file != '\0'; file++) {
        if (is_upper(*file) || is_lower(*file) || is_digit(*file))
            add_char(&out, *file);
        else
            nm_buffer_append_format(&out, "_%02x", (unsigned char)*file);
    }
    return gen_pool_take(pool, &out);
}

/* ---- subjects ---- */

/* Go's camel case, as its protobuf generator makes it of a proto name. */
static char *go_camel(gen_pool *pool, const char *name)
{
    nm_buffer out = NM_BUFFER_INIT;
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        if (c == '_' && i == 0) {
            add_char(&out, 'X');
        } else if (c == '_' && is_lower(name[i + 1])) {
            continue; /* "_a" is "A" */
        } else if (is_digit(c)) {
            add_char(&out, c);
        } else {
            add_char(&out, to_upper(c));
            while (is_lower(name[i + 1]))
                add_char(&out, name[++i]);
        }
    }
    return gen_pool_take(pool, &out);
}

char *gen_names_subject(gen_pool *pool, const char *name)
{
    const char *camel = go_camel(pool, name);
    nm_buffer out = NM_BUFFER_INIT;
    for (size_t i = 0; camel[i] != '\0'; i++) {
        if (i != 0 && is_upper(camel[i])) {
            char before = camel[i - 1];
            if (is_lower(before) || is_digit(before) ||
                (is_upper(before) && is_lower(camel[i + 1])))
                add_char(&out, '_');
        }
        add_char(&out, to_lower(camel[i]));
    }
    return gen_pool_take(pool, &out);
}

/* ---- identifiers ---- */

bool gen_names_is_identifier(const char *name)
{
    if (name == NULL || (!is_upper(*name) && !is_lower(*name) && *name != '_'))
        return false;
    for (; *name != '\0'; name++) {
        if (!is_upper(*name) && !is_lower(*name) && !is_digit(*name) && *name != '_')
            return false;
    }
    return true;
}

static int compare(const void *name, const void *keyword)
{
    return strcmp(name, *(const char *const *)keyword);
}

bool gen_names_is_c_keyword(const char *name)
{
    static const char *const keywords[] = {
        "asm",      "auto",          "bool",     "break",    "case",  "char",    "const",
        "continue", "default",       "do",       "double",   "else",  "enum",    "extern",
        "false",    "float",         "for",      "goto",     "if",    "inline",  "int",
        "long",     "register",      "restrict", "return",   "short", "signed",  "sizeof",
        "static",   "static_assert", "struct",   "switch",   "true",  "typedef", "typeof",
        "union",    "unsigned",      "void",     "volatile", "while",
    };
    return bsearch(name, keywords, sizeof(keywords) / sizeof(keywords[0]), sizeof(keywords[0]),
                   compare) != NULL;
}

bool gen_names_is_taken_in_services(const char *name)
{
    static const char *const taken[] = {"base", "descriptor", "init", "method_descriptors",
                                        "method_indices_by_name"};
    return bsearch(name, taken, sizeof(taken) / sizeof(taken[0]), sizeof(taken[0]), compare) !=
           NULL;
}

bool gen_names_is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "assert",
        "bitand",
        "bitor",
        "catch",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "co_await",
        "co_return",
        "co_yield",
        "compl",
        "complex",
        "concept",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "decltype",
        "delete",
        "dynamic_cast",
        "errno",
        "explicit",
        "export",
        "friend",
        "imaginary",
        "linux",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "noreturn",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "reinterpret_cast",
        "requires",
        "static_cast",
        "stderr",
        "stdin",
        "stdout",
        "template",
        "this",
        "thread_local",
        "throw",
        "try",
        "typeid",
        "typename",
        "typeof_unqual",
        "unix",
        "using",
        "virtual",
        "wchar_t",
        "xor",
        "xor_eq",
    };
    return gen_names_is_c_keyword(name) ||
           bsearch(name, reserved, sizeof(reserved) / sizeof(reserved[0]), sizeof(reserved[0]),
                   compare) != NULL;
}
