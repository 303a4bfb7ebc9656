/*
 * Subject: see subject.h.
 */
#include "wire/subject.h"

#include "base/utf8.h"

#include <string.h>

#define LONGEST_SUBJECT 1024

/* Nowhere in a subject. A wildcard is refused inside a token, too: nobody needs it. */
static const char *fault_of(char c)
{
    if (c == ' ')
        return "a space";
    if (c == '*' || c == '>')
        return "a wildcard";
    return (unsigned char)c < ' ' || c == 0x7f ? "a control character" : NULL;
}

const char *nm_subject_fault(const char *subject)
{
    size_t length = 0;
    char before = '.';

    if (subject == NULL || subject[0] == '\0')
        return "empty";
    for (; subject[length] != '\0'; length++) {
        char c = subject[length];
        const char *fault = fault_of(c);

        if (length == LONGEST_SUBJECT)
            return "longer than 1024 bytes";
        if (fault != NULL)
            return fault;
        if (c == '.' && before == '.')
            return "an empty name beside a dot";
        before = c;
    }
    if (before == '.')
        return "an empty name beside a dot";
    return nm_utf8_is_valid((const uint8_t *)subject, length) ? NULL : "not UTF-8";
}

bool nm_subject_is_literal(const char *subject)
{
    return nm_subject_fault(subject) == NULL;
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
