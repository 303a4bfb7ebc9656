/*
 * Service: see service.h. A service is made whole, then listed under the server's lock, then
 * subscribed for requests and for discovery.
 */
#include "server/service.h"

#include "base/last_error.h"
#include "base/rules.h"
#include "call/stub.h"
#include "server/buckets.h"
#include "server/discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long the broker may take to acknowledge that requests may come. */
#define SUBSCRIBE_MS 1000

/* ---- identity ---- */

static bool copy_metadata(nm_service *service, const natsmicro_metadata *metadata, size_t count)
{
    if (count == 0)
        return true;
    service->metadata = calloc(count, sizeof(natsmicro_metadata));
    if (service->metadata == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        service->metadata[i].key = strdup(metadata[i].key);
        service->metadata[i].value = strdup(metadata[i].value);
        service->n_metadata++;
        if (service->metadata[i].key == NULL || service->metadata[i].value == NULL)
            return false;
    }
    return true;
}

/* Refuses an option for the fault that its rule has found; NULL: there is none. */
static natsmicro_status check_option(const char *option, const char *value, const char *fault,
                                     nm_error *error)
{
    if (fault == NULL)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s \"%.200s%s\": %s", option, value,
                        strlen(value) > 200 ? "…" : "", fault);
}

static natsmicro_status check_identity(const char *name, const char *version, nm_error *error)
{
    natsmicro_status status = check_option("name", name, nm_service_name_fault(name), error);
    return status != NATSMICRO_OK
               ? status
               : check_option("version", version, nm_version_fault(version), error);
}

static natsmicro_status describe(nm_service *service, const natsmicro_service_options *options,
                                 nm_error *error)
{
    const natsmicro_stub_service *stub = service->stub;
    const char *name = options->name != NULL ? options->name : stub->name;
    const char *version = options->version != NULL ? options->version : stub->version;
    const char *description =
        options->description != NULL ? options->description : stub->description;
    bool own_metadata = options->metadata != NULL;

    natsmicro_status status = check_identity(name, version, error);
    if (status != NATSMICRO_OK)
        return status;
    service->name = strdup(name);
    service->version = strdup(version);
    service->description = strdup(description);
    if (service->name == NULL || service->version == NULL || service->description == NULL ||
        !copy_metadata(service, own_metadata ? options->metadata : stub->metadata,
                       own_metadata ? options->n_metadata : stub->n_metadata) ||
        !nm_random_token(service->id))
        return NATSMICRO_RESOURCE_EXHAUSTED;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    service->started = (int64_t)now.tv_sec * 1000 * NM_NS_PER_MS + now.tv_nsec;
    return NATSMICRO_OK;
}

/* ---- endpoints ---- */

/* The server's interceptors are outside those of the service. */
static bool add_interceptors(nm_method *method, const nm_service *service)
{
    nm_chain *chain = &method->chain;
    const char *name = method->stub->name;
    return nm_chain_add(chain, &service->server->settings.interceptors, service->stub, name) &&
           nm_chain_add(chain, &service->interceptors, service->stub, name);
}

static natsmicro_status init_endpoints(nm_service *service,
                                       const natsmicro_service_options *options, nm_error *error)
{
    const natsmicro_stub_service *stub = service->stub;
    if (stub->n_methods == 0)
        return NATSMICRO_OK;
    service->endpoints = calloc(stub->n_methods, sizeof(nm_endpoint));
    if (service->endpoints == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    natsmicro_status status = NATSMICRO_OK;
    for (size_t i = 0; i < stub->n_methods && status == NATSMICRO_OK; i++) {
        service->n_endpoints++;
        status = nm_endpoint_init(&service->endpoints[i], service, stub, &stub->methods[i], options,
                                  error);
        if (status == NATSMICRO_OK && !add_interceptors(&service->endpoints[i].method, service))
            status = NATSMICRO_RESOURCE_EXHAUSTED;
    }
    return status;
}

static natsmicro_status subscribe_discovery(natsmicro_server *server, nm_service *service,
                                            nm_error *error)
{
    char subject[NM_SERVICE_NAME_LIMIT + 256];
    snprintf(subject, sizeof(subject), "$SRV.*.%s", service->name);
    natsmicro_status status =
        nm_discovery_subscribe(server, service, subject, &service->discovery[0], error);
    if (status != NATSMICRO_OK)
        return status;
    snprintf(subject, sizeof(subject), "$SRV.*.%s.%s", service->name, service->id);
    return nm_discovery_subscribe(server, service, subject, &service->discovery[1], error);
}

/* ---- adding ---- */

static natsmicro_status deny(const nm_endpoint *endpoint, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_PERMISSION_DENIED,
                        "the broker does not let this user subscribe to \"%s\"",
                        endpoint->method.subject);
}

/* Before the subscriptions: an old refusal would look like a new one, so the broker is asked. */
static natsmicro_status check_old_refusal(nm_service *service, const nm_refusal *before,
                                          int64_t deadline, nm_error *error)
{
    for (size_t i = 0; i < service->n_endpoints; i++) {
        const nm_endpoint *endpoint = &service->endpoints[i];
        if (nm_refusal_is(before, NM_REFUSED_SUBSCRIBE, endpoint->method.subject) &&
            nm_refusal_holds(service->server->connection, endpoint->method.subject,
                             nm_remaining_ms(deadline)))
            return deny(endpoint, error);
    }
    return NATSMICRO_OK;
}

/*
 * After the broker has answered: whether it has refused an endpoint. Later refusals are the link's
 * to tell, but none that was there before.
 */
static natsmicro_status check_rights(nm_service *service, const nm_refusal *before, nm_error *error)
{
    nm_refusal now;
    nm_refusal_read(service->server->connection, &now);
    natsmicro_status status = NATSMICRO_OK;
    for (size_t i = 0; i < service->n_endpoints && status == NATSMICRO_OK; i++) {
        nm_endpoint *endpoint = &service->endpoints[i];
        if (!nm_refusal_is(&now, NM_REFUSED_SUBSCRIBE, endpoint->method.subject))
            atomic_store(&endpoint->requests.refusal_told, false);
        else if (strcmp(before->text, now.text) != 0)
            status = deny(endpoint, error);
    }
    return status;
}

/* Waits until the broker has the subscriptions; not at all where `deadline` (ns) has passed. */
static void flush_until(natsmicro_server *server, int64_t deadline)
{
    int64_t left = nm_remaining_ms(deadline);
    if (left > 0)
        natsConnection_FlushTimeout(server->connection, left);
}

/*
 * Once a service is added it may be called at once, so this waits until the broker has all
 * subscriptions. Who asks for discovery may go without: its refusal is only told.
 */
static natsmicro_status start(natsmicro_server *server, nm_service *service, nm_error *error)
{
    int64_t deadline = nm_deadline_in(SUBSCRIBE_MS);
    nm_refusal before;
    nm_refusal_read(server->connection, &before);
    natsmicro_status status = check_old_refusal(service, &before, deadline, error);
    for (size_t i = 0; i < service->n_endpoints && status == NATSMICRO_OK; i++)
        status = nm_endpoint_start(&service->endpoints[i], error);
    flush_until(server, deadline);
    if (status == NATSMICRO_OK)
        status = check_rights(service, &before, error);
    if (status == NATSMICRO_OK)
        status = subscribe_discovery(server, service, error);
    if (status == NATSMICRO_OK && server->discovery.subscription == NULL)
        status = nm_discovery_subscribe(server, NULL, "$SRV.*", &server->discovery, error);
    flush_until(server, deadline);
    return status;
}

static natsmicro_status make_service(nm_service **service_out, natsmicro_server *server,
                                     const natsmicro_stub_service *stub,
                                     const natsmicro_service_options *options, nm_error *error)
{
    nm_service *service = calloc(1, sizeof(*service));
    if (service == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    service->server = server;
    service->stub = stub;
    natsmicro_status status = describe(service, options, error);
    if (status == NATSMICRO_OK)
        status = nm_interceptors_copy(&service->interceptors, options->interceptors, error);
    if (status == NATSMICRO_OK)
        status = nm_interceptors_check(&service->interceptors, stub, error);
    if (status == NATSMICRO_OK)
        status = nm_json_types_take(stub, &service->types, error);
    if (status == NATSMICRO_OK)
        status = init_endpoints(service, options, error);
    if (status == NATSMICRO_OK)
        status = nm_buckets_bind(service, error);
    if (status != NATSMICRO_OK)
        nm_service_free(service);
    else
        *service_out = service;
    return status;
}

/* The first subject of a service that the server serves already, or NULL. */
static const char *find_taken_subject(const natsmicro_server *server, const nm_service *service)
{
    for (size_t i = 0; i < service->n_endpoints; i++) {
        const char *subject = service->endpoints[i].method.subject;
        if (nm_subject_set_contains(&server->own_subjects, subject))
            return subject;
    }
    return NULL;
}

/* Lists a service, under the lock, unless a subject of it is taken or the server stops. */
static natsmicro_status list(natsmicro_server *server, nm_service *service, nm_error *error)
{
    const char *taken = find_taken_subject(server, service);
    if (taken != NULL)
        return nm_error_set(error, NATSMICRO_ALREADY_EXISTS,
                            "the server serves the subject \"%s\" already", taken);
    if (server->draining)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "the server is stopping");
    for (size_t i = 0; i < service->n_endpoints; i++) {
        nm_endpoint *endpoint = &service->endpoints[i];
        nm_subject_set_add(&server->own_subjects, &endpoint->own_subject, endpoint->method.subject);
    }
    service->next = server->services;
    server->services = service;
    return NATSMICRO_OK;
}

/*
 * A service that could be started only in part stays listed: its endpoints may already serve, and
 * end with the server.
 */
static natsmicro_status list_and_start(natsmicro_server *server, nm_service *service,
                                       nm_error *error)
{
    pthread_mutex_lock(&server->lock);
    natsmicro_status status = list(server, service, error);
    pthread_mutex_unlock(&server->lock);
    if (status != NATSMICRO_OK) {
        nm_service_free(service);
        return status;
    }
    nm_buckets_make(service);
    return start(server, service, error);
}

static natsmicro_status add(natsmicro_server *server, const natsmicro_stub_service *stub,
                            const void *handlers, void *user_data,
                            const natsmicro_service_options *given, nm_error *error)
{
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    nm_service *service = NULL;
    natsmicro_status status = nm_check_stub(stub, error);
    if (status == NATSMICRO_OK && handlers == NULL)
        status = nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the handlers are NULL");
    if (status == NATSMICRO_OK)
        status = nm_options_take(&options, given, error);
    if (status == NATSMICRO_OK)
        status = nm_check_time("timeout_ms", options.timeout_ms, 0, error);
    if (status == NATSMICRO_OK && options.subject_prefix != NULL)
        status = check_option("subject_prefix", options.subject_prefix,
                              nm_subject_prefix_fault(options.subject_prefix), error);
    if (status == NATSMICRO_OK)
        status = make_service(&service, server, stub, &options, error);
    if (status != NATSMICRO_OK)
        return status;
    service->handlers = handlers;
    service->user_data = user_data;
    return list_and_start(server, service, error);
}

natsmicro_status natsmicro_stub_server_add(natsmicro_server *server,
                                           const natsmicro_stub_service *stub, const void *handlers,
                                           void *user_data, const natsmicro_service_options *given)
{
    if (server == NULL)
        return nm_last_error_set(NATSMICRO_INVALID_ARGUMENT, "%s: the server is NULL",
                                 nm_stub_name(stub));
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = add(server, stub, handlers, user_data, given, &error);
    return nm_events_setup_ended(&server->events, nm_stub_name(stub), status, &error);
}

void nm_service_unsubscribe_discovery(nm_service *service)
{
    for (size_t i = 0; i < 2; i++) {
        if (service->discovery[i].subscription != NULL)
            natsSubscription_Unsubscribe(service->discovery[i].subscription);
    }
}

void nm_service_free(nm_service *service)
{
    natsSubscription_Destroy(service->discovery[0].subscription);
    natsSubscription_Destroy(service->discovery[1].subscription);
    for (size_t i = 0; i < service->n_endpoints; i++)
        nm_endpoint_free(&service->endpoints[i]);
    for (size_t i = 0; i < service->n_metadata; i++) {
        free((char *)(uintptr_t)service->metadata[i].key);
        free((char *)(uintptr_t)service->metadata[i].value);
    }
    nm_interceptors_free(&service->interceptors);
    nm_file_set_free(atomic_load(&service->file_set));
    free(service->metadata);
    free(service->endpoints);
    nm_json_types_give_back(service->types);
    free(service->name);
    free(service->version);
    free(service->description);
    free(service);
}
