/*
 * Stub: see stub.h.
 */
#include "call/stub.h"

/* The first version of the tables. It ends after n_methods; the second one after json. */
#define FIRST_VERSION  1
#define SECOND_VERSION 2

static bool is_readable(const natsmicro_stub_service *stub)
{
    return stub->stub_version >= FIRST_VERSION && stub->stub_version <= NATSMICRO_STUB_VERSION;
}

natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error)
{
    if (is_readable(stub))
        return NATSMICRO_OK;
    return nm_error_set(
        error, NATSMICRO_FAILED_PRECONDITION,
        "its tables have version %d, and the library needs %d: generate its code again",
        stub->stub_version, NATSMICRO_STUB_VERSION);
}

const char *nm_stub_name(const natsmicro_stub_service *stub)
{
    return is_readable(stub) ? stub->full_name : "a stub of another version";
}

size_t nm_stub_files(const natsmicro_stub_service *stub, const natsmicro_stub_file **files)
{
    if (stub->stub_version == FIRST_VERSION)
        return 0;
    *files = stub->files;
    return stub->n_files;
}

bool nm_stub_is_json(const natsmicro_stub_service *stub)
{
    return stub->stub_version > FIRST_VERSION && stub->json;
}

size_t nm_stub_stores(const natsmicro_stub_service *stub, const natsmicro_stub_store **stores)
{
    *stores = NULL;
    if (stub->stub_version <= SECOND_VERSION)
        return 0;
    *stores = stub->stores;
    return stub->n_stores;
}

const natsmicro_stub_store *nm_stub_store(const natsmicro_stub_service *stub, size_t method_index,
                                          natsmicro_stub_bucket_kind kind)
{
    const natsmicro_stub_store *stores;
    size_t count = nm_stub_stores(stub, &stores);
    for (size_t i = 0; i < count; i++)
        if (stores[i].method_index == method_index && stores[i].bucket.kind == kind)
            return &stores[i];
    return NULL;
}
