/*
 * Declaration: see declaration.h.
 */
#include "request/declaration.h"

#include <string.h>

/* ---- paths ---- */

static const gen_declaration *declare(gen_pool *pool, const gen_source *source,
                                      const gen_declaration *parent, int32_t field, size_t index)
{
    gen_declaration *declaration = gen_pool_alloc(pool, 1, sizeof(*declaration));
    size_t n_parent = parent == NULL ? 0 : parent->n_path;
    declaration->source = source;
    declaration->n_path = n_parent + 2;
    declaration->path = gen_pool_alloc(pool, declaration->n_path, sizeof(int32_t));
    if (n_parent != 0)
        memcpy(declaration->path, parent->path, n_parent * sizeof(int32_t));
    declaration->path[n_parent] = field;
    declaration->path[n_parent + 1] = (int32_t)index;
    return declaration;
}

const gen_declaration *gen_declared_in_file(gen_pool *pool, const gen_source *source, int32_t field,
                                            size_t index)
{
    return declare(pool, source, NULL, field, index);
}

const gen_declaration *gen_declared_in(gen_pool *pool, const gen_declaration *parent, int32_t field,
                                       size_t index)
{
    return declare(pool, parent->source, parent, field, index);
}

/* ---- source info ---- */

static const Google__Protobuf__SourceCodeInfo__Location *
find_location(const gen_declaration *declaration)
{
    const Google__Protobuf__SourceCodeInfo *info = declaration->source->proto->source_code_info;
    size_t n_path = declaration->n_path;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        if (info->location[i]->n_path == n_path &&
            memcmp(info->location[i]->path, declaration->path, n_path * sizeof(int32_t)) == 0)
            return info->location[i];
    }
    return NULL;
}

int gen_declaration_line(const gen_declaration *declaration)
{
    const Google__Protobuf__SourceCodeInfo__Location *location = find_location(declaration);
    if (location == NULL || location->n_span == 0 || location->span[0] < 0 ||
        location->span[0] == INT32_MAX)
        return 0;
    return location->span[0] + 1;
}

static const char *unless_blank(const char *comment)
{
    return comment == NULL || comment[strspn(comment, " \t\r\n")] == '\0' ? NULL : comment;
}

const char *gen_declaration_comment(gen_pool *pool, const gen_declaration *declaration)
{
    const Google__Protobuf__SourceCodeInfo__Location *location = find_location(declaration);
    if (location == NULL)
        return NULL;
    const char *leading = unless_blank(location->leading_comments);
    const char *trailing = unless_blank(location->trailing_comments);
    if (leading != NULL && trailing != NULL)
        return gen_pool_format(pool, "%s\n%s", leading, trailing);
    return leading != NULL ? leading : trailing;
}
