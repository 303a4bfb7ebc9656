/*
 * Identifier: see identifier.h.
 */
#include "request/identifier.h"

#include "request/ascii.h"

#include <stddef.h>

/* The length of the identifier that the text begins with; 0 if it begins with none. */
static size_t identifier_length(const char *text)
{
    size_t length = 0;
    while (gen_is_letter(text[length]) || text[length] == '_' ||
           (length != 0 && gen_is_digit(text[length])))
        length++;
    return length;
}

bool gen_is_identifier(const char *name)
{
    if (name == NULL)
        return false;
    size_t length = identifier_length(name);
    return length != 0 && name[length] == '\0';
}

bool gen_is_package(const char *package)
{
    if (*package == '\0')
        return true;
    for (;;) {
        size_t length = identifier_length(package);
        if (length == 0)
            return false;
        if (package[length] != '.')
            return package[length] == '\0';
        package += length + 1;
    }
}
