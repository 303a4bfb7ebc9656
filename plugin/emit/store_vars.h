/*
 * Store vars: the variables of the templates of stores, and walks over the stores.
 */
#ifndef GEN_STORE_VARS_H
#define GEN_STORE_VARS_H

#include "emit/vars.h"
#include "model/duration.h"

/*
 * The variables of a method, and of one of its stores: $STORE$, $store$ and $stub$ are "KV", "kv"
 * and "kv", or "OBJECT", "object_store" and "object"; $name$ is what a value is found by, "key" or
 * "name"; $bucket$; $key$, its template, and $filled$, which follows it, for comments; $ttl$,
 * $key_ttl$ and $purge_ttl$ in words.
 */
typedef struct gen_store_vars {
    gen_vars all;
    nm_buffer key;
    gen_words ttl;
    gen_words key_ttl;
    gen_words purge_ttl;
} gen_store_vars;

typedef void (*gen_print_store)(nm_buffer *out, const gen_store_vars *vars, const gen_store *store);

/* Print something of each store of a method, or of all methods of a service. */
void gen_print_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                      size_t method_index, gen_print_store print);
void gen_print_all_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                          gen_print_store print);

#endif
