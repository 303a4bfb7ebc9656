/*
 * See stream.h.
 */
#include "transport/stream.h"
#include "transport/transport.h"
#include "wire/outgoing.h"

#include <stdlib.h>
#include <string.h>

/* ---- totals ---- */

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

/* ---- the inbox's callbacks ---- */

/* The stream whose inbox that is. */
static nm_stream *stream_of(nm_inbox *inbox)
{
    return (nm_stream *)inbox;
}

static void on_message(nm_inbox *inbox, natsMsg *message)
{
    nm_stream *stream = stream_of(inbox);
    nm_stream_transport(stream)->on_message(stream, message);
}

/* A reader that nm_stream_notify_reader let wait is woken now. */
static void on_pause(nm_inbox *inbox)
{
    nm_stream *stream = stream_of(inbox);
    pthread_mutex_lock(&stream->lock);
    nm_stream_notify(stream, NM_READABLE);
    pthread_mutex_unlock(&stream->lock);
}

static void on_timer(nm_inbox *inbox)
{
    nm_stream *stream = stream_of(inbox);
    if (!stream->callbacks->on_timer(stream->owner))
        nm_stream_transport(stream)->on_timer(stream);
}

/* Only a transport that asks for a fence is told of one. */
static void on_fence(nm_inbox *inbox, bool passed)
{
    nm_stream *stream = stream_of(inbox);
    nm_stream_transport(stream)->on_fence(stream, passed);
}

static void on_closed(nm_inbox *inbox)
{
    nm_stream_abort_unless_ended(stream_of(inbox), NATSMICRO_UNAVAILABLE,
                                 "the connection was closed");
}

static void on_unreferenced(nm_inbox *inbox)
{
    nm_stream *stream = stream_of(inbox);
    stream->callbacks->on_unreferenced(stream->owner);
}

static const nm_inbox_callbacks inbox_callbacks = {on_message, on_pause,  on_timer,
                                                   on_fence,   on_closed, on_unreferenced};

/* ---- making and beginning ---- */

nm_stream *nm_stream_new(const nm_stream_owner *callbacks, void *owner)
{
    nm_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return NULL;
    if (pthread_mutex_init(&stream->lock, NULL) != 0) {
        free(stream);
        return NULL;
    }
    stream->callbacks = callbacks;
    stream->owner = owner;
    return stream;
}

void nm_stream_free(nm_stream *stream)
{
    nm_stream_reset(stream);
    nm_spent_free(stream->spent);
    nm_stream_free_state(stream);
    free(stream->inbox.subject);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

void nm_stream_begin(nm_stream *stream, const nm_stream_setup *setup)
{
    nm_inbox_init(&stream->inbox, setup->link, &inbox_callbacks);
    stream->settings = setup->settings;
    stream->link = setup->link;
    stream->kind = setup->kind;
    stream->is_server = setup->is_server;
    stream->plain = setup->plain;
    stream->known_limit = setup->known_limit;
    stream->method = setup->method;
    stream->subject = setup->subject;
    stream->id[0] = '\0';
    stream->began = setup->began;
    stream->open_deadline = stream->deadline = stream->idle_limit = NM_NEVER;
    stream->max_payload = nm_link_max_payload(setup->link);
    stream->window_messages = setup->window_messages;
    stream->window_bytes = setup->settings->window_bytes;
}

void nm_stream_reset(nm_stream *stream)
{
    if (stream->state_kind != NULL)
        stream->state_kind->reset(stream);
    nm_stream_set_transport(stream, NULL);
    nm_stream_close_share(stream);
    nm_headers_clear(&stream->headers_out);
    nm_headers_clear(&stream->trailers_out);
    nm_headers_clear(&stream->headers_in);
    nm_headers_clear(&stream->trailers_in);
    nm_error_clear(&stream->input_error);
    nm_error_clear(&stream->abort_error);
    stream->waiting = 0;
    stream->decided = stream->discarding = stream->send_closed = stream->finished = false;
    stream->in_end = stream->aborted = NATSMICRO_OK;
    stream->sent = 0;
    atomic_store_explicit(&stream->is_aborted, false, memory_order_relaxed);
}

void nm_stream_set_limits(nm_stream *stream, int64_t open_deadline, int64_t deadline,
                          int64_t idle_limit)
{
    stream->open_deadline = open_deadline;
    stream->deadline = deadline;
    stream->idle_limit = idle_limit;
}

void nm_stream_copy_limits(nm_stream *stream, const nm_stream *from)
{
    nm_stream_set_limits(stream, from->open_deadline, from->deadline, from->idle_limit);
}

void nm_stream_set_opening(nm_stream *stream, int64_t open_deadline)
{
    stream->open_deadline = open_deadline;
}

int64_t nm_stream_hasten_opening(nm_stream *stream, int64_t open_deadline)
{
    int64_t before = stream->open_deadline;
    nm_stream_set_opening(stream, nm_earlier(before, open_deadline));
    return before;
}

int64_t nm_stream_wait_deadline(const nm_stream *stream)
{
    if (stream->kind == NATSMICRO_UNARY && stream->open_deadline < stream->deadline)
        return stream->open_deadline;
    return stream->deadline;
}

bool nm_stream_listen(nm_stream *stream)
{
    if (!nm_inbox_listen(&stream->inbox))
        return false;
    if (!stream->is_server)
        nm_stream_identify(stream, stream->inbox.subject);
    return true;
}

void nm_stream_reference(nm_stream *stream)
{
    nm_inbox_reference(&stream->inbox);
}

bool nm_stream_try_reference(nm_stream *stream)
{
    unsigned references = atomic_load(&stream->inbox.references);
    while (references > 0) {
        if (atomic_compare_exchange_weak(&stream->inbox.references, &references, references + 1))
            return true;
    }
    return false;
}

void nm_stream_unreference(nm_stream *stream)
{
    nm_inbox_unreference(&stream->inbox);
}

void *nm_stream_take_any(nm_link *link)
{
    nm_inbox *inbox = nm_link_take_inbox(link);
    return inbox != NULL ? stream_of(inbox)->owner : NULL;
}

const char *nm_stream_id(const nm_stream *stream)
{
    return stream->id;
}

/* ---- opening ---- */

natsmicro_status nm_stream_try_opened(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = stream->aborted;
    if (status == NATSMICRO_OK && !stream->decided)
        status = nm_stream_would_block(stream, NM_OPENED);
    const nm_transport *transport = nm_stream_transport(stream);
    if (status == NATSMICRO_OK && transport->client.try_opened != NULL)
        status = transport->client.try_opened(stream);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

/* ---- messages ---- */

natsmicro_status nm_stream_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                    bool *lone, nm_error *error)
{
    return nm_stream_transport(stream)->try_send(stream, pieces, count, lone, error);
}

bool nm_stream_send_in_place(nm_stream *stream, nm_write write, const void *message)
{
    return nm_stream_transport(stream)->send_in_place(stream, write, message);
}

bool nm_stream_has_places(nm_stream *stream)
{
    return nm_stream_transport(stream)->send_in_place != NULL;
}

bool nm_stream_can_send(nm_stream *stream)
{
    const nm_transport *transport = nm_stream_transport(stream);
    if (transport->can_send == NULL)
        return true;
    pthread_mutex_lock(&stream->lock);
    bool can = transport->can_send(stream);
    pthread_mutex_unlock(&stream->lock);
    return can;
}

natsmicro_status nm_stream_check_send(nm_stream *stream, nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = nm_stream_check_call(stream, error);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

size_t nm_stream_max_message(nm_stream *stream)
{
    return nm_stream_transport(stream)->max_message(stream);
}

natsmicro_status nm_stream_close_send(nm_stream *stream, nm_error *error)
{
    return nm_stream_transport(stream)->client.close_send(stream, error);
}

bool nm_stream_send_is_closed(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool closed = stream->send_closed;
    pthread_mutex_unlock(&stream->lock);
    return closed;
}

natsmicro_status nm_stream_answer(nm_stream *stream, const void *message, size_t length,
                                  nm_error *error)
{
    return nm_stream_transport(stream)->server.answer(stream, message, length, error);
}

natsmicro_status nm_stream_try_recv(nm_stream *stream, nm_span *span)
{
    return nm_stream_transport(stream)->try_recv(stream, span);
}

int64_t nm_stream_keepalive(nm_stream *stream, nm_readiness readiness, bool first)
{
    int64_t now = nm_now();
    if (first && readiness != NM_WRITABLE)
        stream->silent_since = now;
    return nm_stream_transport(stream)->keepalive(stream, readiness, first, now);
}

void nm_stream_recycle(nm_stream *stream, natsMsg *message)
{
    nm_spent_add(&stream->spent, message);
}

/* ---- how a call ends ---- */

/* Under the lock: a cancel comes too late. */
static bool has_ended(const nm_stream *stream)
{
    return stream->aborted != NATSMICRO_OK || stream->finished ||
           (!stream->is_server && stream->in_end != NATSMICRO_OK);
}

natsmicro_status nm_stream_abort_with(nm_stream *stream, nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    nm_stream_abort_locked_with(stream, error);
    natsmicro_status status = stream->aborted;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

natsmicro_status nm_stream_abort(nm_stream *stream, natsmicro_status status, const char *format,
                                 ...)
{
    nm_error error = NM_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    nm_error_vset(&error, status, format, arguments);
    va_end(arguments);
    return nm_stream_abort_with(stream, &error);
}

bool nm_stream_abort_unless_ended(nm_stream *stream, natsmicro_status status, const char *text)
{
    pthread_mutex_lock(&stream->lock);
    bool live = !has_ended(stream);
    if (live)
        nm_stream_abort_locked(stream, status, "%s: %s", stream->method, text);
    else if (stream->aborted == NATSMICRO_OK) /* a handler may read on after its answer */
        nm_stream_fail_input(stream, status, "%s: %s", stream->method, text);
    pthread_mutex_unlock(&stream->lock);
    return live;
}

natsmicro_status nm_stream_await_abort(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = stream->aborted;
    if (status == NATSMICRO_OK)
        stream->waiting |= NM_ABORTED;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

static void cancel_client(nm_stream *stream)
{
    const nm_transport *transport = nm_stream_transport(stream);
    nm_error reason = NM_ERROR_INIT;
    pthread_mutex_lock(&stream->lock);
    stream->send_closed = true;
    nm_stream_reason(stream, &reason);
    pthread_mutex_unlock(&stream->lock);
    if (transport->client.cancel != NULL)
        transport->client.cancel(stream, &reason);
    nm_error_clear(&reason);
}

void nm_stream_cancel(nm_stream *stream, const nm_error *why)
{
    const nm_transport *transport = nm_stream_transport(stream);
    if (transport == NULL)
        return; /* it was never opened */
    if (stream->is_server)
        transport->server.cancel(stream, why);
    else
        cancel_client(stream);
}

void nm_stream_finish(nm_stream *stream, const nm_error *failure)
{
    nm_stream_transport(stream)->server.finish(stream, failure);
}

void nm_stream_hasten_timer(nm_stream *stream, int64_t due)
{
    nm_inbox_hasten_timer(&stream->inbox, due);
}

void nm_stream_close(nm_stream *stream)
{
    nm_inbox_close(&stream->inbox);
}

/* ---- what became of it ---- */

natsmicro_status nm_stream_aborted(nm_stream *stream)
{
    if (!atomic_load_explicit(&stream->is_aborted, memory_order_acquire))
        return NATSMICRO_OK;
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = stream->aborted;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

natsmicro_status nm_stream_input_end(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = stream->in_end;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

const nm_error *nm_stream_error(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    const nm_error *error = nm_stream_shown_error(stream);
    pthread_mutex_unlock(&stream->lock);
    return error;
}

void nm_stream_read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics)
{
    const nm_transport *transport = nm_stream_transport(stream);
    pthread_mutex_lock(&stream->lock);
    *metrics = (natsmicro_stream_metrics){.messages_sent = stream->sent};
    if (transport != NULL && transport->read_metrics != NULL)
        transport->read_metrics(stream, metrics);
    pthread_mutex_unlock(&stream->lock);
}

/* ---- headers ---- */

/*
 * Bytes that the protocol may add to a service's headers: "NATS/1.0", the token, the number and the
 * end of a stream's message.
 */
#define HEADERS_OF_PROTOCOL 144

static size_t length_without(const nm_headers *headers, const char *name)
{
    size_t length = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (!nm_header_names_equal(headers->items[i].name, name))
            length += nm_outgoing_header_length(headers->items[i].name, headers->items[i].value);
    }
    return length;
}

/*
 * Under the lock: the size of our headers in a message once this one is set. Headers and trailers
 * may go in one message; headers that have gone out do not count.
 */
static size_t length_with(const nm_stream *stream, const nm_headers *headers, const char *name,
                          const char *value)
{
    const nm_headers *other =
        headers == &stream->headers_out ? &stream->trailers_out : &stream->headers_out;
    size_t length = HEADERS_OF_PROTOCOL + length_without(headers, name) +
                    nm_outgoing_header_length(name, value);
    return stream->sent > 0 ? length : length + length_without(other, "");
}

/* Under the lock. `too_late`: NULL, or why it is. */
static natsmicro_status set_header(nm_stream *stream, nm_headers *headers, const char *name,
                                   const char *value, const char *too_late, nm_error *error)
{
    const nm_transport *transport = nm_stream_transport(stream);
    size_t limit = stream->settings->max_header_bytes;
    size_t length = length_with(stream, headers, name, value);
    if (too_late != NULL)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: header \"%.64s\": %s",
                            stream->method, name, too_late);
    if ((transport == NULL || transport->limits_headers) && length > limit)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: header \"%.64s\": the message's headers would come to %zu bytes, "
                            "more than max_header_bytes, %zu",
                            stream->method, name, length, limit);
    if (nm_headers_set(headers, name, value))
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: header \"%.64s\": no memory",
                        stream->method, name);
}

static const char *too_late_for_headers(const nm_stream *stream)
{
    if (!stream->is_server)
        return stream->inbox.subject != NULL && stream->inbox.listening
                   ? "the request's headers have gone out: set them in the hook `before`"
                   : NULL;
    return stream->finished || stream->sent > 0 ? "the response's headers have gone out" : NULL;
}

static const char *too_late_for_trailers(const nm_stream *stream)
{
    if (!stream->is_server)
        return "only a service sends trailers";
    return stream->finished ? "the call has ended" : NULL;
}

natsmicro_status nm_stream_set_header(nm_stream *stream, const char *name, const char *value,
                                      nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status =
        set_header(stream, &stream->headers_out, name, value, too_late_for_headers(stream), error);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

natsmicro_status nm_stream_set_trailer(nm_stream *stream, const char *name, const char *value,
                                       nm_error *error)
{
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = set_header(stream, &stream->trailers_out, name, value,
                                         too_late_for_trailers(stream), error);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

bool nm_stream_add_headers(nm_stream *stream, const nm_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (!nm_headers_add(&stream->headers_out, headers->items[i].name, headers->items[i].value))
            return false;
    }
    return true;
}

bool nm_stream_add_headers_of(nm_stream *stream, nm_stream *from)
{
    pthread_mutex_lock(&from->lock);
    bool added = nm_stream_add_headers(stream, &from->headers_out);
    pthread_mutex_unlock(&from->lock);
    return added;
}

const char *nm_stream_own_header(nm_stream *stream, const char *name)
{
    pthread_mutex_lock(&stream->lock);
    const char *value = nm_headers_get(&stream->headers_out, name);
    pthread_mutex_unlock(&stream->lock);
    return value;
}

/*
 * On a client: the answer is one message, so its headers and trailers cannot be told from each
 * other.
 */
static bool has_one_answer(const nm_stream *stream)
{
    return !stream->is_server && !nm_service_streams(stream->kind);
}

const char *nm_stream_header(nm_stream *stream, const char *name)
{
    pthread_mutex_lock(&stream->lock);
    const char *value = nm_headers_get(&stream->headers_in, name);
    /* Where nothing came before the end, it brought the headers, too. */
    if (value == NULL && (has_one_answer(stream) || stream->headers_in.count == 0))
        value = nm_headers_get(&stream->trailers_in, name);
    pthread_mutex_unlock(&stream->lock);
    return value;
}

const char *nm_stream_trailer(nm_stream *stream, const char *name)
{
    pthread_mutex_lock(&stream->lock);
    const char *value = nm_headers_get(&stream->trailers_in, name);
    if (value == NULL && has_one_answer(stream))
        value = nm_headers_get(&stream->headers_in, name);
    pthread_mutex_unlock(&stream->lock);
    return value;
}

/* Under the lock: the peer's headers, or what came with its end instead. */
static nm_headers *response_headers(nm_stream *stream)
{
    return stream->headers_in.count > 0 ? &stream->headers_in : &stream->trailers_in;
}

/* Under the lock: NULL if there are no more. */
static const nm_header *header_at(nm_stream *stream, size_t index)
{
    const nm_headers *headers = response_headers(stream);
    if (index < headers->count)
        return &headers->items[index];
    index -= headers->count;
    bool more = has_one_answer(stream) && headers == &stream->headers_in;
    return more && index < stream->trailers_in.count ? &stream->trailers_in.items[index] : NULL;
}

bool nm_stream_header_at(nm_stream *stream, size_t index, const char **name, const char **value)
{
    pthread_mutex_lock(&stream->lock);
    const nm_header *header = header_at(stream, index);
    if (header != NULL) {
        *name = header->name;
        *value = header->value;
    }
    pthread_mutex_unlock(&stream->lock);
    return header != NULL;
}

bool nm_stream_trailer_at(nm_stream *stream, size_t index, const char **name, const char **value)
{
    pthread_mutex_lock(&stream->lock);
    bool apart = stream->headers_in.count > 0 && !has_one_answer(stream);
    bool there = apart && index < stream->trailers_in.count;
    if (there) {
        *name = stream->trailers_in.items[index].name;
        *value = stream->trailers_in.items[index].value;
    }
    pthread_mutex_unlock(&stream->lock);
    return there;
}

void nm_stream_take_headers(nm_stream *stream, nm_headers *to)
{
    pthread_mutex_lock(&stream->lock);
    nm_headers_move(to, response_headers(stream));
    pthread_mutex_unlock(&stream->lock);
}

void nm_stream_put_headers(nm_stream *stream, nm_headers *from)
{
    pthread_mutex_lock(&stream->lock);
    nm_headers_clear(&stream->trailers_in);
    nm_headers_move(&stream->headers_in, from);
    pthread_mutex_unlock(&stream->lock);
}
