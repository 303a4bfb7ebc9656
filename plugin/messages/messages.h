/*
 * Messages: the door of this room. Lets protoc-gen-c make the messages of a request that has the
 * parameter messages.
 */
#ifndef GEN_MESSAGES_H
#define GEN_MESSAGES_H

#include "request/context.h"
#include "request/descriptors.h"
#include "request/parameters.h"

#include <google/protobuf/compiler/plugin.pb-c.h>

/*
 * Runs protoc-gen-c on the request, which is changed to what it can take. Returns its response, in
 * the pool of the context. NULL: the context has the error.
 */
Google__Protobuf__Compiler__CodeGeneratorResponse *
gen_make_messages(gen_context *context, const gen_parameters *parameters, gen_request *request);

#endif
