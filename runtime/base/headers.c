/*
 * Headers: see headers.h. Lists are short, so a search is a walk.
 */
#include "base/headers.h"

#include <stdlib.h>
#include <string.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool nm_header_names_equal(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool nm_header_name_begins_with(nm_bytes name, const char *prefix)
{
    const char *bytes = name.data;
    size_t i = 0;

    while (i < name.length && prefix[i] != '\0' && lower(bytes[i]) == lower(prefix[i]))
        i++;
    return prefix[i] == '\0';
}

bool nm_header_name_is(nm_bytes name, const char *other)
{
    return name.length == strlen(other) && nm_header_name_begins_with(name, other);
}

static void free_header(nm_header *header)
{
    free(header->name);
    free(header->value);
}

static bool make_room(nm_headers *headers)
{
    size_t capacity = headers->capacity == 0 ? 4 : headers->capacity * 2;

    if (headers->count < headers->capacity)
        return true;
    nm_header *items = realloc(headers->items, capacity * sizeof(*items));
    if (items == NULL)
        return false;
    headers->items = items;
    headers->capacity = capacity;
    return true;
}

bool nm_headers_take(nm_headers *headers, char *name, char *value)
{
    nm_header header = {name, value};

    if (name == NULL || value == NULL || !make_room(headers)) {
        free_header(&header);
        return false;
    }
    headers->items[headers->count++] = header;
    return true;
}

bool nm_headers_add(nm_headers *headers, const char *name, const char *value)
{
    return nm_headers_take(headers, strdup(name), strdup(value));
}

/* Removes all headers that have the last one's name, and puts the last one in the first's place. */
static void let_last_replace(nm_headers *headers)
{
    nm_header last = headers->items[headers->count - 1];
    size_t kept = 0;
    bool placed = false;

    for (size_t i = 0; i + 1 < headers->count; i++) {
        if (!nm_header_names_equal(headers->items[i].name, last.name)) {
            headers->items[kept++] = headers->items[i];
            continue;
        }
        free_header(&headers->items[i]);
        if (!placed)
            headers->items[kept++] = last;
        placed = true;
    }
    if (!placed)
        headers->items[kept++] = last;
    headers->count = kept;
}

bool nm_headers_set(nm_headers *headers, const char *name, const char *value)
{
    /* Added first, so that a failure loses nothing, and name or value may be the list's own. */
    if (!nm_headers_add(headers, name, value))
        return false;
    let_last_replace(headers);
    return true;
}

void nm_headers_remove(nm_headers *headers, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (nm_header_names_equal(headers->items[i].name, name))
            free_header(&headers->items[i]);
        else
            headers->items[kept++] = headers->items[i];
    }
    headers->count = kept;
}

const char *nm_headers_get(const nm_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (nm_header_names_equal(headers->items[i].name, name))
            return headers->items[i].value;
    return NULL;
}

void nm_headers_clear(nm_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        free_header(&headers->items[i]);
    free(headers->items);
    *headers = (nm_headers)NM_HEADERS_INIT;
}

void nm_headers_move(nm_headers *to, nm_headers *from)
{
    if (to == from)
        return;
    nm_headers_clear(to);
    *to = *from;
    *from = (nm_headers)NM_HEADERS_INIT;
}
