/*
 * Stores: see stores.h.
 */
#include "call/stores.h"

#include "call/stub.h"

#include <stdlib.h>

static bool uses(const natsmicro_stub_store *store, nm_store_use use)
{
    return use == NM_STORES_OF_CLIENT || !store->client_only;
}

bool nm_stores_exist(const natsmicro_stub_service *service, nm_store_use use)
{
    const natsmicro_stub_store *stores;
    size_t count = nm_stub_stores(service, &stores);
    for (size_t i = 0; i < count; i++)
        if (uses(&stores[i], use))
            return true;
    return false;
}

/* Does nothing where the method has no such store. */
static bool bind(nm_method_store *bound, const natsmicro_stub_store *stub, nm_store *store,
                 nm_store_use use)
{
    if (stub == NULL || !uses(stub, use))
        return true;
    bound->stub = stub;
    bound->bucket = nm_store_bucket(store, &stub->bucket);
    return bound->bucket != NULL;
}

bool nm_stores_bind(nm_method *method, const natsmicro_stub_service *service, size_t method_index,
                    nm_store *store, nm_store_use use)
{
    const natsmicro_stub_store *kv = nm_stub_store(service, method_index, NATSMICRO_STORE_KV);
    const natsmicro_stub_store *object =
        nm_stub_store(service, method_index, NATSMICRO_STORE_OBJECT);
    nm_method_stores bound = {0};
    if (!bind(&bound.kv, kv, store, use) || !bind(&bound.object, object, store, use))
        return false;
    if (bound.kv.stub == NULL && bound.object.stub == NULL)
        return true;
    method->stores = malloc(sizeof(nm_method_stores));
    if (method->stores == NULL)
        return false;
    *method->stores = bound;
    return true;
}

const nm_method_store *nm_stores_of(const nm_method *method, natsmicro_stub_bucket_kind kind)
{
    static const nm_method_store none;
    if (method->stores == NULL)
        return &none;
    return kind == NATSMICRO_STORE_KV ? &method->stores->kv : &method->stores->object;
}

void nm_stores_tell(const nm_method *method, nm_events *events, const char *text)
{
    nm_events_emit(events, NATSMICRO_EVENT_STORE_FAILED, method->subject, method->full_name, "%s",
                   text);
}

natsmicro_status nm_stores_make_bucket(const nm_method *method, const nm_method_store *store,
                                       nm_events *events, int64_t deadline, nm_error *error)
{
    nm_buffer differs = NM_BUFFER_INIT;
    natsmicro_status status = nm_bucket_make(store->bucket, deadline, &differs, error);
    const char *text = nm_buffer_string(&differs);
    if (status == NATSMICRO_OK && text != NULL && text[0] != '\0')
        nm_stores_tell(method, events, text);
    nm_buffer_free(&differs);
    return status;
}

nm_kv_write nm_stores_write(const nm_method_store *store)
{
    return (nm_kv_write){store->stub->write_mode, store->stub->key_ttl_ns};
}
