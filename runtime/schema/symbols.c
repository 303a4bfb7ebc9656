/*
 * Symbols: see symbols.h.
 */
#include "schema/symbols.h"

#include "schema/names.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const nm_symbol *left = a;
    const nm_symbol *right = b;

    return strcmp(left->name, right->name);
}

const nm_symbol *nm_symbols_sort(nm_symbols *symbols)
{
    if (symbols->count > 0)
        qsort(symbols->sorted, symbols->count, sizeof(symbols->sorted[0]), compare);
    for (size_t i = 1; i < symbols->count; i++)
        if (compare(&symbols->sorted[i - 1], &symbols->sorted[i]) == 0)
            return &symbols->sorted[i];
    return NULL;
}

const nm_symbol *nm_symbols_find(const nm_symbols *symbols, const char *name, size_t length)
{
    size_t from = 0;
    size_t to = symbols->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const nm_symbol *symbol = &symbols->sorted[middle];
        int order = nm_compare_name(name, length, symbol->name);
        if (order == 0)
            return symbol;
        if (order > 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}
