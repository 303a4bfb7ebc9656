/*
 * Mask: see mask.h.
 */
#include "json/mask.h"

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* What may stand in a path on either side. A name does not begin with a digit. */
static bool is_allowed(uint8_t c, bool is_first)
{
    return is_lower(c) || (!is_first && c >= '0' && c <= '9');
}

uint8_t *nm_json_put_path(uint8_t *at, const char *path, size_t length)
{
    bool is_first = true; /* of a name */

    for (size_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)path[i];
        if (c == '_') {
            if (++i == length || !is_lower((uint8_t)path[i]))
                return NULL;
            *at++ = (uint8_t)(path[i] - 'a' + 'A');
        } else if (c == '.' ? is_first : !is_allowed(c, is_first)) {
            return NULL;
        } else {
            *at++ = c;
        }
        is_first = c == '.';
    }
    return is_first ? NULL : at;
}

size_t nm_json_path_length(const uint8_t *path, size_t length)
{
    size_t result = length;
    bool is_first = true;

    for (size_t i = 0; i < length; i++) {
        uint8_t c = path[i];
        if (is_upper(c))
            result++;
        else if (c == '.' ? is_first : !is_allowed(c, is_first))
            return 0;
        is_first = c == '.';
    }
    return is_first ? 0 : result;
}

char *nm_json_read_path(char *at, const uint8_t *path, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_upper(path[i])) {
            *at++ = '_';
            *at++ = (char)(path[i] - 'A' + 'a');
        } else {
            *at++ = (char)path[i];
        }
    }
    return at;
}
