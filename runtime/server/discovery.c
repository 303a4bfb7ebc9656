/*
 * Discovery: see discovery.h. With wildcards a server needs one subscription and each service two.
 * Wrong names and ids match none of them, so that the broker answers 503.
 */
#include "server/discovery.h"

#include "call/stub.h"
#include "discovery/part.h"
#include "server/describe.h"
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

/* ---- parts of a schema ---- */

/* Only a question to one instance is for a part: parts of two need not fit together. */
static bool asks_for_part(const natsmicro_server *server, const char *verb, natsMsg *message)
{
    const char *name = strchr(verb, '.');
    return !server->hide_schema && nm_verb_is(verb, "SCHEMA") && name != NULL &&
           strchr(name + 1, '.') != NULL && natsMsg_GetDataLength(message) > 0;
}

static natsmicro_status make_part(nm_service *service, natsMsg *message, nm_buffer *part,
                                  nm_error *error)
{
    const nm_file_set *set = nm_service_files(service);
    const natsmicro_stub_file *files;
    if (nm_stub_files(service->stub, &files) == 0)
        return nm_error_set(error, NATSMICRO_NOT_FOUND,
                            "%s: its code was generated without descriptors",
                            service->stub->full_name);
    if (set == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    const nm_bytes question = {natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message)};
    size_t offset;
    natsmicro_status status = nm_part_read(question, set->length, &offset, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_part_write(part, (nm_bytes){set->bytes, set->length}, offset,
                  nm_link_max_payload(service->server->link) / 2);
    return part->failed ? NATSMICRO_RESOURCE_EXHAUSTED : NATSMICRO_OK;
}

static void answer_part(nm_service *service, natsMsg *message, const char *reply)
{
    nm_buffer part = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = make_part(service, message, &part, &error);
    nm_outgoing outgoing = {.subject = reply, .data = part.data, .length = part.length};
    if (status != NATSMICRO_OK) {
        error.status = status;
        outgoing = (nm_outgoing){.subject = reply, .error = &error};
    }
    nm_publish_or_report(service->server->link, &outgoing, service->stub->full_name);
    nm_error_clear(&error);
    nm_buffer_free(&part);
}

/* ---- questions ---- */

static void answer(nm_service *service, const char *verb, natsMsg *message, const char *reply)
{
    if (asks_for_part(service->server, verb, message)) {
        answer_part(service, message, reply);
        return;
    }
    char *json = nm_service_describe(service, verb);
    if (json == NULL)
        return;
    nm_outgoing outgoing = {.subject = reply, .data = json, .length = strlen(json)};
    nm_publish_or_report(service->server->link, &outgoing, service->stub->full_name);
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
        answer(scope->service, verb, message, reply);
    else {
        /* The list only grows, and its services live longer than this subscription. */
        pthread_mutex_lock(&server->lock);
        nm_service *service = server->services;
        pthread_mutex_unlock(&server->lock);
        for (; service != NULL; service = service->next)
            answer(service, verb, message, reply);
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
