/*
 * Servers: making one, running, draining, and ending it.
 */
#include "call/answer.h"
#include "server/internal.h"
#include "transport/stray.h"

#include <errno.h>
#include <stdlib.h>

#define DEFAULT_MAX_CALLS   256
#define DEFAULT_MAX_WAITING 1024
#define DEFAULT_DRAIN_MS    10000

/* How long the broker may take to acknowledge that no more requests come. */
#define UNSUBSCRIBE_MS 2000

/* ---- making ---- */

static natsmicro_status server_start(natsmicro_server *server,
                                     const natsmicro_server_options *options, nm_error *error)
{
    nm_call_options common = NM_CALL_OPTIONS_OF(options);
    natsmicro_status status =
        nm_call_settings_init(&server->settings, &common, server->connection, error);
    if (status != NATSMICRO_OK)
        return status;
    server->settings.stream.is_own_subject = nm_service_owns_subject;
    server->settings.stream.own_subject_data = server;
    server->waiting = calloc(server->max_waiting, sizeof(nm_waiting_call));
    if (server->waiting == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return nm_link_new(&server->link, server->connection, options->inbox_prefix, &server->events,
                       nm_transport_on_stray, &server->settings.stream, error);
}

static natsmicro_status make_server(natsmicro_server **server_out, natsConnection *connection,
                                    const natsmicro_server_options *options, nm_error *error)
{
    if (connection == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the connection is NULL");
    natsmicro_status status =
        nm_check_time("drain_timeout_ms", options->drain_timeout_ms, 0, error);
    if (status != NATSMICRO_OK)
        return status;
    natsmicro_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    server->connection = connection;
    server->max_calls = options->max_calls != 0 ? options->max_calls : DEFAULT_MAX_CALLS;
    server->max_waiting = options->max_waiting != 0 ? options->max_waiting : DEFAULT_MAX_WAITING;
    server->drain_timeout_ms =
        options->drain_timeout_ms != 0 ? options->drain_timeout_ms : DEFAULT_DRAIN_MS;
    sem_init(&server->stop_requested, 0, 0);
    pthread_mutex_init(&server->lock, NULL);
    nm_cond_init(&server->work);
    nm_cond_init(&server->changed);
    nm_events_init(&server->events, options->on_error, options->on_error_data);
    nm_call_cache_init(&server->cache);
    status = server_start(server, options, error);
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
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    nm_error error = NM_ERROR_INIT;

    *server_out = NULL;
    natsmicro_status status = nm_options_take(&options, given, &error);
    if (status == NATSMICRO_OK)
        status = make_server(server_out, connection, &options, &error);
    nm_events events;
    nm_events_init(&events, options.on_error, options.on_error_data);
    return nm_events_setup_ended(&events, "the server", status, &error);
}

/* ---- draining ---- */

/* No new requests: those that the broker has sent already are still taken. */
static void close_doors(natsmicro_server *server)
{
    if (server->discovery != NULL)
        natsSubscription_Unsubscribe(server->discovery);
    for (nm_service *service = server->services; service != NULL; service = service->next) {
        nm_service_unsubscribe_discovery(service);
        for (size_t i = 0; i < service->n_endpoints; i++) {
            natsSubscription *subscription = service->endpoints[i].subscription;
            if (subscription != NULL)
                natsSubscription_DrainTimeout(subscription, UNSUBSCRIBE_MS);
        }
    }
}

/* An endpoint whose drain the broker does not answer is closed the hard way. */
static void unsubscribe_all(natsmicro_server *server)
{
    for (nm_service *service = server->services; service != NULL; service = service->next) {
        for (size_t i = 0; i < service->n_endpoints; i++) {
            if (service->endpoints[i].subscription != NULL)
                natsSubscription_Unsubscribe(service->endpoints[i].subscription);
        }
    }
}

static bool everything_ended(const natsmicro_server *server)
{
    return server->open_endpoints == 0 && server->waiting_count == 0 && server->running == 0 &&
           server->live_count == 0;
}

/* Waits, under the lock, until all has ended: false when the time is up before. */
static bool wait_until_ended(natsmicro_server *server, int64_t deadline)
{
    while (!everything_ended(server)) {
        if (nm_cond_wait_until(&server->changed, &server->lock, deadline) != 0)
            return everything_ended(server);
    }
    return true;
}

/* Under the lock: the first live call that has not been ended from outside, referenced; or NULL. */
static natsmicro_call *next_to_end(natsmicro_server *server)
{
    for (natsmicro_call *call = server->live; call != NULL; call = call->next) {
        if (call->ended_from_outside)
            continue;
        call->ended_from_outside = true;
        if (nm_stream_try_reference(call->stream))
            return call;
    }
    return NULL;
}

/* The drain's time is over: who still waits or runs is told. */
static void end_calls(natsmicro_server *server)
{
    natsmicro_call *call;
    while ((call = next_to_end(server)) != NULL) {
        pthread_mutex_unlock(&server->lock);
        nm_call_end_from_outside(call, NATSMICRO_UNAVAILABLE, "the server is stopping");
        nm_stream_close(call->stream);
        nm_call_release(call);
        pthread_mutex_lock(&server->lock);
    }
}

static void refuse_waiting(natsmicro_server *server)
{
    while (server->waiting_count > 0) {
        nm_waiting_call waiting = nm_pool_dequeue(server);
        pthread_mutex_unlock(&server->lock);
        nm_error error = NM_ERROR_INIT;
        nm_error_set(&error, NATSMICRO_UNAVAILABLE, "the server is stopping");
        nm_serve_refuse(server, waiting.endpoint, waiting.message, &error);
        nm_error_clear(&error);
        pthread_mutex_lock(&server->lock);
    }
}

/* Drains once; who comes later waits for the end of that. */
static void drain(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool first = !server->draining;
    server->draining = true;
    while (!first && !server->drained)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    if (!first)
        return;
    close_doors(server);

    pthread_mutex_lock(&server->lock);
    if (!wait_until_ended(server, nm_deadline_in(server->drain_timeout_ms))) {
        pthread_mutex_unlock(&server->lock);
        unsubscribe_all(server);
        pthread_mutex_lock(&server->lock);
        while (!everything_ended(server)) {
            refuse_waiting(server);
            end_calls(server);
            if (everything_ended(server))
                break;
            nm_cond_wait_until(&server->changed, &server->lock, nm_deadline_in(1000));
        }
    }
    pthread_mutex_unlock(&server->lock);
    nm_link_flush(server->link, nm_deadline_in(1000));
    pthread_mutex_lock(&server->lock);
    server->drained = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

bool natsmicro_call_is_draining(natsmicro_call *call)
{
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

natsmicro_status natsmicro_server_run(natsmicro_server *server)
{
    while (sem_wait(&server->stop_requested) != 0 && errno == EINTR)
        continue;
    sem_post(&server->stop_requested); /* a stop is for good: it was for every other run, too */
    drain(server);
    pthread_mutex_lock(&server->lock);
    bool closed = server->connection_closed;
    pthread_mutex_unlock(&server->lock);
    return closed ? NATSMICRO_UNAVAILABLE : NATSMICRO_OK;
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
    nm_pool_stop(server);
    pthread_mutex_lock(&server->lock);
    while (server->discovery_alive > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    nm_link_destroy(server->link); /* settles: subscriptions may be freed */
    natsSubscription_Destroy(server->discovery);
    nm_call_cache_free(&server->cache);
    nm_service *next;
    for (nm_service *service = server->services; service != NULL; service = next) {
        next = service->next;
        nm_service_free(service);
    }
    nm_call_settings_free(&server->settings);
    free(server->waiting);
    pthread_cond_destroy(&server->work);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    sem_destroy(&server->stop_requested);
    free(server);
}

/* ---- counters ---- */

static uint64_t count_subscriptions(const natsmicro_server *server)
{
    uint64_t count = 1 + (uint64_t)server->discovery_alive; /* the link's and discovery's */
    return count + server->open_endpoints;
}

void natsmicro_server_get_counters(natsmicro_server *server, natsmicro_server_counters *counters)
{
    pthread_mutex_lock(&server->lock);
    counters->calls = server->calls;
    counters->refused = server->refused;
    counters->running = server->running;
    counters->waiting = server->waiting_count;
    counters->threads = server->threads;
    counters->subscriptions = count_subscriptions(server);
    pthread_mutex_unlock(&server->lock);
    counters->dropped_messages = atomic_load(&server->events.dropped);
    counters->refused_subjects = atomic_load(&server->events.refused_subjects);
}

void natsmicro_server_get_stream_metrics(natsmicro_server *server,
                                         natsmicro_stream_metrics *metrics)
{
    nm_stream_totals_read(&server->settings.totals, metrics);
}
