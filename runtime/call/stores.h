/*
 * Stores: where the responses of a method are stored: what its service's tables say of that, bound
 * to the buckets of a client's or server's store.
 */
#ifndef NM_CALL_STORES_H
#define NM_CALL_STORES_H

#include "call/method.h"
#include "store/store.h"

typedef struct nm_method_store {
    const natsmicro_stub_store *stub; /* NULL: the method has none of this kind */
    nm_bucket *bucket;
} nm_method_store;

struct nm_method_stores {
    nm_method_store kv;
    nm_method_store object;
};

/* Which stores of a service somebody uses. */
typedef enum nm_store_use {
    NM_STORES_OF_SERVER, /* without those that only clients use */
    NM_STORES_OF_CLIENT
} nm_store_use;

/* Whether a service has such stores. */
bool nm_stores_exist(const natsmicro_stub_service *service, nm_store_use use);

/*
 * Binds the stores of a method, which is the service's at this index. nm_method_free frees them.
 * False: no memory.
 */
bool nm_stores_bind(nm_method *method, const natsmicro_stub_service *service, size_t method_index,
                    nm_store *store, nm_store_use use);

/* A method's store of one kind; its `stub` is NULL where there is none. */
const nm_method_store *nm_stores_of(const nm_method *method, natsmicro_stub_bucket_kind kind);

/* Tells on_error that something of a method's stores has failed, or is not as it should be. */
void nm_stores_tell(const nm_method *method, nm_events *events, const char *text);

/*
 * Makes the bucket, as nm_bucket_make does. An event tells of what is another than the settings
 * ask for.
 */
natsmicro_status nm_stores_make_bucket(const nm_method *method, const nm_method_store *store,
                                       nm_events *events, int64_t deadline, nm_error *error);

/* How values are written. */
nm_kv_write nm_stores_write(const nm_method_store *store);

#endif
