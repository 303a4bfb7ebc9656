/*
 * Declaration: a message, a field, an enum, a service or a method in a file, with its line and its
 * comment. Both come from source info, which addresses a declaration by a path: a field of the
 * descriptor and an index, once for each level.
 */
#ifndef GEN_DECLARATION_H
#define GEN_DECLARATION_H

#include "request/sources.h"

/* The fields of the descriptors that hold declarations. */
enum {
    GEN_MESSAGES_OF_FILE = 4,
    GEN_ENUMS_OF_FILE = 5,
    GEN_SERVICES_OF_FILE = 6,
    GEN_FIELDS_OF_MESSAGE = 2,
    GEN_MESSAGES_OF_MESSAGE = 3,
    GEN_ENUMS_OF_MESSAGE = 4,
    GEN_ONEOFS_OF_MESSAGE = 8,
    GEN_METHODS_OF_SERVICE = 2
};

typedef struct gen_declaration {
    const gen_source *source;
    size_t n_path;
    int32_t *path;
} gen_declaration;

/* The declaration at an index of one of these fields, in a file or in another declaration. */
const gen_declaration *gen_declared_in_file(gen_pool *pool, const gen_source *source, int32_t field,
                                            size_t index);
const gen_declaration *gen_declared_in(gen_pool *pool, const gen_declaration *parent, int32_t field,
                                       size_t index);

/* The line in which it begins, from 1; 0 if the request does not tell. */
int gen_declaration_line(const gen_declaration *declaration);

/* The comments before and after it, joined; NULL if it has none. */
const char *gen_declaration_comment(gen_pool *pool, const gen_declaration *declaration);

#endif
