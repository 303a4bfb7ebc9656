/*
 * Foreign names: the C names that protoc-gen-c generates from the same .proto files. Ours must
 * differ from them.
 */
#ifndef GEN_FOREIGN_NAMES_H
#define GEN_FOREIGN_NAMES_H

#include "model/clash.h"

/* Adds the names for all files of the request. If two of them are the same, the first one stays. */
void gen_add_foreign_names(gen_pool *pool, const gen_sources *sources, gen_clash_table *names);

#endif
