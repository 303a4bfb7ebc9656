/*
 * Stub: what may be asked of a service's tables, which may be older than the library, or newer.
 */
#ifndef NM_CALL_STUB_H
#define NM_CALL_STUB_H

#include "base/error.h"
#include "natsmicro/stub.h"

/* FAILED_PRECONDITION: tables of a layout that the library does not know. */
natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error);

/* The service's name for texts, also of a stub of another layout. */
const char *nm_stub_name(const natsmicro_stub_service *stub);

/* The service's .proto files; returns how many. Tables of version 1 have none. */
size_t nm_stub_files(const natsmicro_stub_service *stub, const natsmicro_stub_file **files);

/* Whether the service's messages travel as JSON. Tables of version 1 do not say; then false. */
bool nm_stub_is_json(const natsmicro_stub_service *stub);

/* The service's stores; returns how many. Tables of versions 1 and 2 have none. */
size_t nm_stub_stores(const natsmicro_stub_service *stub, const natsmicro_stub_store **stores);

/* A method's store of one kind, or NULL. */
const natsmicro_stub_store *nm_stub_store(const natsmicro_stub_service *stub, size_t method_index,
                                          natsmicro_stub_bucket_kind kind);

/* The option that makes such a store, for texts. */
static inline const char *nm_store_option(natsmicro_stub_bucket_kind kind)
{
    return kind == NATSMICRO_STORE_KV ? "kv_store" : "object_store";
}

#endif
