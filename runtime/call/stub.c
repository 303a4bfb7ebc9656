/*
 * Stub: see stub.h.
 */
#include "call/stub.h"

/* The first version of the tables. It ends after n_methods. */
#define FIRST_VERSION 1

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
