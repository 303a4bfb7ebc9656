/*
 * Headers: an ordered list of names and values, owned. Names keep their case and compare without.
 * Whether a name or value may go on the wire is asked of wire/names.h.
 */
#ifndef NM_BASE_HEADERS_H
#define NM_BASE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct nm_header {
    char *name;
    char *value;
} nm_header;

typedef struct nm_headers {
    nm_header *items;
    size_t count;
    size_t capacity;
} nm_headers;

#define NM_HEADERS_INIT \
    {                   \
        NULL, 0, 0      \
    }

/* Whether two names are the same header's: ASCII's case does not count, whatever the locale. */
bool nm_header_names_equal(const char *a, const char *b);
bool nm_header_name_begins_with(const char *name, const char *prefix);

/* Appends copies. False when memory is short; the list is as before then. */
bool nm_headers_add(nm_headers *headers, const char *name, const char *value);

/* Replaces all of that name, or appends. False when memory is short; the list is as before then. */
bool nm_headers_set(nm_headers *headers, const char *name, const char *value);

/* The first value of that name, or NULL. The list's. */
const char *nm_headers_get(const nm_headers *headers, const char *name);

/* Takes everything away and frees it. */
void nm_headers_clear(nm_headers *headers);

/* `to` (cleared first) gets what `from` has; `from` is empty afterwards. */
void nm_headers_move(nm_headers *to, nm_headers *from);

#endif
