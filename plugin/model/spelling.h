/*
 * Spelling: how a name of a .proto file is spelled in C and in a subject. C names follow
 * protoc-gen-c letter by letter, subjects follow Go's camel case; the two must never be mixed.
 */
#ifndef GEN_SPELLING_H
#define GEN_SPELLING_H

#include "request/sources.h"

/* ---- C names, as protoc-gen-c makes them ---- */

/* "lab.v1.count_up" to "Lab__V1__CountUp". */
char *gen_spell_type(gen_pool *pool, const char *full_name, gen_scope scope);

/* "lab.v1.CountUp" to "lab__v1__count_up". */
char *gen_spell_lower(gen_pool *pool, const char *full_name, gen_scope scope);

/* "lab.v1.CountUp" to "LAB__V1__COUNT_UP". */
char *gen_spell_upper(gen_pool *pool, const char *full_name, gen_scope scope);

/* One part of a name: "CountUp" to "count_up", "HTTPGet" to "httpget". */
char *gen_spell_lower_part(gen_pool *pool, const char *part);

/* "a/b.proto" to "a/b". */
char *gen_spell_base(gen_pool *pool, const char *file);

/* "a/b.proto" to "a_2fb_2eproto": an identifier that no other file has. */
char *gen_spell_file_identifier(gen_pool *pool, const char *file);

/* ---- subjects ---- */

/* "CountUp" to "count_up", "HTTPGet" to "http_get", "GetV2Item" to "get_v2_item". */
char *gen_spell_subject(gen_pool *pool, const char *name);

#endif
