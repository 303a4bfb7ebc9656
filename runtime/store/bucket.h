/*
 * Bucket: what is known of a bucket, for those who read and write it. nm_bucket_make is in store.h.
 */
#ifndef NM_STORE_BUCKET_H
#define NM_STORE_BUCKET_H

#include "store/state.h"

/*
 * What is known, or else what the broker says now. FAILED_PRECONDITION: there is no JetStream, no
 * bucket, or one of another kind. Within a verb.
 */
natsmicro_status nm_bucket_know(nm_bucket *bucket, const char *what, int64_t deadline,
                                nm_bucket_facts *facts, nm_error *error);

/* An answer contradicts what is known: it is asked for when it is needed next. */
void nm_bucket_forget(nm_bucket *bucket);

#endif
