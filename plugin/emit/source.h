/*
 * Source: prints X.nats-c.c. It holds constant tables that describe a service, and functions of a
 * few lines that give the library's functions their types.
 */
#ifndef GEN_SOURCE_H
#define GEN_SOURCE_H

#include "base/buffer.h"
#include "model/model.h"

/* Appends the source. */
void gen_emit_source(nm_buffer *out, const gen_file *file);

#endif
