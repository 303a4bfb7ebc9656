/*
 * Mend: corrects what protoc-gen-c has written, where compilers warn of it or refuse it. It begins
 * a union with {0}, whatever its first member is. C asks for more braces around a structure, such
 * as bytes, and C++ takes no number for an enum. Optional fields of these kinds would be affected.
 */
#ifndef GEN_MEND_H
#define GEN_MEND_H

#include "request/descriptors.h"
#include "request/sources.h"

#include <google/protobuf/compiler/plugin.pb-c.h>

/* The header that protoc-gen-c has made of a .proto file; NULL: the response has none. */
Google__Protobuf__Compiler__CodeGeneratorResponse__File *
gen_find_header(gen_pool *pool, const Google__Protobuf__Compiler__CodeGeneratorResponse *response,
                const char *proto);

/*
 * Changes the headers of a response in place. `request` is the one that protoc-gen-c has seen, and
 * `sources` are those of that request.
 */
void gen_mend(gen_pool *pool, const gen_request *request, const gen_sources *sources,
              Google__Protobuf__Compiler__CodeGeneratorResponse *response);

#endif
