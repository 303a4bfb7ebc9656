/*
 * Timers: one for each inbox, which a thread of their own calls back, and a round each second. They
 * have a lock; no other is taken under it, and it is free while somebody is called back.
 */
#ifndef NM_LINK_TIMERS_H
#define NM_LINK_TIMERS_H

#include "link/inbox.h"

#include <pthread.h>

typedef struct nm_timers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    nm_inbox **heap; /* by timer_due, the earliest first */
    size_t count;
    size_t capacity;
    int64_t sleeping_until;
    int64_t next_round;
    void (*on_round)(void *data);
    void *data;
    bool stopping; /* and stopped: timers are taken out, none is put in */
    bool running;
    pthread_t thread;
} nm_timers;

/* Calls on_round once a second, without a lock. False: no thread, or no memory. */
bool nm_timers_start(nm_timers *timers, void (*on_round)(void *data), void *data);

/* Ends the thread; afterwards timers are only taken out. */
void nm_timers_stop(nm_timers *timers);
void nm_timers_free(nm_timers *timers);

/* Sets an inbox's timer to `due` (ns of nm_now; NM_NEVER: off), with a reference while it is on. */
void nm_timers_set(nm_timers *timers, nm_inbox *inbox, int64_t due);

/* The same, unless it is set to an earlier time already. */
void nm_timers_hasten(nm_timers *timers, nm_inbox *inbox, int64_t due);

/* Off, for good: it is not set any more. */
void nm_timers_end(nm_timers *timers, nm_inbox *inbox);

#endif
