/*
 * Stores: the options kv_store and object_store of methods (natsmicro/options.proto), checked.
 */
#ifndef GEN_STORES_H
#define GEN_STORES_H

#include "model/buckets.h"
#include "model/model.h"
#include "request/context.h"
#include "request/sources.h"

/*
 * Reads the stores of a method into the model, which has its kind and knows its messages. `buckets`
 * has those of the methods before it; the method and `place` must outlive them.
 */
bool gen_read_stores(gen_context *context, const gen_sources *sources, const gen_place *place,
                     const gen_method_proto *proto, gen_buckets *buckets, gen_method *method);

#endif
