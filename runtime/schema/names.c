/*
 * Names: see names.h.
 */
#include "schema/names.h"

#include "base/compare.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The length of the identifier that a string begins with; 0: none. */
static size_t identifier_length(const char *name)
{
    size_t length = 0;

    if (!is_letter(name[0]))
        return 0;
    while (is_letter(name[length]) || is_digit(name[length]))
        length++;
    return length;
}

bool nm_is_identifier(const char *name)
{
    size_t length = identifier_length(name);

    return length > 0 && name[length] == '\0';
}

bool nm_is_package_name(const char *name)
{
    if (name[0] == '\0')
        return true;
    for (;; name++) {
        size_t length = identifier_length(name);
        if (length == 0)
            return false;
        name += length;
        if (*name != '.')
            return *name == '\0';
    }
}

bool nm_is_file_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return name[0] != '\0';
}

void nm_make_json_name(const char *name, char *to)
{
    bool capital = false;

    for (; *name != '\0'; name++) {
        if (*name != '_')
            *to++ = capital ? upper(*name) : *name;
        capital = *name == '_';
    }
    *to = '\0';
}

bool nm_is_map_entry_name(const char *entry, const char *field)
{
    bool capital = true;

    for (; *field != '\0'; field++) {
        if (*field != '_' && *entry++ != (capital ? upper(*field) : *field))
            return false;
        capital = *field == '_';
    }
    return strcmp(entry, "Entry") == 0;
}

int nm_compare_name(const char *name, size_t length, const char *string)
{
    size_t other = strlen(string);
    int order = memcmp(name, string, nm_smaller(length, other));

    if (order != 0 || length == other)
        return order;
    return length < other ? -1 : 1;
}
