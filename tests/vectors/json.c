/*
 * JSON: see json.h.
 */
#include "vectors/json.h"

#include "support/process.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* $NS stands for a number without quotes around it, which JSON cannot hold. */
static char *quote_placeholders(const char *text)
{
    char *out = malloc(2 * strlen(text) + 1);
    if (out == NULL)
        support_die("no memory");
    size_t used = 0;
    while (*text != '\0') {
        if (strncmp(text, ":$NS", 4) == 0) {
            memcpy(out + used, ":\"$NS\"", 6);
            used += 6;
            text += 4;
        } else
            out[used++] = *text++;
    }
    out[used] = '\0';
    return out;
}

static bool same(const json_t *expected, const json_t *seen, names *bound, const char *path,
                 char *why, size_t size);

static bool same_string(const char *expected, const json_t *seen, names *bound)
{
    if (strcmp(expected, "$NS") == 0)
        return json_is_integer(seen) && json_integer_value(seen) > 0;
    if (!json_is_string(seen))
        return false;
    const char *value = json_string_value(seen);
    if (strcmp(expected, "$TIME") == 0)
        return strlen(value) >= strlen("2000-01-01T00:00:00Z") && value[10] == 'T' &&
               value[strlen(value) - 1] == 'Z';
    if (strcmp(expected, "$ID1") == 0) {
        const char *real = names_real(bound, "$ID1");
        return real == NULL ? value[0] != '\0' : strcmp(real, value) == 0;
    }
    size_t length = strlen(expected);
    if (length > 0 && expected[length - 1] == '*')
        return strncmp(expected, value, length - 1) == 0;
    return strcmp(expected, value) == 0;
}

/* The endpoint of that name in a list, or NULL. */
static const json_t *named(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *its = json_string_value(json_object_get(item, "name"));
        if (its != NULL && strcmp(its, name) == 0)
            return item;
    }
    return NULL;
}

static bool same_list(const json_t *expected, const json_t *seen, names *bound, const char *path,
                      char *why, size_t size)
{
    if (json_array_size(expected) != json_array_size(seen)) {
        snprintf(why, size, "%s has %zu items, expected %zu", path, json_array_size(seen),
                 json_array_size(expected));
        return false;
    }
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const json_t *item = json_array_get(expected, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        const json_t *its = name != NULL ? named(seen, name) : json_array_get(seen, i);
        if (!same(item, its, bound, name != NULL ? name : path, why, size))
            return false;
    }
    return true;
}

static bool same_object(const json_t *expected, const json_t *seen, names *bound, char *why,
                        size_t size)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)expected, key, value)
    {
        if (!same(value, json_object_get(seen, key), bound, key, why, size))
            return false;
    }
    if (json_object_size(expected) == json_object_size(seen))
        return true;
    snprintf(why, size, "%zu members, expected %zu", json_object_size(seen),
             json_object_size(expected));
    return false;
}

static bool same(const json_t *expected, const json_t *seen, names *bound, const char *path,
                 char *why, size_t size)
{
    bool equal;
    if (json_is_string(expected))
        equal = same_string(json_string_value(expected), seen, bound);
    else if (json_is_array(expected) && json_is_array(seen))
        return same_list(expected, seen, bound, path, why, size);
    else if (json_is_object(expected) && json_is_object(seen))
        return same_object(expected, seen, bound, why, size);
    else
        equal = json_equal(expected, seen) != 0;
    if (!equal)
        snprintf(why, size, "another '%s'", path);
    return equal;
}

bool json_means(const char *expected, const uint8_t *seen, size_t length, names *bound, char *why,
                size_t size)
{
    char *quoted = quote_placeholders(expected);
    json_t *left = json_loads(quoted, 0, NULL);
    json_t *right = json_loadb((const char *)seen, length, 0, NULL);
    free(quoted);
    if (left == NULL)
        support_die("a recorded answer is no JSON: %s", expected);
    bool equal = right != NULL && same(left, right, bound, "it", why, size);
    if (right == NULL)
        snprintf(why, size, "no JSON");
    json_decref(left);
    json_decref(right);
    return equal;
}
