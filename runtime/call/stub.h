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

#endif
