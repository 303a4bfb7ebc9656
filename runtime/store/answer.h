/*
 * Answer: what the broker answers to a request: a stored message with headers, a status in the
 * first line of the headers, or JSON with a result or an error. What an error means for a verb is
 * the verb's to say.
 *
 * Answers come from whoever may publish to our inboxes, so their JSON is read with limits.
 */
#ifndef NM_STORE_ANSWER_H
#define NM_STORE_ANSWER_H

#include "base/bytes.h"
#include "base/error.h"

#include <jansson.h>
#include <nats/nats.h>
#include <stdbool.h>

/* The statuses in headers that a request may be answered with. */
#define NM_STATUS_NONE          0
#define NM_STATUS_NOT_FOUND     404
#define NM_STATUS_NO_RESPONDERS 503

/* All zero: none. */
typedef struct nm_answer {
    natsMsg *message;
    uint64_t tag;     /* of the request */
    int status;       /* NM_STATUS_NONE: the headers have none */
    nm_bytes headers; /* as nm_header_reader_begin takes them; empty: none */
    nm_bytes payload;
} nm_answer;

/*
 * Takes over a received message, in place of what `answer` held. False: its headers cannot be read.
 */
bool nm_answer_take(nm_answer *answer, natsMsg *message);
void nm_answer_free(nm_answer *answer);

/* The value of a header; an empty one is a value, too. */
bool nm_answer_header(const nm_answer *answer, const char *name, nm_bytes *value);

/* The same as a number. False: there is none, or it is no number. */
bool nm_answer_number(const nm_answer *answer, const char *name, uint64_t *value);

/* Looks for a header in a block that came by another way. */
bool nm_find_header(nm_bytes block, const char *name, nm_bytes *value);

/* ---- JSON ---- */

/* Numbers of JetStream's errors that mean something to us. */
enum {
    NM_API_NONE = 0,
    NM_API_ACCOUNT_RESOURCES = 10002,
    NM_API_CLUSTER_NOT_AVAILABLE = 10008, /* no leader yet */
    NM_API_RESOURCES = 10023,
    NM_API_MEMORY_RESOURCES = 10028,
    NM_API_MESSAGE_NOT_FOUND = 10037,
    NM_API_NOT_ENABLED_FOR_ACCOUNT = 10039,
    NM_API_STORAGE_RESOURCES = 10047,
    NM_API_UPDATE_REFUSED = 10052,
    NM_API_MESSAGE_TOO_LARGE = 10054,
    NM_API_STREAM_EXISTS = 10058,
    NM_API_STREAM_NOT_FOUND = 10059,
    NM_API_WRONG_LAST_SEQUENCE = 10071,
    NM_API_NOT_ENABLED = 10076,
    NM_API_STORE_FAILED = 10077, /* such as a full stream */
    NM_API_SEALED = 10109,
    NM_API_SEQUENCE_NOT_READY = 10163,           /* for a moment */
    NM_API_WRONG_LAST_SEQUENCE_CONSTANT = 10164, /* the same, from replicated streams */
    NM_API_TTL_DISABLED = 10166
};

/* An error in an answer. */
typedef struct nm_api_error {
    int number;     /* NM_API_NONE: it is none */
    int code;       /* like one of HTTP's */
    char text[256]; /* the broker's, cut */
} nm_api_error;

/*
 * Reads an answer's JSON: an object, which the caller gives back with json_decref. INTERNAL, and a
 * text that begins with `what`: it is none, or beyond the limits. The broker's error is not one of
 * these.
 */
natsmicro_status nm_answer_json(const nm_answer *answer, const char *what, json_t **object,
                                nm_api_error *api, nm_error *error);

/* The text begins with `what`. Returns RESOURCE_EXHAUSTED. */
natsmicro_status nm_store_fail_memory(const char *what, nm_error *error);

/* As an error of ours: a status, and a text of `what` and what the broker says. */
natsmicro_status nm_api_fail(const nm_api_error *api, const char *what, nm_error *error);

#endif
