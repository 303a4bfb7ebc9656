/*
 * Serve: see serve.h. A request becomes a call; its handler runs; the call's end is sent and
 * counted.
 */
#include "server/serve.h"

#include "base/log.h"
#include "call/answer.h"
#include "call/intercept.h"
#include "call/log.h"
#include "call/user_data.h"
#include "server/state.h"
#include "transport/negotiate.h"

/* ---- refusing ---- */

static void log_refusal(const nm_endpoint *endpoint, natsMsg *message, const nm_error *error)
{
    char id[NM_LOG_ID_SIZE];
    nm_log_id(id, natsMsg_GetReply(message));
    nm_log(NATSMICRO_LOG_INFO, endpoint->method.subject, id, "server: %s is refused with %s: %s",
           endpoint->method.full_name, natsmicro_status_name(error->status), nm_error_text(error));
}

static natsmicro_server *server_of(const nm_pool_request *request)
{
    return nm_endpoint_of(request->source)->service->server;
}

/* Logs and counts a request whose handler does not run. */
static void note_refusal(const nm_pool_request *request, const nm_error *error)
{
    nm_endpoint *endpoint = nm_endpoint_of(request->source);
    if (endpoint->service->server->settings.stream.log >= NATSMICRO_LOG_INFO)
        log_refusal(endpoint, request->message, error);
    nm_endpoint_count(endpoint, nm_now() - request->arrived, error);
}

static void refuse(const nm_pool_request *request, const nm_incoming *incoming,
                   const nm_error *error)
{
    nm_endpoint *endpoint = nm_endpoint_of(request->source);
    natsmicro_server *server = endpoint->service->server;
    note_refusal(request, error);
    nm_stream_refuse(server->link, &server->settings.stream, endpoint->method.stub->kind, incoming,
                     endpoint->method.full_name, error);
    natsMsg_Destroy(request->message);
}

static void read_opening(const nm_pool_request *request, nm_incoming *incoming)
{
    nm_incoming_read(incoming, request->message,
                     server_of(request)->settings.stream.max_header_bytes);
}

/* Ends a call that was accepted while it waited, and whose handler does not run. */
static void dismiss(const nm_pool_request *request, const nm_error *error)
{
    natsmicro_call *call = request->call;
    note_refusal(request, error);
    nm_call_leave_queue(call);
    nm_stream_finish(call->stream, error);
    nm_link_flush_soon(server_of(request)->link);
    natsMsg_Destroy(request->message);
    nm_call_release(call);
}

void nm_serve_refuse(const nm_pool_request *request, const nm_error *error)
{
    if (request->call != NULL) {
        dismiss(request, error);
        return;
    }
    nm_incoming incoming;
    read_opening(request, &incoming);
    refuse(request, &incoming, error);
}

/* ---- time ---- */

/* When the time for a request is over; it counts from its arrival. */
static int64_t deadline_of(const nm_pool_request *request, const nm_incoming *incoming)
{
    const nm_method *method = &nm_endpoint_of(request->source)->method;
    int64_t limit = nm_stream_caller_limit(method->stub->kind, incoming);
    if (method->stub->kind == NATSMICRO_UNARY && method->timeout_ms > 0)
        limit = nm_earlier(limit, nm_duration(method->timeout_ms));
    return nm_after(request->arrived, limit);
}

/*
 * Refuses a request whose time is over, or whose caller has gone. The caller may still be there,
 * with a longer limit. Takes what the error holds.
 */
static void expire(const nm_pool_request *request, nm_error *error)
{
    const nm_method *method = &nm_endpoint_of(request->source)->method;
    natsmicro_server *server = server_of(request);
    atomic_fetch_add(&server->expired, 1);
    nm_serve_refuse(request, error);
    nm_events_emit(&server->events, NATSMICRO_EVENT_EXPIRED, method->subject, method->full_name,
                   "%s", nm_error_text(error));
    nm_error_clear(error);
}

/* Whether the time for a request is over; then `error` says so. */
static bool is_late(const nm_pool_request *request, int64_t deadline, nm_error *error)
{
    int64_t late = deadline != NM_NEVER ? nm_now() - deadline : -1;
    if (late < 0)
        return false;
    nm_error_set(error, NATSMICRO_DEADLINE_EXCEEDED,
                 "%s: the call's time was over %lld ms before a worker was free",
                 nm_endpoint_of(request->source)->method.full_name,
                 (long long)(late / NM_NS_PER_MS));
    return true;
}

/* ---- making the call ---- */

static void on_call_over(natsmicro_call *call)
{
    nm_endpoint *endpoint = call->owner;
    natsmicro_server *server = endpoint->service->server;

    pthread_mutex_lock(&server->lock);
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        server->live = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    server->live_count--;
    if (server->draining)
        pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/*
 * From here on a drain or the timer of its deadline may end the call. They publish to the caller's
 * address, so this comes after accepting.
 */
static void enlist(natsmicro_server *server, natsmicro_call *call, bool waits)
{
    call->on_over = on_call_over;
    pthread_mutex_lock(&server->lock);
    call->previous = NULL;
    call->next = server->live;
    if (server->live != NULL)
        server->live->previous = call;
    server->live = call;
    server->live_count++;
    server->calls += !waits;
    bool draining = server->draining;
    pthread_mutex_unlock(&server->lock);
    if (draining)
        nm_call_drain(call, server->drain_does);
    if (nm_call_kind(call) == NATSMICRO_UNARY)
        nm_stream_hasten_timer(call->stream, nm_stream_wait_deadline(call->stream));
}

natsmicro_call *nm_serve_next_call(natsmicro_server *server, natsmicro_call *call)
{
    pthread_mutex_lock(&server->lock);
    natsmicro_call *next = call != NULL ? call->next : server->live; /* referenced, so listed */
    while (next != NULL && !nm_stream_try_reference(next->stream))
        next = next->next;
    pthread_mutex_unlock(&server->lock);
    if (call != NULL)
        nm_call_release(call);
    return next;
}

/* How soon a call is looked at again that was aborted just before it was queued. */
#define LOOK_AGAIN_MS 20

/* A call that waits is aborted: its caller has reset it or is gone, or its time is over. */
static void lapse(natsmicro_call *call)
{
    nm_endpoint *endpoint = call->owner;
    nm_pool_request request;
    if (!nm_pool_withdraw(&endpoint->service->server->pool, &call->ticket, &request)) {
        nm_stream_hasten_timer(call->stream, nm_deadline_in(LOOK_AGAIN_MS));
        return; /* a worker has taken it, unless it is not queued yet */
    }
    const nm_error *reason = nm_stream_error(call->stream);
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, reason->status, "%s (after %lld ms, before a worker was free)",
                 nm_error_text(reason), (long long)((nm_now() - call->started) / NM_NS_PER_MS));
    expire(&request, &error);
}

static const nm_call_side service = {true, nm_call_end_from_outside, lapse};

static natsmicro_call *make_call(const nm_pool_request *request, int64_t deadline, bool queued)
{
    nm_endpoint *endpoint = nm_endpoint_of(request->source);
    natsmicro_server *server = endpoint->service->server;
    const nm_call_setup setup = {.link = server->link,
                                 .method = &endpoint->method,
                                 .settings = &server->settings,
                                 .side = &service,
                                 .started = request->arrived,
                                 .queued = queued};
    natsmicro_call *call = nm_call_acquire(&server->cache, &setup);
    if (call == NULL)
        return NULL;
    call->owner = endpoint;
    int64_t idle_limit = NM_NEVER;
    if (nm_call_kind(call) != NATSMICRO_UNARY)
        idle_limit =
            nm_call_idle_limit(0, server->settings.idle_timeout_ms, endpoint->method.timeout_ms);
    nm_stream_set_limits(call->stream, NM_NEVER, deadline, idle_limit);
    if (nm_call_kind(call) == NATSMICRO_UNARY || nm_stream_listen(call->stream))
        return call;
    nm_call_release(call);
    return NULL;
}

/* Whether a request may become a call, and there was memory for it. */
static natsmicro_status check_made(const natsmicro_call *call, const nm_incoming *incoming,
                                   nm_error *error)
{
    natsmicro_status status = nm_stream_check_opening(incoming, error);
    if (status == NATSMICRO_OK && call == NULL)
        status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the call");
    return status;
}

/* Refuses a request whose call, if there is one, was not accepted. Takes what the error holds. */
static void give_up(const nm_pool_request *request, const nm_incoming *incoming,
                    natsmicro_call *call, nm_error *error)
{
    refuse(request, incoming, error);
    if (call != NULL) {
        nm_stream_close(call->stream);
        nm_call_release(call);
    }
    nm_error_clear(error);
}

static natsmicro_status decode_request(natsmicro_call *call, const nm_incoming *incoming,
                                       ProtobufCMessage **request, nm_error *error)
{
    *request = NULL;
    if (nm_caller_streams(nm_call_kind(call)))
        return NATSMICRO_OK;
    nm_error cause = NM_ERROR_INIT;
    natsmicro_status status =
        nm_form_decode(&call->method->request, incoming->data, incoming->length,
                       &call->settings->limits, &call->arena, request, &cause);
    if (status != NATSMICRO_OK)
        nm_error_set(error, status, "failed to decode request: %s", nm_error_text(&cause));
    nm_error_clear(&cause);
    if (call->method->stores != NULL)
        call->request = *request;
    return status;
}

/* ---- running the handler ---- */

static natsmicro_status dispatch(natsmicro_call *call, const ProtobufCMessage *request)
{
    nm_endpoint *endpoint = call->owner;
    return endpoint->method.stub->dispatch(call, natsmicro_stub_call_handle(call),
                                           endpoint->service->handlers, request,
                                           endpoint->service->user_data);
}

static natsmicro_status run_handler(natsmicro_call *call, const ProtobufCMessage *request)
{
    const natsmicro_hooks *hooks = &call->settings->hooks;
    natsmicro_status status = NATSMICRO_OK;
    if (hooks->before != NULL)
        status = hooks->before(call, hooks->user_data);
    if (nm_is_failure(status))
        return status;
    if (status != NATSMICRO_OK)
        return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "%s: the server's hook returned %s",
                                   call->method->full_name, natsmicro_status_name(status));
    return call->method->chain.handles ? nm_intercept_handle(call, request, dispatch)
                                       : dispatch(call, request);
}

/* Counts a call that has ended on the wire, calls the hooks, and gives up the call. */
static void end_call(natsmicro_call *call, nm_error *outcome)
{
    const natsmicro_hooks *hooks = &call->settings->hooks;
    int64_t duration = nm_now() - call->started;
    nm_endpoint_count(call->owner, duration, outcome);
    nm_chain_after(&call->method->chain, call, outcome->status, duration);
    nm_call_log_ended(call, outcome->status, outcome);
    if (hooks->after != NULL)
        hooks->after(call, outcome->status, duration, hooks->user_data);
    nm_error_clear(outcome);
    nm_call_free_user_data(call);
    nm_endpoint *endpoint = call->owner;
    nm_callers_leave(&endpoint->service->server->callers, call->caller);
    nm_call_release(call);
}

static natsmicro_status count_caller(natsmicro_server *server, const nm_incoming *incoming,
                                     nm_caller **caller, nm_error *error)
{
    if (nm_callers_enter(&server->callers, incoming->reply, caller))
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "the caller has %u calls here, which is all that max_calls_per_caller "
                        "lets it have",
                        server->callers.limit);
}

/* Decodes and accepts a request, so that the call's handler can run. */
static natsmicro_status accept_call(natsmicro_call *call, natsMsg *message,
                                    const nm_incoming *incoming, ProtobufCMessage **request,
                                    nm_error *error)
{
    natsmicro_status status = check_made(call, incoming, error);
    if (status == NATSMICRO_OK)
        status = decode_request(call, incoming, request, error);
    if (status != NATSMICRO_OK)
        return status;
    call->in_handler = true;
    status = nm_stream_accept(call->stream, message, incoming, false, error);
    if (status == NATSMICRO_OK && nm_caller_streams(nm_call_kind(call)))
        nm_link_flush(call->link, NM_NEVER); /* the caller waits for it before it sends */
    return status;
}

/* Runs the handler and ends the call. True: the call goes on detached. */
static bool serve_call(natsmicro_call *call, const ProtobufCMessage *request)
{
    bool unary = nm_call_kind(call) == NATSMICRO_UNARY;
    atomic_store_explicit(&call->flush_later, unary, memory_order_relaxed);
    nm_call_log_opened(call);
    natsmicro_status status = run_handler(call, request);
    nm_error outcome = NM_ERROR_INIT;
    if (nm_call_return(call, status, &outcome)) {
        end_call(call, &outcome);
        return false;
    }
    atomic_store_explicit(&call->flush_later, false, memory_order_relaxed);
    nm_call_release(call); /* the reference that detaching kept for the handler */
    return true;
}

/* Makes the call of a request whose time is not over, and serves it. */
static bool serve_in_time(const nm_pool_request *request, const nm_incoming *incoming,
                          int64_t deadline)
{
    natsmicro_server *server = server_of(request);
    natsmicro_call *call = NULL;
    ProtobufCMessage *decoded = NULL;
    nm_caller *caller = NULL;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = count_caller(server, incoming, &caller, &error);
    if (status == NATSMICRO_OK) {
        call = make_call(request, deadline, false);
        status = accept_call(call, request->message, incoming, &decoded, &error);
    }
    if (status != NATSMICRO_OK) {
        give_up(request, incoming, call, &error);
        nm_callers_leave(&server->callers, caller);
        return false;
    }
    call->caller = caller;
    nm_stream_recycle(call->stream, request->message);
    enlist(server, call, false);
    return serve_call(call, decoded);
}

/* ---- calls that wait for a worker ---- */

bool nm_serve_prepare(nm_pool_request *request)
{
    nm_endpoint *endpoint = nm_endpoint_of(request->source);
    natsmicro_server *server = endpoint->service->server;
    natsmicro_method_kind kind = endpoint->method.stub->kind;
    if (kind == NATSMICRO_UNARY)
        return true;
    nm_incoming incoming;
    read_opening(request, &incoming);
    if (!nm_stream_may_wait(&server->settings.stream, kind, &incoming))
        return true;
    nm_error error = NM_ERROR_INIT;
    natsmicro_call *call = make_call(request, deadline_of(request, &incoming), true);
    natsmicro_status status = check_made(call, &incoming, &error);
    if (status == NATSMICRO_OK) {
        nm_stream_await_abort(call->stream);
        status = nm_stream_accept(call->stream, request->message, &incoming, true, &error);
    }
    if (status != NATSMICRO_OK) {
        give_up(request, &incoming, call, &error);
        return false;
    }
    enlist(server, call, true);
    request->call = call;
    request->ticket = &call->ticket;
    nm_link_flush_soon(server->link);
    return true;
}

/* Whether a call that has waited is over before its handler; then `error` says why. */
static bool has_lapsed(const nm_pool_request *request, nm_error *error)
{
    natsmicro_call *call = request->call;
    nm_call_leave_queue(call);
    if (nm_stream_aborted(call->stream) == NATSMICRO_OK)
        return is_late(request, nm_stream_wait_deadline(call->stream), error);
    nm_error_copy(error, nm_stream_error(call->stream));
    return true;
}

static void count_served(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->calls++;
    pthread_mutex_unlock(&server->lock);
}

/* Serves a call that was accepted while it waited. */
static bool serve_accepted(const nm_pool_request *request)
{
    natsmicro_server *server = server_of(request);
    natsmicro_call *call = request->call;
    nm_error error = NM_ERROR_INIT;
    if (has_lapsed(request, &error)) {
        expire(request, &error);
        return false;
    }
    nm_incoming incoming;
    read_opening(request, &incoming);
    ProtobufCMessage *decoded = NULL;
    nm_caller *caller = NULL;
    natsmicro_status status = count_caller(server, &incoming, &caller, &error);
    if (status == NATSMICRO_OK)
        status = decode_request(call, &incoming, &decoded, &error);
    if (status != NATSMICRO_OK) {
        dismiss(request, &error);
        nm_callers_leave(&server->callers, caller);
        nm_error_clear(&error);
        return false;
    }
    call->in_handler = true;
    call->caller = caller;
    nm_stream_recycle(call->stream, request->message);
    count_served(server);
    nm_stream_admit(call->stream);
    nm_link_flush(server->link, NM_NEVER);
    return serve_call(call, decoded);
}

bool nm_serve(const nm_pool_request *request)
{
    if (request->call != NULL)
        return serve_accepted(request);
    nm_incoming incoming;
    read_opening(request, &incoming);
    int64_t deadline = deadline_of(request, &incoming);
    nm_error error = NM_ERROR_INIT;
    if (!is_late(request, deadline, &error))
        return serve_in_time(request, &incoming, deadline);
    expire(request, &error);
    return false;
}

void natsmicro_call_finish(natsmicro_call *call, natsmicro_status status)
{
    if (call == NULL)
        return;
    nm_endpoint *endpoint = call->owner;
    natsmicro_server *server = endpoint->service->server;
    nm_error outcome = NM_ERROR_INIT;
    if (!nm_call_finish(call, status, &outcome))
        return;
    end_call(call, &outcome);
    nm_pool_call_ended(&server->pool, &endpoint->source);
}
