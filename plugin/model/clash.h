/*
 * Clash: a table of names, each with the thing that it stands for. It finds two things of one name
 * before a compiler, a linker or a broker does.
 */
#ifndef GEN_CLASH_H
#define GEN_CLASH_H

#include "request/declaration.h"

/* The table keeps these pointers, so what they point to must outlive it. */
typedef struct gen_clash_entry {
    const char *name; /* the C name, or the subject */
    const char *what; /* what it stands for: "message lab.v1.LabClient" */
    /* The place of that thing; one of the two is NULL. */
    const gen_place *place;
    const gen_declaration *declaration; /* its line is looked up only if an error needs it */
} gen_clash_entry;

/* Start from { NULL, 0, 0 }. */
typedef struct gen_clash_table {
    gen_clash_entry *slots;
    size_t n_slots;
    size_t n_used;
} gen_clash_table;

/* Adds an entry and returns NULL. If its name is there already, returns the entry that has it. */
const gen_clash_entry *gen_clash_add(gen_pool *pool, gen_clash_table *table, gen_clash_entry entry);

/* The entry of this name; NULL if there is none. */
const gen_clash_entry *gen_clash_find(const gen_clash_table *table, const char *name);

/* The file and the line of the thing that an entry stands for. */
gen_place gen_clash_place(const gen_clash_entry *entry);

#endif
