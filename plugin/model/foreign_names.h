/*
 * Foreign names: the C names that protoc-gen-c makes of the same .proto files. Ours must differ.
 */
#ifndef GEN_FOREIGN_NAMES_H
#define GEN_FOREIGN_NAMES_H

#include "model/clash.h"

/* Adds them for all files of the request. Where two of them are the same, the first stays. */
void gen_add_foreign_names(gen_pool *pool, const gen_sources *sources, gen_clash_table *names);

#endif
