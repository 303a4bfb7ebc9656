/*
 * Text: a string that grows, and the printer that fills it from templates. Knows C only as far as
 * lines, comments and string literals go; what is printed is emit's business.
 */
#ifndef NM_PLUGIN_TEXT_H
#define NM_PLUGIN_TEXT_H

#include <stddef.h>

/* Start from { NULL, 0, 0 }; `bytes` ends with NUL once anything was added. */
typedef struct nm_text {
    char *bytes;
    size_t length;
    size_t capacity;
} nm_text;

void nm_text_add(nm_text *text, const char *string);
void nm_text_add_bytes(nm_text *text, const char *bytes, size_t length);
void nm_text_add_char(nm_text *text, char c);
void nm_text_free(nm_text *text);

/* What stands for $name$ in a template. A list of them ends with { NULL, NULL }. */
typedef struct nm_var {
    const char *name;
    const char *value;
} nm_var;

/*
 * Adds a template, with each $name$ replaced, so that lines stay within 100 columns: code is broken
 * between arguments, paragraphs of comments are filled anew. What the preprocessor reads stays.
 */
void nm_text_print(nm_text *text, const nm_var *vars, const char *format);

/* Adds a string as a C literal with its quotes: plain ASCII, no trigraphs. NULL is NULL. */
void nm_text_add_literal(nm_text *text, const char *string);

/*
 * Adds the lines of a proto comment, each as "<indent> * line\n", so that nothing in them ends the
 * comment around them or makes a compiler warn. Nothing for NULL or an empty one.
 */
void nm_text_add_comment(nm_text *text, const char *indent, const char *comment);

#endif
