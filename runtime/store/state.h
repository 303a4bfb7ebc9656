/*
 * State: what a store and its buckets are made of, for the files of this room.
 *
 * The store's lock guards its list of buckets, a bucket's lock what is known of it. Neither is held
 * around a request, and no other lock is taken under them.
 */
#ifndef NM_STORE_STATE_H
#define NM_STORE_STATE_H

#include "natsmicro/stub.h"
#include "store/request.h"

typedef struct nm_bucket nm_bucket;
typedef struct nm_leftover nm_leftover; /* leftovers.h */

typedef struct nm_store {
    nm_requester requester;
    char *api;             /* "$JS.API.", "$JS.<domain>.API." or the option's prefix and a dot */
    const char *kv_prefix; /* of subjects that values are published to: `api`, or "" */
    pthread_mutex_t lock;
    nm_bucket *buckets;
} nm_store;

/* What an answer of the broker has told of a bucket. All zero: nothing. */
typedef struct nm_bucket_facts {
    bool known;
    bool missing;      /* it was not there; then it is not known */
    bool no_jetstream; /* there was no JetStream; nor is it known then */
    const char *fault; /* the member of its config that makes it one of another kind; NULL: none */
    bool allow_direct;
    bool allow_msg_ttl;
} nm_bucket_facts;

struct nm_bucket {
    nm_store *store;
    nm_bucket *next;
    const natsmicro_stub_bucket *settings;
    char *stream; /* "KV_prices" */
    char *what;   /* `bucket "prices"`: begins the texts of errors */
    pthread_mutex_t lock;
    nm_bucket_facts facts;
    nm_leftover *leftovers;
};

/* A bucket that is in no list, for as long as its user likes. NULL: no memory. */
nm_bucket *nm_bucket_new(nm_store *store, const natsmicro_stub_bucket *settings);
void nm_bucket_free(nm_bucket *bucket);

#endif
