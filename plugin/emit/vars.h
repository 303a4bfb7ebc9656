/*
 * Vars: the variables of the templates. A variable that begins with a capital letter is a C type.
 */
#ifndef GEN_VARS_H
#define GEN_VARS_H

#include "emit/template.h"
#include "model/model.h"

typedef struct gen_vars {
    gen_var vars[32];
    char index[24];
} gen_vars;

/*
 * Sets $proto$, $base$, $identifier$, and unless `service` is NULL $service$, $Client$, $client$,
 * $Server$, $server$, $Handlers$.
 */
void gen_service_vars(gen_vars *vars, const gen_file *file, const gen_service *service);

/*
 * Sets the variables of the service, and $index$, $method$, $Method$, $m$, $field$, $Request$,
 * $request$, $Response$, $response$.
 */
void gen_method_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                     size_t method_index);

/* Sets the variables of the service, and $CODE$ and $code$ of one of its error codes. */
void gen_error_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                    size_t code_index);

/* Adds a variable to those that are set. */
void gen_add_var(gen_vars *vars, const char *name, const char *value);

#endif
