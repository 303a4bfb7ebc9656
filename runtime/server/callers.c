/*
 * Callers: see callers.h. Entries live as long as their caller has a call.
 */
#include "server/callers.h"

#include "server/subjects.h"

#include <stdlib.h>
#include <string.h>

struct nm_caller {
    nm_caller *next;
    uint64_t hash;
    uint32_t running;
    size_t length;
    char name[]; /* the inbox without its last token */
};

/* Returns how much of an inbox tells its caller; 0: nothing does. */
static size_t name_length(const char *inbox)
{
    const char *last = inbox != NULL ? strrchr(inbox, '.') : NULL;
    if (last == NULL || memchr(inbox, '.', (size_t)(last - inbox)) == NULL)
        return 0;
    return (size_t)(last - inbox);
}

bool nm_callers_init(nm_callers *callers, uint32_t limit, uint32_t max_calls)
{
    *callers = (nm_callers){.limit = limit};
    pthread_mutex_init(&callers->lock, NULL);
    if (limit == 0)
        return true;
    callers->bucket_count = 16;
    while (callers->bucket_count < max_calls && callers->bucket_count < 65536)
        callers->bucket_count *= 2;
    callers->buckets = calloc(callers->bucket_count, sizeof(nm_caller *));
    return callers->buckets != NULL;
}

void nm_callers_free(nm_callers *callers)
{
    free(callers->buckets);
    pthread_mutex_destroy(&callers->lock);
}

/* A caller that chooses names whose hashes are equal slows the server down by max_calls at most. */
static nm_caller **bucket_of(const nm_callers *callers, uint64_t hash)
{
    return &callers->buckets[hash >> 32 & (callers->bucket_count - 1)];
}

/* Under the lock. */
static nm_caller *find(const nm_callers *callers, const char *name, size_t length, uint64_t hash)
{
    nm_caller *caller = *bucket_of(callers, hash);
    while (caller != NULL && (caller->hash != hash || caller->length != length ||
                              memcmp(caller->name, name, length) != 0))
        caller = caller->next;
    return caller;
}

/* Under the lock. Without memory a call is not counted. */
static nm_caller *add(nm_callers *callers, const char *name, size_t length, uint64_t hash)
{
    nm_caller *caller = malloc(sizeof(*caller) + length);
    if (caller == NULL)
        return NULL;
    nm_caller **bucket = bucket_of(callers, hash);
    *caller = (nm_caller){.next = *bucket, .hash = hash, .length = length};
    memcpy(caller->name, name, length);
    *bucket = caller;
    return caller;
}

bool nm_callers_enter(nm_callers *callers, const char *inbox, nm_caller **caller)
{
    *caller = NULL;
    size_t length = callers->limit != 0 ? name_length(inbox) : 0;
    if (length == 0)
        return true;
    uint64_t hash = nm_subject_hash(inbox, length);
    pthread_mutex_lock(&callers->lock);
    nm_caller *found = find(callers, inbox, length, hash);
    bool may = found == NULL || found->running < callers->limit;
    if (found == NULL)
        found = add(callers, inbox, length, hash);
    if (may && found != NULL) {
        found->running++;
        *caller = found;
    }
    pthread_mutex_unlock(&callers->lock);
    return may;
}

void nm_callers_leave(nm_callers *callers, nm_caller *caller)
{
    if (caller == NULL)
        return;
    pthread_mutex_lock(&callers->lock);
    if (--caller->running == 0) {
        nm_caller **at = bucket_of(callers, caller->hash);
        while (*at != caller)
            at = &(*at)->next;
        *at = caller->next;
        free(caller);
    }
    pthread_mutex_unlock(&callers->lock);
}
