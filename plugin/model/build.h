/*
 * Build: goes through a request and fills the model: files, services, methods.
 */
#ifndef GEN_BUILD_H
#define GEN_BUILD_H

#include "model/model.h"
#include "request/descriptors.h"
#include "request/parameters.h"

/*
 * Builds the model of a request, of which `input` has the bytes. Fails if something in the request
 * cannot be generated; the error tells the user what it is, where it is, and what to do.
 */
bool gen_build_model(gen_context *context, const gen_parameters *parameters,
                     const gen_request *request, const nm_buffer *input, gen_model *model);

#endif
