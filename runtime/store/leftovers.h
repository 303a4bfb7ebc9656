/*
 * Leftovers: notes of chunks that nobody will read and that could not be removed when it was time:
 * the broker was away, or the deadline at hand. They are not kept longer than the bucket they
 * belong to, whose lock guards them: a process that ends before leaves the chunks.
 */
#ifndef NM_STORE_LEFTOVERS_H
#define NM_STORE_LEFTOVERS_H

#include "store/object_info.h"

typedef struct nm_leftover nm_leftover;
struct nm_leftover {
    nm_leftover *next;
    char nuid[NM_OBJECT_NUID_LIMIT + 1];
    char name[]; /* of the object */
};

/* A note in no list, to be freed with free. NULL: no memory. */
nm_leftover *nm_leftover_new(const char *name, const char *nuid);

/* Adds a note at the end. False: there are too many. */
bool nm_leftovers_append(nm_leftover **first, nm_leftover *one);

/* Takes the first one out; NULL: there is none. */
nm_leftover *nm_leftovers_take(nm_leftover **first);

void nm_leftovers_free(nm_leftover *first);

#endif
