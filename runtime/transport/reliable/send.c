/*
 * The reliable transport's sending half: messages and ends into segments.
 *
 * While messages follow each other closely a frame is left to fill; it is sealed when it is full,
 * when its time is up, and before anybody blocks. A message that comes alone is sent at once.
 */
#include "base/cold.h"
#include "transport/reliable/state.h"
#include "wire/outgoing.h"

#include <inttypes.h>
#include <string.h>

/* Tags and lengths of an end's text and data, and of the end itself, at most. */
#define END_FIELDS 32

/* ---- segments ---- */

/* What the user set as response headers travels with number 1. */
static const nm_headers *headers_of_first(const nm_stream *stream)
{
    return stream->is_server && stream->headers_out.count > 0 ? &stream->headers_out : NULL;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What `taken` leaves of it. */
static size_t without(size_t size, size_t taken)
{
    return size > taken ? size - taken : 0;
}

void nm_reliable_begin_sending(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->most_kept_messages = larger(stream->window_messages, NM_RELIABLE_MOST_KEPT_MESSAGES);
    reliable->most_kept_bytes = larger(stream->window_bytes, NM_RELIABLE_MOST_KEPT_BYTES);
    reliable->fill = smaller(without(stream->max_payload, NM_RELIABLE_RESERVE), NM_RELIABLE_FILL);
}

/* What the next frame may hold of messages and end: the broker's limit without what goes along. */
static size_t frame_room(const nm_stream *stream, size_t max_payload)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    size_t taken = NM_RELIABLE_RESERVE;
    if (reliable->made == 0)
        taken += nm_frame_headers_size(headers_of_first(stream));
    return without(max_payload, taken);
}

/* How far the next frame is filled before it goes out. */
static size_t fill_of(const nm_stream *stream)
{
    return smaller(frame_room(stream, stream->max_payload), nm_reliable_of(stream)->fill);
}

/* Opens a segment whose first number is the next one. */
static nm_segment *open_segment(nm_stream *stream, size_t room)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    const nm_headers *headers = reliable->made == 0 ? headers_of_first(stream) : NULL;
    room += nm_frame_headers_size(headers);
    nm_segment *segment = nm_segment_take(reliable, room);
    if (segment == NULL)
        return NULL;
    segment->first = reliable->made + 1;
    uint8_t *at = nm_frame_write_headers(segment->bytes, headers);
    segment->length = segment->messages = (size_t)(at - segment->bytes);
    segment->full = segment->messages + fill_of(stream);
    reliable->open = segment;
    return segment;
}

/* One update a segment, as the encodings lie together. */
static void digest_messages(nm_reliable *reliable, const nm_segment *segment)
{
    nm_digest_add(&reliable->digest_out, segment->bytes + segment->messages,
                  segment->length - segment->messages);
}

void nm_reliable_seal(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_segment *segment = reliable->open;
    if (segment == NULL)
        return;
    if (!segment->has_end)
        digest_messages(reliable, segment); /* else it was done before the end */
    reliable->open = NULL;
    reliable->seal_due = NM_NEVER;
    nm_reliable_keep(reliable, segment);
}

/* ---- sending ---- */

/* What stands against sending now, however wide the window. */
static inline natsmicro_status check_send(nm_stream *stream, nm_error *error)
{
    if (!nm_stream_may_send(stream))
        return nm_stream_check_send(stream, error);
    if (!stream->send_closed && !stream->finished)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: this direction of the call is closed", stream->method);
}

/* Both the peer's window, for what it has not read, and ours, for what it has not acknowledged. */
static inline bool window_is_open(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return reliable->made < reliable->max_messages && reliable->made_bytes < reliable->max_bytes &&
           reliable->made - reliable->acknowledged < reliable->most_kept_messages &&
           reliable->kept_bytes < reliable->most_kept_bytes;
}

void nm_reliable_send_open(nm_stream *stream)
{
    nm_reliable_seal(stream);
    nm_reliable_publish(stream);
}

/* Before anybody blocks, the peer gets what it may be waiting for. */
static void push_out(nm_stream *stream)
{
    nm_reliable_send_open(stream);
    pthread_mutex_unlock(&stream->lock);
    nm_link_flush_soon(stream->link);
    pthread_mutex_lock(&stream->lock);
}

NM_COLD static natsmicro_status wait_for_window(nm_stream *stream, nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);

    reliable->metrics.stalls++;
    atomic_fetch_add_explicit(&stream->settings->totals->stalls, 1, memory_order_relaxed);
    push_out(stream);
    natsmicro_status status;
    for (;;) {
        status = check_send(stream, error);
        if (status != NATSMICRO_OK || window_is_open(stream))
            return status;
        if (nm_now() >= stream->deadline) {
            nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                                   "%s: the deadline passed before the peer had room for message "
                                   "%" PRIu64,
                                   stream->method, reliable->made + 1);
            nm_inbox_hasten_timer(&stream->inbox, nm_now());
            continue;
        }
        reliable->sender_waits = true;
        nm_reliable_schedule(stream);
        nm_cond_wait_until(&stream->changed, &stream->lock, stream->deadline);
        reliable->sender_waits = false;
    }
}

/* A message has been put behind those of the open segment. */
static inline void count_message(nm_stream *stream, size_t length, size_t encoded)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_segment *segment = reliable->open;
    segment->length += encoded;
    segment->count++;
    segment->message_bytes += length;
    reliable->made++;
    reliable->made_bytes += encoded;
    reliable->kept_bytes += length;
    stream->sent++;
}

/* Puts a message behind those of the open segment, which has room for it. */
static inline void append_message(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                  size_t length)
{
    size_t encoded = nm_frame_message_size(length);
    nm_segment *segment = nm_reliable_of(stream)->open;
    uint8_t *at = nm_frame_put_message_head(segment->bytes + segment->length, length);
    nm_bytes_join(at, pieces, count);
    count_message(stream, length, encoded);
}

static inline bool fits(const nm_segment *segment, size_t encoded)
{
    return segment->length + encoded <= segment->capacity;
}

static inline bool is_full(const nm_segment *segment)
{
    return segment->length >= segment->full;
}

/*
 * Opens a segment for a message. *lone: it comes a while after the last one and fills no frame, so
 * it goes at once; while another thread publishes none does. Any other segment is left to fill.
 * False: memory.
 */
static bool open_for(nm_stream *stream, size_t encoded, bool *lone)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();
    size_t fill = fill_of(stream);
    *lone = encoded < fill && !reliable->publishing &&
            now - reliable->last_publish >= NM_RELIABLE_LONE_AFTER;
    if (open_segment(stream, *lone ? encoded : larger(encoded, fill)) == NULL)
        return false;
    if (*lone || encoded >= fill)
        return true;
    reliable->seal_due = now + NM_RELIABLE_SEAL_AFTER;
    nm_reliable_schedule(stream);
    return true;
}

/* Headers of the first frame may leave no room at all, not even for a message without bytes. */
static bool has_room(nm_stream *stream, size_t length)
{
    size_t most = nm_reliable_max_message(stream);
    return most > 0 && length <= most;
}

natsmicro_status nm_reliable_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                  nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    size_t length = nm_bytes_length(pieces, count);
    size_t encoded = nm_frame_message_size(length);
    bool lone = false;
    if ((encoded > reliable->fill || reliable->made == 0) && !has_room(stream, length))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: a message of %zu bytes is over the %zu that the broker's "
                            "max_payload of %zu leaves",
                            stream->method, length, nm_reliable_max_message(stream),
                            nm_link_max_payload(stream->link));

    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = check_send(stream, error);
    if (status == NATSMICRO_OK && !window_is_open(stream))
        status = wait_for_window(stream, error);
    if (status == NATSMICRO_OK && reliable->open != NULL && !fits(reliable->open, encoded)) {
        nm_reliable_send_open(stream);
        status = check_send(stream, error);
    }
    if (status == NATSMICRO_OK && reliable->open == NULL && !open_for(stream, encoded, &lone))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory to send",
                              stream->method);
    if (status == NATSMICRO_OK) {
        append_message(stream, pieces, count, length);
        if (lone || is_full(reliable->open))
            nm_reliable_send_open(stream);
        lone = lone && reliable->unpublished == NULL; /* else it waits behind what was lost */
    }
    pthread_mutex_unlock(&stream->lock);
    if (status == NATSMICRO_OK && lone)
        nm_link_flush(stream->link, stream->deadline);
    return status;
}

/* Tag and length of a short message. */
#define SHORT_HEAD 2

/*
 * Only behind another message of an open frame: what goes alone, or opens a frame, takes the way of
 * send.
 */
nm_buffer nm_reliable_reserve(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_buffer room = {.fixed = true};
    pthread_mutex_lock(&stream->lock);
    nm_segment *segment = reliable->open;
    if (segment == NULL || !fits(segment, SHORT_HEAD) || check_send(stream, NULL) != NATSMICRO_OK ||
        !window_is_open(stream)) {
        pthread_mutex_unlock(&stream->lock);
        return room;
    }
    room.data = segment->bytes + segment->length + SHORT_HEAD;
    room.capacity = smaller(segment->capacity - segment->length - SHORT_HEAD, NM_SHORT_MESSAGE - 1);
    return room;
}

void nm_reliable_commit(nm_stream *stream, const nm_buffer *message)
{
    nm_segment *segment = nm_reliable_of(stream)->open;
    if (message != NULL) {
        nm_frame_put_message_head(segment->bytes + segment->length, message->length);
        count_message(stream, message->length, SHORT_HEAD + message->length);
    }
    if (is_full(segment))
        nm_reliable_send_open(stream);
    pthread_mutex_unlock(&stream->lock);
}

bool nm_reliable_can_send(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool can = check_send(stream, NULL) != NATSMICRO_OK || window_is_open(stream);
    pthread_mutex_unlock(&stream->lock);
    return can;
}

size_t nm_reliable_max_message(nm_stream *stream)
{
    return frame_room(stream, nm_link_max_payload(stream->link));
}

/* ---- ending ---- */

/* What an end takes but for its text, which may always be cut. */
static size_t end_size_without_text(const nm_frame_outcome *outcome)
{
    size_t size = NM_FRAME_SHORTEST_END + nm_frame_headers_size(outcome->trailers);
    return outcome->status == NULL ? size : size + outcome->data.length + END_FIELDS;
}

/* The most that an end takes; one that does not fit into a frame is cut when it is written. */
static size_t end_size(const nm_frame_outcome *outcome, size_t room)
{
    size_t text = outcome->status == NULL ? 0 : NM_ERROR_TEXT_LIMIT;
    return smaller(end_size_without_text(outcome) + text, room);
}

void nm_reliable_report_cut(nm_stream *stream)
{
    if (!nm_reliable_of(stream)->end_was_cut) /* set by this thread, with the end */
        return;
    pthread_mutex_lock(&stream->lock);
    char address[NM_RELIABLE_ADDRESS_SIZE];
    strcpy(address, nm_reliable_of(stream)->address);
    pthread_mutex_unlock(&stream->lock);
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_PUBLISH_FAILED, address,
                   stream->method,
                   "the end is over the broker's max_payload of %zu: it goes without some of "
                   "its trailers, or the error's data",
                   stream->max_payload);
}

bool nm_reliable_append_end(nm_stream *stream, const nm_error *failure)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_frame_outcome outcome = {.trailers = &stream->trailers_out};
    if (failure != NULL && failure->status != NATSMICRO_OK) {
        outcome.status = nm_error_code(failure);
        outcome.text = nm_error_text(failure);
        outcome.data = (nm_bytes){failure->data, failure->data_length};
    }
    /* Headers that leave no room for an end, which could go with no message either, stay behind. */
    if (reliable->made == 0 && frame_room(stream, stream->max_payload) < NM_FRAME_SHORTEST_END)
        nm_headers_clear(&stream->headers_out);
    size_t most = frame_room(stream, stream->max_payload);
    size_t needed = end_size(&outcome, most);
    reliable->end_was_cut = end_size_without_text(&outcome) > most;
    size_t room = needed > NM_FRAME_SHORTEST_END ? needed : NM_FRAME_SHORTEST_END;
    if (reliable->open != NULL && !fits(reliable->open, room))
        nm_reliable_seal(stream);
    nm_segment *segment = reliable->open;
    if (segment != NULL)
        digest_messages(reliable, segment);
    else
        segment = open_segment(stream, room);
    if (segment == NULL)
        return false;
    outcome.digest = nm_digest_value(&reliable->digest_out);
    uint8_t *end = nm_frame_write_end(segment->bytes + segment->length, needed, &outcome);
    segment->length = (size_t)(end - segment->bytes);
    segment->has_end = true;
    reliable->made++;
    reliable->ended = true;
    nm_reliable_seal(stream);
    return true;
}

natsmicro_status nm_reliable_close_send(nm_stream *stream, nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = check_send(stream, error);
    if (status == NATSMICRO_OK && !nm_reliable_append_end(stream, NULL))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    if (status == NATSMICRO_OK) {
        stream->send_closed = true;
        nm_reliable_publish(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    if (status == NATSMICRO_OK)
        nm_link_flush(stream->link, stream->deadline);
    return status;
}

/* The one message of an answer. False: memory. */
static bool append_answer(nm_stream *stream, const nm_bytes *message)
{
    size_t size = nm_frame_message_size(message->length);
    size_t both = size + NM_FRAME_SHORTEST_END + nm_frame_headers_size(&stream->trailers_out);
    /* Where one frame cannot hold both, the end goes in the next one. */
    size_t room = both <= frame_room(stream, stream->max_payload) ? both : size;
    if (open_segment(stream, room) == NULL)
        return false;
    append_message(stream, message, 1, message->length);
    return true;
}

natsmicro_status nm_reliable_answer(nm_stream *stream, const void *message, size_t length,
                                    nm_error *error)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_bytes whole = {message, length};
    if (!has_room(stream, length))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: a response of %zu bytes is over the broker's max_payload of %zu",
                            stream->method, length, nm_link_max_payload(stream->link));

    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = check_send(stream, error);
    if (status == NATSMICRO_OK &&
        (!append_answer(stream, &whole) || !nm_reliable_append_end(stream, NULL)))
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", stream->method);
    if (status == NATSMICRO_OK) {
        stream->finished = true;
        reliable->state = NM_RELIABLE_ENDING;
        nm_reliable_publish(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    if (status == NATSMICRO_OK) {
        nm_reliable_report_cut(stream);
        nm_link_flush(stream->link, NM_NEVER);
    }
    return status;
}
