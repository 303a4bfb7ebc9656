/*
 * Template: the printer of what is generated. Knows C only as far as lines, comments and string
 * literals go; what is printed is emit's business.
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
 * Adds a template, with each $name$ replaced, so that lines stay within 100 columns: code is broken
 * between arguments, paragraphs of comments are filled anew. Preprocessor lines stay as they are.
 */
void gen_print(nm_buffer *text, const gen_var *vars, const char *format);

#endif
