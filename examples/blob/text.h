/*
 * Text: what comes from others, before it is taken for a name or shown on a terminal.
 *
 * Header values and error messages may hold any bytes, and the names of files as well. A terminal
 * acts on control characters, and with those that set the direction of text one name looks like
 * another.
 */
#ifndef BLOB_TEXT_H
#define BLOB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the text is UTF-8 that a terminal shows as it is. */
bool text_is_plain(const char *text);

/*
 * Writes the text to `buffer` so that it can be shown: each byte that is no part of plain text as
 * \x and two digits. What does not fit is left out.
 */
void text_show(const char *text, char *buffer, size_t size);

/* Does the same for an argument of printf: show(name).text */
typedef struct shown_text {
    char text[1200];
} shown_text;

shown_text show(const char *text);

#endif
