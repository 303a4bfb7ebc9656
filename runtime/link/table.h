/*
 * The token table: which inbox a message's last subject token leads to. It has a lock of its own,
 * which no other is taken under, and holds a reference to each inbox in it.
 */
#ifndef NM_LINK_TABLE_H
#define NM_LINK_TABLE_H

#include "link/inbox.h"

#include <pthread.h>

typedef struct nm_table {
    pthread_mutex_t lock;
    nm_inbox **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
} nm_table;

/* False: no memory. A table that is all zero may be freed, too. */
bool nm_table_init(nm_table *table);
void nm_table_free(nm_table *table);

/* Adds an inbox by its token, and takes a reference to it. */
void nm_table_add(nm_table *table, nm_inbox *inbox);

/* Whether the inbox was in the table; its reference is the caller's then. */
bool nm_table_remove(nm_table *table, nm_inbox *inbox);

/* Takes any inbox out, with the table's reference; NULL when there is none left. */
nm_inbox *nm_table_take_any(nm_table *table);

/* The inbox of a token, referenced, or NULL. */
nm_inbox *nm_table_find(nm_table *table, const char *token);

#endif
