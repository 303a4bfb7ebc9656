/*
 * Parameters: the plugin's own options on protoc's command line, as in
 * --c-natsmicro_opt=client_suffix=Stub.
 */
#ifndef GEN_PARAMETERS_H
#define GEN_PARAMETERS_H

#include "request/context.h"

/* Which descriptors of .proto files go into the code of services. */
typedef enum gen_descriptors_kept {
    GEN_DESCRIPTORS_PLAIN,
    GEN_DESCRIPTORS_COMMENTS, /* with leading comments */
    GEN_DESCRIPTORS_NONE
} gen_descriptors_kept;

typedef struct gen_parameters {
    /* Each suffix follows the name of a service in the names of C types. */
    const char *client_suffix;
    const char *server_suffix;
    const char *handlers_suffix;
    bool messages;                /* run protoc-gen-c, too */
    const char *protoc_gen_c;     /* that program: a path, or a name to look for in PATH */
    const char *protoc_gen_c_opt; /* its own parameters, joined with commas; NULL: none */
    gen_descriptors_kept descriptors;
} gen_parameters;

/*
 * Reads "name=value,name,name=value"; NULL is the same as "". A parameter that is not given gets
 * its default. Fails if a parameter is unknown, a suffix is not an identifier, two suffixes are the
 * same, `descriptors` has an unknown value, or a parameter of protoc-gen-c is given and `messages`
 * is not.
 */
bool gen_read_parameters(gen_context *context, const char *text, gen_parameters *parameters);

#endif
