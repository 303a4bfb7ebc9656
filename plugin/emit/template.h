/*
 * Template: prints generated code from templates. It knows comments, string literals and arguments
 * of C, so that it can break long lines.
 */
#ifndef GEN_TEMPLATE_H
#define GEN_TEMPLATE_H

#include "base/buffer.h"

/* The value that replaces $name$ in a template. A list of them ends with { NULL, NULL }. */
typedef struct gen_var {
    const char *name;
    const char *value;
} gen_var;

/*
 * Appends a template, with each $name$ replaced. Lines stay within 100 columns: code is broken
 * between arguments, and paragraphs of comments are filled anew. Preprocessor lines stay as they
 * are.
 */
void gen_print(nm_buffer *text, const gen_var *vars, const char *format);

#endif
