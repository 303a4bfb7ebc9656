/*
 * Flusher: writes what nats.c has buffered, in the calling thread or in one of its own. The broker
 * answers each flush, so it serves the link's fences, too. It has a lock, which no other is taken
 * under and which is free while it calls nats.c.
 */
#ifndef NM_LINK_FLUSH_H
#define NM_LINK_FLUSH_H

#include "link/fence.h"

typedef struct nm_flusher {
    _Atomic(natsConnection *) *connection; /* the link's; NULL in it: the link has ended */
    nm_fences *fences;                     /* the link's */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool flushing; /* somebody is at it: a user's thread or the flusher thread */
    bool again;    /* more was published meanwhile */
    bool handed_over;
    bool stopping;
    bool running;
    pthread_t thread;
} nm_flusher;

/*
 * `connection` is where the link keeps its connection. It and the fences live as long as the
 * flusher.
 */
bool nm_flusher_init(nm_flusher *flusher, _Atomic(natsConnection *) *connection, nm_fences *fences);

/* Ends the thread. Flushing afterwards is left to nats.c's own flusher. */
void nm_flusher_stop(nm_flusher *flusher);
void nm_flusher_free(nm_flusher *flusher);

/* As nm_link_flush and nm_link_flush_soon. */
void nm_flusher_flush(nm_flusher *flusher, int64_t deadline);
void nm_flusher_flush_soon(nm_flusher *flusher);

#endif
