/*
 * Spent: messages that nobody needs any more, kept to be destroyed many at once. nats.c hands each
 * that is destroyed to its collector thread and wakes that when it sleeps; so most messages would
 * cost a wake. One thread at a time.
 */
#ifndef NM_LINK_SPENT_H
#define NM_LINK_SPENT_H

#include <nats/nats.h>
#include <stddef.h>

#define NM_SPENT_MESSAGES 32
#define NM_SPENT_BYTES    8192

typedef struct nm_spent {
    size_t count;
    size_t bytes;
    natsMsg *messages[NM_SPENT_MESSAGES];
} nm_spent;

/*
 * Owns the message from now on; NULL is allowed. Few and small ones stay until the next ones come.
 * *spent NULL: none has come yet.
 */
void nm_spent_add(nm_spent **spent, natsMsg *message);

/* Destroys what is kept, and frees it. NULL is allowed. */
void nm_spent_free(nm_spent *spent);

#endif
