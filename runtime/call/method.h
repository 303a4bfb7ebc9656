/*
 * Method: a method as it is called or served: the proto's settings with what overrides them.
 */
#ifndef NM_CALL_METHOD_H
#define NM_CALL_METHOD_H

#include "base/error.h"
#include "call/chain.h"
#include "call/form.h"
#include "call/json_types.h"
#include "natsmicro/stub.h"
#include "wire/json_chunk.h"

/* Where its responses are stored; see stores.h. */
typedef struct nm_method_stores nm_method_stores;

typedef struct nm_method {
    const natsmicro_stub_method *stub;
    char *full_name;          /* "lab.v1.Lab.CountUp"; owned */
    char *subject;            /* "lab.v1.count_up"; owned */
    int64_t timeout_ms;       /* of a unary call or an opening; 0: none was set anywhere */
    int64_t proto_timeout_ms; /* what the proto says of it, which both sides know; 0: nothing */
    nm_form request;          /* how its messages are encoded and decoded */
    nm_form response;
    nm_json_chunk json_chunk; /* of a chunked method whose messages travel as JSON */
    nm_chain chain;           /* empty until interceptors are added */
    nm_method_stores *stores; /* NULL: nowhere, or none was bound; owned */
} nm_method;

/* What a method is made of. */
typedef struct nm_method_setup {
    const natsmicro_stub_service *service;
    nm_json_types *types;       /* of the service; NULL: its messages travel in the binary form */
    const char *subject_prefix; /* NULL: the service's */
    int64_t timeout_ms;         /* 0: the proto's */
} nm_method_setup;

/*
 * OK; INVALID_ARGUMENT: the subject; FAILED_PRECONDITION: its messages do not fit the types;
 * RESOURCE_EXHAUSTED. nm_method_free after each of them.
 */
natsmicro_status nm_method_init(nm_method *method, const nm_method_setup *setup,
                                const natsmicro_stub_method *stub, nm_error *error);
void nm_method_free(nm_method *method);

/* Of a chunked method: the form of the messages that are chunks. */
static inline const nm_form *nm_method_chunks(const nm_method *method)
{
    return method->stub->kind == NATSMICRO_CLIENT_STREAM ? &method->request : &method->response;
}

#endif
