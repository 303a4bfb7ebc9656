/*
 * See outbox.h.
 */
#include "transport/reliable/outbox.h"

#include "base/compare.h"

#include <stdlib.h>

/* `size` less `taken`, and not less than nothing. */
static size_t without(size_t size, size_t taken)
{
    return size > taken ? size - taken : 0;
}

static size_t fill_of(size_t max_payload)
{
    return nm_smaller(without(max_payload, NM_OUTBOX_RESERVE), NM_OUTBOX_FILL);
}

/* ---- beginning and ending ---- */

void nm_outbox_begin(nm_outbox *outbox, size_t max_payload, uint64_t window_messages,
                     uint64_t window_bytes, const nm_headers *headers)
{
    size_t fill = fill_of(max_payload);
    uint64_t most_bytes = nm_larger_count(window_bytes, NM_OUTBOX_MOST_BYTES);
    *outbox = (nm_outbox){
        .most_messages = nm_larger_count(window_messages, NM_OUTBOX_MOST_MESSAGES),
        .most_bytes = most_bytes,
        .heard_most_bytes = most_bytes,
        .fill = fill,
        .recycled = {.least = fill},
        .max_payload = max_payload,
        .headers = headers,
    };
}

void nm_outbox_begin_ended(nm_outbox *outbox)
{
    outbox->last_number = outbox->published = 1;
    outbox->ended = true;
}

void nm_outbox_begin_unheard(nm_outbox *outbox, uint64_t max_messages, uint64_t max_bytes)
{
    bool is_short = max_bytes < NM_OUTBOX_UNHEARD_BYTES;
    nm_outbox_raise_limits(outbox, max_messages, is_short ? max_bytes : NM_OUTBOX_UNHEARD_BYTES);
    outbox->most_bytes = NM_OUTBOX_UNHEARD_BYTES;
}

/* The thread that publishes a segment still reads it, and recycles it then. */
static void recycle(nm_outbox *outbox, nm_segment *segment)
{
    if (segment == outbox->in_publication)
        segment->acknowledged = true;
    else
        nm_segment_recycle(&outbox->recycled, segment);
}

/* Frees the segments that the peer has all of. */
static void free_acknowledged(nm_outbox *outbox)
{
    while (outbox->unacknowledged != NULL) {
        nm_segment *segment = outbox->unacknowledged;
        if (nm_segment_last(segment) > outbox->acknowledged)
            break;
        outbox->unacknowledged = segment->next;
        outbox->unacknowledged_bytes -= segment->message_bytes + NM_SEGMENT_OVERHEAD;
        if (outbox->unpublished == segment)
            outbox->unpublished = segment->next;
        recycle(outbox, segment);
    }
}

void nm_outbox_drop(nm_outbox *outbox)
{
    nm_segment *next;
    for (nm_segment *segment = outbox->unacknowledged; segment != NULL; segment = next) {
        next = segment->next;
        recycle(outbox, segment);
    }
    if (outbox->open != NULL)
        nm_segment_recycle(&outbox->recycled, outbox->open);
    outbox->unacknowledged = outbox->unpublished = outbox->open = NULL;
}

void nm_outbox_clear(nm_outbox *outbox)
{
    nm_outbox_drop(outbox);
    nm_segment_pool_clear(&outbox->recycled);
    free(outbox->digest);
    outbox->digest = NULL;
}

/* ---- the window ---- */

void nm_outbox_raise_limits(nm_outbox *outbox, uint64_t max_messages, uint64_t max_bytes)
{
    outbox->max_messages = nm_larger_count(outbox->max_messages, max_messages);
    outbox->max_bytes = nm_larger_count(outbox->max_bytes, max_bytes);
}

/* ---- filling ---- */

static const nm_headers *headers_of_next(const nm_outbox *outbox)
{
    return outbox->last_number == 0 ? outbox->headers : NULL;
}

size_t nm_outbox_room(const nm_outbox *outbox, size_t max_payload)
{
    size_t headers = nm_frame_headers_size(headers_of_next(outbox));
    return without(max_payload, NM_OUTBOX_RESERVE + headers);
}

size_t nm_outbox_next_fill(const nm_outbox *outbox)
{
    return nm_smaller(nm_outbox_room(outbox, outbox->max_payload), outbox->fill);
}

bool nm_outbox_open(nm_outbox *outbox, size_t room)
{
    const nm_headers *headers = headers_of_next(outbox);
    nm_segment *segment = nm_segment_take(&outbox->recycled, room + nm_frame_headers_size(headers));
    if (segment == NULL)
        return false;
    if (!nm_digest_need(&outbox->digest)) {
        nm_segment_recycle(&outbox->recycled, segment);
        return false;
    }
    segment->first = outbox->last_number + 1;
    uint8_t *at = nm_frame_write_headers(segment->bytes, headers);
    segment->length = segment->messages = (size_t)(at - segment->bytes);
    segment->full = segment->messages + nm_outbox_next_fill(outbox);
    outbox->open = segment;
    return true;
}

/* One update a segment, as the encodings lie together. */
static void digest_messages(nm_outbox *outbox, const nm_segment *segment)
{
    nm_digest_add(outbox->digest, segment->bytes + segment->messages,
                  segment->length - segment->messages);
}

/*
 * Short segments that wait become one with an earlier one: what is published late, or again, goes
 * in few frames.
 */
static void join(nm_outbox *outbox, nm_segment *segment)
{
    nm_segment *next;
    while ((next = segment->next) != NULL && nm_segment_absorb(segment, next)) {
        segment->next = next->next;
        if (outbox->newest == next)
            outbox->newest = segment;
        outbox->unacknowledged_bytes -= NM_SEGMENT_OVERHEAD;
        nm_segment_recycle(&outbox->recycled, next);
    }
}

static void keep(nm_outbox *outbox, nm_segment *segment)
{
    nm_segment *before = outbox->unacknowledged == NULL ? NULL : outbox->newest;
    outbox->unacknowledged_bytes += NM_SEGMENT_OVERHEAD;
    outbox->sealed_bytes += segment->message_bytes;
    if (before == NULL)
        outbox->unacknowledged = segment;
    else
        before->next = segment;
    outbox->newest = segment;
    if (outbox->unpublished == NULL)
        outbox->unpublished = segment;
    if (before != NULL && !before->published)
        join(outbox, before);
    else if (segment->length < segment->capacity / 2)
        nm_segment_resize(segment, segment->length); /* it stays until it is acknowledged */
}

void nm_outbox_seal(nm_outbox *outbox)
{
    nm_segment *segment = outbox->open;
    if (segment == NULL)
        return;
    if (!segment->has_end)
        digest_messages(outbox, segment); /* else it was done before the end */
    outbox->open = NULL;
    keep(outbox, segment);
}

bool nm_outbox_append_end(nm_outbox *outbox, size_t most, nm_frame_outcome *outcome)
{
    size_t room = most > NM_FRAME_SHORTEST_END ? most : NM_FRAME_SHORTEST_END;
    if (outbox->open != NULL && !nm_outbox_fits(outbox, room))
        nm_outbox_seal(outbox);
    if (outbox->open != NULL)
        digest_messages(outbox, outbox->open);
    else if (!nm_outbox_open(outbox, room))
        return false;
    nm_segment *segment = outbox->open;
    outcome->digest = nm_digest_value(outbox->digest);
    uint8_t *end = nm_frame_write_end(segment->bytes + segment->length, most, outcome);
    segment->length = (size_t)(end - segment->bytes);
    segment->has_end = true;
    outbox->last_number++;
    outbox->ended = true;
    nm_outbox_seal(outbox);
    return true;
}

/* ---- another max_payload ---- */

/*
 * What a segment that is too large begins with: messages that fit into a frame together. One that
 * the peer has already may be of any size, as it does not go again. False: the first thing is too
 * large.
 */
static bool find_head(const nm_outbox *outbox, const nm_segment *segment, size_t room,
                      nm_segment_head *head, nm_oversize *oversize)
{
    *head = nm_segment_fitting(segment, room);
    if (head->count > 0)
        return true;
    size_t size;
    *head = nm_segment_first_thing(segment, &size);
    if (segment->first <= outbox->acknowledged)
        return true;
    *oversize = (nm_oversize){.number = segment->first,
                              .is_end = segment->count == 0,
                              .size = size,
                              .room = without(room, segment->messages)};
    return false;
}

/* Cuts a segment into as many as it needs. */
static nm_refit cut(nm_outbox *outbox, nm_segment *segment, size_t room, nm_oversize *oversize)
{
    nm_refit refit = NM_REFIT_NOTHING;
    while (segment->length > room) {
        nm_segment_head head;
        if (!find_head(outbox, segment, room, &head, oversize))
            return NM_REFIT_OVERSIZE;
        nm_segment *rest = nm_segment_split(&outbox->recycled, segment, &head);
        if (rest == NULL)
            return NM_REFIT_NO_MEMORY;
        rest->next = segment->next;
        rest->full = outbox->fill;
        segment->next = rest;
        if (outbox->newest == segment)
            outbox->newest = rest;
        outbox->unacknowledged_bytes += NM_SEGMENT_OVERHEAD;
        refit = NM_REFIT_CUT;
        segment = rest;
    }
    return refit;
}

nm_refit nm_outbox_refit(nm_outbox *outbox, size_t max_payload, nm_oversize *oversize)
{
    size_t room = without(max_payload, NM_OUTBOX_RESERVE);
    outbox->max_payload = max_payload;
    outbox->fill = outbox->recycled.least = fill_of(max_payload);
    nm_outbox_seal(outbox); /* the open segment was made for another limit */
    nm_refit result = NM_REFIT_NOTHING;
    nm_segment *next;
    for (nm_segment *segment = outbox->unacknowledged; segment != NULL; segment = next) {
        next = segment->next;
        segment->full = segment->messages + outbox->fill;
        nm_refit refit = cut(outbox, segment, room, oversize);
        if (refit == NM_REFIT_OVERSIZE || refit == NM_REFIT_NO_MEMORY)
            return refit;
        if (refit == NM_REFIT_CUT)
            result = refit;
    }
    free_acknowledged(outbox);
    return result;
}

/* ---- publishing ---- */

size_t nm_outbox_next_resend(const nm_outbox *outbox)
{
    const nm_segment *next = outbox->goes_back ? outbox->unacknowledged : outbox->unpublished;
    if (next == NULL || outbox->burst_left == 0)
        return 0;
    size_t joined = nm_larger(next->length, next->full); /* with those after it */
    return nm_smaller(joined, outbox->unacknowledged_bytes);
}

size_t nm_outbox_burst_bytes(const nm_outbox *outbox)
{
    return nm_smaller(outbox->burst * outbox->fill, outbox->unacknowledged_bytes);
}

bool nm_outbox_begin_publication(nm_outbox *outbox, nm_publication *next)
{
    if (outbox->goes_back) {
        outbox->goes_back = false;
        outbox->unpublished = outbox->unacknowledged;
    }
    nm_segment *segment = outbox->unpublished;
    bool recovering = outbox->burst > 0;
    if (segment == NULL || (recovering && outbox->burst_left == 0))
        return false;
    if (segment->published)
        join(outbox, segment);
    bool last_of_burst = recovering && (segment->next == NULL || outbox->burst_left == 1);
    next->segment = segment;
    next->again = segment->published;
    next->only = !nm_outbox_is_outstanding(outbox);
    next->ask = segment->has_end || last_of_burst;
    if (recovering)
        outbox->burst_left--;
    if (!segment->published)
        outbox->published = nm_segment_last(segment);
    segment->published = true;
    outbox->in_publication = segment;
    return true;
}

void nm_outbox_end_publication(nm_outbox *outbox, nm_segment *segment, bool succeeded)
{
    outbox->in_publication = NULL;
    if (segment->acknowledged)
        nm_segment_recycle(&outbox->recycled, segment);
    else if (succeeded && outbox->unpublished == segment)
        outbox->unpublished = segment->next;
}

/* ---- what the peer says ---- */

void nm_outbox_go_back(nm_outbox *outbox)
{
    outbox->goes_back = true;
    outbox->burst = outbox->burst_left = NM_OUTBOX_FIRST_BURST;
    outbox->recovered_at = outbox->published;
}

bool nm_outbox_take_gap(nm_outbox *outbox, uint64_t number)
{
    if (number != outbox->acknowledged || !nm_outbox_is_outstanding(outbox) ||
        outbox->gap_honoured == number + 1)
        return false;
    outbox->gap_honoured = number + 1;
    nm_outbox_go_back(outbox);
    return true;
}

/* True: a recovery goes on, or has just ended, and something waited for that. */
static bool advance_recovery(nm_outbox *outbox)
{
    if (outbox->burst == 0)
        return false;
    if (outbox->acknowledged >= outbox->recovered_at)
        outbox->burst = 0;
    else if (outbox->burst < NM_OUTBOX_MOST_MESSAGES)
        outbox->burst *= 2;
    outbox->burst_left = outbox->burst;
    return outbox->unpublished != NULL;
}

bool nm_outbox_acknowledge(nm_outbox *outbox, uint64_t number)
{
    outbox->acknowledged = number;
    free_acknowledged(outbox);
    return advance_recovery(outbox);
}
