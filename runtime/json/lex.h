/*
 * Lex: takes tokens of JSON (RFC 8259) from a reader's text. Functions that return bool have told
 * the reader of the fault if they return false.
 */
#ifndef NM_JSON_LEX_H
#define NM_JSON_LEX_H

#include "json/reader.h"

/* A string as it lies in the text, checked. */
typedef struct nm_json_string {
    const uint8_t *raw; /* without the quotes */
    size_t raw_length;
    size_t length; /* of the characters it stands for */
    bool is_escaped;
    bool has_nul;
} nm_json_string;

static inline bool nm_json_is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Passes over space. Returns the next byte, which stays; 0 at the end. */
static inline uint8_t nm_json_peek(nm_json_reader *r)
{
    while (r->at < r->end && nm_json_is_space(*r->at))
        r->at++;
    return r->at < r->end ? *r->at : 0;
}

/* Takes this byte if it comes next, after space. */
static inline bool nm_json_try(nm_json_reader *r, uint8_t byte)
{
    if (nm_json_peek(r) != byte)
        return false;
    r->at++;
    return true;
}

/* Take what comes next, after space; `expected` is for the text of the error. */
bool nm_json_take(nm_json_reader *r, uint8_t byte, const char *expected);
bool nm_json_take_literal(nm_json_reader *r, const char *literal);
bool nm_json_take_string(nm_json_reader *r, nm_json_string *string, const char *expected);

/*
 * Takes what separates the members of an object or the elements of an array. Returns true if there
 * is one more; false at the end, or after a fault.
 */
bool nm_json_take_next(nm_json_reader *r, bool is_first, uint8_t closing);

/* Writes the string's characters, without a NUL; `to` has room for `length`. */
void nm_json_unescape(const nm_json_string *string, uint8_t *to);

/* Returns the string's characters, in the text or in `room`. NULL: they do not fit there. */
const uint8_t *nm_json_characters(const nm_json_string *string, uint8_t *room, size_t size);

/* Whether the string is a text of at most 16 bytes, however it is escaped. */
bool nm_json_string_is(const nm_json_string *string, const char *text);

/* Passes over a value of any kind, and checks it. */
bool nm_json_skip(nm_json_reader *r);

#endif
