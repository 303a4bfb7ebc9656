/*
 * Names: see names.h. Letters are ASCII whatever the locale says: proto names are.
 */
#include "names.h"

#include "text.h"

#include <stdio.h>
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

static char *keep(gen_pool *pool, gen_text *text)
{
    char *string = gen_pool_copy(pool, text->bytes, text->length);
    gen_text_free(text);
    return string;
}

/* ---- C names ---- */

static void add_camel(gen_text *out, const char *part, size_t length)
{
    bool next_is_upper = true;
    for (size_t i = 0; i < length; i++) {
        if (part[i] == '_') {
            next_is_upper = true;
        } else {
            gen_text_add_char(out, next_is_upper ? to_upper(part[i]) : part[i]);
            next_is_upper = false;
        }
    }
}

static void add_lower(gen_text *out, const char *part, size_t length)
{
    bool was_upper = true;
    for (size_t i = 0; i < length; i++) {
        if (is_upper(part[i]) && !was_upper)
            gen_text_add_char(out, '_');
        gen_text_add_char(out, to_lower(part[i]));
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
                        void (*add)(gen_text *, const char *, size_t))
{
    const char *rest = override_package(pool, full_name, scope);
    gen_text out = {NULL, 0, 0};
    while (*rest != '\0') {
        size_t length = strcspn(rest, ".");
        if (length != 0 && out.length != 0)
            gen_text_add(&out, "__");
        add(&out, rest, length);
        rest += length;
        rest += *rest == '.';
    }
    return keep(pool, &out);
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
    gen_text out = {NULL, 0, 0};
    add_lower(&out, part, strlen(part));
    return keep(pool, &out);
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
    gen_text out = {NULL, 0, 0};
    for (; *file != '\0'; file++) {
        if (is_upper(*file) || is_lower(*file) || is_digit(*file)) {
            gen_text_add_char(&out, *file);
        } else {
            char code[4];
            snprintf(code, sizeof(code), "_%02x", (unsigned char)*file);
            gen_text_add(&out, code);
        }
    }
    return keep(pool, &out);
}

/* ---- subjects ---- */

/* Go's camel case, as its protobuf generator makes it of a proto name. */
static char *go_camel(gen_pool *pool, const char *name)
{
    gen_text out = {NULL, 0, 0};
    for (size_t i = 0; name[i] != '\0'; i++) {
        char c = name[i];
        if (c == '_' && i == 0) {
            gen_text_add_char(&out, 'X');
        } else if (c == '_' && is_lower(name[i + 1])) {
            continue; /* "_a" is "A" */
        } else if (is_digit(c)) {
            gen_text_add_char(&out, c);
        } else {
            gen_text_add_char(&out, to_upper(c));
            while (is_lower(name[i + 1]))
                gen_text_add_char(&out, name[++i]);
        }
    }
    return keep(pool, &out);
}

char *gen_names_subject(gen_pool *pool, const char *name)
{
    const char *camel = go_camel(pool, name);
    gen_text out = {NULL, 0, 0};
    for (size_t i = 0; camel[i] != '\0'; i++) {
        if (i != 0 && is_upper(camel[i])) {
            char before = camel[i - 1];
            if (is_lower(before) || is_digit(before) ||
                (is_upper(before) && is_lower(camel[i + 1])))
                gen_text_add_char(&out, '_');
        }
        gen_text_add_char(&out, to_lower(camel[i]));
    }
    return keep(pool, &out);
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
