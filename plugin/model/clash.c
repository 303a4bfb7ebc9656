/*
 * Clash: see clash.h. An open hash table that is at most half full.
 */
#include "model/clash.h"

#include <stdint.h>
#include <string.h>

static size_t hash(const char *name)
{
    uint64_t value = 14695981039346656037u; /* FNV-1a */
    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)value;
}

/* The slot that has the name, or the free slot where it belongs. */
static gen_clash_entry *find_slot(gen_clash_entry *slots, size_t n_slots, const char *name)
{
    size_t i = hash(name) & (n_slots - 1);
    while (slots[i].name != NULL && strcmp(slots[i].name, name) != 0)
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static void grow(gen_pool *pool, gen_clash_table *table)
{
    size_t n_slots = table->n_slots == 0 ? 32 : table->n_slots * 2;
    gen_clash_entry *slots = gen_pool_alloc(pool, n_slots, sizeof(*slots));
    for (size_t i = 0; i < table->n_slots; i++) {
        if (table->slots[i].name != NULL)
            *find_slot(slots, n_slots, table->slots[i].name) = table->slots[i];
    }
    table->slots = slots;
    table->n_slots = n_slots;
}

const gen_clash_entry *gen_clash_add(gen_pool *pool, gen_clash_table *table, gen_clash_entry entry)
{
    if ((table->n_used + 1) * 2 > table->n_slots)
        grow(pool, table);
    gen_clash_entry *slot = find_slot(table->slots, table->n_slots, entry.name);
    if (slot->name != NULL)
        return slot;
    *slot = entry;
    table->n_used++;
    return NULL;
}

const gen_clash_entry *gen_clash_find(const gen_clash_table *table, const char *name)
{
    if (table->n_slots == 0)
        return NULL;
    const gen_clash_entry *slot = find_slot(table->slots, table->n_slots, name);
    return slot->name == NULL ? NULL : slot;
}

gen_place gen_clash_place(const gen_clash_entry *entry)
{
    if (entry->place != NULL)
        return *entry->place;
    const gen_declaration *declaration = entry->declaration;
    return (gen_place){.file = declaration->source->proto->name,
                       .line = gen_declaration_line(declaration)};
}
