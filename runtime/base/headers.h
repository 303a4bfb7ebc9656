/*
 * Headers: an ordered list of names and values. Names keep their case, and compare without it. The
 * list owns its strings and has no lock. wire/names.h knows which names and values may be sent.
 */
#ifndef NM_BASE_HEADERS_H
#define NM_BASE_HEADERS_H

#include "base/bytes.h"

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

/* Compare names without the case of ASCII letters, whatever the locale. */
bool nm_header_names_equal(const char *a, const char *b);
bool nm_header_name_is(nm_bytes name, const char *other);
bool nm_header_name_begins_with(nm_bytes name, const char *prefix);

/* Appends copies of both. Returns false, and leaves the list as it was, if memory is short. */
bool nm_headers_add(nm_headers *headers, const char *name, const char *value);

/*
 * Appends the two strings, which came from malloc; NULL counts as short memory. Returns false, and
 * frees both, if memory is short.
 */
bool nm_headers_take(nm_headers *headers, char *name, char *value);

/*
 * Replaces all headers of that name by one, in the place of the first, or appends it. Returns
 * false, and leaves the list as it was, if memory is short.
 */
bool nm_headers_set(nm_headers *headers, const char *name, const char *value);

/* Removes all headers of that name. */
void nm_headers_remove(nm_headers *headers, const char *name);

/* Returns the first value of that name, which the list owns, or NULL. */
const char *nm_headers_get(const nm_headers *headers, const char *name);

/* Frees all headers; the list is empty afterwards. */
void nm_headers_clear(nm_headers *headers);

/* Clears `to` and moves all headers of `from` there; `from` is empty afterwards. */
void nm_headers_move(nm_headers *to, nm_headers *from);

#endif
