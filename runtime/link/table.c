/*
 * Table: see table.h. Chained buckets, grown by doubling. Tokens are random, so a few of their
 * characters hash well.
 */
#include "link/table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

static size_t hash_token(const char *token)
{
    uint64_t head = 0;
    for (int i = 0; i < 8 && token[i] != '\0'; i++)
        head = (head << 8) | (unsigned char)token[i];
    head *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(head >> 32);
}

bool nm_table_init(nm_table *table)
{
    table->buckets = calloc(FIRST_BUCKETS, sizeof(nm_inbox *));
    if (table->buckets == NULL)
        return false;
    table->bucket_count = FIRST_BUCKETS;
    table->count = 0;
    pthread_mutex_init(&table->lock, NULL);
    return true;
}

void nm_table_free(nm_table *table)
{
    if (table->buckets == NULL)
        return;
    free(table->buckets);
    pthread_mutex_destroy(&table->lock);
}

/* A table that cannot grow still works, only slower: no failure to report. */
static void grow(nm_table *table)
{
    size_t count = table->bucket_count * 2;
    nm_inbox **buckets = calloc(count, sizeof(nm_inbox *));
    if (buckets == NULL)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        nm_inbox *next;
        for (nm_inbox *inbox = table->buckets[i]; inbox != NULL; inbox = next) {
            next = inbox->next;
            size_t at = hash_token(inbox->token) & (count - 1);
            inbox->next = buckets[at];
            buckets[at] = inbox;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

void nm_table_add(nm_table *table, nm_inbox *inbox)
{
    pthread_mutex_lock(&table->lock);
    if (table->count >= table->bucket_count)
        grow(table);
    size_t at = hash_token(inbox->token) & (table->bucket_count - 1);
    inbox->next = table->buckets[at];
    table->buckets[at] = inbox;
    table->count++;
    inbox->listening = true;
    nm_inbox_reference(inbox);
    pthread_mutex_unlock(&table->lock);
}

bool nm_table_remove(nm_table *table, nm_inbox *inbox)
{
    pthread_mutex_lock(&table->lock);
    bool found = inbox->listening;
    if (found) {
        nm_inbox **at = &table->buckets[hash_token(inbox->token) & (table->bucket_count - 1)];
        while (*at != inbox)
            at = &(*at)->next;
        *at = inbox->next;
        inbox->listening = false;
        table->count--;
    }
    pthread_mutex_unlock(&table->lock);
    return found;
}

nm_inbox *nm_table_take_any(nm_table *table)
{
    nm_inbox *inbox = NULL;
    pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < table->bucket_count && table->count > 0 && inbox == NULL; i++) {
        inbox = table->buckets[i];
        if (inbox == NULL)
            continue;
        table->buckets[i] = inbox->next;
        inbox->listening = false;
        table->count--;
    }
    pthread_mutex_unlock(&table->lock);
    return inbox;
}

nm_inbox *nm_table_find(nm_table *table, const char *token)
{
    size_t hash = hash_token(token);
    pthread_mutex_lock(&table->lock);
    nm_inbox *inbox = table->buckets[hash & (table->bucket_count - 1)];
    while (inbox != NULL && strcmp(inbox->token, token) != 0)
        inbox = inbox->next;
    if (inbox != NULL)
        nm_inbox_reference(inbox);
    pthread_mutex_unlock(&table->lock);
    return inbox;
}
