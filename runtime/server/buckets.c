/*
 * Buckets: see buckets.h.
 */
#include "server/buckets.h"

#include "call/stores.h"

/* For all buckets of a service, as JetStream may not answer. */
#define MAKE_MS 2000

/* ---- binding ---- */

static natsmicro_status take_store(natsmicro_server *server, nm_error *error)
{
    if (server->store != NULL)
        return NATSMICRO_OK;
    const nm_store_options options = {.domain = server->settings.jetstream_domain,
                                      .prefix = server->settings.jetstream_prefix};
    nm_store *store = NULL;
    natsmicro_status status = nm_store_new(&store, server->link, &options, error);
    pthread_mutex_lock(&server->lock);
    server->store = store;
    pthread_mutex_unlock(&server->lock);
    return status;
}

natsmicro_status nm_buckets_bind(nm_service *service, nm_error *error)
{
    if (!nm_stores_exist(service->stub, NM_STORES_OF_SERVER))
        return NATSMICRO_OK;
    natsmicro_status status = take_store(service->server, error);
    for (size_t i = 0; i < service->n_endpoints && status == NATSMICRO_OK; i++)
        if (!nm_stores_bind(&service->endpoints[i].method, service->stub, i, service->server->store,
                            NM_STORES_OF_SERVER))
            status = NATSMICRO_RESOURCE_EXHAUSTED;
    return status;
}

/* ---- making ---- */

static void make(const nm_endpoint *endpoint, const nm_method_store *store, int64_t deadline)
{
    if (store->stub == NULL)
        return;
    nm_events *events = &endpoint->service->server->events;
    nm_error error = NM_ERROR_INIT;
    if (nm_stores_make_bucket(&endpoint->method, store, events, deadline, &error) != NATSMICRO_OK)
        nm_stores_tell(&endpoint->method, events, nm_error_text(&error));
    nm_error_clear(&error);
}

/* Whether a method before this one has the same bucket. */
static bool is_made(const nm_service *service, size_t index, natsmicro_stub_bucket_kind kind)
{
    const nm_bucket *bucket = nm_stores_of(&service->endpoints[index].method, kind)->bucket;
    for (size_t i = 0; i < index; i++)
        if (nm_stores_of(&service->endpoints[i].method, kind)->bucket == bucket)
            return true;
    return false;
}

void nm_buckets_make(nm_service *service)
{
    static const natsmicro_stub_bucket_kind kinds[] = {NATSMICRO_STORE_KV, NATSMICRO_STORE_OBJECT};
    if (service->server->store == NULL || !nm_link_is_connected(service->server->link))
        return;
    int64_t deadline = nm_deadline_in(MAKE_MS);
    for (size_t i = 0; i < service->n_endpoints; i++) {
        const nm_endpoint *endpoint = &service->endpoints[i];
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            if (!is_made(service, i, kinds[k]))
                make(endpoint, nm_stores_of(&endpoint->method, kinds[k]), deadline);
        }
    }
}

/* ---- ending ---- */

void nm_buckets_end(natsmicro_server *server)
{
    pthread_mutex_lock(&server->lock);
    nm_store *store = server->store;
    pthread_mutex_unlock(&server->lock);
    nm_store_end(store);
}
