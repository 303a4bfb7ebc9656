/*
 * JSON bounds: whether a stranger's JSON may be read, which takes much more memory than its text.
 */
#ifndef NM_STORE_JSON_BOUNDS_H
#define NM_STORE_JSON_BOUNDS_H

#include "base/bytes.h"

#include <stdbool.h>

/*
 * Whether a text is that short, and has so few values at most. A value takes two bytes or more in
 * JSON, and about a hundred in memory. Commas in strings count, too, so the number is an upper
 * bound.
 */
static inline bool nm_json_bounds_keep(nm_bytes text, size_t most_bytes, size_t most_values)
{
    const char *at = text.data;
    if (text.length > most_bytes)
        return false;
    size_t values = 0;
    for (size_t i = 0; i < text.length; i++)
        values += at[i] == ',' || at[i] == '[' || at[i] == '{';
    return values <= most_values;
}

#endif
