/*
 * Subject: see subject.h.
 */
#include "wire/subject.h"

#include "base/rules.h"

#include <string.h>

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
