/*
 * See intake.h.
 */
#include "transport/reliable/intake.h"

#include "base/compare.h"

#include <stdlib.h>

void nm_intake_begin(nm_intake *intake, uint64_t window_messages, uint64_t window_bytes)
{
    *intake = (nm_intake){
        .window_messages = window_messages,
        .window_bytes = window_bytes,
        .advertised_messages = window_messages,
        .advertised_bytes = window_bytes,
        .queue = {.frames = intake->queue.frames, .capacity = intake->queue.capacity},
    };
}

void nm_intake_open(nm_intake *intake, uint64_t window_messages, uint64_t window_bytes)
{
    intake->window_messages = window_messages;
    intake->window_bytes = window_bytes;
}

void nm_intake_begin_ended(nm_intake *intake)
{
    intake->received = intake->acknowledged = 1;
    intake->ended = true;
}

void nm_intake_drop(nm_intake *intake)
{
    nm_receive_queue_drop(&intake->queue);
}

void nm_intake_clear(nm_intake *intake)
{
    nm_receive_queue_drop(&intake->queue);
    nm_receive_queue_trim(&intake->queue);
    nm_received_frame_free(&intake->reading);
    free(intake->digest);
    intake->digest = NULL;
}

void nm_intake_free(nm_intake *intake)
{
    nm_receive_queue_free(&intake->queue);
}

/* ---- a frame of the peer ---- */

nm_novelty nm_intake_novelty(const nm_intake *intake, const nm_frame *frame)
{
    if (frame->count == 0 && !frame->has_end)
        return NM_UNNUMBERED;
    if (frame->seq > intake->received + 1)
        return NM_A_GAP;
    return nm_frame_last_number(frame) > intake->received ? NM_SOMETHING_NEW : NM_NOTHING_NEW;
}

bool nm_intake_contradicts_end(const nm_intake *intake, const nm_frame *frame)
{
    if (frame->count == 0 && !frame->has_end)
        return false;
    uint64_t last = nm_frame_last_number(frame);
    if (intake->ended)
        return last > intake->received || (frame->has_end && last != intake->received);
    return frame->has_end && last <= intake->received;
}

static uint64_t last_message(const nm_frame *frame)
{
    return frame->seq + frame->count - 1;
}

bool nm_intake_has_new_messages(const nm_intake *intake, const nm_frame *frame)
{
    return frame->count > 0 && last_message(frame) > intake->received;
}

/* Where the new messages of a frame without a gap begin. *known: bytes of those before. */
static nm_frame_cursor skip_known(const nm_intake *intake, const nm_frame *frame, size_t *known)
{
    nm_frame_cursor cursor = nm_frame_first(frame);
    *known = nm_frame_skip(&cursor, intake->received + 1 - frame->seq);
    return cursor;
}

bool nm_intake_is_beyond_window(const nm_intake *intake, const nm_frame *frame)
{
    if (frame->seq > intake->received + 1 || !nm_intake_has_new_messages(intake, frame))
        return false;
    if (last_message(frame) > intake->advertised_messages)
        return true;
    size_t known;
    skip_known(intake, frame, &known);
    uint64_t before_last = intake->received_bytes + frame->messages_size - known - frame->last_size;
    return before_last >= intake->advertised_bytes;
}

bool nm_intake_take_messages(nm_intake *intake, const nm_frame *frame, natsMsg *message,
                             size_t memory, bool *taken)
{
    size_t known;
    nm_frame_cursor cursor = skip_known(intake, frame, &known);
    nm_arrival arrival = {.message = message,
                          .message_memory = memory,
                          .messages = cursor,
                          .count = (size_t)(last_message(frame) - intake->received),
                          .size = frame->messages_size - known};
    if (!nm_digest_need(&intake->digest))
        return false;
    if (message != NULL && !nm_receive_queue_add(&intake->queue, &arrival, taken))
        return false;
    nm_digest_add_messages(intake->digest, frame, cursor);
    intake->received += arrival.count;
    intake->received_bytes += arrival.size;
    return true;
}

bool nm_intake_take_end(nm_intake *intake, const nm_frame *frame)
{
    if (frame->end.digest != nm_digest_value(intake->digest))
        return false;
    intake->received++;
    intake->ended = true;
    return true;
}

/* ---- acknowledgements and the window ---- */

/* Else a sender whose window is used up stands still until the delay has passed. */
static bool is_quarter_taken(const nm_intake *intake)
{
    return intake->received - intake->acknowledged >= intake->window_messages / 4 ||
           intake->received_bytes - intake->acknowledged_bytes >= intake->window_bytes / 4;
}

/* A gap is reported once for each number: the peer sends again from there on. */
static bool is_gap_news(nm_intake *intake)
{
    bool news = intake->gap_reported != intake->received + 1;
    intake->gap_reported = intake->received + 1;
    return news;
}

nm_owed nm_intake_owes(nm_intake *intake, const nm_frame *frame, nm_novelty novelty, bool asked)
{
    bool gap_is_news = novelty == NM_A_GAP && is_gap_news(intake);
    if (asked || frame->has_end || gap_is_news || novelty == NM_NOTHING_NEW)
        return NM_OWED_NOW;
    if (novelty != NM_SOMETHING_NEW)
        return NM_OWED_NOTHING;
    return is_quarter_taken(intake) ? NM_OWED_NOW : NM_OWED_LATER;
}

uint64_t nm_intake_allowed(const nm_intake *intake)
{
    uint64_t bytes = atomic_load_explicit(&intake->consumed_bytes, memory_order_relaxed);
    return intake->advertised_bytes > bytes ? intake->advertised_bytes - bytes : 0;
}

void nm_intake_set_window(nm_intake *intake, uint64_t window_bytes)
{
    intake->window_bytes = window_bytes;
}

void nm_intake_acknowledge(nm_intake *intake, nm_frame_control *control)
{
    uint64_t consumed = atomic_load_explicit(&intake->consumed, memory_order_relaxed);
    uint64_t bytes = atomic_load_explicit(&intake->consumed_bytes, memory_order_relaxed);
    control->ack = intake->received;
    control->max_messages = consumed + intake->window_messages;
    control->max_bytes = nm_larger_count(intake->advertised_bytes, bytes + intake->window_bytes);
    intake->acknowledged = intake->received;
    intake->acknowledged_bytes = intake->received_bytes;
    intake->advertised_messages = control->max_messages;
    intake->advertised_bytes = control->max_bytes;
    atomic_store_explicit(&intake->advertised_consumed, consumed, memory_order_relaxed);
    atomic_store_explicit(&intake->advertised_consumed_bytes, bytes, memory_order_relaxed);
}

/* ---- the reader ---- */

void nm_intake_look_again(nm_intake *intake)
{
    uint64_t half = intake->window_messages / 2;
    uint64_t advertised = atomic_load_explicit(&intake->advertised_consumed, memory_order_relaxed);
    uint64_t advertised_bytes =
        atomic_load_explicit(&intake->advertised_consumed_bytes, memory_order_relaxed);
    intake->look_at = advertised + (half > 0 ? half : 1);
    intake->look_at_bytes = advertised_bytes + intake->window_bytes / 2;
}

void nm_intake_look_no_more(nm_intake *intake)
{
    intake->look_at = intake->look_at_bytes = UINT64_MAX;
}

bool nm_intake_window_is_half_free(nm_intake *intake)
{
    nm_intake_look_again(intake);
    return atomic_load_explicit(&intake->consumed, memory_order_relaxed) >= intake->look_at ||
           atomic_load_explicit(&intake->consumed_bytes, memory_order_relaxed) >=
               intake->look_at_bytes;
}

nm_received_frame nm_intake_end_frame(nm_intake *intake)
{
    nm_received_frame done = intake->reading;
    intake->reading = (nm_received_frame){.message = NULL};
    return done;
}

bool nm_intake_begin_frame(nm_intake *intake)
{
    return nm_receive_queue_take(&intake->queue, &intake->reading);
}
