/*
 * Chain: the interceptors of a method. They are put together once, when a client is made or a
 * service added, so that a call only has to look whether there are any.
 */
#ifndef NM_CALL_CHAIN_H
#define NM_CALL_CHAIN_H

#include "base/error.h"
#include "natsmicro/interceptor.h"
#include "natsmicro/stub.h"

/* The interceptors of a client, a server or a service; owned, with the names of their methods. */
typedef struct nm_interceptors {
    natsmicro_interceptor *items;
    size_t count;
} nm_interceptors;

/*
 * Copies a list that ends with NULL; a list that is NULL is empty. INVALID_ARGUMENT: a wrong size.
 * Whatever the status, nm_interceptors_free frees what is there.
 */
natsmicro_status nm_interceptors_copy(nm_interceptors *own,
                                      const natsmicro_interceptor *const *given, nm_error *error);
void nm_interceptors_free(nm_interceptors *own);

/* INVALID_ARGUMENT: an interceptor is for a method that the service does not have. */
natsmicro_status nm_interceptors_check(const nm_interceptors *list,
                                       const natsmicro_stub_service *service, nm_error *error);

/* The interceptors of one method, the outermost first. */
typedef struct nm_chain {
    natsmicro_interceptor *items; /* owned */
    size_t count;
    bool calls; /* whether any is there for it */
    bool opens;
    bool handles;
    bool sends;
    bool receives;
} nm_chain;

/*
 * Adds those of a list that are for this method, inside those that are there. False: no memory.
 */
bool nm_chain_add(nm_chain *chain, const nm_interceptors *list,
                  const natsmicro_stub_service *service, const char *name);
void nm_chain_free(nm_chain *chain);

/* Runs `after` of each, from the innermost to the outermost. */
void nm_chain_after(const nm_chain *chain, natsmicro_call *call, natsmicro_status status,
                    int64_t duration);

#endif
