/*
 * Discovery: see discovery.h. With wildcards a server needs one subscription and each service two.
 * Wrong names and ids match none of them, so that the broker answers 503.
 */
#include "server/discovery.h"

#include "discovery/discovery.h"
#include "transport/publish.h"
#include "wire/subject.h"

#include <stdlib.h>
#include <string.h>

#define VERB_START 5 /* after "$SRV." */

/*
 * The closure of a subscription: the services to answer for. It is freed once the callbacks have
 * ended.
 */
typedef struct nm_discovery_scope {
    natsmicro_server *server;
    nm_service *service; /* NULL: all services */
} nm_discovery_scope;

static void describe_endpoint(nm_endpoint *endpoint, nm_endpoint_info *info)
{
    const natsmicro_stub_method *stub = endpoint->method.stub;
    nm_endpoint_stats *stats = &endpoint->stats;

    *info = (nm_endpoint_info){.name = stub->subject,
                               .subject = endpoint->method.subject,
                               .queue_group = stub->queue_group_disabled ? "" : NM_QUEUE_GROUP,
                               .metadata = stub->metadata,
                               .n_metadata = stub->n_metadata};
    pthread_mutex_lock(&stats->lock);
    info->num_requests = stats->requests;
    info->num_errors = stats->errors;
    info->processing_time = stats->processing_time;
    info->last_error = strdup(stats->last_error != NULL ? stats->last_error : "");
    pthread_mutex_unlock(&stats->lock);
}

/* The JSON for a verb, which ends with the subject or at the next dot; NULL for an unknown one. */
static char *describe(nm_service *service, const char *verb)
{
    nm_endpoint_info *endpoints = calloc(service->n_endpoints + 1, sizeof(*endpoints));
    if (endpoints == NULL)
        return NULL;
    for (size_t i = 0; i < service->n_endpoints; i++)
        describe_endpoint(&service->endpoints[i], &endpoints[i]);
    nm_service_info info = {.name = service->name,
                            .id = service->id,
                            .version = service->version,
                            .description = service->description,
                            .metadata = service->metadata,
                            .n_metadata = service->n_metadata,
                            .started = service->started,
                            .endpoints = endpoints,
                            .n_endpoints = service->n_endpoints};
    size_t length = strcspn(verb, ".");
    char *json = NULL;
    if (length == 4 && strncmp(verb, "PING", length) == 0)
        json = nm_discovery_ping(&info);
    else if (length == 4 && strncmp(verb, "INFO", length) == 0)
        json = nm_discovery_info(&info);
    else if (length == 5 && strncmp(verb, "STATS", length) == 0)
        json = nm_discovery_stats(&info);
    for (size_t i = 0; i < service->n_endpoints; i++)
        free((char *)(uintptr_t)endpoints[i].last_error);
    free(endpoints);
    return json;
}

static void answer(natsmicro_server *server, nm_service *service, const char *verb,
                   const char *reply)
{
    char *json = describe(service, verb);
    if (json == NULL)
        return;
    nm_outgoing outgoing = {.subject = reply, .data = json, .length = strlen(json)};
    nm_publish_or_report(server->link, &outgoing, service->stub->full_name);
    free(json);
}

static void on_discovery(natsConnection *connection, natsSubscription *subscription,
                         natsMsg *message, void *closure)
{
    nm_discovery_scope *scope = closure;
    natsmicro_server *server = scope->server;
    const char *verb = natsMsg_GetSubject(message) + VERB_START;
    const char *reply = natsMsg_GetReply(message);
    (void)connection;
    (void)subscription;

    if (reply == NULL || !nm_subject_reply_is_allowed(reply) ||
        nm_subject_set_contains(&server->own_subjects, reply)) {
        nm_events_emit(
            &server->events, NATSMICRO_EVENT_REFUSED_SUBJECT, reply, NULL,
            "a discovery request has no NATS reply, or one that must not be published to");
        natsMsg_Destroy(message);
        return;
    }
    if (scope->service != NULL)
        answer(server, scope->service, verb, reply);
    else {
        /* The list only grows, and its services live longer than this subscription. */
        pthread_mutex_lock(&server->lock);
        nm_service *service = server->services;
        pthread_mutex_unlock(&server->lock);
        for (; service != NULL; service = service->next)
            answer(server, service, verb, reply);
    }
    nm_link_flush_soon(server->link);
    natsMsg_Destroy(message);
}

static void on_discovery_complete(void *closure)
{
    nm_discovery_scope *scope = closure;
    natsmicro_server *server = scope->server;
    free(scope);
    pthread_mutex_lock(&server->lock);
    server->discovery_alive--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

natsmicro_status nm_discovery_subscribe(natsmicro_server *server, nm_service *service,
                                        const char *subject, nm_bounded *bounded, nm_error *error)
{
    nm_discovery_scope *scope = malloc(sizeof(*scope));
    if (scope == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    *scope = (nm_discovery_scope){server, service};
    natsStatus status = natsConnection_Subscribe(&bounded->subscription, server->connection,
                                                 subject, on_discovery, scope);
    if (status != NATS_OK) {
        free(scope);
        return nm_link_status(status, subject, error);
    }
    pthread_mutex_lock(&server->lock);
    server->discovery_alive++;
    pthread_mutex_unlock(&server->lock);
    status = natsSubscription_SetOnCompleteCB(bounded->subscription, on_discovery_complete, scope);
    if (status == NATS_OK) {
        bounded->subject = natsSubscription_GetSubject(bounded->subscription);
        nm_link_bound(server->link, bounded);
        return NATSMICRO_OK;
    }
    /*
     * The connection was closed between the two calls. The callback may still run once, and nobody
     * will know when it has; so the scope is never freed.
     */
    pthread_mutex_lock(&server->lock);
    server->discovery_alive--;
    pthread_mutex_unlock(&server->lock);
    return nm_link_status(status, subject, error);
}
