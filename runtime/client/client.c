/*
 * Clients: making one, and the calls that generated code makes with it.
 */
#include "base/last_error.h"
#include "call/call.h"
#include "call/context.h"
#include "call/intercept.h"
#include "call/log.h"
#include "call/messages.h"
#include "call/stores.h"
#include "call/stub.h"
#include "call/user_data.h"
#include "client/state.h"
#include "transport/negotiate.h"
#include "transport/stray.h"

#include <stdlib.h>

/* ---- making and ending ---- */

static natsmicro_status init_methods(natsmicro_client *client,
                                     const natsmicro_stub_service *service,
                                     const natsmicro_client_options *options, nm_error *error)
{
    if (service->n_methods == 0)
        return NATSMICRO_OK;
    client->methods = calloc(service->n_methods, sizeof(nm_method));
    if (client->methods == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    const nm_method_setup setup = {service, client->types, options->subject_prefix,
                                   options->timeout_ms};
    for (size_t i = 0; i < service->n_methods; i++) {
        client->n_methods++;
        natsmicro_status status =
            nm_method_init(&client->methods[i], &setup, &service->methods[i], error);
        if (status != NATSMICRO_OK)
            return status;
        if (!nm_chain_add(&client->methods[i].chain, &client->settings.interceptors, service,
                          service->methods[i].name))
            return NATSMICRO_RESOURCE_EXHAUSTED;
    }
    return NATSMICRO_OK;
}

static natsmicro_status bind_stores(natsmicro_client *client, const natsmicro_stub_service *service,
                                    nm_error *error)
{
    if (!nm_stores_exist(service, NM_STORES_OF_CLIENT))
        return NATSMICRO_OK;
    const nm_store_options options = {.domain = client->settings.jetstream_domain,
                                      .prefix = client->settings.jetstream_prefix};
    natsmicro_status status = nm_store_new(&client->store, client->link, &options, error);
    for (size_t i = 0; i < client->n_methods && status == NATSMICRO_OK; i++)
        if (!nm_stores_bind(&client->methods[i], service, i, client->store, NM_STORES_OF_CLIENT))
            status = NATSMICRO_RESOURCE_EXHAUSTED;
    return status;
}

static natsmicro_status client_start(natsmicro_client *client,
                                     const natsmicro_stub_service *service,
                                     natsConnection *connection,
                                     const natsmicro_client_options *options, nm_error *error)
{
    nm_call_options common = NM_CALL_OPTIONS_OF(options);
    natsmicro_status status = nm_call_settings_init(&client->settings, &common, connection, error);
    if (status == NATSMICRO_OK)
        status = nm_interceptors_check(&client->settings.interceptors, service, error);
    if (status == NATSMICRO_OK)
        status = nm_json_types_take(service, &client->types, error);
    if (status == NATSMICRO_OK)
        status = init_methods(client, service, options, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_link_options link = {.connection = connection,
                            .inbox_prefix = options->inbox_prefix,
                            .events = &client->events,
                            .on_stray = nm_transport_on_stray,
                            .stray_data = &client->settings.stream};
    status = nm_link_new(&client->link, &link, error);
    return status == NATSMICRO_OK ? bind_stores(client, service, error) : status;
}

static natsmicro_status check_client(const natsmicro_stub_service *service,
                                     natsConnection *connection,
                                     const natsmicro_client_options *options, nm_error *error)
{
    if (connection == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the connection is NULL");
    natsmicro_status status = nm_check_stub(service, error);
    if (status == NATSMICRO_OK)
        status = nm_check_time("timeout_ms", options->timeout_ms, 0, error);
    if (status == NATSMICRO_OK)
        status = nm_check_subject("subject_prefix", options->subject_prefix, error);
    return status;
}

static natsmicro_status make_client(natsmicro_client **client_out,
                                    const natsmicro_stub_service *service,
                                    natsConnection *connection,
                                    const natsmicro_client_options *options, nm_error *error)
{
    natsmicro_status status = check_client(service, connection, options, error);
    if (status != NATSMICRO_OK)
        return status;
    natsmicro_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    atomic_init(&client->references, 1);
    client->handle.base = client;
    nm_events_init(&client->events, options->on_error, options->on_error_data, options->log);
    nm_call_cache_init(&client->cache);
    status = client_start(client, service, connection, options, error);
    if (status != NATSMICRO_OK) {
        natsmicro_stub_client_destroy(client);
        return status;
    }
    *client_out = client;
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_stub_client_new(natsmicro_client **client_out,
                                           const natsmicro_stub_service *service,
                                           natsConnection *connection,
                                           const natsmicro_client_options *given)
{
    if (client_out == NULL)
        return NM_REFUSE_NULL(client_out);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    nm_error error = NM_ERROR_INIT;

    *client_out = NULL;
    natsmicro_status status = nm_options_take(&options, given, &error);
    if (status == NATSMICRO_OK)
        status = make_client(client_out, service, connection, &options, &error);
    nm_events events;
    nm_events_init(&events, options.on_error, options.on_error_data, options.log);
    return nm_events_setup_ended(&events, nm_stub_name(service), status, &error);
}

/* ---- ending, which the destruction of a client does, too ---- */

static void run_after(natsmicro_call *call, natsmicro_status status)
{
    if (status == NATSMICRO_END)
        status = NATSMICRO_OK;
    if (nm_call_kind(call) != NATSMICRO_UNARY || !call->method->chain.calls)
        nm_call_log_ended(call, status, NULL); /* else each try is logged */
    if (atomic_load(&call->settings->silent))
        return;
    const natsmicro_hooks *hooks = &call->settings->hooks;
    int64_t duration = nm_now() - call->started;
    nm_chain_after(&call->method->chain, call, status, duration);
    if (hooks->after != NULL)
        hooks->after(call, status, duration, hooks->user_data);
}

/*
 * A stream that is closed before its end was reached is given up, and the peer is told. Returns
 * what the call ended with.
 */
static natsmicro_status give_up(natsmicro_call *call, natsmicro_status status, const char *why)
{
    nm_stream *stream = call->stream;
    bool complete = nm_stream_input_end(stream) != NATSMICRO_OK;
    if (!complete)
        nm_stream_abort(stream, status, "%s: %s", call->method->full_name, why);
    status = nm_stream_aborted(stream);
    if (status == NATSMICRO_OK)
        status = nm_stream_input_end(stream);
    nm_call_wait_for_users(call);
    if (!complete) {
        nm_stream_cancel(stream, NULL);
        /* Another thread may be telling the peer; the inbox must not be gone before it has. */
        nm_call_wait_for_users(call);
    }
    return status;
}

/*
 * Ends a call that is still going on when its client is destroyed: the peer is told, and the hook
 * runs now.
 */
static void end_call(natsmicro_call *call)
{
    natsmicro_status status = give_up(call, NATSMICRO_UNAVAILABLE, "the client was destroyed");
    if (nm_call_kind(call) != NATSMICRO_UNARY)
        run_after(call, status);
    nm_stream_close(call->stream); /* its timer */
}

/* Who destroys a client leaves calls open by mistake, unless their threads close them soon. */
static void tell_of_open_calls(natsmicro_client *client)
{
    size_t open = atomic_load(&client->references) - 1;
    if (open > 0)
        nm_events_emit(&client->events, NATSMICRO_EVENT_OPEN_CALLS, NULL, NULL,
                       "the client was destroyed, and %zu of its calls had not been closed", open);
}

/*
 * Calls that are not closed yet keep the client's memory, and a link that has ended, until they
 * are. Nobody is called back about them.
 */
void natsmicro_stub_client_destroy(natsmicro_client *client)
{
    if (client == NULL)
        return;
    tell_of_open_calls(client);
    nm_store_end(client->store); /* first, as the inboxes that are left are calls' */
    natsmicro_call *call;
    while (client->link != NULL && (call = nm_stream_take_any(client->link)) != NULL) {
        end_call(call);
        nm_call_release(call);
    }
    nm_link_end(client->link);
    client->events.on_error = NULL;
    atomic_store(&client->settings.silent, true);
    nm_client_unreference(client);
}

void *natsmicro_stub_client_handle(natsmicro_client *client)
{
    return &client->handle;
}

/* ---- beginning and ending a call ---- */

static void set_limits(natsmicro_call *call, const natsmicro_context *context)
{
    int64_t own_ms = context != NULL ? context->timeout_ms : 0;
    int64_t open_ms = nm_client_timeout_ms(call->method, context);
    int64_t open_deadline = nm_after(call->started, open_ms > 0 ? nm_duration(open_ms) : 0);
    int64_t idle_limit = NM_NEVER;
    if (nm_call_kind(call) != NATSMICRO_UNARY)
        idle_limit = nm_call_idle_limit(context != NULL ? context->idle_timeout_ms : 0,
                                        call->settings->idle_timeout_ms, call->method->timeout_ms);
    nm_stream_set_limits(call->stream, open_deadline, own_ms != 0 ? open_deadline : NM_NEVER,
                         idle_limit);
}

static natsmicro_status run_before(natsmicro_call *call)
{
    const natsmicro_hooks *hooks = &call->settings->hooks;
    if (hooks->before == NULL)
        return NATSMICRO_OK;
    natsmicro_status status = hooks->before(call, hooks->user_data);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    status = nm_as_failure(status);
    if (call->failure.status != NATSMICRO_OK)
        return status;
    if (call->send_error.status == status) /* the hook passes on what a set_header returned */
        nm_error_copy_words(&call->failure, &call->send_error);
    else
        nm_error_set(&call->failure, status, "%s: refused by the client's hook",
                     call->method->full_name);
    return status;
}

/*
 * Fills the context, and in any case the thread's last error, after a call, or after an opening
 * that failed.
 */
static void fill_context(natsmicro_context *context, natsmicro_call *call, natsmicro_status status)
{
    const nm_error *error = nm_call_shown_error(call);
    nm_last_error_note(status, error);
    if (context == NULL)
        return;
    if (status == NATSMICRO_OK)
        nm_error_clear(&context->error);
    else if (error->status == status)
        nm_error_copy(&context->error, error);
    else
        nm_error_set(&context->error, status, "%s", nm_error_text(error));
    if (nm_call_kind(call) == NATSMICRO_UNARY || status != NATSMICRO_OK)
        nm_stream_take_headers(call->stream, &context->response_headers);
}

/* A caller that passes on what is left of its own deadline may have nothing left. */
static natsmicro_status check_time_left(natsmicro_call *call, const natsmicro_context *context)
{
    if (context == NULL || context->timeout_ms >= 0)
        return NATSMICRO_OK;
    return nm_error_set(&call->send_error, NATSMICRO_DEADLINE_EXCEEDED,
                        "%s: the context's timeout of %lld ms had passed before the call",
                        call->method->full_name, (long long)context->timeout_ms);
}

/* Where messages are to be sent, nothing goes on before the opening is answered. */
static natsmicro_status wait_until_opened(natsmicro_call *call)
{
    bool waited = false;
    natsmicro_status status;
    while ((status = nm_stream_try_opened(call->stream)) == NATSMICRO_WOULD_BLOCK)
        nm_call_wait(call, NM_OPENED, &waited);
    return status;
}

/* What comes before a call is made: the context's headers, and the hook. */
static natsmicro_status prepare(natsmicro_call *call, const natsmicro_context *context)
{
    natsmicro_status status = NATSMICRO_OK;
    if (context != NULL && !nm_stream_add_headers(call->stream, &context->headers))
        status = nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                              "%s: no memory for the context's headers", call->method->full_name);
    if (status == NATSMICRO_OK)
        status = run_before(call);
    return status == NATSMICRO_OK ? check_time_left(call, context) : status;
}

/* Publishes the opening with the request, if there is one. */
static natsmicro_status open_call(natsmicro_call *call, const ProtobufCMessage *request)
{
    nm_stream *stream = call->stream;
    natsmicro_method_kind kind = nm_call_kind(call);
    natsmicro_status status = NATSMICRO_OK;
    if (!nm_caller_streams(kind))
        status = nm_form_encode(&call->method->request, request, &call->encoded, &call->send_error);
    if (status != NATSMICRO_OK)
        return status;
    if (!nm_stream_listen(stream))
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: no memory, or no random bytes from the system",
                            call->method->full_name);
    nm_call_log_opened(call);
    status = nm_stream_open(stream, call->encoded.data, call->encoded.length);
    if (status != NATSMICRO_OK || kind == NATSMICRO_UNARY)
        return status; /* the wait for the answer flushes */
    if (nm_caller_streams(kind))
        return wait_until_opened(call);
    nm_link_flush(call->link, nm_stream_wait_deadline(stream));
    return NATSMICRO_OK;
}

/* Ends a call for the service thread: the service is told with what the call was aborted. */
static void tell_service(natsmicro_call *call, natsmicro_status status, const char *text)
{
    (void)status;
    (void)text;
    nm_stream_cancel(call->stream, NULL);
}

static const nm_call_side caller = {false, tell_service, NULL};

/*
 * The service knows the proto's timeout of a unary call. Of others it is told where they are
 * shorter; but not of the default, since a header takes as long to send and read as the rest of a
 * short call.
 */
static int64_t known_limit(const nm_method *method, const natsmicro_context *context)
{
    int64_t proto_ms = method->proto_timeout_ms;
    bool has_own = (context != NULL && context->timeout_ms != 0) || method->timeout_ms != proto_ms;
    if (!has_own)
        return 0;
    return proto_ms > 0 && method->stub->kind == NATSMICRO_UNARY ? nm_duration(proto_ms) : NM_NEVER;
}

/* A call of this client; NULL: no memory. `known`: the known_limit. */
static natsmicro_call *acquire(natsmicro_client *client, const nm_method *method, bool plain,
                               int64_t known)
{
    const nm_call_setup setup = {.link = client->link,
                                 .method = method,
                                 .settings = &client->settings,
                                 .side = &caller,
                                 .plain = plain,
                                 .known_limit = known,
                                 .started = nm_now()};
    natsmicro_call *call = nm_call_acquire(&client->cache, &setup);
    if (call == NULL)
        return NULL;
    call->owner = client;
    nm_client_reference(client);
    return call;
}

static natsmicro_status begin(natsmicro_client *client, size_t method_index,
                              natsmicro_context *context, natsmicro_call **call)
{
    nm_context_clear(context);
    const nm_method *method = &client->methods[method_index];
    bool plain =
        client->settings.stream.plain_streams || (context != NULL && context->plain_streams);
    *call = acquire(client, method, plain, known_limit(method, context));
    if (*call == NULL) {
        natsmicro_status status = nm_last_error_set(
            NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the call", method->full_name);
        return nm_context_fail(context, status);
    }
    set_limits(*call, context);
    return NATSMICRO_OK;
}

/* The last step of a call: nothing reaches it any more. */
static void end(natsmicro_call *call)
{
    natsmicro_client *client = call->owner;
    nm_call_free_user_data(call);
    nm_stream_close(call->stream);
    nm_call_release(call);
    nm_client_unreference(client);
}

/* The thread's last error and the context say so. */
static natsmicro_status refuse_null(natsmicro_context *context, const char *argument)
{
    return nm_context_fail(context, nm_last_error_null("the call of a method", argument));
}

/* ---- unary ---- */

static natsmicro_status call_once(natsmicro_call *call, const ProtobufCMessage *request,
                                  ProtobufCMessage **response)
{
    void *message = NULL;
    natsmicro_status status = open_call(call, request);
    if (status == NATSMICRO_OK)
        status = nm_call_recv_response(call, &message);
    *response = message;
    return status;
}

/*
 * Under interceptors a call may be made several times. Each time is a call of its own, with its own
 * inbox, and the one that the interceptors see shows how the last one ended. A later one has less
 * time than the service knows.
 */
static natsmicro_call *begin_attempt(natsmicro_call *call)
{
    int64_t known = nm_duration(call->method->proto_timeout_ms);
    natsmicro_call *attempt =
        acquire(call->owner, call->method, false, known > 0 ? known : NM_NEVER);
    if (attempt == NULL)
        return NULL;
    nm_stream_copy_limits(attempt->stream, call->stream);
    if (!nm_stream_add_headers_of(attempt->stream, call->stream)) {
        end(attempt);
        return NULL;
    }
    nm_headers none = NM_HEADERS_INIT;
    nm_stream_put_headers(call->stream, &none);
    pthread_mutex_lock(&call->lock);
    nm_error_clear(&call->failure);
    call->replaceable = false;
    call->attempt = attempt;
    pthread_mutex_unlock(&call->lock);
    return attempt;
}

static void end_attempt(natsmicro_call *call, natsmicro_call *attempt, natsmicro_status status)
{
    nm_call_log_ended(attempt, status, NULL);
    nm_headers headers = NM_HEADERS_INIT;
    nm_stream_take_headers(attempt->stream, &headers);
    nm_stream_put_headers(call->stream, &headers);
    pthread_mutex_lock(&call->lock);
    call->attempt = NULL;
    if (status != NATSMICRO_OK)
        nm_error_copy(&call->failure, nm_call_shown_error(attempt));
    pthread_mutex_unlock(&call->lock);
    end(attempt);
}

static natsmicro_status try_once(natsmicro_call *call, const ProtobufCMessage *request,
                                 ProtobufCMessage **response)
{
    natsmicro_call *attempt = begin_attempt(call);
    if (attempt == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: no memory for the call", call->method->full_name);
    /* A cancel before this has not seen the attempt. */
    natsmicro_status status = nm_stream_aborted(call->stream);
    if (status == NATSMICRO_OK)
        status = call_once(attempt, request, response);
    else
        nm_error_copy(&attempt->send_error, nm_stream_error(call->stream));
    end_attempt(call, attempt, status);
    return status;
}

natsmicro_status natsmicro_stub_unary(natsmicro_client *client, size_t method_index,
                                      const void *request, natsmicro_context *context,
                                      void **response)
{
    if (response == NULL)
        return refuse_null(context, "response");
    *response = NULL;
    if (client == NULL)
        return refuse_null(context, "client");
    natsmicro_call *call;
    natsmicro_status status = begin(client, method_index, context, &call);
    if (status != NATSMICRO_OK)
        return status;
    ProtobufCMessage *message = NULL;
    status = prepare(call, context);
    if (status == NATSMICRO_OK)
        status = call->method->chain.calls && request != NULL
                     ? nm_intercept_call(call, request, &message, try_once)
                     : call_once(call, request, &message);
    *response = message;
    run_after(call, status);
    fill_context(context, call, status);
    end(call);
    return status;
}

/* ---- streams ---- */

natsmicro_status natsmicro_stub_open(natsmicro_client *client, size_t method_index,
                                     const void *request, natsmicro_context *context,
                                     natsmicro_call **call_out)
{
    if (call_out == NULL)
        return refuse_null(context, "call");
    *call_out = NULL;
    if (client == NULL)
        return refuse_null(context, "client");
    natsmicro_call *call;
    natsmicro_status status = begin(client, method_index, context, &call);
    if (status != NATSMICRO_OK)
        return status;
    status = prepare(call, context);
    if (status == NATSMICRO_OK)
        status = call->method->chain.opens ? nm_intercept_open(call, request, open_call)
                                           : open_call(call, request);
    if (status != NATSMICRO_OK) {
        nm_stream_cancel(call->stream, NULL);
        run_after(call, status);
        fill_context(context, call, status);
        end(call);
        return status;
    }
    *call_out = call;
    return NATSMICRO_OK;
}

static natsmicro_status close_send(natsmicro_call *call)
{
    nm_call_forget_send_error(call);
    if (call->unsent)
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: a blob is not ended, or not flushed", call->method->full_name);
    natsmicro_status status = nm_stream_close_send(call->stream, &call->send_error);
    if (status == NATSMICRO_OK)
        nm_link_flush(call->link, nm_stream_wait_deadline(call->stream));
    return status;
}

natsmicro_status natsmicro_stub_close_send(natsmicro_call *call)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    bool is_first = nm_call_enter_send(call);
    nm_call_take_sends(call, true);
    natsmicro_status status = close_send(call);
    nm_call_give_sends(call);
    return nm_call_leave_send(call, is_first, status);
}

natsmicro_status natsmicro_stub_close_and_recv(natsmicro_call *call, void **response)
{
    if (response == NULL)
        return NM_REFUSE_NULL(response);
    *response = NULL;
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (call->responded) {
        nm_call_forget_send_error(call);
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: the response was returned before", call->method->full_name);
    }
    natsmicro_status status = NATSMICRO_OK;
    if (!nm_stream_send_is_closed(call->stream))
        status = natsmicro_stub_close_send(call);
    if (status != NATSMICRO_OK && status != NATSMICRO_END)
        return status;
    return nm_call_recv_last(call, response);
}

void natsmicro_stub_close(natsmicro_call *call)
{
    if (call == NULL)
        return;
    run_after(call, give_up(call, NATSMICRO_CANCELLED, "closed before its end"));
    end(call);
}

/* ---- what users set on a connection ---- */

#define WRITE_DEADLINE_MS   2000
#define RECONNECT_WAIT_MS   50
#define RECONNECT_JITTER_MS 10
#define PING_INTERVAL_MS    5000

natsmicro_status natsmicro_options_prepare(natsOptions *options)
{
    if (options == NULL)
        return nm_last_error_set(NATSMICRO_INVALID_ARGUMENT, "the natsOptions are NULL");
    natsStatus status = natsOptions_SetWriteDeadline(options, WRITE_DEADLINE_MS);
    if (status == NATS_OK)
        status = natsOptions_SetMaxReconnect(options, -1);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectWait(options, RECONNECT_WAIT_MS);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectJitter(options, RECONNECT_JITTER_MS, RECONNECT_JITTER_MS);
    if (status == NATS_OK)
        status = natsOptions_SetPingInterval(options, PING_INTERVAL_MS);
    if (status == NATS_OK)
        status = natsOptions_UseGlobalMessageDelivery(options, false);
    if (status == NATS_OK)
        return NATSMICRO_OK;
    return nm_last_error_set(NATSMICRO_INVALID_ARGUMENT, "the natsOptions: %s",
                             natsStatus_GetText(status));
}
