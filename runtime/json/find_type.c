/*
 * Find type: see find_type.h. Mostly "@type" is the first member. Otherwise the whole object is
 * passed over once, and the places of all "@type" in it are noted, so that an Any in an Any in an
 * Any is not passed over again and again.
 */
#include "json/find_type.h"

#include "json/lex.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const nm_json_type_place *first = a;
    const nm_json_type_place *second = b;

    if (first->object == second->object)
        return 0;
    return first->object < second->object ? -1 : 1;
}

static bool note_types(nm_json_reader *r)
{
    const uint8_t *start = r->at;

    nm_buffer_reset(&r->types);
    r->notes_types = true;
    if (!nm_json_skip(r))
        return false;
    r->notes_types = false;
    r->types_end = r->at;
    r->at = start;
    if (r->types.length > 0)
        qsort(r->types.data, r->types.length / sizeof(nm_json_type_place),
              sizeof(nm_json_type_place), compare);
    return true;
}

static bool find_noted(nm_json_reader *r, const uint8_t **url)
{
    nm_json_type_place wanted = {r->at, NULL};
    const nm_json_type_place *found =
        r->types.length == 0 ? NULL
                             : bsearch(&wanted, r->types.data, r->types.length / sizeof(wanted),
                                       sizeof(wanted), compare);

    if (found == NULL)
        return nm_json_refuse(r, r->at, "an Any without \"@type\"");
    *url = found->url;
    return true;
}

bool nm_json_find_type(nm_json_reader *r, const uint8_t **url)
{
    *url = NULL;
    if (nm_json_peek(r) != '{')
        return nm_json_unexpected(r, "an object");
    const uint8_t *start = r->at++;
    if (nm_json_try(r, '}'))
        return true;
    nm_json_string name;
    if (!nm_json_take_string(r, &name, "a member's name") || !nm_json_take(r, ':', "':'"))
        return false;
    if (nm_json_string_is(&name, "@type"))
        *url = r->at;
    r->at = start;
    if (*url != NULL)
        return true;
    return (start < r->types_end || note_types(r)) && find_noted(r, url);
}
