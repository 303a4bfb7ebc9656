/*
 * Escape: makes strings from .proto files harmless in C literals and comments.
 */
#ifndef GEN_ESCAPE_H
#define GEN_ESCAPE_H

#include "base/buffer.h"

/* Appends a string as a C literal in quotes, in ASCII and without trigraphs; NULL as NULL. */
void gen_add_literal(nm_buffer *text, const char *string);

/*
 * Appends the lines of a comment from a .proto file, each as "<indent> * line\n". Nothing in them
 * ends the comment around them or makes a compiler warn. NULL and an empty comment add nothing.
 */
void gen_add_comment(nm_buffer *text, const char *indent, const char *comment);

/* Appends a text to a line of a comment, as harmless as that: a newline becomes a question mark. */
void gen_add_comment_text(nm_buffer *text, const char *string);

#endif
