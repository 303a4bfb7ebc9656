/*
 * See stream.h.
 */
#include "transport/transport.h"

#include <stdlib.h>
#include <string.h>

/*
 * What a queued message costs beyond its bytes and what stands before them: nats.c's struct and
 * parsed headers.
 */
#define SPAN_OVERHEAD 256

#define LONGEST_TEND_INTERVAL (1000 * NM_NS_PER_MS)

/*
 * A waiting reader is woken for so many at the latest: a wake costs as much as dozens of messages.
 */
#define WAKE_AT 64

/* Memory that a list keeps between calls. */
#define KEPT_SPANS 4096

/* ---- lists of spans ---- */

static bool list_append(nm_span_list *list, const nm_span *span, size_t cost)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        nm_span *spans = realloc(list->spans, capacity * sizeof(nm_span));
        if (spans == NULL)
            return false;
        list->spans = spans;
        list->capacity = capacity;
    }
    list->spans[list->count++] = *span;
    list->bytes += cost;
    return true;
}

static void list_clear(nm_span_list *list, size_t first)
{
    for (size_t i = first; i < list->count; i++)
        natsMsg_Destroy(list->spans[i].message);
    list->count = 0;
    list->bytes = 0;
    if (list->capacity <= KEPT_SPANS)
        return;
    free(list->spans);
    list->spans = NULL;
    list->capacity = 0;
}

/* ---- metrics ---- */

void nm_stream_totals_read(nm_stream_totals *totals, natsmicro_stream_metrics *metrics)
{
    *metrics = (natsmicro_stream_metrics){
        .reliable = true,
        .messages_sent = atomic_load(&totals->messages_sent),
        .bytes_sent = atomic_load(&totals->bytes_sent),
        .messages_received = atomic_load(&totals->messages_received),
        .bytes_received = atomic_load(&totals->bytes_received),
        .retransmitted = atomic_load(&totals->retransmitted),
        .stalls = atomic_load(&totals->stalls),
    };
}

/* ---- making and ending ---- */

bool nm_stream_init(nm_stream *stream)
{
    memset(stream, 0, sizeof(*stream));
    if (pthread_mutex_init(&stream->lock, NULL) != 0)
        return false;
    if (nm_cond_init(&stream->changed) == 0)
        return true;
    pthread_mutex_destroy(&stream->lock);
    return false;
}

void nm_stream_reset(nm_stream *stream)
{
    const nm_transport *transport = nm_stream_transport(stream);
    if (transport != NULL && transport->reset != NULL)
        transport->reset(stream);
    list_clear(&stream->batch, stream->batch_next);
    list_clear(&stream->arrived, 0);
    nm_spent_add(&stream->spent, stream->current);
    natsMsg_Destroy(stream->answer);
    nm_draft_clear(&stream->draft);
    nm_headers_clear(&stream->headers_out);
    nm_headers_clear(&stream->trailers_out);
    nm_headers_clear(&stream->headers_in);
    nm_headers_clear(&stream->trailers_in);
    nm_error_clear(&stream->error);
    free(stream->peer);
    free(stream->peer_control);
    stream->peer = stream->peer_control = NULL;
    stream->current = stream->answer = NULL;
    stream->batch_next = 0;
    stream->pending_bytes = stream->pending_messages = 0;
    stream->received = stream->sent = 0;
    stream->decided = false;
    atomic_store_explicit(&stream->transport, NULL, memory_order_relaxed);
    stream->opened = stream->any_taken = stream->unnumbered = stream->heard = false;
    stream->discarding = stream->reader_waits = stream->send_closed = stream->finished = false;
    stream->told_peer = stream->answer_unheard = stream->caller_gave_up = false;
    stream->in_end = stream->aborted = NATSMICRO_OK;
    stream->answer_state = NM_ANSWER_NONE;
    stream->answer_backoff = 0;
    stream->answer_deadline = NM_NEVER;
    stream->last_send = stream->last_asked = 0;
    stream->burst = 0;
    stream->open_deadline = stream->deadline = stream->idle_limit = NM_NEVER;
    atomic_store_explicit(&stream->is_aborted, false, memory_order_relaxed);
    atomic_store_explicit(&stream->flush_later, false, memory_order_relaxed);
}

void nm_stream_free(nm_stream *stream)
{
    nm_stream_reset(stream);
    nm_spent_clear(&stream->spent);
    free(stream->batch.spans);
    free(stream->arrived.spans);
    free(stream->inbox.subject);
    if (stream->free_state != NULL)
        stream->free_state(stream->state);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
}

/* ---- what arrives ---- */

static void wake_reader(nm_stream *stream)
{
    if (!stream->reader_waits)
        return;
    stream->reader_waits = false;
    pthread_cond_broadcast(&stream->changed);
}

static bool queue(nm_stream *stream, natsMsg *message, const uint8_t *data, size_t length)
{
    bool over = stream->pending_messages >= stream->settings->max_pending_messages ||
                stream->pending_bytes >= stream->settings->max_pending_bytes;
    nm_span span = {message, data, length};
    size_t cost = nm_message_front(message) + length + SPAN_OVERHEAD;
    if (stream->discarding || over || !list_append(&stream->arrived, &span, cost)) {
        natsMsg_Destroy(message);
        return false;
    }
    stream->pending_messages++;
    stream->pending_bytes += cost;
    return true;
}

bool nm_stream_push(nm_stream *stream, natsMsg *message, const uint8_t *data, size_t length)
{
    if (!queue(stream, message, data, length))
        return false;
    wake_reader(stream);
    return true;
}

void nm_stream_wake_reader(nm_stream *stream, bool many)
{
    bool wait = stream->reader_waits && !many;
    if (!wait)
        wake_reader(stream);
    nm_inbox_ask_for_pause(&stream->inbox, wait);
}

bool nm_stream_push_more(nm_stream *stream, natsMsg *message, const uint8_t *data, size_t length)
{
    if (!queue(stream, message, data, length))
        return false;
    nm_stream_wake_reader(stream, stream->arrived.count >= WAKE_AT);
    return true;
}

void nm_stream_on_pause(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    wake_reader(stream);
    pthread_mutex_unlock(&stream->lock);
}

void nm_stream_end_input(nm_stream *stream, natsmicro_status status, const char *format, ...)
{
    if (stream->in_end != NATSMICRO_OK)
        return;
    stream->in_end = status;
    if (status != NATSMICRO_END && stream->aborted == NATSMICRO_OK) {
        va_list arguments;
        va_start(arguments, format);
        nm_error_vset(&stream->error, status, format, arguments);
        va_end(arguments);
    }
    pthread_cond_broadcast(&stream->changed);
}

void nm_stream_end_input_with(nm_stream *stream, nm_error *error)
{
    if (stream->in_end == NATSMICRO_OK) {
        stream->in_end = error->status;
        if (stream->aborted == NATSMICRO_OK) {
            nm_error_clear(&stream->error);
            stream->error = *error;
            *error = (nm_error)NM_ERROR_INIT;
        }
        pthread_cond_broadcast(&stream->changed);
    }
    nm_error_clear(error);
}

void nm_stream_abort_with(nm_stream *stream, nm_error *error)
{
    if (stream->aborted == NATSMICRO_OK) {
        stream->aborted = error->status;
        nm_error_clear(&stream->error);
        stream->error = *error;
        *error = (nm_error)NM_ERROR_INIT;
        atomic_store_explicit(&stream->is_aborted, true, memory_order_release);
        pthread_cond_broadcast(&stream->changed);
    }
    nm_error_clear(error);
}

static void abort_formatted(nm_stream *stream, natsmicro_status status, const char *format,
                            va_list arguments)
{
    nm_error error = NM_ERROR_INIT;
    if (stream->aborted != NATSMICRO_OK)
        return;
    nm_error_vset(&error, status, format, arguments);
    nm_stream_abort_with(stream, &error);
}

void nm_stream_abort_locked(nm_stream *stream, natsmicro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    abort_formatted(stream, status, format, arguments);
    va_end(arguments);
}

void nm_stream_abort(nm_stream *stream, natsmicro_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&stream->lock);
    abort_formatted(stream, status, format, arguments);
    pthread_mutex_unlock(&stream->lock);
    va_end(arguments);
}

/* ---- sending ---- */

natsmicro_status nm_stream_check_send(nm_stream *stream, nm_error *error)
{
    if (nm_stream_may_send(stream))
        return NATSMICRO_OK;
    natsmicro_status status = stream->aborted != NATSMICRO_OK ? stream->aborted : stream->in_end;
    if (status != NATSMICRO_END)
        nm_error_copy(error, &stream->error);
    return status;
}

void nm_stream_reason(const nm_stream *stream, nm_error *reason)
{
    if (stream->aborted == NATSMICRO_OK) {
        nm_error_set(reason, NATSMICRO_CANCELLED, "the caller gave up");
        return;
    }
    const char *text = nm_error_told(&stream->error);
    size_t length = strlen(stream->method);
    if (strncmp(text, stream->method, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    nm_error_set(reason, stream->aborted, "%s", text);
}

/* ---- reading ---- */

int64_t nm_stream_wait_deadline(const nm_stream *stream)
{
    if (stream->kind == NATSMICRO_UNARY && stream->open_deadline < stream->deadline)
        return stream->open_deadline;
    return stream->deadline;
}

/*
 * What keeps a reader from waiting on, as the clock has it: a limit that has passed aborts the
 * call.
 */
static void check_limits(nm_stream *stream, int64_t now, int64_t silent_since)
{
    if (now >= nm_stream_wait_deadline(stream)) {
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED, "%s: no %s before the deadline",
                               stream->method, stream->kind == NATSMICRO_UNARY ? "answer" : "end");
        return;
    }
    if (stream->idle_limit != NM_NEVER && now - silent_since >= stream->idle_limit)
        nm_stream_abort_locked(stream, NATSMICRO_UNAVAILABLE,
                               "%s: nothing came from the peer for %lld ms", stream->method,
                               (long long)(stream->idle_limit / NM_NS_PER_MS));
}

int64_t nm_stream_tend_interval(const nm_stream *stream)
{
    int64_t interval = stream->idle_limit / 3;
    return interval < LONGEST_TEND_INTERVAL ? interval : LONGEST_TEND_INTERVAL;
}

/* The earliest of the reader's limits, and of the next time it looks after the call. */
static int64_t next_look(const nm_stream *stream, int64_t now, int64_t silent_since)
{
    int64_t until = nm_stream_wait_deadline(stream);
    if (stream->idle_limit != NM_NEVER && silent_since + stream->idle_limit < until)
        until = silent_since + stream->idle_limit;
    return now + nm_stream_tend_interval(stream) < until ? now + nm_stream_tend_interval(stream)
                                                         : until;
}

/* Waits, with the lock held, until something is queued or the call or its input has ended. */
static void wait_for_arrival(nm_stream *stream, void (*tend)(nm_stream *stream))
{
    int64_t silent_since = 0;
    int64_t tended = 0;

    for (;;) {
        if (stream->aborted != NATSMICRO_OK || stream->arrived.count > 0 ||
            stream->in_end != NATSMICRO_OK)
            return;
        int64_t now = nm_now();
        if (silent_since == 0) {
            /* About to block: what lies in nats.c's buffer may be what the peer waits for. */
            pthread_mutex_unlock(&stream->lock);
            nm_link_flush(stream->link, nm_stream_wait_deadline(stream));
            pthread_mutex_lock(&stream->lock);
            silent_since = tended = now;
            continue;
        }
        if (stream->heard) {
            stream->heard = false;
            silent_since = now;
        }
        check_limits(stream, now, silent_since);
        if (tend != NULL && now - tended >= nm_stream_tend_interval(stream)) {
            tended = now;
            pthread_mutex_unlock(&stream->lock);
            tend(stream);
            pthread_mutex_lock(&stream->lock);
            continue;
        }
        if (stream->aborted != NATSMICRO_OK)
            return;
        stream->reader_waits = true;
        nm_cond_wait_until(&stream->changed, &stream->lock, next_look(stream, now, silent_since));
        stream->reader_waits = false;
    }
}

/* Under the lock: what has arrived becomes the reader's own batch. */
static void take_batch(nm_stream *stream)
{
    nm_span_list emptied = stream->batch;
    stream->pending_bytes -= emptied.bytes;
    stream->pending_messages -= emptied.count;
    emptied.count = 0;
    emptied.bytes = 0;
    stream->batch = stream->arrived;
    stream->arrived = emptied;
    stream->batch_next = 0;
}

natsmicro_status nm_stream_next(nm_stream *stream, nm_span *span, void (*tend)(nm_stream *stream))
{
    nm_spent_add(&stream->spent, stream->current);
    stream->current = NULL;

    if (stream->batch_next >= stream->batch.count ||
        atomic_load_explicit(&stream->is_aborted, memory_order_acquire)) {
        natsmicro_status status = NATSMICRO_OK;
        pthread_mutex_lock(&stream->lock);
        if (stream->batch_next >= stream->batch.count)
            wait_for_arrival(stream, tend);
        if (stream->aborted != NATSMICRO_OK)
            status = stream->aborted;
        else if (stream->batch_next < stream->batch.count)
            status = NATSMICRO_OK;
        else if (stream->arrived.count > 0)
            take_batch(stream);
        else
            status = stream->in_end;
        pthread_mutex_unlock(&stream->lock);
        if (status != NATSMICRO_OK)
            return status;
    }
    *span = stream->batch.spans[stream->batch_next++];
    stream->current = span->message;
    return NATSMICRO_OK;
}

void nm_stream_flush(nm_stream *stream, int64_t deadline)
{
    if (!atomic_load_explicit(&stream->flush_later, memory_order_relaxed))
        nm_link_flush(stream->link, deadline);
}

void nm_stream_discard(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->discarding = true;
    list_clear(&stream->arrived, 0);
    pthread_mutex_unlock(&stream->lock);
    list_clear(&stream->batch, stream->batch_next);
    stream->batch_next = 0;
}
