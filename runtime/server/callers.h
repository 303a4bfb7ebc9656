/*
 * Callers: how many calls each caller has running at a server. A caller is told by its inboxes: all
 * that one client listens at differ in their last token only. One that uses an inbox of two tokens,
 * such as _INBOX.x, cannot be told from others and is not counted.
 *
 * It has a lock, which no other is taken under.
 */
#ifndef NM_SERVER_CALLERS_H
#define NM_SERVER_CALLERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_caller nm_caller;

typedef struct nm_callers {
    pthread_mutex_t lock;
    uint32_t limit; /* calls of one caller; 0: none, and nothing is counted */
    nm_caller **buckets;
    size_t bucket_count; /* a power of two */
} nm_callers;

/* Makes room for `max_calls` callers. False: no memory; it may be freed all the same. */
bool nm_callers_init(nm_callers *callers, uint32_t limit, uint32_t max_calls);
void nm_callers_free(nm_callers *callers);

/*
 * Counts a call whose answers go to `inbox` (NULL: none). False: its caller has as many as it may.
 * Else *caller is what nm_callers_leave takes, or NULL if the call is not counted.
 */
bool nm_callers_enter(nm_callers *callers, const char *inbox, nm_caller **caller);

/* The call has ended. NULL is allowed. */
void nm_callers_leave(nm_callers *callers, nm_caller *caller);

#endif
