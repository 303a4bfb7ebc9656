/*
 * Metadata: see metadata.h.
 */
#include "model/metadata.h"

#include "model/checks.h"

#include <stdlib.h>
#include <string.h>

static int compare_pairs(const void *a, const void *b)
{
    const gen_pair *first = a;
    const gen_pair *second = b;
    return strcmp(first->key, second->key);
}

void gen_put_pair(gen_pairs *pairs, const char *key, const char *value)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) == 0) {
            pairs->items[i].value = value;
            return;
        }
    }
    pairs->items[pairs->count++] = (gen_pair){key, value};
}

bool gen_check_pairs(gen_context *context, const gen_place *place, gen_pairs *pairs)
{
    qsort(pairs->items, pairs->count, sizeof(gen_pair), compare_pairs);
    for (size_t i = 0; i < pairs->count; i++) {
        if (!gen_check_metadata_key(context, place, pairs->items[i].key) ||
            !gen_check_text(context, place, "a value of metadata", pairs->items[i].value))
            return false;
    }
    return true;
}
