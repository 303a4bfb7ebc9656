/*
 * Vars: the names by which templates call the parts of a service. A capital letter begins the name
 * of a type, and of its value.
 */
#ifndef GEN_VARS_H
#define GEN_VARS_H

#include "emit/template.h"
#include "model/model.h"

typedef struct gen_vars {
    gen_var vars[24];
    char index[24];
} gen_vars;

/*
 * $proto$, $base$, $identifier$; unless `service` is NULL: $service$, $Client$, $client$ and so on.
 */
void gen_service_vars(gen_vars *vars, const gen_file *file, const gen_service *service);

/*
 * Those, and $index$, $method$, $Method$, $m$, $field$, $Request$, $request$, $Response$,
 * $response$.
 */
void gen_method_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                     size_t method_index);

/* Those of the service, and $CODE$ and $code$. */
void gen_error_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                    size_t code_index);

#endif
