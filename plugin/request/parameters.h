/*
 * Parameters: the plugin's own options on protoc's command line, as in
 * --c-natsmicro_opt=client_suffix=Stub.
 */
#ifndef GEN_PARAMETERS_H
#define GEN_PARAMETERS_H

#include "request/context.h"

/* Each suffix follows the name of a service in the names of C types. */
typedef struct gen_parameters {
    const char *client_suffix;
    const char *server_suffix;
    const char *handlers_suffix;
} gen_parameters;

/*
 * Reads "name=value,name=value"; NULL is the same as "". A parameter that is not given gets its
 * default. Fails if a parameter is unknown, a value is not an identifier, or two suffixes are the
 * same.
 */
bool gen_read_parameters(gen_context *context, const char *text, gen_parameters *parameters);

#endif
