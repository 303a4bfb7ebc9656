/*
 * Header: prints X.nats-c.h. A user reads it, so the comment of each function says what the
 * function does, who owns what, which statuses it returns and whether it blocks.
 */
#ifndef GEN_HEADER_H
#define GEN_HEADER_H

#include "base/buffer.h"
#include "model/model.h"

/* Appends the header. */
void gen_emit_header(nm_buffer *out, const gen_file *file);

#endif
