/*
 * Backlog: see backlog.h. Each source has a queue of its own; few sources have requests at a time,
 * so the oldest is found by looking at the head of each.
 */
#include "server/backlog.h"

#include <stdlib.h>

struct nm_waiting_request {
    nm_waiting_request *next;
    natsMsg *message;
    size_t size;
    uint64_t number; /* in the order of arrival, from 1 */
};

/* ---- shares ---- */

static bool may_run(const nm_share *share)
{
    return share->max_running == 0 || share->running < share->max_running;
}

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

static void count_waiting(nm_share *share, size_t size)
{
    share->waiting++;
    share->waiting_bytes += size;
}

static void count_taken(nm_share *share, size_t size)
{
    share->waiting--;
    share->waiting_bytes -= size;
}

/* ---- sources ---- */

static bool source_may_run(const nm_backlog *backlog, const nm_pool_source *source)
{
    return may_run(&backlog->all) && may_run(&source->share) &&
           (source->is_unary || may_run(&backlog->streams));
}

static bool source_has_room(const nm_backlog *backlog, const nm_pool_source *source, size_t size)
{
    size_t soon = free_to_run(&backlog->all);
    size_t own = free_to_run(&source->share);
    soon = own < soon ? own : soon;
    if (!source->is_unary) {
        size_t streams = free_to_run(&backlog->streams);
        soon = streams < soon ? streams : soon;
        if (!has_room(&backlog->streams, soon, size))
            return false;
    }
    return has_room(&backlog->all, soon, size) && has_room(&source->share, soon, size);
}

/* The source whose first request is the oldest; of those that may run, or of all. */
static nm_pool_source *oldest(const nm_backlog *backlog, bool of_all)
{
    nm_pool_source *found = NULL;
    for (nm_pool_source *source = backlog->sources; source != NULL; source = source->next) {
        if (found != NULL && found->first->number < source->first->number)
            continue;
        if (of_all || source_may_run(backlog, source))
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

static void take_first(nm_backlog *backlog, nm_pool_source *source, nm_pool_request *request)
{
    nm_waiting_request *first = source->first;
    *request = (nm_pool_request){source, first->message};
    source->first = first->next;
    if (source->first == NULL)
        unlist(backlog, source);
    count_taken(&backlog->all, first->size);
    count_taken(&source->share, first->size);
    if (!source->is_unary)
        count_taken(&backlog->streams, first->size);
    first->next = backlog->spare;
    backlog->spare = first;
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

bool nm_backlog_add(nm_backlog *backlog, nm_pool_source *source, natsMsg *message, size_t size)
{
    nm_waiting_request *added = backlog->spare;
    if (added == NULL || !source_has_room(backlog, source, size))
        return false;
    backlog->spare = added->next;
    *added = (nm_waiting_request){NULL, message, size, backlog->next_number++};
    if (source->first == NULL) {
        source->first = added;
        source->next = backlog->sources;
        backlog->sources = source;
    } else
        source->last->next = added;
    source->last = added;
    count_waiting(&backlog->all, size);
    count_waiting(&source->share, size);
    if (!source->is_unary)
        count_waiting(&backlog->streams, size);
    return true;
}

bool nm_backlog_may_take(const nm_backlog *backlog)
{
    return oldest(backlog, false) != NULL;
}

bool nm_backlog_take(nm_backlog *backlog, nm_pool_request *request)
{
    nm_pool_source *source = oldest(backlog, false);
    if (source == NULL)
        return false;
    take_first(backlog, source, request);
    backlog->all.running++;
    source->share.running++;
    if (!source->is_unary)
        backlog->streams.running++;
    return true;
}

void nm_backlog_ended(nm_backlog *backlog, nm_pool_source *source)
{
    backlog->all.running--;
    source->share.running--;
    if (!source->is_unary)
        backlog->streams.running--;
}

bool nm_backlog_take_any(nm_backlog *backlog, nm_pool_request *request)
{
    nm_pool_source *source = oldest(backlog, true);
    if (source != NULL)
        take_first(backlog, source, request);
    return source != NULL;
}

uint64_t nm_backlog_next(const nm_backlog *backlog)
{
    const nm_pool_source *source = oldest(backlog, false);
    return source != NULL ? source->first->number : 0;
}
