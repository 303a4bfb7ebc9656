/*
 * What the files of the link share: its struct. Table, timers, flusher and the dispatch thread's
 * end have a lock each; no two are held together, and none around a call of nats.c or of an inbox.
 */
#ifndef NM_LINK_INTERNAL_H
#define NM_LINK_INTERNAL_H

#include "link/link.h"

#include <pthread.h>

typedef struct nm_timers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    nm_inbox **heap; /* by timer_due, the earliest first */
    size_t count;
    size_t capacity;
    int64_t sleeping_until;
    bool stopping; /* and stopped: timers are taken out, none is put in */
    bool running;
    pthread_t thread;
} nm_timers;

typedef struct nm_flusher {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool flushing; /* somebody is at it: a user's thread or the flusher thread */
    bool again;    /* more was published meanwhile */
    bool handed_over;
    bool stopping;
    bool running;
    pthread_t thread;
} nm_flusher;

typedef struct nm_table {
    pthread_mutex_t lock;
    nm_inbox **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
} nm_table;

struct nm_link {
    _Atomic(natsConnection *) connection; /* NULL: the link has ended; nats.c refuses that kindly */
    nm_events *events;
    nm_link_on_stray on_stray;
    void *stray_data;
    char *prefix; /* "<inbox prefix>.<link token>." */
    size_t prefix_length;
    natsSubscription *subscription;
    nm_inbox *pausing; /* has asked for on_pause; referenced; the dispatch thread's alone */
    pthread_mutex_t completion_lock;
    pthread_cond_t completion;
    bool completed; /* the dispatch thread has ended */
    nm_table table;
    nm_timers timers;
    nm_flusher flusher;
};

/* ---- link/table.c ---- */

bool nm_table_init(nm_table *table);
void nm_table_free(nm_table *table);
void nm_table_add(nm_table *table, nm_inbox *inbox);
bool nm_table_remove(nm_table *table, nm_inbox *inbox);
/* Takes any inbox out, with the table's reference; NULL when there is none left. */
nm_inbox *nm_table_take_any(nm_table *table);
/* The inbox of a token, referenced, or NULL. */
nm_inbox *nm_table_find(nm_table *table, const char *token);

/* ---- link/timers.c ---- */

bool nm_timers_start(nm_timers *timers);
void nm_timers_stop(nm_timers *timers);
void nm_timers_free(nm_timers *timers);
/* Off, for good: it is not set any more. */
void nm_timers_end(nm_timers *timers, nm_inbox *inbox);

/* ---- link/flush.c ---- */

bool nm_flusher_init(nm_flusher *flusher);
void nm_flusher_stop(nm_flusher *flusher);
void nm_flusher_free(nm_flusher *flusher);

#endif
