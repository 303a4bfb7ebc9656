/*
 * Buckets: finds two methods that ask one bucket for different things, before each changes what the
 * other has set.
 */
#ifndef GEN_BUCKETS_H
#define GEN_BUCKETS_H

#include "model/model.h"
#include "request/context.h"

typedef struct gen_known_bucket gen_known_bucket;

/* The buckets of the files that are generated. Start from { NULL }. */
typedef struct gen_buckets {
    gen_known_bucket *first;
} gen_buckets;

/*
 * Adds the bucket of a method; fails if another one asks the same bucket for something else. What
 * the pointers point to must outlive the buckets. `option` is the one that names the bucket.
 */
bool gen_add_bucket(gen_context *context, gen_buckets *buckets, const gen_bucket *bucket,
                    const char *option, const gen_place *place);

#endif
