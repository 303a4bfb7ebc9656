/*
 * Endpoint: see endpoint.h.
 */
#include "server/endpoint.h"

#include "base/buffer.h"
#include "server/state.h"
#include "wire/incoming.h"

#include <stdlib.h>
#include <string.h>

/* An option's limit: not above 0 is none. */
static size_t limit_of(int64_t option)
{
    return option > 0 ? (size_t)option : 0;
}

natsmicro_status nm_endpoint_init(nm_endpoint *endpoint, nm_service *service,
                                  const natsmicro_stub_service *stub,
                                  const natsmicro_stub_method *method,
                                  const natsmicro_service_options *options, nm_error *error)
{
    endpoint->service = service;
    endpoint->source.is_unary = method->kind == NATSMICRO_UNARY;
    endpoint->source.share.max_running = service->server->max_calls_per_method;
    endpoint->source.share.max_waiting = limit_of(method->pending_msg_limit);
    endpoint->source.share.max_waiting_bytes = limit_of(method->pending_bytes_limit);
    pthread_mutex_init(&endpoint->stats.lock, NULL);
    const nm_method_setup setup = {stub, service->types, options->subject_prefix,
                                   options->timeout_ms};
    return nm_method_init(&endpoint->method, &setup, method, error);
}

void nm_endpoint_free(nm_endpoint *endpoint)
{
    natsSubscription_Destroy(endpoint->requests.subscription);
    nm_method_free(&endpoint->method);
    free(endpoint->stats.last_error);
    pthread_mutex_destroy(&endpoint->stats.lock);
}

/* ---- requests; on the subscription's delivery thread, which only hands them over ---- */

static void on_request(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *closure)
{
    nm_endpoint *endpoint = closure;
    (void)connection;
    (void)subscription;
    size_t size = nm_message_front(message) + (size_t)natsMsg_GetDataLength(message);
    const nm_pool_request request = {
        .source = &endpoint->source, .message = message, .size = size, .arrived = nm_now()};
    nm_pool_offer(&endpoint->service->server->pool, &request);
}

static void on_no_more_requests(void *closure)
{
    nm_endpoint *endpoint = closure;
    nm_pool_close(&endpoint->service->server->pool);
}

static natsStatus subscribe(nm_endpoint *endpoint)
{
    natsConnection *connection = endpoint->service->server->connection;
    natsSubscription **subscription = &endpoint->requests.subscription;
    const char *subject = endpoint->method.subject;
    natsStatus status =
        endpoint->method.stub->queue_group_disabled
            ? natsConnection_Subscribe(subscription, connection, subject, on_request, endpoint)
            : natsConnection_QueueSubscribe(subscription, connection, subject, NM_QUEUE_GROUP,
                                            on_request, endpoint);
    if (status == NATS_OK)
        status = natsSubscription_SetOnCompleteCB(*subscription, on_no_more_requests, endpoint);
    return status;
}

natsmicro_status nm_endpoint_start(nm_endpoint *endpoint, nm_error *error)
{
    natsmicro_server *server = endpoint->service->server;
    natsmicro_status status = nm_pool_open(&server->pool, &endpoint->source);
    if (status != NATSMICRO_OK)
        return status;
    natsStatus subscribed = subscribe(endpoint);
    if (subscribed != NATS_OK) {
        nm_pool_close(&server->pool);
        return nm_link_status(subscribed, endpoint->method.subject, error);
    }
    endpoint->requests.subject = endpoint->method.subject;
    endpoint->requests.method = endpoint->method.full_name;
    atomic_store(&endpoint->requests.refusal_told, true); /* the service's, while it is added */
    nm_link_bound(server->link, &endpoint->requests);
    return NATSMICRO_OK;
}

void nm_endpoint_count(nm_endpoint *endpoint, int64_t duration, const nm_error *outcome)
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
