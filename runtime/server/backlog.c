/*
 * Backlog: see backlog.h. Each source has a queue of its own; few sources have requests at a time,
 * so the oldest is found by looking at the head of each.
 */
#include "server/backlog.h"

#include "base/compare.h"

#include <stdlib.h>

struct nm_waiting_request {
    nm_waiting_request *next;
    nm_waiting_request *previous;
    nm_pool_request request;
    uint64_t number; /* in the order of arrival, from 1 */
    bool kept_waiting;
};

/* ---- shares ---- */

/* How many more may run now. */
static size_t free_to_run(const nm_share *share)
{
    if (share->max_running == 0)
        return SIZE_MAX;
    /* A limit may come when more are running. */
    return share->running < share->max_running ? share->max_running - share->running : 0;
}

/* `soon` requests are taken out at once; only those beyond them wait. */
static bool has_room(const nm_share *share, size_t soon, size_t size)
{
    if (share->waiting < soon)
        return true;
    if (share->max_waiting > 0 && share->waiting - soon >= share->max_waiting)
        return false;
    return share->max_waiting_bytes == 0 || share->waiting_bytes + size <= share->max_waiting_bytes;
}

/* ---- sources ---- */

#define MOST_SHARES 3

/* The shares that a request of a source counts in. Returns how many there are. */
static size_t shares_of(nm_backlog *backlog, nm_pool_source *source, nm_share *shares[MOST_SHARES])
{
    shares[0] = &backlog->all;
    shares[1] = &source->share;
    shares[2] = &backlog->streams;
    return source->is_unary ? 2 : 3;
}

/* How many more requests of a source may run now. */
static size_t source_free_to_run(nm_backlog *backlog, nm_pool_source *source)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        least = nm_smaller(least, free_to_run(shares[i]));
    return least;
}

static bool source_has_room(nm_backlog *backlog, nm_pool_source *source, size_t size)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    size_t soon = source_free_to_run(backlog, source);
    for (size_t i = 0; i < count; i++)
        if (!has_room(shares[i], soon, size))
            return false;
    return true;
}

/* Whether a further request of a source has to wait until a call ends. */
static bool must_wait(nm_backlog *backlog, nm_pool_source *source)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    size_t soon = source_free_to_run(backlog, source);
    for (size_t i = 0; i < count; i++)
        if (shares[i]->waiting >= soon)
            return true;
    return false;
}

static void count_waiting(nm_backlog *backlog, nm_pool_source *source, size_t size)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    for (size_t i = 0; i < count; i++) {
        shares[i]->waiting++;
        shares[i]->waiting_bytes += size;
    }
}

static void count_taken(nm_backlog *backlog, nm_pool_source *source, size_t size)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    for (size_t i = 0; i < count; i++) {
        shares[i]->waiting--;
        shares[i]->waiting_bytes -= size;
    }
}

/* The source whose first request is the oldest; of those that may run, or of all. */
static nm_pool_source *oldest(nm_backlog *backlog, bool of_all)
{
    nm_pool_source *found = NULL;
    for (nm_pool_source *source = backlog->sources; source != NULL; source = source->next) {
        if (found != NULL && found->first->number < source->first->number)
            continue;
        if (of_all || source_free_to_run(backlog, source) > 0)
            found = source;
    }
    return found;
}

static void unlist(nm_backlog *backlog, const nm_pool_source *source)
{
    nm_pool_source **at = &backlog->sources;
    while (*at != source)
        at = &(*at)->next;
    *at = source->next;
}

static void take(nm_backlog *backlog, nm_waiting_request *taken, nm_pool_request *request)
{
    *request = taken->request;
    nm_pool_source *source = request->source;
    if (taken->previous != NULL)
        taken->previous->next = taken->next;
    else
        source->first = taken->next;
    if (taken->next != NULL)
        taken->next->previous = taken->previous;
    else
        source->last = taken->previous;
    if (source->first == NULL)
        unlist(backlog, source);
    count_taken(backlog, source, request->size);
    backlog->kept_waiting -= taken->kept_waiting;
    if (request->ticket != NULL)
        *request->ticket = NULL;
    taken->next = backlog->spare;
    backlog->spare = taken;
}

/* ---- what the pool asks of it ---- */

bool nm_backlog_init(nm_backlog *backlog, const nm_share *all, const nm_share *streams)
{
    *backlog = (nm_backlog){.all = *all, .stream_limits = *streams, .next_number = 1};
    size_t count = all->max_waiting + all->max_running;
    backlog->requests = calloc(count, sizeof(nm_waiting_request));
    if (backlog->requests == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        backlog->requests[i].next = backlog->spare;
        backlog->spare = &backlog->requests[i];
    }
    return true;
}

void nm_backlog_free(nm_backlog *backlog)
{
    free(backlog->requests);
}

void nm_backlog_open(nm_backlog *backlog, const nm_pool_source *source)
{
    if (!source->is_unary)
        return;
    backlog->streams.max_running = backlog->stream_limits.max_running;
    backlog->streams.max_waiting = backlog->stream_limits.max_waiting;
    backlog->streams.max_waiting_bytes = backlog->stream_limits.max_waiting_bytes;
}

static void append(nm_backlog *backlog, nm_pool_source *source, nm_waiting_request *added)
{
    if (source->first == NULL) {
        source->first = added;
        source->next = backlog->sources;
        backlog->sources = source;
    } else
        source->last->next = added;
    source->last = added;
    count_waiting(backlog, source, added->request.size);
    backlog->kept_waiting += added->kept_waiting;
    if (added->request.ticket != NULL)
        *added->request.ticket = added;
}

nm_backlog_added nm_backlog_add(nm_backlog *backlog, const nm_pool_request *request)
{
    nm_pool_source *source = request->source;
    nm_waiting_request *added = backlog->spare;
    if (added == NULL || !source_has_room(backlog, source, request->size))
        return NM_BACKLOG_FULL;
    bool waits = must_wait(backlog, source);
    if (waits && !request->prepared)
        return NM_BACKLOG_UNPREPARED;
    backlog->spare = added->next;
    *added = (nm_waiting_request){.previous = source->first != NULL ? source->last : NULL,
                                  .request = *request,
                                  .number = backlog->next_number++,
                                  .kept_waiting = waits};
    append(backlog, source, added);
    return waits ? NM_BACKLOG_WAITS : NM_BACKLOG_SOON;
}

bool nm_backlog_may_take(nm_backlog *backlog)
{
    return oldest(backlog, false) != NULL;
}

bool nm_backlog_take(nm_backlog *backlog, nm_pool_request *request)
{
    nm_pool_source *source = oldest(backlog, false);
    if (source == NULL)
        return false;
    take(backlog, source->first, request);
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    for (size_t i = 0; i < count; i++)
        shares[i]->running++;
    return true;
}

void nm_backlog_ended(nm_backlog *backlog, nm_pool_source *source)
{
    nm_share *shares[MOST_SHARES];
    size_t count = shares_of(backlog, source, shares);
    for (size_t i = 0; i < count; i++)
        shares[i]->running--;
}

bool nm_backlog_take_any(nm_backlog *backlog, nm_pool_request *request)
{
    nm_pool_source *source = oldest(backlog, true);
    if (source != NULL)
        take(backlog, source->first, request);
    return source != NULL;
}

bool nm_backlog_withdraw(nm_backlog *backlog, void *const *ticket, nm_pool_request *request)
{
    nm_waiting_request *withdrawn = *ticket;
    if (withdrawn != NULL)
        take(backlog, withdrawn, request);
    return withdrawn != NULL;
}

uint64_t nm_backlog_next(nm_backlog *backlog)
{
    const nm_pool_source *source = oldest(backlog, false);
    return source != NULL ? source->first->number : 0;
}
