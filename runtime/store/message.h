/*
 * Message: the messages of a bucket's stream: the last one of a subject, and publishing one. For
 * both kinds of buckets; within a verb.
 */
#ifndef NM_STORE_MESSAGE_H
#define NM_STORE_MESSAGE_H

#include "base/buffer.h"
#include "store/state.h"

/* A stored message. All zero: none. */
typedef struct nm_stored {
    uint64_t sequence;
    nm_bytes headers; /* as nm_find_header takes them */
    nm_bytes payload;
    nm_answer answer; /* owns them, */
    nm_buffer bytes;  /* or this does */
} nm_stored;

void nm_stored_free(nm_stored *stored);

/*
 * Reads the last message of a subject, in place of what `stored` held: from any server that has it
 * where the bucket allows that, else from the stream's leader. NOT_FOUND: there is none.
 */
natsmicro_status nm_message_last(nm_bucket *bucket, const char *what, const char *subject,
                                 int64_t deadline, nm_stored *stored, nm_error *error);

/*
 * The same from the leader in any case: another server may be behind, and not have what was stored
 * a moment ago.
 */
natsmicro_status nm_message_last_of_leader(nm_bucket *bucket, const char *what, const char *subject,
                                           int64_t deadline, nm_stored *stored, nm_error *error);

/*
 * Reads the answer, which is in `stored`, to a question for a message: DIRECT.GET, or else
 * STREAM.MSG.GET. For who has several under way. NOT_FOUND: there is none; WOULD_BLOCK: nobody was
 * there to answer.
 */
natsmicro_status nm_stored_read(nm_stored *stored, const char *what, bool direct, nm_error *error);

/*
 * Publishes a message, and waits until it is stored; `sequence` may be NULL. What is published is
 * not published again, unless nobody was there to get it. ABORTED: the header
 * Nats-Expected-Last-Subject-Sequence names another than the last one.
 */
natsmicro_status nm_message_publish(nm_bucket *bucket, const nm_request *request, int64_t deadline,
                                    uint64_t *sequence, nm_error *error);

/* Reads the answer to what was published, for who has several under way. Not one of status 503. */
natsmicro_status nm_message_read_ack(nm_bucket *bucket, const char *what, const nm_answer *answer,
                                     uint64_t *sequence, nm_error *error);

#endif
