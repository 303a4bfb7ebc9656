/*
 * Parameters: what a user gives the plugin on protoc's command line, as in
 * --c-natsmicro_opt=client_suffix=Stub.
 */
#ifndef GEN_PARAMETERS_H
#define GEN_PARAMETERS_H

#include "request/context.h"

/* What follows a service's name in the names of its C types. */
typedef struct gen_parameters {
    const char *client_suffix;
    const char *server_suffix;
    const char *handlers_suffix;
} gen_parameters;

/*
 * Reads "name=value,name=value"; NULL is the same as "". A parameter that is not given has its
 * default. Fails for an unknown one, a value that is no identifier, and suffixes that do not
 * differ.
 */
bool gen_read_parameters(gen_context *context, const char *text, gen_parameters *parameters);

#endif
