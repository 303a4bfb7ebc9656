/*
 * Store tables: the constant tables of the stores of a service's methods.
 */
#ifndef GEN_STORE_TABLES_H
#define GEN_STORE_TABLES_H

#include "base/buffer.h"
#include "model/model.h"

/* Prints the tables; nothing if the service has no stores. */
void gen_emit_store_tables(nm_buffer *out, const gen_file *file, const gen_service *service);

/* The number of entries in the table stores_$Server$, which is there unless this is 0. */
size_t gen_count_stores(const gen_service *service);

#endif
