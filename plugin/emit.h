/*
 * Emit: prints a file of the model as C. Templates only: everything was decided and validated in
 * the model, and what the code does at run time is the library's.
 */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H

#include "model.h"
#include "template.h"

/* Appends X.nats-c.h and X.nats-c.c. */
void gen_emit_header(nm_buffer *out, const gen_file *file);
void gen_emit_source(nm_buffer *out, const gen_file *file);

/* ---- for the emit files themselves ---- */

/* The helpers of a method, on one side; nothing where it is not chunked. */
void gen_emit_chunked_header(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server);
void gen_emit_chunked_source(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server);

/* What templates call a service, a method, an error code; see emit_vars.c for the names. */
typedef struct gen_emit_vars {
    gen_var vars[24];
    char index[24];
} gen_emit_vars;

void gen_emit_service_vars(gen_emit_vars *vars, const gen_file *file, const gen_service *service);
void gen_emit_method_vars(gen_emit_vars *vars, const gen_file *file, const gen_service *service,
                          size_t method_index);
void gen_emit_error_vars(gen_emit_vars *vars, const gen_file *file, const gen_service *service,
                         size_t code_index);

#endif
