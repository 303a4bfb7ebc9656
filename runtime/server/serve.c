/*
 * Serving one request: a call is made of it, the handler runs, the end is told and counted.
 */
#include "server/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- figures ---- */

static void count_call(nm_endpoint *endpoint, int64_t duration, const nm_error *outcome)
{
    nm_endpoint_stats *stats = &endpoint->stats;
    nm_buffer text = NM_BUFFER_INIT;
    bool failed = outcome->status != NATSMICRO_OK;
    if (failed)
        nm_buffer_append_format(&text, "%s:%s", nm_error_code(outcome), nm_error_text(outcome));

    pthread_mutex_lock(&stats->lock);
    stats->requests++;
    stats->processing_time += (uint64_t)duration;
    if (failed) {
        stats->errors++;
        free(stats->last_error);
        const char *string = nm_buffer_string(&text);
        stats->last_error = string != NULL ? strdup(string) : NULL;
    }
    pthread_mutex_unlock(&stats->lock);
    nm_buffer_free(&text);
}

/* ---- refusing ---- */

static void refuse(natsmicro_server *server, nm_endpoint *endpoint, const nm_incoming *incoming,
                   const nm_error *error)
{
    count_call(endpoint, 0, error);
    nm_plain_refuse(server->link, &server->settings.stream, endpoint->method.stub->kind, incoming,
                    endpoint->method.full_name, error);
}

void nm_serve_refuse(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message,
                     const nm_error *error)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message);
    refuse(server, endpoint, &incoming, error);
    natsMsg_Destroy(message);
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
 * From here on others may end the call: a drain, and the timer of its deadline. Not before it has
 * been accepted, as they publish to the caller's address.
 */
static void enlist(natsmicro_server *server, natsmicro_call *call)
{
    call->on_over = on_call_over;
    pthread_mutex_lock(&server->lock);
    call->previous = NULL;
    call->next = server->live;
    if (server->live != NULL)
        server->live->previous = call;
    server->live = call;
    server->live_count++;
    server->calls++;
    pthread_mutex_unlock(&server->lock);
    if (call->stream.kind == NATSMICRO_UNARY && call->stream.deadline != NM_NEVER)
        nm_inbox_set_timer(&call->stream.inbox, call->stream.deadline);
}

static natsmicro_call *make_call(natsmicro_server *server, nm_endpoint *endpoint)
{
    nm_method *method = &endpoint->method;
    natsmicro_call *call =
        nm_call_acquire(&server->cache, server->link, method, &server->settings, true);
    if (call == NULL)
        return NULL;
    call->owner = endpoint;
    nm_stream *stream = &call->stream;
    if (method->stub->kind != NATSMICRO_UNARY) {
        stream->idle_limit =
            nm_call_idle_limit(0, server->settings.idle_timeout_ms, method->timeout_ms);
        if (!nm_inbox_listen(&stream->inbox)) {
            nm_call_release(call);
            return NULL;
        }
    } else if (method->timeout_ms > 0)
        stream->deadline = nm_after(call->started, nm_duration(method->timeout_ms));
    return call;
}

/* Takes a call that was made back, before its handler was ever run. */
static void unmake(natsmicro_call *call)
{
    nm_inbox_close(&call->stream.inbox);
    nm_call_release(call);
}

static natsmicro_status decode_request(natsmicro_call *call, const nm_incoming *incoming,
                                       ProtobufCMessage **request, nm_error *error)
{
    *request = NULL;
    if (nm_caller_streams(call->stream.kind))
        return NATSMICRO_OK;
    nm_error cause = NM_ERROR_INIT;
    natsmicro_status status =
        nm_decode_by_plan(call->method->request, incoming->data, incoming->length,
                          &call->settings->limits, &call->arena, request, &cause);
    if (status != NATSMICRO_OK)
        nm_error_set(error, status, "failed to decode request: %s", nm_error_text(&cause));
    nm_error_clear(&cause);
    return status;
}

/* ---- running the handler ---- */

static natsmicro_status run_handler(natsmicro_call *call, const ProtobufCMessage *request)
{
    nm_endpoint *endpoint = call->owner;
    const natsmicro_hooks *hooks = &call->settings->hooks;
    natsmicro_status status = NATSMICRO_OK;
    if (hooks->before != NULL)
        status = hooks->before(call, hooks->user_data);
    if (nm_is_failure(status))
        return status;
    if (status != NATSMICRO_OK)
        return natsmicro_call_fail(call, NATSMICRO_INTERNAL, "%s: the server's hook returned %s",
                                   call->method->full_name, natsmicro_status_name(status));
    return endpoint->method.stub->dispatch(call, natsmicro_stub_call_handle(call),
                                           endpoint->service->handlers, request,
                                           endpoint->service->user_data);
}

static void end_call(natsmicro_call *call, natsmicro_status returned)
{
    nm_endpoint *endpoint = call->owner;
    const natsmicro_hooks *hooks = &call->settings->hooks;
    nm_error outcome = NM_ERROR_INIT;

    nm_call_complete(call, returned, &outcome);
    int64_t duration = nm_now() - call->started;
    count_call(endpoint, duration, &outcome);
    if (hooks->after != NULL)
        hooks->after(call, outcome.status, duration, hooks->user_data);
    nm_error_clear(&outcome);
    nm_call_release(call);
}

static bool is_detached(natsmicro_call *call, bool handler_has_returned)
{
    pthread_mutex_lock(&call->stream.lock);
    if (handler_has_returned)
        call->in_handler = false;
    bool detached = call->detached;
    pthread_mutex_unlock(&call->stream.lock);
    return detached;
}

bool nm_serve(natsmicro_server *server, nm_endpoint *endpoint, natsMsg *message)
{
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *request = NULL;

    nm_incoming incoming;
    nm_incoming_read(&incoming, message);
    natsmicro_call *call = make_call(server, endpoint);
    natsmicro_status status = NATSMICRO_OK;
    if (incoming.malformed)
        status = nm_error_set(&error, NATSMICRO_INVALID_ARGUMENT, "%s", incoming.error_text);
    else if (call == NULL)
        status = nm_error_set(&error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the call");
    if (status == NATSMICRO_OK)
        status = decode_request(call, &incoming, &request, &error);
    if (status == NATSMICRO_OK) {
        nm_incoming_user_headers(message, &call->stream.headers_in);
        call->in_handler = true;
        status = nm_transport_choose(&call->stream, &incoming, &error);
    }
    if (status == NATSMICRO_OK)
        status = nm_stream_transport(&call->stream)->accept(&call->stream, &incoming, &error);
    if (status != NATSMICRO_OK) {
        refuse(server, endpoint, &incoming, &error);
        if (call != NULL)
            unmake(call);
        nm_error_clear(&error);
        natsMsg_Destroy(message);
        return false;
    }
    nm_spent_add(&call->stream.spent, message);

    enlist(server, call);
    bool unary = call->stream.kind == NATSMICRO_UNARY;
    atomic_store_explicit(&call->stream.flush_later, unary, memory_order_relaxed);
    status = run_handler(call, request);
    if (is_detached(call, true)) {
        atomic_store_explicit(&call->stream.flush_later, false, memory_order_relaxed);
        nm_call_release(call); /* what detaching kept for the handler */
        return true;
    }
    end_call(call, status);
    return false;
}

void natsmicro_call_finish(natsmicro_call *call, natsmicro_status status)
{
    if (!is_detached(call, false))
        return;
    nm_endpoint *endpoint = call->owner;
    natsmicro_server *server = endpoint->service->server;
    end_call(call, status);
    pthread_mutex_lock(&server->lock);
    nm_pool_call_ended(server);
    pthread_mutex_unlock(&server->lock);
}
