/*
 * See method.h.
 */
#include "call/method.h"
#include "call/settings.h"

#include <stdlib.h>

/* The first version of the tables. It ends after n_methods. */
#define FIRST_VERSION 1

static bool is_readable(const natsmicro_stub_service *stub)
{
    return stub->stub_version >= FIRST_VERSION && stub->stub_version <= NATSMICRO_STUB_VERSION;
}

natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error)
{
    if (!is_readable(stub))
        return nm_error_set(
            error, NATSMICRO_FAILED_PRECONDITION,
            "its tables have version %d, and the library needs %d: generate its code again",
            stub->stub_version, NATSMICRO_STUB_VERSION);
    if (nm_stub_is_json(stub))
        return nm_error_set(error, NATSMICRO_UNIMPLEMENTED,
                            "its messages travel as JSON, which the library cannot do yet");
    return NATSMICRO_OK;
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

/* "a" and "b" as "a.b"; NULL when memory is short. */
static char *join(const char *a, const char *b)
{
    nm_buffer joined = NM_BUFFER_INIT;
    nm_buffer_append_format(&joined, "%s.%s", a, b);
    return (char *)(uintptr_t)nm_buffer_string(&joined);
}

natsmicro_status nm_method_init(nm_method *method, const natsmicro_stub_service *service,
                                const natsmicro_stub_method *stub, const char *subject_prefix,
                                int64_t timeout_ms, nm_error *error)
{
    if (subject_prefix == NULL)
        subject_prefix = service->subject_prefix;
    method->stub = stub;
    method->proto_timeout_ms = stub->timeout_ms != 0 ? stub->timeout_ms : service->timeout_ms;
    method->timeout_ms = timeout_ms != 0 ? timeout_ms : method->proto_timeout_ms;
    method->full_name = join(service->full_name, stub->name);
    method->subject = join(subject_prefix, stub->subject);
    method->request = nm_plan_new(stub->request);
    method->response = nm_plan_new(stub->response);
    if (method->full_name == NULL || method->subject == NULL || method->request == NULL ||
        method->response == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    return nm_check_subject("the subject", method->subject, error);
}

void nm_method_free(nm_method *method)
{
    free(method->full_name);
    free(method->subject);
    nm_plan_free(method->request);
    nm_plan_free(method->response);
    nm_chain_free(&method->chain);
}
