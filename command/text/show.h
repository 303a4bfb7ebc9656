/*
 * Show: what comes from others, before it is shown on a terminal, and how wide it is there.
 *
 * Names, texts of errors and headers may hold any bytes. A terminal acts on control characters, and
 * with those that set the direction of text one name looks like another.
 */
#ifndef CMD_TEXT_SHOW_H
#define CMD_TEXT_SHOW_H

#include "base/buffer.h"

/*
 * Append a text as it can be shown: each byte that is no part of plain UTF-8 as \x and two digits.
 */
void cmd_show(nm_buffer *buffer, const char *text);
void cmd_show_bytes(nm_buffer *buffer, const void *text, size_t length);

/*
 * Appends a text in JSON, which is valid UTF-8, as it can be shown: such characters in its strings
 * are escaped as JSON has it, so that the text means the same.
 */
void cmd_show_json_text(nm_buffer *buffer, const void *json, size_t length);

/* Whether a name of a service or a method can be put into a command line as it is. */
bool cmd_is_plain_name(const char *name);

/* The columns that a shown text takes on a terminal. */
size_t cmd_width(const char *text, size_t length);

/* The length of the longest beginning of a shown text that takes at most this many columns. */
size_t cmd_fit(const char *text, size_t length, size_t columns);

#endif
