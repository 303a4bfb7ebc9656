/*
 * Escape: strings from outside, made harmless as C literals and in C comments.
 */
#ifndef GEN_ESCAPE_H
#define GEN_ESCAPE_H

#include "base/buffer.h"

/* Adds a string as a C literal with its quotes: plain ASCII, no trigraphs. NULL is NULL. */
void gen_add_literal(nm_buffer *text, const char *string);

/*
 * Adds the lines of a proto comment, each as "<indent> * line\n", so that nothing in them ends the
 * comment around them or makes a compiler warn. Adds nothing for NULL or an empty comment.
 */
void gen_add_comment(nm_buffer *text, const char *indent, const char *comment);

#endif
