/*
 * See receive.h.
 */
#include "transport/reliable/receive.h"

#include "base/cold.h"
#include "transport/publish.h"
#include "transport/reliable/due.h"
#include "transport/reliable/end.h"
#include "transport/reliable/transmit.h"
#include "wire/incoming.h"

#include <inttypes.h>
#include <string.h>

/* So many frames wake a waiting reader, though more are at hand. */
#define WAKE_AT 4

/* What has to be done once the lock is free. */
typedef struct nm_outcome {
    nm_control_frame control;
    bool over;  /* on a server: the inbox has done its work */
    bool taken; /* the frame's message lies in the queue now */
} nm_outcome;

/* ---- taking a frame ---- */

static void read_error(const nm_bytes *status, const nm_bytes *text, nm_error *error)
{
    char words[NM_ERROR_TEXT_LIMIT + 1];
    size_t length = text->length < sizeof(words) - 1 ? text->length : sizeof(words) - 1;
    char code[NM_CODE_LIMIT + 1];
    memcpy(code, status->data, status->length);
    code[status->length] = '\0';
    if (length > 0)
        memcpy(words, text->data, length);
    words[length] = '\0';
    nm_error_set_code(error, code, words);
}

/* The call ends here and now, and the peer is told. */
static void give_up(nm_stream *stream, nm_outcome *outcome, natsmicro_status status,
                    const char *text)
{
    nm_reliable_end_call(stream, &outcome->control, status, text);
    outcome->over = stream->is_server;
}

/* The peer has ended the call; what is queued is dropped. */
static void take_reset(nm_stream *stream, const nm_frame *frame, nm_outcome *outcome)
{
    nm_error error = NM_ERROR_INIT;
    if (frame->reset.status.length > 0)
        read_error(&frame->reset.status, &frame->reset.text, &error);
    natsmicro_status status = error.status;
    nm_reliable *reliable = nm_reliable_of(stream);
    /* While our end is under way: the peer knows it, or no longer wants to. */
    bool open = reliable->state != NM_RELIABLE_ENDING;
    if (open && status == NATSMICRO_OK)
        nm_stream_abort_locked(stream,
                               stream->is_server ? NATSMICRO_CANCELLED : NATSMICRO_UNAVAILABLE,
                               stream->is_server ? "%s: the caller no longer knows the call"
                                                 : "%s: the service no longer knows the call",
                               stream->method);
    else if (open)
        nm_stream_abort_locked(stream, status, "%s: the peer ended the call: %s", stream->method,
                               nm_error_text(&error));
    nm_error_clear(&error);
    nm_reliable_over(stream);
    outcome->over = stream->is_server;
}

static void take_limits(nm_stream *stream, const nm_frame *frame)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outbox_raise_limits(&reliable->outbox, frame->max_messages, frame->max_bytes);
    if (nm_outbox_window_is_open(&reliable->outbox))
        nm_stream_notify(stream, NM_WRITABLE);
}

/* A message that begins beyond the limits that it was told is no accident. */
static bool is_beyond_limits(nm_stream *stream, const nm_frame *frame)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    uint64_t last = frame->seq + frame->count - 1;
    if (frame->count == 0 || frame->seq > reliable->received + 1 || last <= reliable->received)
        return false;
    if (last > reliable->told_max_messages)
        return true;
    nm_frame_cursor cursor = nm_frame_first(frame);
    size_t known = nm_frame_skip(&cursor, reliable->received + 1 - frame->seq);
    uint64_t before_last =
        reliable->received_bytes + frame->messages_size - known - frame->last_size;
    return before_last >= reliable->told_max_bytes;
}

/* Takes what is new of the frame's messages. False: nothing was taken, for memory. */
static bool take_messages(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                          nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint64_t known = reliable->received + 1 - frame->seq;
    size_t count = frame->count - (size_t)known;
    nm_frame_cursor cursor = nm_frame_first(frame);
    size_t size = frame->messages_size - nm_frame_skip(&cursor, known);
    nm_arrival arrival = {.message = message,
                          .message_memory =
                              (size_t)natsMsg_GetDataLength(message) + nm_message_front(message),
                          .messages = cursor,
                          .count = count,
                          .size = size};
    if (!stream->discarding && !nm_receive_queue_add(&reliable->queue, &arrival, &outcome->taken))
        return false;
    nm_digest_add_messages(&reliable->digest_in, frame, cursor);
    reliable->received += count;
    reliable->received_bytes += size;
    reliable->metrics.messages_received += count;
    reliable->metrics.bytes_received += size;
    nm_stream_totals *totals = stream->settings->totals;
    atomic_fetch_add_explicit(&totals->messages_received, count, memory_order_relaxed);
    atomic_fetch_add_explicit(&totals->bytes_received, size, memory_order_relaxed);
    if (!stream->discarding)
        nm_stream_notify_reader(stream, reliable->queue.count >= WAKE_AT);
    return true;
}

static void take_headers(nm_stream *stream, const nm_frame *frame)
{
    if (frame->seq == 1 && stream->headers_in.count == 0 && !stream->is_server)
        nm_frame_copy_headers(nm_frame_headers(frame),
                              &stream->headers_in); /* short memory: fewer */
}

/* The peer's end, the number of which is the next one. */
static void take_end(nm_stream *stream, const nm_frame *frame, nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->end.digest != nm_digest_value(&reliable->digest_in)) {
        give_up(stream, outcome, NATSMICRO_DATA_LOSS,
                "the digest at the stream's end does not match the messages that came");
        return;
    }
    reliable->received++;
    reliable->received_end = true;
    if (stream->is_server) {
        nm_stream_end_input(stream);
        return;
    }
    nm_error error = NM_ERROR_INIT;
    if (frame->end.status.length > 0) {
        read_error(&frame->end.status, &frame->end.text, &error);
        nm_error_set_data(&error, frame->end.data.data, frame->end.data.length);
    }
    nm_frame_copy_headers(nm_frame_trailers(frame), &stream->trailers_in);
    if (stream->kind == NATSMICRO_CLIENT_STREAM) /* as on the one answer of the plain protocol */
        nm_frame_copy_headers(nm_frame_trailers(frame), &stream->headers_in);
    uint64_t messages = reliable->received - 1;
    bool one_answer = stream->kind == NATSMICRO_CLIENT_STREAM;
    if (one_answer && (messages != 1 || error.status != NATSMICRO_OK))
        nm_receive_queue_drop(&reliable->queue);
    if (error.status != NATSMICRO_OK)
        nm_stream_fail_input_with(stream, &error);
    else if (one_answer && messages != 1)
        nm_stream_fail_input(stream, NATSMICRO_INTERNAL,
                             "%s: the call ended with %" PRIu64 " responses, not with one",
                             stream->method, messages);
    else
        nm_stream_end_input(stream);
    nm_error_clear(&error);
}

typedef enum nm_novelty { NM_NOTHING_NEW, NM_SOMETHING_NEW, NM_A_GAP } nm_novelty;

static nm_novelty take_numbers(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                               nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->count == 0 && !frame->has_end)
        return NM_SOMETHING_NEW; /* nothing that could be old */
    if (frame->seq > reliable->received + 1)
        return NM_A_GAP;
    uint64_t last = nm_frame_last_number(frame);
    if (last <= reliable->received || reliable->state == NM_RELIABLE_ENDING)
        return NM_NOTHING_NEW;
    take_headers(stream, frame);
    uint64_t last_message = frame->seq + frame->count - 1;
    if (frame->count > 0 && last_message > reliable->received &&
        !take_messages(stream, frame, message, outcome))
        return NM_NOTHING_NEW; /* it will come again */
    if (frame->has_end && last == reliable->received + 1)
        take_end(stream, frame, outcome);
    return NM_SOMETHING_NEW;
}

/* Whether the acknowledgement is due now rather than with the next frame or the delay. */
static bool acknowledge_at_once(const nm_reliable *reliable)
{
    return reliable->received - reliable->told_received >= reliable->window_messages / 4 ||
           reliable->received_bytes - reliable->told_received_bytes >= reliable->window_bytes / 4;
}

static void answer(nm_stream *stream, const nm_frame *frame, bool asked, nm_novelty novelty,
                   nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    bool numbered = frame->count > 0 || frame->has_end;
    bool gap = novelty == NM_A_GAP;
    bool told = gap && reliable->gap_told == reliable->received + 1;
    if (gap)
        reliable->gap_told = reliable->received + 1;
    if (asked || frame->has_end || (numbered && novelty == NM_NOTHING_NEW) || (gap && !told)) {
        nm_control_acknowledge(stream, &outcome->control, gap, false);
        return;
    }
    if (!numbered || gap)
        return;
    if (acknowledge_at_once(reliable))
        nm_control_acknowledge(stream, &outcome->control, false, false);
    else if (nm_clocks_owe_acknowledgement(&reliable->clocks, reliable->clocks.last_activity))
        nm_reliable_schedule(stream);
}

/* Why the frame cannot be from an honest peer, beyond what its bytes alone show; or NULL. */
static const char *find_lie(nm_stream *stream, const nm_frame *frame)
{
    nm_frame_rules rules = {.from_client = stream->is_server,
                            .without_messages =
                                stream->is_server && stream->kind == NATSMICRO_SERVER_STREAM,
                            .sent = nm_reliable_of(stream)->outbox.published};
    return nm_frame_breaks(frame, &rules);
}

/* An end at another number than the one that was taken, or messages behind it. */
static bool contradicts_end(const nm_reliable *reliable, const nm_frame *frame)
{
    if (frame->count == 0 && !frame->has_end)
        return false;
    uint64_t last = nm_frame_last_number(frame);
    if (reliable->received_end)
        return last > reliable->received || (frame->has_end && last != reliable->received);
    return frame->has_end && last <= reliable->received;
}

static void take_progress(nm_stream *stream, uint64_t number, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_clocks_on_progress(&reliable->clocks, number, now);
    /* The next burst is the service thread's. */
    if (nm_outbox_acknowledge(&reliable->outbox, number))
        nm_inbox_hasten_timer(&stream->inbox, now);
}

static void take_acknowledgement(nm_stream *stream, const nm_frame *frame, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->ack > reliable->outbox.acknowledged)
        take_progress(stream, frame->ack, now);
    take_limits(stream, frame);
    if (!frame->gap || !nm_outbox_take_gap(&reliable->outbox, frame->ack))
        return;
    nm_clocks_on_gap(&reliable->clocks, now);
    nm_inbox_hasten_timer(&stream->inbox, now);
}

/* A frame of an end point that is up. */
static void take_frame(nm_stream *stream, const nm_frame *frame, natsMsg *message,
                       const char *reply, nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();

    nm_clocks_on_frame(&reliable->clocks, now);
    reliable->peer_heard = true;
    if (reply != NULL)
        strcpy(reliable->address, reply);
    take_acknowledgement(stream, frame, now);
    if (contradicts_end(reliable, frame)) {
        give_up(stream, outcome, NATSMICRO_INTERNAL,
                "the peer's stream has two ends, or messages after its end");
        return;
    }
    if (!stream->discarding && is_beyond_limits(stream, frame)) {
        give_up(stream, outcome, NATSMICRO_INTERNAL, "the peer sent more than our window allows");
        return;
    }
    nm_novelty novelty = take_numbers(stream, frame, message, outcome);
    if (reliable->state == NM_RELIABLE_OVER)
        return;
    answer(stream, frame, reply != NULL, novelty, outcome);
    if (!stream->is_server && reliable->received_end)
        nm_reliable_over(stream);
    if (stream->is_server && reliable->outbox.ended &&
        reliable->outbox.acknowledged == reliable->outbox.last_number) {
        nm_reliable_over(stream);
        outcome->over = true;
    }
}

/* A frame for a call that is over, the inbox of which still listens. */
static void answer_late(nm_stream *stream, const nm_frame *frame, const char *reply,
                        nm_outcome *outcome)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (frame->has_reset || reply == NULL)
        return;
    strcpy(reliable->address, reply);
    if (reliable->received_end && stream->aborted == NATSMICRO_OK)
        nm_control_acknowledge(stream, &outcome->control, false, false);
    else
        nm_control_reset(stream, &outcome->control, NULL);
}

/* The NATS reply as an address: NULL where it has none, or one that may not be published to. */
static const char *address_of(nm_stream *stream, natsMsg *message)
{
    const char *reply = natsMsg_GetReply(message);
    if (reply == NULL)
        return NULL;
    if (strlen(reply) >= NM_RELIABLE_ADDRESS_SIZE)
        nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_REFUSED_SUBJECT, reply,
                       stream->method, "the NATS reply of a frame is longer than %d bytes",
                       NM_RELIABLE_ADDRESS_SIZE - 1);
    else if (nm_reply_is_allowed(stream->link, stream->settings, reply, stream->method))
        return reply;
    return NULL;
}

static void drop_malformed(nm_stream *stream, const char *why)
{
    nm_events_emit(nm_link_events(stream->link), NATSMICRO_EVENT_DROPPED, stream->inbox.subject,
                   stream->method, "a malformed frame was dropped: %s", why);
}

/*
 * The broker's 503: nobody listens at the peer's address just now; a peer that reconnects will
 * again.
 */
static void take_no_responders(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint64_t reconnects = nm_link_reconnects(stream->link);
    pthread_mutex_lock(&stream->lock);
    nm_clocks_on_no_responders(&reliable->clocks, reconnects, nm_now());
    nm_reliable_schedule(stream);
    pthread_mutex_unlock(&stream->lock);
}

void nm_reliable_on_message(nm_stream *stream, natsMsg *message)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_outcome outcome;
    nm_control_clear(&outcome.control);
    outcome.over = outcome.taken = false;

    if (nm_incoming_is_no_responders(message)) {
        take_no_responders(stream);
        natsMsg_Destroy(message);
        return;
    }
    const char *why = NULL;
    nm_frame frame;
    nm_frame_read((const uint8_t *)natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                  &frame, &why);
    const char *reply = why == NULL ? address_of(stream, message) : NULL;

    pthread_mutex_lock(&stream->lock);
    if (why == NULL)
        why = find_lie(stream, &frame);
    if (why == NULL && reliable->state == NM_RELIABLE_OVER)
        answer_late(stream, &frame, reply, &outcome);
    else if (why == NULL && frame.has_reset)
        take_reset(stream, &frame, &outcome);
    else if (why == NULL)
        take_frame(stream, &frame, message, reply, &outcome);
    bool done = outcome.over && stream->finished;
    pthread_mutex_unlock(&stream->lock);

    nm_control_publish(stream, &outcome.control);
    if (why != NULL)
        drop_malformed(stream, why);
    if (done)
        nm_inbox_close(&stream->inbox);
    if (!outcome.taken)
        natsMsg_Destroy(message);
}

/* ---- reading ---- */

/*
 * Half of the window does not come free before the reader has come here, whatever else the sender
 * is told.
 */
static void look_again_at_half(nm_reliable *reliable)
{
    uint64_t half = reliable->window_messages / 2;
    reliable->look_at_used =
        atomic_load_explicit(&reliable->told_used, memory_order_relaxed) + (half > 0 ? half : 1);
    reliable->look_at_used_bytes =
        atomic_load_explicit(&reliable->told_used_bytes, memory_order_relaxed) +
        reliable->window_bytes / 2;
}

/*
 * So much has been read that half of the window may be free. Others tell the sender, too, with
 * frames of theirs.
 */
NM_COLD static void tell_of_room(nm_stream *stream, uint64_t used, uint64_t used_bytes)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    look_again_at_half(reliable);
    if (used < reliable->look_at_used && used_bytes < reliable->look_at_used_bytes)
        return;
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_lock(&stream->lock);
    bool wants_room = reliable->state == NM_RELIABLE_UP && !reliable->received_end;
    if (wants_room)
        nm_control_acknowledge(stream, &control, false, false);
    pthread_mutex_unlock(&stream->lock);
    control.flush = true;
    nm_control_publish(stream, &control);
    if (wants_room)
        look_again_at_half(reliable);
    else
        reliable->look_at_used = reliable->look_at_used_bytes = UINT64_MAX;
}

/* Under the lock: what ends the wait of a receiver; OK: nothing but a message does. */
static natsmicro_status ended(const nm_stream *stream)
{
    return stream->aborted != NATSMICRO_OK ? stream->aborted : stream->in_end;
}

/* Under the lock. The one answer of a client stream counts only with the end after it. */
static bool has_message(const nm_stream *stream)
{
    bool counts = stream->is_server || stream->kind != NATSMICRO_CLIENT_STREAM ||
                  stream->in_end != NATSMICRO_OK;
    return counts && nm_reliable_of(stream)->queue.count > 0;
}

/* The next queued frame becomes the one that is read. */
NM_COLD static natsmicro_status next_frame(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_received_frame done = reliable->reading;
    reliable->reading = (nm_received_frame){.message = NULL};

    pthread_mutex_lock(&stream->lock);
    /* Before the receiver waits: what is not out yet may be what the peer waits for. */
    if (!has_message(stream) && ended(stream) == NATSMICRO_OK)
        nm_reliable_seal_and_transmit(stream);
    natsmicro_status status = stream->aborted;
    if (status == NATSMICRO_OK && has_message(stream))
        nm_receive_queue_take(&reliable->queue, &reliable->reading);
    else if (ended(stream) != NATSMICRO_OK)
        status = ended(stream);
    else
        status = nm_stream_would_block(stream, NM_READABLE);
    pthread_mutex_unlock(&stream->lock);
    nm_received_frame_free(&done);
    return status;
}

natsmicro_status nm_reliable_try_recv(nm_stream *stream, nm_span *span)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    while (reliable->reading.count == 0 ||
           atomic_load_explicit(&stream->is_aborted, memory_order_acquire)) {
        natsmicro_status status = next_frame(stream);
        if (status != NATSMICRO_OK)
            return status;
    }
    nm_frame_next_message(&reliable->reading.cursor, &span->data, &span->length);
    reliable->reading.count--;
    uint64_t used = atomic_load_explicit(&reliable->used, memory_order_relaxed) + 1;
    uint64_t used_bytes = atomic_load_explicit(&reliable->used_bytes, memory_order_relaxed) +
                          nm_frame_message_size(span->length);
    atomic_store_explicit(&reliable->used, used, memory_order_relaxed);
    atomic_store_explicit(&reliable->used_bytes, used_bytes, memory_order_relaxed);
    if (used >= reliable->look_at_used || used_bytes >= reliable->look_at_used_bytes)
        tell_of_room(stream, used, used_bytes);
    return NATSMICRO_OK;
}

/* The timer asks the peer whether it lives; only the deadline is left to who waits. */
int64_t nm_reliable_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now)
{
    (void)first;
    if (now < stream->deadline)
        return stream->deadline;
    const nm_reliable *reliable = nm_reliable_of(stream);
    pthread_mutex_lock(&stream->lock);
    if (readiness == NM_WRITABLE)
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed before the peer had room for message "
                               "%" PRIu64,
                               stream->method, reliable->outbox.last_number + 1);
    else
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed after message %" PRIu64, stream->method,
                               reliable->received);
    nm_inbox_hasten_timer(&stream->inbox, now);
    pthread_mutex_unlock(&stream->lock);
    return stream->deadline;
}
