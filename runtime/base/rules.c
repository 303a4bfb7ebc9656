/*
 * Rules: see rules.h.
 */
#include "base/rules.h"

#include "base/utf8.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const char *nm_service_name_fault(const char *name)
{
    size_t length = strspn(name, LETTERS DIGITS "-_");

    if (length == 0 || name[length] != '\0')
        return "must have letters, digits, - and _ only";
    return length > NM_SERVICE_NAME_LIMIT ? "must not be longer than 512 bytes" : NULL;
}

/* ---- versions ---- */

/* The end of a number without leading zeros, or NULL if the text begins with none. */
static const char *skip_number(const char *text)
{
    size_t length = strspn(text, DIGITS);
    return length == 0 || (length > 1 && *text == '0') ? NULL : text + length;
}

/*
 * The end of identifiers joined by dots, or NULL if there are none. Numbers in a pre-release have
 * no leading zeros.
 */
static const char *skip_identifiers(const char *text, bool pre_release)
{
    for (;;) {
        size_t length = strspn(text, LETTERS DIGITS "-");
        bool number = strspn(text, DIGITS) == length;
        if (length == 0 || (pre_release && number && skip_number(text) == NULL))
            return NULL;
        text += length;
        if (*text != '.')
            return text;
        text++;
    }
}

/* The end of "1.2.3", or NULL. */
static const char *skip_numbers(const char *text)
{
    for (int i = 0; i < 3 && text != NULL; i++) {
        if (i > 0 && *text++ != '.')
            return NULL;
        text = skip_number(text);
    }
    return text;
}

const char *nm_version_fault(const char *version)
{
    const char *rest = skip_numbers(version);
    if (rest != NULL && *rest == '-')
        rest = skip_identifiers(rest + 1, true);
    if (rest != NULL && *rest == '+')
        rest = skip_identifiers(rest + 1, false);
    if (rest == NULL || *rest != '\0')
        return "must be a semantic version like 1.2.3 or 1.2.3-rc.1+build";
    return NULL;
}

/* ---- subjects ---- */

/* A wildcard is one only as a whole token, but nobody needs it inside of one. */
static const char *character_fault(char c)
{
    if (c == ' ')
        return "must not contain a space";
    if (c == '*' || c == '>')
        return "must not contain a wildcard";
    return (unsigned char)c < ' ' || c == 0x7f ? "must not contain a control character" : NULL;
}

const char *nm_subject_fault(const char *subject)
{
    size_t length = 0;
    char before = '.';

    if (subject == NULL || subject[0] == '\0')
        return "must not be empty";
    for (; subject[length] != '\0'; length++) {
        char c = subject[length];
        const char *fault = character_fault(c);

        if (length == NM_SUBJECT_LIMIT)
            return "must not be longer than 1024 bytes";
        if (fault != NULL)
            return fault;
        if (c == '.' && before == '.')
            return "must have a name before and after each dot";
        before = c;
    }
    if (before == '.')
        return "must have a name before and after each dot";
    return nm_utf8_is_valid((const uint8_t *)subject, length) ? NULL : "must be UTF-8";
}

const char *nm_subject_prefix_fault(const char *prefix)
{
    if (prefix != NULL && prefix[0] == '$')
        return "must not begin with $";
    return nm_subject_fault(prefix);
}

/* ---- codes ---- */

bool nm_code_is_valid(const uint8_t *code, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (code[i] <= ' ' || code[i] > '~')
            return false;
    return length > 0 && length <= NM_CODE_LIMIT;
}

/* ---- buckets and keys ---- */

const char *nm_bucket_fault(const char *name)
{
    size_t length = strspn(name, LETTERS DIGITS "-_");

    if (length == 0 || name[length] != '\0')
        return "must have letters, digits, - and _ only";
    return length > NM_BUCKET_LIMIT ? "must not be longer than 251 bytes" : NULL;
}

const char *nm_kv_key_fault(const char *key)
{
    if (key == NULL || key[0] == '\0')
        return "must not be empty";

    size_t length = strspn(key, LETTERS DIGITS "-/_=.");
    if (key[length] != '\0')
        return "must have letters, digits, - / _ = and . only";
    if (key[0] == '.' || key[length - 1] == '.' || strstr(key, "..") != NULL)
        return "must have a name before and after each dot";
    return length > NM_KEY_LIMIT ? "must not be longer than 1024 bytes" : NULL;
}

const char *nm_object_name_fault(const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);

    if (length == 0)
        return "must not be empty";
    if (length > NM_KEY_LIMIT)
        return "must not be longer than 1024 bytes";
    return nm_utf8_is_valid((const uint8_t *)name, length) ? NULL : "must be UTF-8";
}
