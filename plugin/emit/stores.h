/*
 * Stores: what clients have for the stores of a method, and what is said of them on the server.
 */
#ifndef GEN_EMIT_STORES_H
#define GEN_EMIT_STORES_H

#include "base/buffer.h"
#include "model/model.h"

/* Print the client's functions for the stores of a method; nothing if it has none. */
void gen_emit_stores_header(nm_buffer *out, const gen_file *file, const gen_service *service,
                            size_t method_index);
void gen_emit_stores_source(nm_buffer *out, const gen_file *file, const gen_service *service,
                            size_t method_index);

/*
 * Print paragraphs of a comment: where a reply to a method is stored, and that adding a service
 * makes buckets; nothing if the service stores nothing there.
 */
void gen_emit_reply_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                           size_t method_index);
void gen_emit_add_stores(nm_buffer *out, const gen_file *file, const gen_service *service);

#endif
