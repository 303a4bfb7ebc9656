/*
 * Members: the members of constant tables, with their values.
 */
#ifndef GEN_MEMBERS_H
#define GEN_MEMBERS_H

#include "emit/template.h"
#include "model/model.h"

/* Append a member; a number that is 0 is left out, as C has it then. */
void gen_add_string_member(nm_buffer *out, const char *indent, const char *name, const char *value);
void gen_add_number_member(nm_buffer *out, const char *indent, const char *name, int64_t value);

/* Prints a table of metadata; nothing if there is none. `declaration` is its template. */
void gen_print_metadata(nm_buffer *out, const gen_var *vars, const char *declaration,
                        const gen_pairs *pairs);

#endif
