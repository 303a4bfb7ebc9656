/*
 * Chunked: the functions of a chunked method that send or receive a blob as chunks.
 */
#ifndef GEN_CHUNKED_H
#define GEN_CHUNKED_H

#include "base/buffer.h"
#include "model/model.h"

/*
 * Append the declarations and the definitions for one side; nothing if the method is not chunked.
 */
void gen_emit_chunked_header(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server);
void gen_emit_chunked_source(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server);

#endif
