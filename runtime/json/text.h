/*
 * Text: strings as JSON writes them, and names in the texts of errors.
 */
#ifndef NM_JSON_TEXT_H
#define NM_JSON_TEXT_H

#include "base/buffer.h"

/*
 * Appends a string in quotes. Only what JSON must have escaped is escaped. Returns false if it is
 * not UTF-8; part of it is appended then. A NUL counts as a character.
 */
bool nm_json_put_string(nm_buffer *buffer, const uint8_t *string, size_t length);

/*
 * How many of the bytes the text of an error shows: those at the front that are printable UTF-8,
 * but not many.
 */
size_t nm_json_shown(const char *bytes, size_t length);

#endif
