/*
 * Server: making one, running, draining and destroying it. A drain closes the subscriptions, waits
 * for all requests and calls, and then ends those that are left.
 */
#include "base/last_error.h"
#include "call/answer.h"
#include "server/buckets.h"
#include "server/patience.h"
#include "server/serve.h"
#include "server/service.h"
#include "server/state.h"
#include "transport/stray.h"

#include <errno.h>
#include <stdlib.h>

#define DEFAULT_MAX_CALLS   256
#define DEFAULT_MAX_WAITING 1024
#define DEFAULT_DRAIN_MS    10000

/* How long the broker may take to acknowledge that no more requests come. */
#define UNSUBSCRIBE_MS 2000

/* ---- what the pool calls back ---- */

static bool serve(void *data, const nm_pool_request *request)
{
    (void)data;
    return nm_serve(request);
}

static bool prepare(void *data, nm_pool_request *request)
{
    (void)data;
    return nm_serve_prepare(request);
}

static void begin_to_wait(void *data, nm_pool_source *source, uint32_t running, size_t waiting)
{
    natsmicro_server *server = data;
    const nm_endpoint *endpoint = nm_endpoint_of(source);
    nm_events_emit(&server->events, NATSMICRO_EVENT_CALLS_WAITING, endpoint->method.subject,
                   endpoint->method.full_name, "calls begin to wait for a worker: %u run, %zu wait",
                   running, waiting);
}

static void refuse(void *data, const nm_pool_request *request, uint32_t running, size_t waiting)
{
    natsmicro_server *server = data;
    const nm_endpoint *endpoint = nm_endpoint_of(request->source);
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, NATSMICRO_UNAVAILABLE, "the server is busy: %u calls run, %zu wait",
                 running, waiting);
    nm_serve_refuse(request, &error);
    nm_events_emit(&server->events, NATSMICRO_EVENT_OVERLOADED, endpoint->method.subject,
                   endpoint->method.full_name, "%s", nm_error_text(&error));
    nm_error_clear(&error);
}

static void flush(void *data)
{
    natsmicro_server *server = data;
    nm_link_flush(server->link, NM_NEVER);
}

static const nm_pool_callbacks pool_callbacks = {serve, prepare, begin_to_wait, refuse, flush};

/* ---- making ---- */

static bool owns_subject(const char *subject, void *data)
{
    const natsmicro_server *server = data;
    return nm_subject_set_contains(&server->own_subjects, subject);
}

static void on_connection_closed(void *data)
{
    natsmicro_server *server = data;
    atomic_store(&server->connection_closed, true);
    sem_post(&server->stop_requested);
}

static void on_round(void *data)
{
    nm_patience_look(data);
}

static natsmicro_status server_start(natsmicro_server *server,
                                     const natsmicro_server_options *options, nm_error *error)
{
    nm_call_options common = NM_CALL_OPTIONS_OF(options);
    natsmicro_status status =
        nm_call_settings_init(&server->settings, &common, server->connection, error);
    if (status != NATSMICRO_OK)
        return status;
    server->settings.stream.numeric_codes = options->numeric_codes;
    server->settings.stream.is_own_subject = owns_subject;
    server->settings.stream.own_subject_data = server;
    nm_link_options link = {.connection = server->connection,
                            .inbox_prefix = options->inbox_prefix,
                            .events = &server->events,
                            .on_stray = nm_transport_on_stray,
                            .stray_data = &server->settings.stream,
                            .on_round = on_round,
                            .round_data = server,
                            .on_connection_closed = on_connection_closed,
                            .connection_closed_data = server};
    return nm_link_new(&server->link, &link, error);
}

/* Rounded up, so that one call may be a stream. */
static uint32_t three_quarters(uint32_t count)
{
    return count - count / 4;
}

static bool init_pool(natsmicro_server *server, const natsmicro_server_options *options)
{
    nm_share all = {.max_running = DEFAULT_MAX_CALLS,
                    .max_waiting = DEFAULT_MAX_WAITING,
                    .max_waiting_bytes = nm_bound_bytes(nm_max_payload(server->connection))};
    if (options->max_calls != 0)
        all.max_running = options->max_calls;
    if (options->max_waiting != 0)
        all.max_waiting = options->max_waiting;
    if (options->max_waiting_bytes != 0)
        all.max_waiting_bytes = options->max_waiting_bytes;
    nm_share streams = {.max_running = three_quarters(all.max_running),
                        .max_waiting = three_quarters((uint32_t)all.max_waiting)};
    if (options->max_streams != 0)
        streams.max_running = options->max_streams;
    server->max_calls_per_method = options->max_calls_per_method;
    server->max_stream_ms = options->max_stream_ms;
    server->min_stream_rate = options->min_stream_rate;
    bool counts = nm_callers_init(&server->callers, options->max_calls_per_caller, all.max_running);
    return nm_pool_init(&server->pool, &pool_callbacks, server, &all, &streams) && counts;
}

static natsmicro_status make_server(natsmicro_server **server_out, natsConnection *connection,
                                    const natsmicro_server_options *options, nm_error *error)
{
    if (connection == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the connection is NULL");
    natsmicro_status status =
        nm_check_time("drain_timeout_ms", options->drain_timeout_ms, 0, error);
    if (status == NATSMICRO_OK)
        status = nm_check_time("max_stream_ms", options->max_stream_ms, 0, error);
    if (status != NATSMICRO_OK)
        return status;
    natsmicro_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    server->connection = connection;
    server->drain_timeout_ms =
        options->drain_timeout_ms != 0 ? options->drain_timeout_ms : DEFAULT_DRAIN_MS;
    server->hide_schema = options->hide_schema;
    server->drain_does = options->drain_ends_silent_streams ? NM_DRAIN_END : NM_DRAIN_TELL;
    sem_init(&server->stop_requested, 0, 0);
    pthread_mutex_init(&server->lock, NULL);
    nm_cond_init(&server->changed);
    nm_events_init(&server->events, options->on_error, options->on_error_data, options->log);
    nm_call_cache_init(&server->cache);
    bool pooled = init_pool(server, options);
    status = pooled ? server_start(server, options, error) : NATSMICRO_RESOURCE_EXHAUSTED;
    if (status != NATSMICRO_OK) {
        natsmicro_server_destroy(server);
        return status;
    }
    *server_out = server;
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_server_new(natsmicro_server **server_out, natsConnection *connection,
                                      const natsmicro_server_options *given)
{
    if (server_out == NULL)
        return NM_REFUSE_NULL(server_out);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    nm_error error = NM_ERROR_INIT;

    *server_out = NULL;
    natsmicro_status status = nm_options_take(&options, given, &error);
    if (status == NATSMICRO_OK)
        status = make_server(server_out, connection, &options, &error);
    nm_events events;
    nm_events_init(&events, options.on_error, options.on_error_data, options.log);
    return nm_events_setup_ended(&events, "the server", status, &error);
}

/* ---- draining ---- */

/* Asks the broker for no more requests. Those that it has sent already are still served. */
static void close_doors(natsmicro_server *server)
{
    if (server->discovery.subscription != NULL)
        natsSubscription_Unsubscribe(server->discovery.subscription);
    for (nm_service *service = server->services; service != NULL; service = service->next) {
        nm_service_unsubscribe_discovery(service);
        for (size_t i = 0; i < service->n_endpoints; i++) {
            natsSubscription *subscription = service->endpoints[i].requests.subscription;
            if (subscription != NULL)
                natsSubscription_DrainTimeout(subscription, UNSUBSCRIBE_MS);
        }
    }
}

/* Closes endpoints at once, for a broker that has not answered their drain. */
static void unsubscribe_all(natsmicro_server *server)
{
    for (nm_service *service = server->services; service != NULL; service = service->next) {
        for (size_t i = 0; i < service->n_endpoints; i++) {
            if (service->endpoints[i].requests.subscription != NULL)
                natsSubscription_Unsubscribe(service->endpoints[i].requests.subscription);
        }
    }
}

/*
 * Waits until no request and no call is left: false when `deadline` passes before. The pool comes
 * first, because only its requests make new calls.
 */
static bool wait_until_ended(natsmicro_server *server, int64_t deadline)
{
    if (!nm_pool_wait_empty(&server->pool, deadline))
        return false;
    pthread_mutex_lock(&server->lock);
    while (server->live_count > 0)
        if (nm_cond_wait_until(&server->changed, &server->lock, deadline) != 0)
            break;
    bool ended = server->live_count == 0;
    pthread_mutex_unlock(&server->lock);
    return ended;
}

/* Waits until something ends, or `deadline` passes; not at all when nothing is left. */
static void wait_for_an_end(natsmicro_server *server, int64_t deadline)
{
    if (nm_pool_wait_change(&server->pool, deadline))
        return;
    pthread_mutex_lock(&server->lock);
    if (server->live_count > 0)
        nm_cond_wait_until(&server->changed, &server->lock, deadline);
    pthread_mutex_unlock(&server->lock);
}

/*
 * A stream's end is offered until its caller hears it, and keeps the call alive. A drain does not
 * wait for that: the timers see that it has begun.
 */
static void stop_offering_ends(natsmicro_server *server)
{
    atomic_store(&server->settings.ends.stopped, true);
    natsmicro_call *call = NULL;
    while ((call = nm_serve_next_call(server, call)) != NULL) {
        if (nm_call_kind(call) != NATSMICRO_UNARY)
            nm_stream_hasten_timer(call->stream, nm_now());
    }
}

static void end_calls(natsmicro_server *server)
{
    natsmicro_call *call = NULL;
    while ((call = nm_serve_next_call(server, call)) != NULL) {
        if (call->ended_from_outside)
            continue;
        call->ended_from_outside = true;
        nm_call_end_from_outside(call, NATSMICRO_UNAVAILABLE, NM_STOPPING_TEXT);
        nm_stream_close(call->stream);
    }
}

static void refuse_waiting(natsmicro_server *server)
{
    nm_pool_request request;
    while (nm_pool_take_waiting(&server->pool, &request)) {
        nm_error error = NM_ERROR_INIT;
        nm_error_set(&error, NATSMICRO_UNAVAILABLE, NM_STOPPING_TEXT);
        nm_serve_refuse(&request, &error);
        nm_error_clear(&error);
    }
}

/* The time for a drain is over: callers whose requests still wait or run are told so. */
static void end_the_rest(natsmicro_server *server)
{
    unsubscribe_all(server);
    nm_buckets_end(
        server); /* before the calls that wait for it are ended, so that they may answer */
    do {
        refuse_waiting(server);
        end_calls(server);
        wait_for_an_end(server, nm_deadline_in(1000));
    } while (!wait_until_ended(server, 0));
}

/* True: this thread is to drain. False: another has drained, which this one has waited for. */
static bool begin_drain(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool first = !server->draining;
    server->draining = true;
    while (!first && !server->drained)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    return first;
}

/* Handlers that wait for a silent caller would else take the whole time. */
static void tell_handlers(natsmicro_server *server)
{
    natsmicro_call *call = NULL;
    while ((call = nm_serve_next_call(server, call)) != NULL)
        nm_call_drain(call, server->drain_does);
}

static void drain(natsmicro_server *server)
{
    int64_t deadline = nm_deadline_in(server->drain_timeout_ms);
    if (!begin_drain(server))
        return;
    nm_pool_drain(&server->pool);
    tell_handlers(server);
    stop_offering_ends(server);
    close_doors(server);
    if (!wait_until_ended(server, deadline))
        end_the_rest(server);
    nm_link_flush(server->link, nm_deadline_in(1000));
    pthread_mutex_lock(&server->lock);
    server->drained = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

bool natsmicro_call_is_draining(natsmicro_call *call)
{
    if (call == NULL)
        return false;
    if (!call->side->is_server)
        return false;
    const nm_endpoint *endpoint = call->owner;
    natsmicro_server *server = endpoint->service->server;
    pthread_mutex_lock(&server->lock);
    bool draining = server->draining;
    pthread_mutex_unlock(&server->lock);
    return draining;
}

/* ---- running ---- */

static void tell_if_idle(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool serves = server->services != NULL;
    pthread_mutex_unlock(&server->lock);
    if (!serves)
        nm_events_emit(&server->events, NATSMICRO_EVENT_NO_SERVICES, NULL, NULL,
                       "the server runs, and no service has been added to it");
}

natsmicro_status natsmicro_server_run(natsmicro_server *server)
{
    if (server == NULL)
        return NM_REFUSE_NULL(server);
    tell_if_idle(server);
    while (sem_wait(&server->stop_requested) != 0 && errno == EINTR)
        continue;
    sem_post(&server->stop_requested); /* a stop is for good, and for all who run the server */
    drain(server);
    if (!atomic_load(&server->connection_closed))
        return NATSMICRO_OK;
    return nm_last_error_set(NATSMICRO_UNAVAILABLE, "the server: the connection was closed");
}

void natsmicro_server_stop(natsmicro_server *server)
{
    if (server != NULL)
        sem_post(&server->stop_requested);
}

void natsmicro_server_destroy(natsmicro_server *server)
{
    if (server == NULL)
        return;
    if (server->link != NULL)
        drain(server);
    nm_pool_stop(&server->pool);
    pthread_mutex_lock(&server->lock);
    while (server->discovery_alive > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    nm_buckets_end(server);
    nm_link_destroy(server->link); /* afterwards subscriptions may be freed */
    nm_store_destroy(server->store);
    natsSubscription_Destroy(server->discovery.subscription);
    nm_call_cache_free(&server->cache);
    nm_service *next;
    for (nm_service *service = server->services; service != NULL; service = next) {
        next = service->next;
        nm_service_free(service);
    }
    nm_call_settings_free(&server->settings);
    nm_pool_free(&server->pool);
    nm_callers_free(&server->callers);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    sem_destroy(&server->stop_requested);
    free(server);
}

/* ---- counters ---- */

void natsmicro_server_get_counters(natsmicro_server *server, natsmicro_server_counters *counters)
{
    if (counters == NULL)
        return;
    *counters = (natsmicro_server_counters){0};
    if (server == NULL)
        return;
    nm_pool_figures pool = nm_pool_read(&server->pool);
    pthread_mutex_lock(&server->lock);
    counters->calls = server->calls;
    uint64_t discovery = (uint64_t)server->discovery_alive;
    pthread_mutex_unlock(&server->lock);
    counters->refused = pool.refused;
    counters->expired = atomic_load(&server->expired);
    counters->waited = pool.waited;
    counters->running = pool.running;
    counters->waiting = pool.waiting;
    counters->threads = pool.threads;
    counters->subscriptions = 1 + discovery + pool.sources; /* 1: the link's */
    counters->dropped_messages = atomic_load(&server->events.dropped);
    counters->refused_subjects = atomic_load(&server->events.refused_subjects);
}

void natsmicro_server_get_stream_metrics(natsmicro_server *server,
                                         natsmicro_stream_metrics *metrics)
{
    if (metrics == NULL)
        return;
    *metrics = (natsmicro_stream_metrics){0};
    if (server == NULL)
        return;
    nm_stream_totals_read(&server->settings.totals, metrics);
}
