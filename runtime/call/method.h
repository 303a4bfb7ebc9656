/*
 * Method: a method as it is called or served: the proto's settings with what overrides them.
 */
#ifndef NM_CALL_METHOD_H
#define NM_CALL_METHOD_H

#include "base/error.h"
#include "call/chain.h"
#include "codec/plan.h"
#include "natsmicro/stub.h"

typedef struct nm_method {
    const natsmicro_stub_method *stub;
    char *full_name;          /* "lab.v1.Lab.CountUp"; owned */
    char *subject;            /* "lab.v1.count_up"; owned */
    int64_t timeout_ms;       /* of a unary call or an opening; 0: none was set anywhere */
    int64_t proto_timeout_ms; /* what the proto says of it, which both sides know; 0: nothing */
    nm_plan *request;         /* how its messages are encoded and decoded; owned */
    nm_plan *response;        /* owned */
    nm_chain chain;           /* empty until interceptors are added */
} nm_method;

/* OK; INVALID_ARGUMENT: the subject; RESOURCE_EXHAUSTED. nm_method_free after each of them. */
natsmicro_status nm_method_init(nm_method *method, const natsmicro_stub_service *service,
                                const natsmicro_stub_method *stub, const char *subject_prefix,
                                int64_t timeout_ms, nm_error *error);
void nm_method_free(nm_method *method);

/*
 * FAILED_PRECONDITION: tables of a layout that the library does not know. UNIMPLEMENTED: a service
 * with JSON.
 */
natsmicro_status nm_check_stub(const natsmicro_stub_service *stub, nm_error *error);

/* The service's name for texts, also of a stub of another layout. */
const char *nm_stub_name(const natsmicro_stub_service *stub);

/* The service's .proto files; returns how many. Tables of version 1 have none. */
size_t nm_stub_files(const natsmicro_stub_service *stub, const natsmicro_stub_file **files);

/* Whether the service's messages travel as JSON. Tables of version 1 do not say; then false. */
bool nm_stub_is_json(const natsmicro_stub_service *stub);

#endif
