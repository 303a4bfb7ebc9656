/*
 * Calls: making them, messages in and out, and the accessors of call.h that both sides have.
 */
#include "call/call.h"
#include "base/cold.h"
#include "wire/names.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_IDLE_MS         30000
#define DEFAULT_WINDOW_MESSAGES 1048576

/* More that are over are not kept for the next ones. */
#define CACHED_CALLS 256

/* ---- making and ending ---- */

static void on_message(nm_inbox *inbox, natsMsg *message)
{
    natsmicro_call *call = nm_call_of(inbox);
    nm_stream_transport(&call->stream)->on_message(&call->stream, message);
}

static void on_pause(nm_inbox *inbox)
{
    nm_stream_on_pause(&nm_call_of(inbox)->stream);
}

/*
 * A client may close a call while another thread waits in its send or recv, or tells the peer of
 * its end: these are what it waits for. Each is in there once at most. Plain stores do, as who
 * waits has had the stream's lock since, and so has the close; a number that threads share would
 * cost more than a short message's way does.
 */
static void enter(atomic_bool *use)
{
    atomic_store_explicit(use, true, memory_order_relaxed);
}

static natsmicro_status leave(atomic_bool *use, natsmicro_status status)
{
    atomic_store_explicit(use, false, memory_order_release);
    return status;
}

static bool is_in_use(natsmicro_call *call)
{
    return atomic_load_explicit(&call->sending, memory_order_acquire) ||
           atomic_load_explicit(&call->receiving, memory_order_acquire) ||
           atomic_load_explicit(&call->telling, memory_order_acquire);
}

/* Tells the peer of a cancel, on the service thread, as cancelling must not block. */
static void tell_cancelled(natsmicro_call *call)
{
    enter(&call->telling);
    if (call->stream.is_server)
        nm_call_end_from_outside(call, NATSMICRO_CANCELLED, "cancelled by the service");
    else
        nm_stream_transport(&call->stream)->give_up(&call->stream);
    leave(&call->telling, NATSMICRO_OK);
}

/*
 * The timer is a cancel's, the transport's, or a server's deadline of a unary call: that of a
 * stream is kept by waits.
 */
static void on_timer(nm_inbox *inbox)
{
    natsmicro_call *call = nm_call_of(inbox);
    nm_stream *stream = &call->stream;
    if (atomic_exchange(&call->cancelling, false))
        tell_cancelled(call);
    else if (stream->is_server && stream->kind == NATSMICRO_UNARY && nm_now() >= stream->deadline)
        nm_call_end_from_outside(call, NATSMICRO_DEADLINE_EXCEEDED,
                                 "the service's timeout passed before the handler replied");
    else
        nm_stream_transport(stream)->on_timer(stream);
}

static void on_closed(nm_inbox *inbox)
{
    natsmicro_call *call = nm_call_of(inbox);
    nm_stream_abort(&call->stream, NATSMICRO_UNAVAILABLE, "%s: the connection was closed",
                    call->method->full_name);
}

static void call_free(natsmicro_call *call)
{
    nm_stream_free(&call->stream);
    nm_arena_free(&call->arena);
    nm_buffer_free(&call->encoded);
    nm_error_clear(&call->send_error);
    nm_error_clear(&call->failure);
    free(call);
}

static void on_unreferenced(nm_inbox *inbox)
{
    natsmicro_call *call = nm_call_of(inbox);
    nm_call_cache *cache = call->cache;
    void (*on_over)(natsmicro_call *) = call->on_over;

    nm_stream_reset(&call->stream);
    nm_arena_reset(&call->arena);
    nm_buffer_reset(&call->encoded);
    nm_error_clear(&call->send_error);
    nm_error_clear(&call->failure);
    if (on_over != NULL)
        on_over(call);

    pthread_mutex_lock(&cache->lock);
    bool keep = cache->count < CACHED_CALLS;
    if (keep) {
        call->next_free = cache->free_calls;
        cache->free_calls = call;
        cache->count++;
    }
    pthread_mutex_unlock(&cache->lock);
    if (!keep)
        call_free(call);
}

static const nm_inbox_callbacks callbacks = {on_message, on_pause, on_timer, on_closed,
                                             on_unreferenced};

void nm_call_cache_init(nm_call_cache *cache)
{
    pthread_mutex_init(&cache->lock, NULL);
    cache->free_calls = NULL;
    cache->count = 0;
}

void nm_call_cache_free(nm_call_cache *cache)
{
    natsmicro_call *next;
    for (natsmicro_call *call = cache->free_calls; call != NULL; call = next) {
        next = call->next_free;
        call_free(call);
    }
    pthread_mutex_destroy(&cache->lock);
}

static natsmicro_call *take_cached(nm_call_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    natsmicro_call *call = cache->free_calls;
    if (call != NULL) {
        cache->free_calls = call->next_free;
        cache->count--;
    }
    pthread_mutex_unlock(&cache->lock);
    return call;
}

static natsmicro_call *make_call(nm_call_cache *cache)
{
    natsmicro_call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    if (!nm_stream_init(&call->stream)) {
        free(call);
        return NULL;
    }
    nm_stream_reset(&call->stream);
    call->cache = cache;
    call->handle.base = call;
    return call;
}

/* The user's own limit goes before the proto's max_inflight. */
static uint64_t window_messages(const nm_method *method, const nm_call_settings *settings)
{
    if (settings->stream.window_messages > 0)
        return settings->stream.window_messages;
    return method->stub->max_inflight > 0 ? (uint64_t)method->stub->max_inflight
                                          : DEFAULT_WINDOW_MESSAGES;
}

natsmicro_call *nm_call_acquire(nm_call_cache *cache, nm_link *link, const nm_method *method,
                                const nm_call_settings *settings, bool is_server)
{
    natsmicro_call *call = take_cached(cache);
    if (call == NULL)
        call = make_call(cache);
    if (call == NULL)
        return NULL;
    nm_inbox_init(&call->stream.inbox, link, &callbacks);
    call->method = method;
    call->settings = settings;
    call->on_over = NULL;
    atomic_store_explicit(&call->send_error_past, false, memory_order_relaxed);
    call->answered = call->in_handler = call->detached = call->ended_from_outside = false;
    atomic_store_explicit(&call->sending, false, memory_order_relaxed);
    atomic_store_explicit(&call->receiving, false, memory_order_relaxed);
    atomic_store_explicit(&call->telling, false, memory_order_relaxed);
    atomic_store_explicit(&call->cancelling, false, memory_order_relaxed);
    call->chunk_rest = (nm_bytes){NULL, 0};
    call->expected = UINT64_MAX;
    call->unsent = call->sends_short = call->responded = false;
    call->started = nm_now();
    call->arena.limit = settings->limits.max_decode_bytes;
    call->stream.link = link;
    call->stream.max_payload = nm_link_max_payload(link);
    call->stream.transport = &nm_plain_transport;
    call->stream.window_bytes = settings->stream.window_bytes;
    call->stream.window_messages = window_messages(method, settings);
    call->stream.settings = &settings->stream;
    call->stream.kind = method->stub->kind;
    call->stream.is_server = is_server;
    call->stream.method = method->full_name;
    call->stream.subject = method->subject;
    return call;
}

void nm_call_release(natsmicro_call *call)
{
    nm_inbox_unreference(&call->stream.inbox);
}

void *natsmicro_stub_call_handle(natsmicro_call *call)
{
    return &call->handle;
}

/* ---- messages ---- */

static const nm_plan *type_out(const natsmicro_call *call)
{
    return call->stream.is_server ? call->method->response : call->method->request;
}

static const nm_plan *type_in(const natsmicro_call *call)
{
    return call->stream.is_server ? call->method->request : call->method->response;
}

/* The short way of a short message. False: there is none right now. */
static bool send_in_place(natsmicro_call *call, const nm_transport *transport, const void *message)
{
    nm_buffer room = transport->reserve(&call->stream);
    if (room.data == NULL)
        return false;
    bool packed = nm_direct_pack(type_out(call), message, &room, NULL);
    transport->commit(&call->stream, packed ? &room : NULL);
    return packed;
}

void nm_call_forget_send_error(natsmicro_call *call)
{
    nm_error_clear(&call->send_error);
    atomic_store_explicit(&call->send_error_past, false, memory_order_relaxed);
}

static natsmicro_status send_message(natsmicro_call *call, const void *message)
{
    const nm_transport *transport = nm_stream_transport(&call->stream);
    nm_call_forget_send_error(call);
    if (call->sends_short && send_in_place(call, transport, message))
        return NATSMICRO_OK;
    nm_encoding encoding;
    natsmicro_status status =
        nm_encode_in_pieces(type_out(call), message, &call->encoded, &encoding, &call->send_error);
    if (status != NATSMICRO_OK)
        return status;
    call->sends_short = transport->reserve != NULL && encoding.count == 1 &&
                        encoding.pieces[0].length < NM_SHORT_MESSAGE;
    return transport->send(&call->stream, encoding.pieces, encoding.count, &call->send_error);
}

natsmicro_status natsmicro_stub_send(natsmicro_call *call, const void *message)
{
    enter(&call->sending);
    return leave(&call->sending, send_message(call, message));
}

natsmicro_status natsmicro_stub_try_send(natsmicro_call *call, const void *message)
{
    enter(&call->sending);
    const nm_transport *transport = nm_stream_transport(&call->stream);
    /* One thread sends: room that is there now is there for the send. */
    if (transport->can_send != NULL && !transport->can_send(&call->stream))
        return leave(&call->sending, NATSMICRO_WOULD_BLOCK);
    return leave(&call->sending, send_message(call, message));
}

natsmicro_status nm_call_send_pieces(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    enter(&call->sending);
    nm_call_forget_send_error(call);
    return leave(
        &call->sending,
        nm_stream_transport(&call->stream)->send(&call->stream, pieces, count, &call->send_error));
}

/* A malformed message is the caller's fault on a server and a broken service on a client. */
static natsmicro_status malformed(natsmicro_call *call, const nm_error *error)
{
    natsmicro_status status = error->status;
    if (!call->stream.is_server && status == NATSMICRO_INVALID_ARGUMENT)
        status = NATSMICRO_INTERNAL;
    nm_stream_abort(&call->stream, status, "%s: a message of the peer cannot be decoded: %s",
                    call->method->full_name, nm_error_text(error));
    return status;
}

/*
 * With END a client's call has ended, and well: what a send failed with before is nothing of it.
 * Its memory is the sender's, who may be at it in another thread. A service's call goes on, and a
 * handler may return that failure.
 */
static natsmicro_status recv_span(natsmicro_call *call, nm_span *span)
{
    natsmicro_status status = nm_stream_transport(&call->stream)->recv(&call->stream, span);
    if (status == NATSMICRO_END && !call->stream.is_server)
        atomic_store_explicit(&call->send_error_past, true, memory_order_relaxed);
    return status;
}

natsmicro_status nm_call_recv_span(natsmicro_call *call, nm_span *span)
{
    enter(&call->receiving);
    return leave(&call->receiving, recv_span(call, span));
}

/* What is not decoded directly. */
NM_COLD static natsmicro_status decode_by_library(natsmicro_call *call, const nm_span *span,
                                                  const void **message)
{
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *decoded = NULL;
    natsmicro_status status = nm_decode(type_in(call)->descriptor, span->data, span->length,
                                        &call->settings->limits, &call->arena, &decoded, &error);
    if (status != NATSMICRO_OK)
        status = malformed(call, &error);
    nm_error_clear(&error);
    *message = decoded;
    return status;
}

static natsmicro_status decode(natsmicro_call *call, const nm_span *span, const void **message)
{
    *message = nm_decode_directly(type_in(call), span->data, span->length, &call->settings->limits,
                                  &call->arena);
    return *message != NULL ? NATSMICRO_OK : decode_by_library(call, span, message);
}

natsmicro_status nm_call_decode(natsmicro_call *call, const nm_span *span, const void **message)
{
    return decode(call, span, message);
}

static natsmicro_status recv_message(natsmicro_call *call, const void **message)
{
    *message = NULL;
    call->chunk_rest = (nm_bytes){NULL, 0};
    nm_span span;
    natsmicro_status status = recv_span(call, &span);
    return status == NATSMICRO_OK ? decode(call, &span, message) : status;
}

natsmicro_status natsmicro_stub_recv(natsmicro_call *call, const void **message)
{
    enter(&call->receiving);
    return leave(&call->receiving, recv_message(call, message));
}

/*
 * The users are on their way out, as the call is over: no need of a signal from each that leaves.
 */
void nm_call_wait_for_users(natsmicro_call *call)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    while (is_in_use(call))
        nm_cond_wait_until(&stream->changed, &stream->lock, nm_deadline_in(1));
    pthread_mutex_unlock(&stream->lock);
}

void natsmicro_stub_message_free(void *message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}

int64_t nm_call_idle_limit(int64_t own_ms, int64_t settings_ms, int64_t method_ms)
{
    int64_t limit_ms = own_ms != 0 ? own_ms : settings_ms != 0 ? settings_ms : method_ms;
    return nm_duration(limit_ms != 0 ? limit_ms : DEFAULT_IDLE_MS);
}

/* ---- accessors ---- */

/* Has the service thread tell the peer that the call is aborted. */
static void tell_soon(natsmicro_call *call)
{
    atomic_store(&call->cancelling, true);
    nm_inbox_set_timer(&call->stream.inbox, nm_now());
}

void natsmicro_call_cancel(natsmicro_call *call)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    bool over = stream->aborted != NATSMICRO_OK || stream->finished || call->answered ||
                (!stream->is_server && stream->in_end != NATSMICRO_OK);
    if (!over)
        nm_stream_abort_locked(stream, NATSMICRO_CANCELLED, "%s: cancelled",
                               call->method->full_name);
    pthread_mutex_unlock(&stream->lock);
    if (!over)
        tell_soon(call);
}

/* Takes what the error holds. */
static natsmicro_status give_up(natsmicro_call *call, nm_error *error)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    bool first = stream->aborted == NATSMICRO_OK;
    nm_stream_abort_with(stream, error);
    natsmicro_status status = stream->aborted;
    bool tell = first && !stream->is_server && stream->in_end == NATSMICRO_OK;
    pthread_mutex_unlock(&stream->lock);
    if (tell)
        tell_soon(call);
    return status;
}

natsmicro_status nm_call_give_up(natsmicro_call *call, natsmicro_status status, const char *format,
                                 ...)
{
    nm_error error = NM_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    nm_error_vset(&error, nm_as_failure(status), format, arguments);
    va_end(arguments);
    return give_up(call, &error);
}

natsmicro_status nm_call_give_up_with(natsmicro_call *call, nm_error *error)
{
    nm_error named = NM_ERROR_INIT;
    const char *method = call->method->full_name;
    nm_error_set(&named, error->status, "%s: %s", method, nm_error_text(error));
    if (error->hidden > 0)
        nm_error_hide(&named, strlen(method) + strlen(": ") + error->hidden);
    nm_error_clear(error);
    return give_up(call, &named);
}

natsmicro_status nm_call_check_send(natsmicro_call *call)
{
    pthread_mutex_lock(&call->stream.lock);
    natsmicro_status status = nm_stream_check_send(&call->stream, &call->send_error);
    pthread_mutex_unlock(&call->stream.lock);
    return status;
}

natsmicro_status natsmicro_call_status(natsmicro_call *call)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = call->failure.status;
    if (status == NATSMICRO_OK)
        status = stream->aborted;
    if (status == NATSMICRO_OK && !stream->is_server)
        status = stream->in_end;
    pthread_mutex_unlock(&stream->lock);
    return status;
}

const nm_error *nm_call_shown_error(const natsmicro_call *call)
{
    if (call->failure.status != NATSMICRO_OK)
        return &call->failure;
    if (call->stream.error.status != NATSMICRO_OK)
        return &call->stream.error;
    static const nm_error none = NM_ERROR_INIT;
    bool past = atomic_load_explicit(&call->send_error_past, memory_order_relaxed);
    return past ? &none : &call->send_error;
}

const char *natsmicro_call_error_code(natsmicro_call *call)
{
    pthread_mutex_lock(&call->stream.lock);
    const char *code = nm_error_code(nm_call_shown_error(call));
    pthread_mutex_unlock(&call->stream.lock);
    return code;
}

const char *natsmicro_call_error_message(natsmicro_call *call)
{
    pthread_mutex_lock(&call->stream.lock);
    const char *text = nm_error_text(nm_call_shown_error(call));
    pthread_mutex_unlock(&call->stream.lock);
    return text;
}

const void *natsmicro_call_error_data(natsmicro_call *call, size_t *length)
{
    pthread_mutex_lock(&call->stream.lock);
    const nm_error *error = nm_call_shown_error(call);
    const void *data = error->data;
    *length = error->data_length;
    pthread_mutex_unlock(&call->stream.lock);
    return data;
}

/*
 * On a client: the answer is one message, so its headers and trailers cannot be told from each
 * other.
 */
static bool has_one_answer(const nm_stream *stream)
{
    return !stream->is_server && !nm_service_streams(stream->kind);
}

const char *natsmicro_call_header(natsmicro_call *call, const char *name)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    const char *value = nm_headers_get(&stream->headers_in, name);
    /* Where nothing came before the end, it brought the headers, too. */
    if (value == NULL && (has_one_answer(stream) || stream->headers_in.count == 0))
        value = nm_headers_get(&stream->trailers_in, name);
    pthread_mutex_unlock(&stream->lock);
    return value;
}

bool natsmicro_call_header_at(natsmicro_call *call, size_t index, const char **name,
                              const char **value)
{
    pthread_mutex_lock(&call->stream.lock);
    const nm_headers *headers =
        call->stream.headers_in.count > 0 ? &call->stream.headers_in : &call->stream.trailers_in;
    bool found = index < headers->count;
    if (found) {
        *name = headers->items[index].name;
        *value = headers->items[index].value;
    }
    pthread_mutex_unlock(&call->stream.lock);
    return found;
}

const char *natsmicro_call_trailer(natsmicro_call *call, const char *name)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    const char *value = nm_headers_get(&stream->trailers_in, name);
    if (value == NULL && has_one_answer(stream))
        value = nm_headers_get(&stream->headers_in, name);
    pthread_mutex_unlock(&stream->lock);
    return value;
}

/* Both sides' own headers, while `too_late` says they may still be set. Under the lock. */
static natsmicro_status set_checked(nm_headers *headers, const char *name, const char *value,
                                    bool too_late)
{
    const char *why;
    natsmicro_status status = nm_header_check(name, value, &why);
    if (status != NATSMICRO_OK)
        return status;
    if (too_late)
        return NATSMICRO_FAILED_PRECONDITION;
    return nm_headers_set(headers, name, value) ? NATSMICRO_OK : NATSMICRO_RESOURCE_EXHAUSTED;
}

natsmicro_status natsmicro_call_set_header(natsmicro_call *call, const char *name,
                                           const char *value)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    bool too_late = stream->is_server ? stream->finished || stream->sent > 0
                                      : stream->inbox.subject != NULL && stream->inbox.listening;
    natsmicro_status status = set_checked(&stream->headers_out, name, value, too_late);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

natsmicro_status natsmicro_call_set_trailer(natsmicro_call *call, const char *name,
                                            const char *value)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status =
        set_checked(&stream->trailers_out, name, value, !stream->is_server || stream->finished);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

const char *natsmicro_call_method(natsmicro_call *call)
{
    return call->method->full_name;
}

const char *natsmicro_call_subject(natsmicro_call *call)
{
    return call->method->subject;
}

void natsmicro_call_get_metrics(natsmicro_call *call, natsmicro_stream_metrics *metrics)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    const nm_transport *transport = nm_stream_transport(stream);
    *metrics = (natsmicro_stream_metrics){.messages_sent = stream->sent,
                                          .messages_received = stream->received};
    if (transport->read_metrics != NULL)
        transport->read_metrics(stream, metrics);
    pthread_mutex_unlock(&stream->lock);
}

int64_t natsmicro_call_remaining_ms(natsmicro_call *call)
{
    int64_t deadline = nm_stream_wait_deadline(&call->stream);
    return deadline == NM_NEVER ? -1 : nm_remaining_ms(deadline);
}
