/*
 * See budget.h.
 */
#include "link/budget.h"

#include "base/compare.h"

/* A new stream gets this part of what is left; a share grows and goes down by that one at most. */
#define PART_OF_A_NEW_STREAM 64
#define PART_OF_A_STEP       4

void nm_budget_init(nm_budget *budget, nm_budget_wake wake)
{
    *budget = (nm_budget){.wake = wake};
    pthread_mutex_init(&budget->lock, NULL);
}

void nm_budget_destroy(nm_budget *budget)
{
    pthread_mutex_destroy(&budget->lock);
}

/* ---- windows ---- */

/* What shares may still grow by, where so much is given out. */
static size_t left(size_t windows)
{
    return windows < NM_BUDGET_SHARES ? NM_BUDGET_SHARES - windows : 0;
}

/* No stream gets less than the least share, and none more than it wants. */
static size_t within(size_t share, size_t want)
{
    return nm_smaller(nm_larger(share, NM_BUDGET_LEAST_SHARE), want);
}

static size_t first_share(size_t windows, size_t want)
{
    size_t plenty = windows < NM_BUDGET_PLENTY ? NM_BUDGET_PLENTY - windows : 0;
    if (want <= plenty || windows == 0)
        return nm_smaller(want, plenty);
    return within(left(windows) / PART_OF_A_NEW_STREAM, want);
}

size_t nm_budget_open_share(nm_budget *budget, size_t want)
{
    atomic_fetch_add_explicit(&budget->streams, 1, memory_order_relaxed);
    size_t windows = atomic_load_explicit(&budget->windows, memory_order_relaxed);
    size_t share;
    do
        share = first_share(windows, want);
    while (!atomic_compare_exchange_weak(&budget->windows, &windows, windows + share));
    return share;
}

static size_t next_window(size_t windows, size_t streams, size_t window, size_t want)
{
    size_t fair = within(NM_BUDGET_SHARES / streams, want);
    if (windows > NM_BUDGET_PLENTY && window > fair)
        return nm_larger(fair, window - window / PART_OF_A_STEP);
    return within(window + left(windows) / PART_OF_A_STEP, want);
}

size_t nm_budget_adjust_share(nm_budget *budget, size_t *share, size_t window, size_t allowed,
                              size_t want)
{
    size_t streams = atomic_load_explicit(&budget->streams, memory_order_relaxed);
    size_t windows = atomic_load_explicit(&budget->windows, memory_order_relaxed);
    size_t next;
    size_t size;
    do {
        next = next_window(windows, streams, window, want);
        size = nm_larger(next, allowed);
    } while (size != *share &&
             !atomic_compare_exchange_weak(&budget->windows, &windows, windows - *share + size));
    *share = size;
    return next;
}

void nm_budget_close_share(nm_budget *budget, size_t share)
{
    if (share == 0)
        return;
    atomic_fetch_sub_explicit(&budget->windows, share, memory_order_relaxed);
    atomic_fetch_sub_explicit(&budget->streams, 1, memory_order_relaxed);
}

/* ---- resends: the line ---- */

static void join_line(nm_budget *budget, nm_resend *resend)
{
    resend->before = budget->last;
    resend->after = NULL;
    if (budget->last != NULL)
        budget->last->after = resend;
    else
        budget->first = resend;
    budget->last = resend;
}

static void leave_line(nm_budget *budget, nm_resend *resend)
{
    if (resend->before != NULL)
        resend->before->after = resend->after;
    else
        budget->first = resend->after;
    if (resend->after != NULL)
        resend->after->before = resend->before;
    else
        budget->last = resend->before;
    resend->wanted = 0;
}

/* Whatever is larger than the bound goes alone. */
static bool has_room(const nm_budget *budget, size_t bytes)
{
    return budget->resends == 0 || budget->resends + bytes <= NM_BUDGET_RESENDS;
}

static void grant(nm_budget *budget, nm_resend *resend, size_t bytes)
{
    budget->resends += bytes;
    resend->granted += bytes;
}

/* As many as there is room for, in their order. */
static void wake_line(nm_budget *budget)
{
    while (budget->first != NULL && has_room(budget, budget->first->wanted)) {
        nm_resend *resend = budget->first;
        grant(budget, resend, resend->wanted);
        leave_line(budget, resend);
        budget->wake(resend->inbox);
    }
}

/* ---- resends: a stream ---- */

/* Under the lock. */
static bool take(nm_budget *budget, nm_resend *resend, size_t bytes)
{
    size_t needed = resend->used + bytes;
    if (needed > resend->granted &&
        (budget->first != NULL || !has_room(budget, needed - resend->granted)))
        return false;
    if (needed > resend->granted)
        grant(budget, resend, needed - resend->granted);
    resend->used = needed;
    return true;
}

bool nm_budget_take_resend(nm_budget *budget, nm_resend *resend, nm_inbox *inbox, size_t bytes,
                           size_t burst)
{
    pthread_mutex_lock(&budget->lock);
    bool taken = resend->wanted == 0 && take(budget, resend, bytes);
    if (!taken && resend->wanted == 0) {
        resend->wanted = nm_larger(bytes, burst);
        resend->inbox = inbox;
        join_line(budget, resend);
    }
    pthread_mutex_unlock(&budget->lock);
    return taken;
}

/* Under the lock. */
static void give_back(nm_budget *budget, nm_resend *resend, size_t under_way)
{
    resend->used = nm_smaller(resend->used, under_way);
    budget->resends -= resend->granted - resend->used;
    resend->granted = resend->used;
    wake_line(budget);
}

void nm_budget_settle_resend(nm_budget *budget, nm_resend *resend, size_t under_way)
{
    pthread_mutex_lock(&budget->lock);
    give_back(budget, resend, under_way);
    pthread_mutex_unlock(&budget->lock);
}

void nm_budget_end_resend(nm_budget *budget, nm_resend *resend)
{
    pthread_mutex_lock(&budget->lock);
    if (resend->wanted > 0)
        leave_line(budget, resend);
    give_back(budget, resend, 0);
    pthread_mutex_unlock(&budget->lock);
}
