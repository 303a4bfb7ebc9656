/*
 * See call.h: making calls, waiting, and ending them.
 */
#include "call/call.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_IDLE_MS         30000
#define DEFAULT_WINDOW_MESSAGES 1048576

/* Calls that are over and kept for the next ones, at most. */
#define CACHED_CALLS 256

/* ---- the stream's owner ---- */

static void on_ready(void *owner, unsigned readiness)
{
    natsmicro_call *call = owner;
    pthread_mutex_lock(&call->lock);
    call->ready |= readiness;
    bool lapses = call->queued && (readiness & NM_ABORTED) != 0;
    pthread_cond_broadcast(&call->changed);
    pthread_mutex_unlock(&call->lock);
    if (lapses) /* the service thread takes it out of the queue */
        nm_stream_hasten_timer(call->stream, 0);
}

static bool is_queued(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool queued = call->queued;
    pthread_mutex_unlock(&call->lock);
    return queued;
}

/* The timer is a cancel's, or the deadline of a unary call that is served; else the transport's. */
static bool on_timer(void *owner)
{
    natsmicro_call *call = owner;
    if (atomic_exchange(&call->cancelling, false)) {
        nm_call_enter(&call->telling);
        call->side->end(call, NATSMICRO_CANCELLED, "cancelled by the service");
        nm_call_leave(&call->telling, NATSMICRO_OK);
        return true;
    }
    if (nm_stream_aborted(call->stream) != NATSMICRO_OK && is_queued(call))
        call->side->lapse(call);
    if (!call->side->is_server || nm_call_kind(call) != NATSMICRO_UNARY ||
        nm_now() < nm_stream_wait_deadline(call->stream))
        return false;
    call->side->end(call, NATSMICRO_DEADLINE_EXCEEDED,
                    "the service's timeout passed before the handler replied");
    return true;
}

static void free_call(natsmicro_call *call)
{
    nm_stream_free(call->stream);
    nm_arena_free(&call->arena);
    nm_buffer_free(&call->encoded);
    nm_error_clear(&call->send_error);
    nm_error_clear(&call->failure);
    pthread_cond_destroy(&call->changed);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static void on_unreferenced(void *owner)
{
    natsmicro_call *call = owner;
    nm_call_cache *cache = call->cache;
    void (*on_over)(natsmicro_call *) = call->on_over;

    nm_stream_reset(call->stream);
    nm_arena_reset(&call->arena);
    nm_buffer_reset(&call->encoded);
    nm_error_clear(&call->send_error);
    nm_error_clear(&call->failure);
    if (on_over != NULL)
        on_over(call);

    pthread_mutex_lock(&cache->lock);
    bool keep = cache->count < CACHED_CALLS;
    if (keep) {
        call->next = cache->free_calls;
        cache->free_calls = call;
        cache->count++;
    }
    pthread_mutex_unlock(&cache->lock);
    if (!keep)
        free_call(call);
}

static const nm_stream_owner stream_owner = {on_ready, on_timer, on_unreferenced};

/* ---- making ---- */

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
        next = call->next;
        free_call(call);
    }
    pthread_mutex_destroy(&cache->lock);
}

static natsmicro_call *take_cached(nm_call_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    natsmicro_call *call = cache->free_calls;
    if (call != NULL) {
        cache->free_calls = call->next;
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
    call->stream = nm_stream_new(&stream_owner, call);
    if (call->stream == NULL) {
        free(call);
        return NULL;
    }
    pthread_mutex_init(&call->lock, NULL);
    nm_cond_init(&call->changed);
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

static void set_false(atomic_bool *flag)
{
    atomic_store_explicit(flag, false, memory_order_relaxed);
}

static void begin_stream(natsmicro_call *call, const nm_call_setup *setup)
{
    const nm_stream_setup stream = {
        .link = setup->link,
        .settings = &setup->settings->stream,
        .kind = setup->method->stub->kind,
        .is_server = setup->side->is_server,
        .plain = setup->plain,
        .known_limit = setup->known_limit,
        .method = setup->method->full_name,
        .subject = setup->method->subject,
        .began = setup->started,
        .window_messages = window_messages(setup->method, setup->settings),
    };
    nm_stream_begin(call->stream, &stream);
}

natsmicro_call *nm_call_acquire(nm_call_cache *cache, const nm_call_setup *setup)
{
    natsmicro_call *call = setup->queued ? NULL : take_cached(cache);
    if (call == NULL)
        call = make_call(cache);
    if (call == NULL)
        return NULL;
    call->side = setup->side;
    call->method = setup->method;
    call->settings = setup->settings;
    call->link = setup->link;
    call->on_over = NULL;
    call->ended_from_outside = false;
    call->patience = (nm_patience){0};
    call->caller = call->ticket = NULL;
    call->queued = setup->queued;
    call->started = setup->started;
    call->unsent = call->responded = false;
    set_false(&call->send_error_past);
    call->arena.limit = setup->settings->limits.max_decode_bytes;
    call->chunk_rest = (nm_bytes){NULL, 0};
    call->expected = UINT64_MAX;
    int64_t max_size = setup->method->stub->max_size;
    call->max_size = max_size > 0 ? (uint64_t)max_size : UINT64_MAX;
    call->chunk_bytes = 0;
    call->watch = NULL;
    atomic_store_explicit(&call->senders.known, 0, memory_order_relaxed);
    set_false(&call->senders.first_sends);
    atomic_store_explicit(&call->write_in_place, NULL, memory_order_relaxed);
    set_false(&call->send_failed);
    set_false(&call->receiving);
    set_false(&call->chunking);
    set_false(&call->telling);
    set_false(&call->cancelling);
    set_false(&call->flush_later);
    call->ready = 0;
    call->answered = call->storing = false;
    call->in_handler = call->detached = call->handled = false;
    call->replaceable = call->has_new_data = call->told = false;
    call->outside = setup->method->chain.count;
    call->drain = NM_DRAIN_NOTHING;
    call->drain_told = false;
    begin_stream(call, setup);
    return call;
}

void nm_call_leave_queue(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->queued = false;
    pthread_mutex_unlock(&call->lock);
}

void nm_call_release(natsmicro_call *call)
{
    nm_stream_unreference(call->stream);
}

int64_t nm_call_idle_limit(int64_t own_ms, int64_t settings_ms, int64_t method_ms)
{
    int64_t limit_ms = own_ms != 0 ? own_ms : settings_ms != 0 ? settings_ms : method_ms;
    return nm_duration(limit_ms != 0 ? limit_ms : DEFAULT_IDLE_MS);
}

/* ---- waiting ---- */

void nm_call_flush(natsmicro_call *call, int64_t deadline)
{
    if (!atomic_load_explicit(&call->flush_later, memory_order_relaxed))
        nm_link_flush(call->link, deadline);
}

/* The peer may be waiting for what nats.c still buffers. */
static void flush_before_wait(natsmicro_call *call, nm_readiness readiness)
{
    if (readiness == NM_WRITABLE) /* room may be there before the flush would return */
        nm_link_flush_soon(call->link);
    else
        nm_link_flush(call->link, nm_stream_wait_deadline(call->stream));
}

/* A caller that is silent for so long (ns) is not about to send the rest. */
#define DRAIN_PATIENCE (1000 * NM_NS_PER_MS)

static int64_t drain_due(const natsmicro_call *call)
{
    return call->drain != NM_DRAIN_NOTHING ? nm_after(call->waits_since, DRAIN_PATIENCE) : NM_NEVER;
}

void nm_call_wait(natsmicro_call *call, nm_readiness readiness, bool *waited)
{
    int64_t until = nm_stream_keepalive(call->stream, readiness, !*waited);
    if (!*waited) {
        flush_before_wait(call, readiness);
        if (readiness == NM_READABLE)
            call->waits_since = nm_now();
    }
    *waited = true;
    pthread_mutex_lock(&call->lock);
    call->waiting++;
    if (readiness == NM_READABLE)
        until = nm_earlier(until, drain_due(call));
    while ((call->ready & readiness) == 0) {
        if (nm_cond_wait_until(&call->changed, &call->lock, until) != 0)
            break;
    }
    call->waiting--;
    call->ready &= ~(unsigned)readiness;
    pthread_mutex_unlock(&call->lock);
}

void nm_call_drain(natsmicro_call *call, nm_drain drain)
{
    pthread_mutex_lock(&call->lock);
    call->drain = drain;
    call->ready |= NM_READABLE; /* who waits finds out how long it may */
    pthread_cond_broadcast(&call->changed);
    pthread_mutex_unlock(&call->lock);
}

natsmicro_status nm_call_take_drain(natsmicro_call *call, bool whole)
{
    pthread_mutex_lock(&call->lock);
    nm_drain drain = NM_DRAIN_NOTHING;
    if (nm_now() >= drain_due(call)) {
        drain = call->drain;
        call->drain = NM_DRAIN_NOTHING;
    }
    pthread_mutex_unlock(&call->lock);
    if (drain == NM_DRAIN_NOTHING || (drain == NM_DRAIN_TELL && whole))
        return NATSMICRO_OK;
    if (drain == NM_DRAIN_END)
        call->side->end(call, NATSMICRO_UNAVAILABLE, NM_STOPPING_TEXT);
    call->drain_told = true;
    return NATSMICRO_UNAVAILABLE;
}

bool nm_call_is_waiting(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool is_waiting = call->waiting > 0;
    pthread_mutex_unlock(&call->lock);
    return is_waiting;
}

bool nm_call_enter_other_send(natsmicro_call *call)
{
    nm_senders *senders = &call->senders;
    unsigned char nobody = 0;
    if (!atomic_compare_exchange_strong(&senders->known, &nobody, 1)) {
        atomic_fetch_add_explicit(&senders->others, 1, memory_order_relaxed);
        return false;
    }
    senders->first = pthread_self();
    atomic_store_explicit(&senders->first_sends, true, memory_order_relaxed);
    atomic_store_explicit(&senders->known, 2, memory_order_release);
    return true;
}

bool nm_call_take_sends(natsmicro_call *call, bool waits)
{
    pthread_mutex_lock(&call->lock);
    call->in_line++;
    while (call->sends_taken && (waits || !call->send_waits))
        pthread_cond_wait(&call->changed, &call->lock);
    call->in_line--;
    bool taken = !call->sends_taken;
    call->sends_taken = true;
    pthread_mutex_unlock(&call->lock);
    return taken;
}

/* Under the lock: whoever waits to take the sends looks again. */
static void tell_line(natsmicro_call *call)
{
    if (call->in_line > 0)
        pthread_cond_broadcast(&call->changed);
}

void nm_call_give_sends(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->sends_taken = false;
    tell_line(call);
    pthread_mutex_unlock(&call->lock);
}

void nm_call_set_send_waits(natsmicro_call *call, bool send_waits)
{
    pthread_mutex_lock(&call->lock);
    call->send_waits = send_waits;
    tell_line(call);
    pthread_mutex_unlock(&call->lock);
}

static bool is_in_use(natsmicro_call *call)
{
    return atomic_load_explicit(&call->senders.first_sends, memory_order_acquire) ||
           atomic_load_explicit(&call->senders.others, memory_order_acquire) > 0 ||
           atomic_load_explicit(&call->receiving, memory_order_acquire) ||
           atomic_load_explicit(&call->chunking, memory_order_acquire) ||
           atomic_load_explicit(&call->telling, memory_order_acquire);
}

/* The users are about to leave, as the call is over, so they need not signal. */
void nm_call_wait_for_users(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    while (is_in_use(call))
        nm_cond_wait_until(&call->changed, &call->lock, nm_deadline_in(1));
    pthread_mutex_unlock(&call->lock);
}

/* ---- ending ---- */

/* Has the service thread tell the peer that the call is aborted. */
static void tell_soon(natsmicro_call *call)
{
    atomic_store(&call->cancelling, true);
    nm_stream_hasten_timer(call->stream, nm_now());
}

static bool is_answered(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool answered = call->answered && !call->storing;
    pthread_mutex_unlock(&call->lock);
    return answered;
}

/* Under interceptors a call is made by another one, which is cancelled as well. */
static void cancel_attempt(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    natsmicro_call *attempt = call->attempt;
    if (attempt != NULL)
        nm_stream_reference(attempt->stream);
    pthread_mutex_unlock(&call->lock);
    if (attempt == NULL)
        return;
    natsmicro_call_cancel(attempt);
    nm_call_release(attempt);
}

void natsmicro_call_cancel(natsmicro_call *call)
{
    if (call == NULL)
        return;
    if (!is_answered(call) &&
        nm_stream_abort_unless_ended(call->stream, NATSMICRO_CANCELLED, "cancelled"))
        tell_soon(call);
    cancel_attempt(call);
}

/* Takes what the error holds. */
static natsmicro_status give_up(natsmicro_call *call, nm_error *error)
{
    bool tell = !call->side->is_server && nm_stream_aborted(call->stream) == NATSMICRO_OK &&
                nm_stream_input_end(call->stream) == NATSMICRO_OK;
    natsmicro_status status = nm_stream_abort_with(call->stream, error);
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

const nm_error *nm_call_shown_error(natsmicro_call *call)
{
    const nm_error *ended = nm_stream_error(call->stream);
    pthread_mutex_lock(&call->lock);
    bool failed = call->failure.status != NATSMICRO_OK;
    pthread_mutex_unlock(&call->lock);
    if (failed)
        return &call->failure;
    if (ended->status != NATSMICRO_OK)
        return ended;
    static const nm_error none = NM_ERROR_INIT;
    bool past = atomic_load_explicit(&call->send_error_past, memory_order_relaxed);
    return past ? &none : &call->send_error;
}

void nm_call_forget_send_error(natsmicro_call *call)
{
    nm_error_clear(&call->send_error);
    set_false(&call->send_error_past);
    atomic_store_explicit(&call->send_failed, true, memory_order_relaxed); /* it may, from now on */
}

natsmicro_status nm_call_check_send(natsmicro_call *call)
{
    return nm_stream_check_send(call->stream, &call->send_error);
}
