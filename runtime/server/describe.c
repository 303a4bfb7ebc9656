/*
 * Describe: see describe.h.
 */
#include "server/describe.h"

#include "call/stub.h"
#include "discovery/discovery.h"

#include <stdlib.h>
#include <string.h>

/* ---- the files ---- */

const nm_file_set *nm_service_files(nm_service *service)
{
    const natsmicro_stub_file *files;
    const size_t n_files = nm_stub_files(service->stub, &files);
    nm_file_set *there = atomic_load(&service->file_set);
    if (n_files == 0 || there != NULL)
        return there;
    nm_file_set *made = nm_file_set_new(files, n_files);
    if (made == NULL || atomic_compare_exchange_strong(&service->file_set, &there, made))
        return made;
    nm_file_set_free(made); /* another thread was faster */
    return there;
}

/* ---- endpoints ---- */

/* protobuf-c leaves names out where a file says optimize_for = CODE_SIZE. */
static void describe_types(const nm_endpoint *endpoint, nm_endpoint_info *info)
{
    const natsmicro_stub_method *stub = endpoint->method.stub;
    const natsmicro_stub_service *service = endpoint->service->stub;
    const natsmicro_stub_file *files;
    const size_t n_files = nm_stub_files(service, &files);
    if (stub->request->name != NULL && stub->response->name != NULL) {
        info->request = (nm_bytes){stub->request->name, strlen(stub->request->name)};
        info->response = (nm_bytes){stub->response->name, strlen(stub->response->name)};
    } else if (n_files != 0) {
        nm_file_method_types(&files[n_files - 1], service->full_name, stub->name, &info->request,
                             &info->response);
    }
}

static void describe_schema(const nm_endpoint *endpoint, nm_endpoint_info *info)
{
    static const char *const kinds[] = {
        [NATSMICRO_UNARY] = "unary",
        [NATSMICRO_SERVER_STREAM] = "server_stream",
        [NATSMICRO_CLIENT_STREAM] = "client_stream",
        [NATSMICRO_BIDI_STREAM] = "bidi_stream",
    };
    info->method = endpoint->method.full_name;
    info->kind = kinds[endpoint->method.stub->kind];
    info->chunk_field = endpoint->method.stub->chunk_field;
    info->json = nm_stub_is_json(endpoint->service->stub);
    describe_types(endpoint, info);
}

/* `with_types`: also what only SCHEMA shows. */
static void describe_endpoint(nm_endpoint *endpoint, nm_endpoint_info *info, bool with_types)
{
    const natsmicro_stub_method *stub = endpoint->method.stub;
    nm_endpoint_stats *stats = &endpoint->stats;

    *info = (nm_endpoint_info){.name = stub->subject,
                               .subject = endpoint->method.subject,
                               .queue_group = stub->queue_group_disabled ? "" : NM_QUEUE_GROUP,
                               .metadata = stub->metadata,
                               .n_metadata = stub->n_metadata};
    if (with_types)
        describe_schema(endpoint, info);
    pthread_mutex_lock(&stats->lock);
    info->num_requests = stats->requests;
    info->num_errors = stats->errors;
    info->processing_time = stats->processing_time;
    info->last_error = strdup(stats->last_error != NULL ? stats->last_error : "");
    pthread_mutex_unlock(&stats->lock);
}

/* ---- verbs ---- */

bool nm_verb_is(const char *verb, const char *name)
{
    const size_t length = strcspn(verb, ".");
    return length == strlen(name) && strncmp(verb, name, length) == 0;
}

static char *describe_with_files(nm_service *service, nm_service_info *info)
{
    const nm_file_set *set = nm_service_files(service);
    const natsmicro_stub_file *files;
    if (set == NULL && nm_stub_files(service->stub, &files) != 0)
        return NULL;
    if (set != NULL) {
        info->set_sha256 = set->sha256;
        info->set_size = set->length;
    }
    return nm_discovery_schema(info);
}

static char *answer_to(nm_service *service, const char *verb, nm_service_info *info)
{
    if (nm_verb_is(verb, "PING"))
        return nm_discovery_ping(info);
    if (nm_verb_is(verb, "INFO"))
        return nm_discovery_info(info);
    if (nm_verb_is(verb, "STATS"))
        return nm_discovery_stats(info);
    if (nm_verb_is(verb, "SCHEMA") && !service->server->hide_schema)
        return describe_with_files(service, info);
    return NULL;
}

char *nm_service_describe(nm_service *service, const char *verb)
{
    nm_endpoint_info *endpoints = calloc(service->n_endpoints + 1, sizeof(*endpoints));
    if (endpoints == NULL)
        return NULL;
    bool with_types = nm_verb_is(verb, "SCHEMA");
    for (size_t i = 0; i < service->n_endpoints; i++)
        describe_endpoint(&service->endpoints[i], &endpoints[i], with_types);
    nm_service_info info = {.name = service->name,
                            .id = service->id,
                            .version = service->version,
                            .description = service->description,
                            .metadata = service->metadata,
                            .n_metadata = service->n_metadata,
                            .started = service->started,
                            .endpoints = endpoints,
                            .n_endpoints = service->n_endpoints};
    char *json = answer_to(service, verb, &info);
    for (size_t i = 0; i < service->n_endpoints; i++)
        free((char *)(uintptr_t)endpoints[i].last_error);
    free(endpoints);
    return json;
}
