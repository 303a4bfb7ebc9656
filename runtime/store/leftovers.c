/*
 * Leftovers: see leftovers.h.
 */
#include "store/leftovers.h"

#include <stdlib.h>
#include <string.h>

/* So that a broker that is away for long does not take our memory. */
#define MOST_LEFTOVERS 1000

nm_leftover *nm_leftover_new(const char *name, const char *nuid)
{
    size_t size = strlen(name) + 1;
    nm_leftover *one = calloc(1, sizeof(*one) + size);
    if (one == NULL)
        return NULL;
    strcpy(one->nuid, nuid);
    memcpy(one->name, name, size);
    return one;
}

bool nm_leftovers_append(nm_leftover **first, nm_leftover *one)
{
    size_t count = 0;
    for (; *first != NULL; first = &(*first)->next)
        count++;
    if (count >= MOST_LEFTOVERS)
        return false;
    one->next = NULL;
    *first = one;
    return true;
}

nm_leftover *nm_leftovers_take(nm_leftover **first)
{
    nm_leftover *one = *first;
    if (one != NULL)
        *first = one->next;
    return one;
}

void nm_leftovers_free(nm_leftover *first)
{
    while (first != NULL) {
        nm_leftover *next = first->next;
        free(first);
        first = next;
    }
}
