/*
 * Names: the two ways in which a proto name becomes another. C names follow protoc-gen-c letter by
 * letter, subjects follow Go's camel case; the two must never be mixed. Nothing here knows what the
 * names are for.
 */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "pool.h"

#include <stdbool.h>

/* Where a proto name lives: its file's package, and what the c_package option makes of it. */
typedef struct gen_scope {
    const char *package;   /* "" when the file has none */
    const char *c_package; /* NULL when the option is not set */
} gen_scope;

/* ---- C names, as protoc-gen-c makes them ---- */

/* "lab.v1.count_up" to "Lab__V1__CountUp". */
char *gen_names_type(gen_pool *pool, const char *full_name, gen_scope scope);

/* "lab.v1.CountUp" to "lab__v1__count_up". */
char *gen_names_lower(gen_pool *pool, const char *full_name, gen_scope scope);

/* One part of a name: "CountUp" to "count_up", "HTTPGet" to "httpget". */
char *gen_names_lower_part(gen_pool *pool, const char *part);

/* "a/b.proto" to "a/b". */
char *gen_names_without_proto(gen_pool *pool, const char *file);

/* "a/b.proto" to "a_2fb_2eproto": an identifier that no other file has. */
char *gen_names_file_identifier(gen_pool *pool, const char *file);

/* ---- subjects ---- */

/* "CountUp" to "count_up", "HTTPGet" to "http_get", "GetV2Item" to "get_v2_item". */
char *gen_names_subject(gen_pool *pool, const char *name);

/* ---- identifiers ---- */

/* A letter or _, then letters, digits and _. NULL is none. */
bool gen_names_is_identifier(const char *name);

/*
 * Whether a struct's member cannot have this name in C: the keywords of C11; bool, true, false and
 * static_assert, which are macros where protoc-gen-c needs them; asm and typeof of GNU C.
 */
bool gen_names_is_c_keyword(const char *name);

/* Whether protoc-gen-c makes this name in every service, so that a method cannot have it. */
bool gen_names_is_taken_in_services(const char *name);

/* Whether a struct's member cannot have this name in C or C++, of any year, or is a macro. */
bool gen_names_is_reserved(const char *name);

#endif
