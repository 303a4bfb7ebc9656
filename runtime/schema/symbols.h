/*
 * Symbols: messages, enums and services by their full names, which are one set of names. Sorted,
 * not hashed: a stranger who chooses the names cannot make a search slow.
 */
#ifndef NM_SCHEMA_SYMBOLS_H
#define NM_SCHEMA_SYMBOLS_H

#include <stddef.h>

typedef enum nm_symbol_kind { NM_SYMBOL_MESSAGE, NM_SYMBOL_ENUM, NM_SYMBOL_SERVICE } nm_symbol_kind;

typedef struct nm_symbol {
    const char *name;
    const void *what; /* nm_schema_message, nm_schema_enum or nm_schema_service */
    nm_symbol_kind kind;
} nm_symbol;

typedef struct nm_symbols {
    nm_symbol *sorted;
    size_t count;
} nm_symbols;

/* Sorts the symbols. Returns one of two that share a name, or NULL. */
const nm_symbol *nm_symbols_sort(nm_symbols *symbols);

/* The symbol of a name, `length` bytes of it, or NULL. */
const nm_symbol *nm_symbols_find(const nm_symbols *symbols, const char *name, size_t length);

#endif
