/*
 * Store: values in JetStream's key-value buckets and objects in its object stores, by requests to
 * the broker. This room alone knows JetStream; docs/wire-protocol.md says what lies in a bucket.
 *
 * A store belongs to a client or a server, and knows a number of buckets. Nothing is asked of the
 * broker before a verb needs it, so whoever has no store option never meets JetStream. What is
 * learnt of a bucket (whether it is there, how it is read) is kept until an answer contradicts it.
 *
 * The verbs block until `deadline` (ns; NM_NEVER: no limit) at most, and may run in many threads at
 * once, on one key, too. They return OK, and
 *
 *   NOT_FOUND             nothing is stored under the key: absent, deleted, purged or expired
 *   ALREADY_EXISTS        NATSMICRO_STORE_CREATE: something is
 *   ABORTED               NATSMICRO_STORE_COMPARE_AND_SET: it was changed in between
 *   FAILED_PRECONDITION   no JetStream, no bucket, one of another kind (mirrored, sealed, …), or a
 *                         broker that is too old for what is asked
 *   RESOURCE_EXHAUSTED    the bucket is full, the value is too large for it, or no memory
 *   INVALID_ARGUMENT      no such key can be (base/rules.h: nm_kv_key_fault, nm_object_name_fault)
 *   PERMISSION_DENIED     the broker refuses the subject
 *   DATA_LOSS             an object whose size or digest is another one than it says
 *   DEADLINE_EXCEEDED     with "may have been stored" in its text where that is so
 *   UNAVAILABLE           no connection, no leader, or the store has ended
 *   INTERNAL              an answer that cannot be read, or an error of JetStream's with its number
 *
 * Their texts name the bucket and the key. Nothing that was published is published again by itself.
 */
#ifndef NM_STORE_STORE_H
#define NM_STORE_STORE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "link/link.h"
#include "natsmicro/stub.h"

typedef struct nm_store nm_store;
typedef struct nm_bucket nm_bucket;

/* ---- making ---- */

typedef struct nm_store_options {
    const char *domain; /* of JetStream; NULL: none. At most one of the two is set */
    const char *prefix; /* of its API's subjects, in place of "$JS.API"; NULL: that */
} nm_store_options;

/* OK; INVALID_ARGUMENT: the options; RESOURCE_EXHAUSTED. Asks nothing of the broker. */
natsmicro_status nm_store_new(nm_store **store, nm_link *link, const nm_store_options *options,
                              nm_error *error);

/*
 * Ends what verbs are waiting for with UNAVAILABLE, and returns when none runs any more. Those that
 * come later return UNAVAILABLE. Before the link's end. NULL is allowed.
 */
void nm_store_end(nm_store *store);

/* Frees it, and all its buckets; it has ended. NULL is allowed. */
void nm_store_destroy(nm_store *store);

/*
 * A bucket that verbs may name; the same for the same kind and name. `settings` must outlive the
 * store. NULL: no memory. Asks nothing of the broker.
 */
nm_bucket *nm_store_bucket(nm_store *store, const natsmicro_stub_bucket *settings);

/* ---- buckets ---- */

/*
 * Makes the bucket where it is missing. One that is there keeps what its settings leave out; what
 * they name is changed where that can be. `*differs` holds what could not be, as a text for
 * people; it is empty where all is as asked. That a broker is too old for a setting is
 * FAILED_PRECONDITION.
 */
natsmicro_status nm_bucket_make(nm_bucket *bucket, int64_t deadline, nm_buffer *differs,
                                nm_error *error);

/* Whether the last answer about it was that it is not there, so that making it may help. */
bool nm_bucket_is_missing(nm_bucket *bucket);

/* Whether it was that there is no JetStream, for this account or at all. */
bool nm_bucket_lacks_jetstream(nm_bucket *bucket);

/* ---- key-value buckets ---- */

/* How a value is written. */
typedef struct nm_kv_write {
    natsmicro_stub_write_mode mode;
    int64_t ttl_ns; /* of the value, where it creates the key; 0: the bucket's */
} nm_kv_write;

/* The value is appended to `value`, which the caller resets before. */
natsmicro_status nm_kv_get(nm_bucket *bucket, const char *key, int64_t deadline, nm_buffer *value,
                           nm_error *error);
natsmicro_status nm_kv_put(nm_bucket *bucket, const char *key, nm_bytes value,
                           const nm_kv_write *write, int64_t deadline, nm_error *error);

/* Removes all values of a key. `ttl_ns`: of the marker that stays; 0: for ever. */
natsmicro_status nm_kv_purge(nm_bucket *bucket, const char *key, int64_t ttl_ns, int64_t deadline,
                             nm_error *error);

#endif
