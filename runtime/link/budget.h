/*
 * Budget: what all reliable streams of a link may have under way together. Without it ten thousand
 * streams with a window each let their peers send more at once than the broker keeps for a
 * connection (64 MiB by default, then it is cut), and send as much again after each reconnect.
 *
 * Windows. What all peers may send ahead of their readers is bounded. Each stream has a share,
 * which it asks to be adjusted whenever half of its window has been read: shares grow while there
 * is room, and go down to a fair part when there is little. A stream always has the least share, so
 * it makes progress. What a peer was allowed is never taken back: a share that is given back is
 * counted until it has been used.
 *
 * Resends. What is published again after a loss and not acknowledged is bounded. A stream that gets
 * no grant waits in a line, and its timer is hastened when its turn comes.
 *
 * The functions may be called from any thread; for one stream from one at a time.
 */
#ifndef NM_LINK_BUDGET_H
#define NM_LINK_BUDGET_H

#include "link/inbox.h"

#include <pthread.h>

/* Of all windows. Shares beyond the least end at the lower one: it leaves room for newcomers. */
#define NM_BUDGET_WINDOWS ((size_t)48 * 1024 * 1024)
#define NM_BUDGET_SHARES  ((size_t)32 * 1024 * 1024)

/* While no more than this is given out, a new stream gets all that it wants. */
#define NM_BUDGET_PLENTY ((size_t)24 * 1024 * 1024)

/* With this for each of 16,384 streams the bound holds. */
#define NM_BUDGET_LEAST_SHARE ((size_t)1024)

/* Of all resends. */
#define NM_BUDGET_RESENDS ((size_t)32 * 1024 * 1024)

typedef struct nm_resend nm_resend;

/* Hastens the timer of an inbox whose turn has come. Runs under the budget's lock. */
typedef void (*nm_budget_wake)(nm_inbox *inbox);

typedef struct nm_budget {
    atomic_size_t windows; /* sum of all shares */
    atomic_size_t streams; /* that have one */
    nm_budget_wake wake;
    pthread_mutex_t lock; /* for the rest; timers are set under it */
    size_t resends;       /* sum of all grants */
    nm_resend *first;     /* the line */
    nm_resend *last;
} nm_budget;

void nm_budget_init(nm_budget *budget, nm_budget_wake wake);
void nm_budget_destroy(nm_budget *budget);

/* ---- windows ---- */

/* The share of a new stream that would like `want` bytes. */
size_t nm_budget_open_share(nm_budget *budget, size_t want);

/*
 * A stream has used much of its window, and would like `want` bytes; `allowed`: what its peer may
 * still send, as it was told. Returns the next window. Changes the share with it.
 */
size_t nm_budget_adjust_share(nm_budget *budget, size_t *share, size_t window, size_t allowed,
                              size_t want);

/* The stream has ended. 0: it has no share. */
void nm_budget_close_share(nm_budget *budget, size_t share);

/* ---- resends ---- */

/* A stream's resends. All zero: none. */
struct nm_resend {
    size_t granted; /* bytes that count in the sum */
    size_t used;    /* of them, which are under way */
    size_t wanted;  /* in the line: what it waits for; else 0 */
    nm_inbox *inbox;
    nm_resend *before;
    nm_resend *after;
};

/*
 * Whether so many bytes may be published again now. False: the stream waits in the line for a grant
 * of `burst` bytes, and the inbox's timer says when it has that.
 */
bool nm_budget_take_resend(nm_budget *budget, nm_resend *resend, nm_inbox *inbox, size_t bytes,
                           size_t burst);

/* No more than this is still under way. */
void nm_budget_settle_resend(nm_budget *budget, nm_resend *resend, size_t under_way);

/* Nothing is to be published again: leaves the line, too. */
void nm_budget_end_resend(nm_budget *budget, nm_resend *resend);

#endif
