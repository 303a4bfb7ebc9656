/*
 * Emit: prints a file of the model as C. Templates only: everything was decided and validated in
 * the model, and what the code does at run time is the library's.
 */
#ifndef NM_PLUGIN_EMIT_H
#define NM_PLUGIN_EMIT_H

#include "model.h"
#include "text.h"

/* Appends X.nats-c.h and X.nats-c.c. */
void nm_emit_header(nm_text *out, const nm_file *file);
void nm_emit_source(nm_text *out, const nm_file *file);

/* ---- for the emit files themselves ---- */

/* The helpers of a method, on one side; nothing where it is not chunked. */
void nm_emit_chunked_header(nm_text *out, const nm_service *service, const nm_method *method,
                            bool on_server);
void nm_emit_chunked_source(nm_text *out, const nm_service *service, const nm_method *method,
                            bool on_server);

/* What templates call a service, a method, an error code; see emit_vars.c for the names. */
typedef struct nm_emit_vars {
    nm_var vars[24];
    char index[24];
} nm_emit_vars;

void nm_emit_service_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service);
void nm_emit_method_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service,
                         size_t method_index);
void nm_emit_error_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service,
                        size_t code_index);

#endif
