/*
 * Text: a string that grows, and the printer that fills it from templates. Knows C only as far as
 * lines, comments and string literals go; what is printed is emit's business.
 */
#ifndef GEN_TEXT_H
#define GEN_TEXT_H

#include <stddef.h>

/* Start from { NULL, 0, 0 }; `bytes` ends with NUL once anything was added. */
typedef struct gen_text {
    char *bytes;
    size_t length;
    size_t capacity;
} gen_text;

void gen_text_add(gen_text *text, const char *string);
void gen_text_add_bytes(gen_text *text, const char *bytes, size_t length);
void gen_text_add_char(gen_text *text, char c);
void gen_text_free(gen_text *text);

/* What stands for $name$ in a template. A list of them ends with { NULL, NULL }. */
typedef struct gen_var {
    const char *name;
    const char *value;
} gen_var;

/*
 * Adds a template, with each $name$ replaced, so that lines stay within 100 columns: code is broken
 * between arguments, paragraphs of comments are filled anew. What the preprocessor reads stays.
 */
void gen_text_print(gen_text *text, const gen_var *vars, const char *format);

/* Adds a string as a C literal with its quotes: plain ASCII, no trigraphs. NULL is NULL. */
void gen_text_add_literal(gen_text *text, const char *string);

/*
 * Adds the lines of a proto comment, each as "<indent> * line\n", so that nothing in them ends the
 * comment around them or makes a compiler warn. Nothing for NULL or an empty one.
 */
void gen_text_add_comment(gen_text *text, const char *indent, const char *comment);

#endif
