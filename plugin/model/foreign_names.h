/*
 * Foreign names: the C names that protoc-gen-c generates from the same .proto files. Ours must
 * differ from them.
 */
#ifndef GEN_FOREIGN_NAMES_H
#define GEN_FOREIGN_NAMES_H

#include "model/clash.h"
#include "request/parameters.h"

/*
 * Adds the names for all files of the request. If two of them are the same, the first one stays.
 * With the parameter messages, protoc-gen-c sees no services, so it has no names for them; and two
 * names of one file that are the same are an error.
 */
bool gen_add_foreign_names(gen_context *context, const gen_parameters *parameters,
                           const gen_sources *sources, gen_clash_table *names);

#endif
