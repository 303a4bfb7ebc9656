/*
 * Descriptors: prints the .proto files that the code of a service embeds.
 */
#ifndef GEN_EMIT_DESCRIPTORS_H
#define GEN_EMIT_DESCRIPTORS_H

#include "base/buffer.h"
#include "model/model.h"

/* Appends the bytes of the files and the table of them; nothing if there are none. */
void gen_emit_descriptors(nm_buffer *out, const gen_file *file);

#endif
