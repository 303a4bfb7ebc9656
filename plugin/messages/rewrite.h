/*
 * Rewrite: turns a request into one that protoc-gen-c can make messages of, and nothing else.
 *
 * Its stubs for services are not needed, and the names of methods can break them: the services go.
 * It knows no optional fields of proto3. One of a message type becomes an ordinary field, which is
 * NULL if it is not set. (In a oneof, a setter that forgets the case would send nothing.) Any other
 * becomes the only member of a oneof, the one that protoc has made for it: what it is called in the
 * message tells unset from zero.
 */
#ifndef GEN_REWRITE_H
#define GEN_REWRITE_H

#include "request/descriptors.h"

/* Changes all files of the request in place. */
void gen_rewrite(gen_request *request);

#endif
