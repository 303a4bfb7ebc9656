/*
 * Subject: see subject.h.
 */
#include "wire/subject.h"

#include "wire/names.h"

#include <string.h>

#define LONGEST_SUBJECT 1024

/* Nowhere in a subject. A wildcard is refused inside a token, too: nobody needs it. */
static bool is_forbidden(char c)
{
    return (unsigned char)c <= 0x20 || c == 0x7f || c == '*' || c == '>';
}

bool nm_subject_is_literal(const char *subject)
{
    size_t length = 0;
    char before = '.';

    if (subject == NULL)
        return false;
    for (; subject[length] != '\0'; length++) {
        char c = subject[length];

        if (length == LONGEST_SUBJECT || is_forbidden(c) || (c == '.' && before == '.'))
            return false;
        before = c;
    }
    return before != '.' && nm_utf8_is_valid((const uint8_t *)subject, length);
}

bool nm_subject_from_header_is_allowed(const char *subject, const char *const *prefixes)
{
    if (prefixes == NULL || !nm_subject_is_literal(subject))
        return false;
    for (; *prefixes != NULL; prefixes++)
        if (strncmp(subject, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

bool nm_subject_reply_is_allowed(const char *subject)
{
    return nm_subject_is_literal(subject) && subject[0] != '$';
}
