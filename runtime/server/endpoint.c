/*
 * Endpoint: see endpoint.h.
 */
#include "server/endpoint.h"

#include "base/buffer.h"
#include "link/link.h"

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
    endpoint->source.max_waiting = limit_of(method->pending_msg_limit);
    endpoint->source.max_waiting_bytes = limit_of(method->pending_bytes_limit);
    pthread_mutex_init(&endpoint->stats.lock, NULL);
    return nm_method_init(&endpoint->method, stub, method, options->subject_prefix,
                          options->timeout_ms, error);
}

void nm_endpoint_free(nm_endpoint *endpoint)
{
    natsSubscription_Destroy(endpoint->source.subscription);
    nm_method_free(&endpoint->method);
    free(endpoint->stats.last_error);
    pthread_mutex_destroy(&endpoint->stats.lock);
}

natsmicro_status nm_endpoint_subscribe(nm_endpoint *endpoint, natsConnection *connection,
                                       nm_error *error)
{
    natsSubscription **subscription = &endpoint->source.subscription;
    const char *subject = endpoint->method.subject;
    natsStatus status =
        endpoint->method.stub->queue_group_disabled
            ? natsConnection_SubscribeSync(subscription, connection, subject)
            : natsConnection_QueueSubscribeSync(subscription, connection, subject, NM_QUEUE_GROUP);
    /* The pool limits how many requests wait, and answers the others; nats.c would drop them. */
    if (status == NATS_OK)
        status = natsSubscription_SetPendingLimits(*subscription, -1, -1);
    return nm_link_status(status, subject, error);
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
