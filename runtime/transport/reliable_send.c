/*
 * The reliable transport's sending half: messages into frames, frames out, kept until they are
 * acknowledged.
 *
 * While messages follow each other closely a frame is left to fill; it is sealed when it is full,
 * when its time is up, and before anybody blocks. A message that comes alone is sent at once.
 */
#include "base/cold.h"
#include "transport/publish.h"
#include "transport/reliable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Segments for later messages are kept up to this many bytes, as long as the call runs. */
#define SPARE_BYTES ((size_t)4 * 1024 * 1024)

/* What a segment takes beside its messages: it may hold only one. */
#define SEGMENT_OVERHEAD (sizeof(nm_segment) + NM_FRAME_CONTROL_SIZE + 32)

/* Tags and lengths of an end's text and data, and of the end itself, at most. */
#define END_FIELDS 32

/* ---- segments ---- */

static void free_segment(nm_segment *segment)
{
    free(segment->bytes);
    free(segment);
}

/* Those that can be filled are kept for the next messages. */
static void spare_segment(nm_reliable *reliable, nm_segment *segment)
{
    if (segment->capacity < reliable->fill ||
        reliable->spare_bytes + segment->capacity > SPARE_BYTES) {
        free_segment(segment);
        return;
    }
    reliable->spare_bytes += segment->capacity;
    segment->next = reliable->spare;
    reliable->spare = segment;
}

/*
 * A segment for `room` bytes of messages and end: the spare one on top, if so much is to be filled
 * and it has it, else a new one.
 */
static nm_segment *take_segment(nm_reliable *reliable, size_t room)
{
    nm_segment *segment = reliable->spare;
    if (segment != NULL && segment->capacity >= room && room >= reliable->fill) {
        reliable->spare = segment->next;
        reliable->spare_bytes -= segment->capacity;
    } else {
        segment = malloc(sizeof(*segment));
        if (segment == NULL)
            return NULL;
        segment->bytes = malloc(room + NM_FRAME_CONTROL_SIZE);
        if (segment->bytes == NULL) {
            free(segment);
            return NULL;
        }
        segment->capacity = room;
    }
    segment->next = NULL;
    segment->count = 0;
    segment->message_bytes = 0;
    segment->has_end = segment->published = segment->acknowledged = false;
    return segment;
}

/* Makes its memory as large as that. False: it stays as it is. */
static bool resize_segment(nm_segment *segment, size_t capacity)
{
    uint8_t *bytes = realloc(segment->bytes, capacity + NM_FRAME_CONTROL_SIZE);
    if (bytes == NULL)
        return false;
    segment->bytes = bytes;
    segment->capacity = capacity;
    return true;
}

void nm_reliable_free_segments(nm_reliable *reliable)
{
    nm_segment *next;
    for (nm_segment *segment = reliable->spare; segment != NULL; segment = next) {
        next = segment->next;
        free_segment(segment);
    }
    reliable->spare = NULL;
    reliable->spare_bytes = 0;
}

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
    nm_segment *segment = take_segment(reliable, room);
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

/*
 * Short segments that wait behind each other become one: what goes out late, or again, goes in few
 * frames.
 */
static void join_followers(nm_reliable *reliable, nm_segment *segment)
{
    for (nm_segment *next; (next = segment->next) != NULL; spare_segment(reliable, next)) {
        size_t added = next->length - next->messages;
        if (next->published != segment->published || segment->has_end ||
            segment->length + added > segment->full)
            return;
        if (segment->length + added > segment->capacity && !resize_segment(segment, segment->full))
            return;
        reliable->kept_bytes -= SEGMENT_OVERHEAD;
        memcpy(segment->bytes + segment->length, next->bytes + next->messages, added);
        segment->length += added;
        segment->count += next->count;
        segment->message_bytes += next->message_bytes;
        segment->has_end = next->has_end;
        segment->next = next->next;
        if (reliable->kept_last == next)
            reliable->kept_last = segment;
    }
}

void nm_reliable_seal(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_segment *segment = reliable->open;
    nm_segment *before = reliable->kept == NULL ? NULL : reliable->kept_last;
    if (segment == NULL)
        return;
    if (!segment->has_end)
        digest_messages(reliable, segment); /* else it was done before the end */
    reliable->open = NULL;
    reliable->seal_due = NM_NEVER;
    reliable->kept_bytes += SEGMENT_OVERHEAD;
    reliable->metrics.bytes_sent += segment->message_bytes;
    if (before == NULL)
        reliable->kept = segment;
    else
        before->next = segment;
    reliable->kept_last = segment;
    if (reliable->unpublished == NULL)
        reliable->unpublished = segment;
    if (before != NULL && !before->published)
        join_followers(reliable, before);
    else if (segment->length < segment->capacity / 2)
        resize_segment(segment, segment->length); /* it is kept until it is acknowledged */
}

/* The number of the last thing in it, message or end. */
static uint64_t last_number(const nm_segment *segment)
{
    return segment->first + segment->count - !segment->has_end;
}

static void drop_segment(nm_reliable *reliable, nm_segment *segment)
{
    if (segment == reliable->in_publication)
        segment->acknowledged = true;
    else
        spare_segment(reliable, segment);
}

void nm_reliable_resend(nm_stream *stream, bool reported, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    bool first_time = reliable->last_retransmit == reliable->last_progress;
    reliable->rewind = true;
    reliable->time_resend = reported && first_time;
    reliable->burst = reliable->burst_left = NM_RELIABLE_RESEND_FRAMES;
    reliable->mended_at = reliable->published;
    reliable->last_retransmit = now;
}

/*
 * While a loss is being mended an acknowledgement lets the next frames out, on the service thread.
 */
static void go_on_mending(nm_stream *stream, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->burst == 0)
        return;
    if (reliable->acknowledged >= reliable->mended_at)
        reliable->burst = 0;
    else if (reliable->burst < NM_RELIABLE_MOST_KEPT_MESSAGES)
        reliable->burst *= 2;
    reliable->burst_left = reliable->burst;
    if (reliable->unpublished != NULL)
        nm_inbox_hasten_timer(&stream->inbox, now);
}

static void limit_backoff(nm_reliable *reliable)
{
    if (reliable->backoff > NM_RELIABLE_MOST_KEPT_BACKOFF)
        reliable->backoff = NM_RELIABLE_MOST_KEPT_BACKOFF;
}

/*
 * Which copy of a message that was sent again an acknowledgement answers cannot be told, so only
 * others are timed, and the second copy where the peer had told that it lacks the first. A timer
 * that is shorter than the round trip sends all of them again: it stays doubled until one is timed.
 */
static void measure_round_trip(nm_reliable *reliable, uint64_t number, int64_t now)
{
    if (reliable->timed_at != 0 && number >= reliable->timed_number) {
        reliable->round_trip = now - reliable->timed_at;
        reliable->timed_at = 0;
        reliable->backoff = 0;
    } else
        limit_backoff(reliable);
}

void nm_reliable_acknowledged(nm_stream *stream, uint64_t number, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->acknowledged = number;
    reliable->last_progress = reliable->last_retransmit = now;
    measure_round_trip(reliable, number, now);
    while (reliable->kept != NULL) {
        nm_segment *segment = reliable->kept;
        if (last_number(segment) > number)
            break;
        reliable->kept = segment->next;
        reliable->kept_bytes -= segment->message_bytes + SEGMENT_OVERHEAD;
        if (reliable->unpublished == segment)
            reliable->unpublished = segment->next;
        drop_segment(reliable, segment);
    }
    go_on_mending(stream, now);
}

void nm_reliable_drop_unacknowledged(nm_reliable *reliable)
{
    nm_segment *next;
    for (nm_segment *segment = reliable->kept; segment != NULL; segment = next) {
        next = segment->next;
        drop_segment(reliable, segment);
    }
    if (reliable->open != NULL)
        spare_segment(reliable, reliable->open);
    reliable->kept = reliable->unpublished = reliable->open = NULL;
    reliable->seal_due = NM_NEVER;
}

/* ---- publishing ---- */

/* One segment as it is to be published; its bytes stay where they are. */
typedef struct publication {
    char subject[NM_RELIABLE_ADDRESS_SIZE];
    size_t length;
    bool with_header;
    bool ask;
} publication;

/* The control fields behind a segment say what is so now; whoever holds the turn may write them. */
static void prepare(nm_stream *stream, nm_segment *segment, publication *out)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint8_t *end =
        nm_note_write_control(stream, segment->bytes + segment->length, segment->first, false);
    out->length = (size_t)(end - segment->bytes);
    strcpy(out->subject, reliable->address);
    out->with_header = !reliable->peer_heard;
    bool mending = reliable->burst > 0;
    bool last_of_burst = mending && (segment->next == NULL || reliable->burst_left == 1);
    out->ask = out->with_header || segment->has_end || last_of_burst;
    if (mending)
        reliable->burst_left--;
}

static natsmicro_status publish_segment(nm_stream *stream, const nm_segment *segment,
                                        const publication *out)
{
    nm_outgoing outgoing = {.subject = out->subject,
                            .reply = out->ask ? stream->inbox.subject : NULL,
                            .data = segment->bytes,
                            .length = out->length,
                            .stream = out->with_header ? NM_STREAM_VERSION : NULL};
    return nm_publish(nm_link_connection(stream->link), &outgoing, NULL);
}

static void time_segment(nm_reliable *reliable, const nm_segment *segment, int64_t now)
{
    reliable->timed_number = last_number(segment);
    reliable->timed_at = now;
}

static void note_resend(nm_stream *stream, const nm_segment *segment, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->metrics.retransmitted += segment->count;
    atomic_fetch_add_explicit(&stream->settings->totals->retransmitted, segment->count,
                              memory_order_relaxed);
    if (reliable->time_resend)
        time_segment(reliable, segment, now);
    else if (segment->first <= reliable->timed_number)
        reliable->timed_at = 0;
    reliable->time_resend = false;
}

/* What publishing a segment, for the first time or again, starts. */
static void note_publication(nm_stream *stream, nm_segment *segment)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();
    nm_stream_totals *totals = stream->settings->totals;
    if (segment->published) {
        note_resend(stream, segment, now);
        return;
    }
    segment->published = true;
    atomic_fetch_add_explicit(&totals->messages_sent, segment->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&totals->bytes_sent, segment->message_bytes, memory_order_relaxed);
    if (reliable->published == reliable->acknowledged) {
        reliable->last_progress = reliable->last_retransmit = now;
        limit_backoff(reliable); /* from asking a reader that slept */
    }
    reliable->published = last_number(segment);
    if (reliable->timed_at == 0)
        time_segment(reliable, segment, now);
}

void nm_reliable_publish(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->publishing)
        return;
    reliable->publishing = true;
    for (;;) {
        if (reliable->rewind) {
            reliable->rewind = false;
            reliable->unpublished = reliable->kept;
        }
        nm_segment *segment = reliable->unpublished;
        if (segment == NULL || reliable->state == NM_RELIABLE_OVER ||
            (reliable->burst > 0 && reliable->burst_left == 0))
            break;
        if (segment->published)
            join_followers(reliable, segment);
        publication out;
        prepare(stream, segment, &out);
        reliable->in_publication = segment;
        /*
         * Before the bytes are out, so that no acknowledgement of them can look like a forged one.
         */
        note_publication(stream, segment);
        pthread_mutex_unlock(&stream->lock);
        natsmicro_status status = publish_segment(stream, segment, &out);
        pthread_mutex_lock(&stream->lock);
        reliable->in_publication = NULL;
        reliable->last_publish = nm_now();
        if (segment->acknowledged) {
            segment->acknowledged = false;
            spare_segment(reliable, segment);
        } else if (status == NATSMICRO_OK && reliable->unpublished == segment)
            reliable->unpublished = segment->next;
        if (status != NATSMICRO_OK)
            break; /* kept: the retransmission timer has it, or finds the connection closed */
    }
    reliable->publishing = false;
    nm_reliable_schedule(stream);
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
    natsmicro_status status;

    reliable->metrics.stalls++;
    atomic_fetch_add_explicit(&stream->settings->totals->stalls, 1, memory_order_relaxed);
    push_out(stream);
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

/* The most that an end takes; one that does not fit into a frame is cut when it is written. */
static size_t end_size(const nm_frame_outcome *outcome, size_t room)
{
    size_t size = NM_FRAME_SHORTEST_END + nm_frame_headers_size(outcome->trailers);
    if (outcome->status != NULL)
        size += NM_ERROR_TEXT_LIMIT + outcome->data.length + END_FIELDS;
    return smaller(size, room);
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
    size_t needed = end_size(&outcome, frame_room(stream, stream->max_payload));
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
    if (status == NATSMICRO_OK)
        nm_link_flush(stream->link, NM_NEVER);
    return status;
}
