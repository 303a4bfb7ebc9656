/*
 * Descriptors: which .proto files the code of a service embeds. JSON and discovery's schema need
 * what protobuf-c's descriptors do not have.
 */
#ifndef GEN_MODEL_DESCRIPTORS_H
#define GEN_MODEL_DESCRIPTORS_H

#include "model/model.h"
#include "request/raw.h"
#include "request/sources.h"

/* All files of the request as they would be embedded, in its order. */
const gen_descriptor *gen_read_descriptors(gen_pool *pool, const gen_sources *sources,
                                           const nm_buffer *request, gen_source_info kept);

/*
 * Sets the descriptors of `file`: those of `source` and of all that it imports, without what the
 * library carries. Fails if the request lacks an import.
 */
bool gen_embed_descriptors(gen_context *context, const gen_sources *sources,
                           const gen_descriptor *all, const gen_source *source, gen_file *file);

#endif
