/*
 * Clash: a table of names and what each stands for, so that two things that would get the same
 * name are found before a compiler, a linker or a broker meets them. What a clash means is up to
 * the caller.
 */
#ifndef GEN_CLASH_H
#define GEN_CLASH_H

#include "request/declaration.h"

/* The table keeps the pointers: what they point to must outlive it. */
typedef struct gen_clash_entry {
    const char *name; /* the C name, or the subject */
    const char *what; /* what it stands for: "message lab.v1.LabClient" */
    /* Where that is: either the one or the other. */
    const gen_place *place;
    const gen_declaration *declaration; /* its line is looked up only if an error needs it */
} gen_clash_entry;

/* Start from { NULL, 0, 0 }. */
typedef struct gen_clash_table {
    gen_clash_entry *slots;
    size_t n_slots;
    size_t n_used;
} gen_clash_table;

/* Adds a name, and returns NULL; or, when it is there already, returns that entry. */
const gen_clash_entry *gen_clash_add(gen_pool *pool, gen_clash_table *table, gen_clash_entry entry);

/* The file and the line of what an entry stands for. */
gen_place gen_clash_place(const gen_clash_entry *entry);

#endif
