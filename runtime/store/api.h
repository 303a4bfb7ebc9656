/*
 * API: JetStream's requests about a bucket's stream, whose answers are JSON.
 */
#ifndef NM_STORE_API_H
#define NM_STORE_API_H

#include "store/state.h"

/*
 * Asks `<api><verb>.<stream>`, such as "STREAM.INFO". OK: an object, which the caller gives back
 * with json_decref, and the broker's error in `api`, if it is one. An answer that there is no
 * leader yet is asked for again until the deadline. FAILED_PRECONDITION: there is no JetStream.
 */
natsmicro_status nm_api_ask(nm_bucket *bucket, const char *what, const char *verb,
                            const char *payload, int64_t deadline, json_t **object,
                            nm_api_error *api, nm_error *error);

/* The same with a question as JSON, which it takes over; NULL: there was no memory for it. */
natsmicro_status nm_api_ask_with(nm_bucket *bucket, const char *what, const char *verb,
                                 json_t *question, int64_t deadline, json_t **object,
                                 nm_api_error *api, nm_error *error);

/* Waits a moment before something is asked again. False: there is no time left for that. */
bool nm_api_wait_for_leader(nm_bucket *bucket, int64_t deadline);

#endif
