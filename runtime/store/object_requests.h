/*
 * Object requests: what the reader and the writer of an object ask of the broker. Of those that are
 * under way several at a time, sending and reading the answer are two functions.
 *
 * What is asked about an info is asked of the bucket's leader, because its other servers may be
 * behind: whoever has put an object reads it, and purges the chunks of the one before.
 */
#ifndef NM_STORE_OBJECT_REQUESTS_H
#define NM_STORE_OBJECT_REQUESTS_H

#include "store/message.h"
#include "store/object_info.h"

/* One object, for as long as a verb, a reader or a writer needs it. */
typedef struct nm_object_place {
    nm_bucket *bucket;
    char *name;
    char *what;         /* `bucket "b", object "o"`: begins the texts of errors */
    char *info_subject; /* "$O.b.M.bw==" */
} nm_object_place;

/*
 * INVALID_ARGUMENT: no object can have the name; RESOURCE_EXHAUSTED. It need not be freed then, and
 * may be freed twice.
 */
natsmicro_status nm_object_place_init(nm_object_place *place, nm_bucket *bucket, const char *name,
                                      nm_error *error);
void nm_object_place_free(nm_object_place *place);

/* ---- infos ---- */

/*
 * Reads the info that is there, also of a deleted object, and its sequence in the bucket.
 * NOT_FOUND: there is none; then the sequence is 0.
 */
natsmicro_status nm_object_find(const nm_object_place *place, int64_t deadline,
                                nm_object_info *info, uint64_t *sequence, nm_error *error);

/* Sends one that takes the place of the last, which has the sequence `last`; 0: there is none. */
natsmicro_status nm_object_send_info(const nm_object_place *place, nm_exchange *exchange,
                                     nm_bytes json, uint64_t last, uint64_t tag, nm_error *error);

/* ---- chunks ---- */

natsmicro_status nm_object_send_chunk(const nm_object_place *place, nm_exchange *exchange,
                                      const char *nuid, nm_bytes chunk, nm_error *error);

/*
 * Reads what the broker says to a chunk or an info that was sent. ABORTED: the last info has
 * another sequence.
 */
natsmicro_status nm_object_read_ack(const nm_object_place *place, const nm_answer *answer,
                                    int64_t deadline, nm_error *error);

/*
 * Asks for the first chunk that has this sequence or a higher one. `direct`: any server of the
 * bucket is asked, else its leader. The answer has the sequence as its tag.
 */
natsmicro_status nm_object_ask_chunk(const nm_object_place *place, nm_exchange *exchange,
                                     const char *nuid, uint64_t sequence, bool direct,
                                     nm_error *error);

/* Reads the answer, which is in `chunk`. NOT_FOUND: there is no such chunk. */
natsmicro_status nm_object_read_chunk(const nm_object_place *place, nm_stored *chunk, bool direct,
                                      int64_t deadline, nm_error *error);

/* Removes the chunks of a nuid. */
natsmicro_status nm_object_purge(const nm_object_place *place, const char *nuid, int64_t deadline,
                                 nm_error *error);

#endif
