/*
 * Request: requests to the broker, and their answers. A requester is a store's: it knows which
 * verbs run, and ends what they wait for. An exchange is an operation's: the requests that it has
 * under way, each with an inbox of the link's of its own.
 *
 * A verb of the store enters the requester first and leaves it last. An exchange is used within
 * verbs, by one thread at a time, and may outlive a verb, as that of a writer of an object does.
 *
 *     nm_requester_enter
 *         nm_exchange_new
 *             nm_exchange_send, as often as is liked
 *             nm_exchange_next, for each of them
 *         nm_exchange_free
 *     nm_requester_leave
 *
 * The requester's lock guards the list of exchanges, an exchange's lock what the link's threads
 * bring to it. That of an exchange, and those of the link's table and timers, may be taken under
 * the requester's. None is held while a message is published.
 */
#ifndef NM_STORE_REQUEST_H
#define NM_STORE_REQUEST_H

#include "link/link.h"
#include "store/answer.h"

typedef struct nm_exchange nm_exchange;

typedef struct nm_requester {
    nm_link *link;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a verb has left, or it has ended */
    nm_exchange *first;
    size_t verbs;
    bool ended;
} nm_requester;

void nm_requester_init(nm_requester *requester, nm_link *link);

/*
 * Ends all exchanges with UNAVAILABLE, and returns when no verb runs and no inbox listens any more.
 */
void nm_requester_end(nm_requester *requester);

/* It has ended, and all exchanges are freed. */
void nm_requester_free(nm_requester *requester);

/* A verb begins. UNAVAILABLE: the requester has ended; then it need not leave. */
natsmicro_status nm_requester_enter(nm_requester *requester, const char *what, nm_error *error);
void nm_requester_leave(nm_requester *requester);

/* Lets time pass until `until` (ns). False: the requester has ended before. Within a verb. */
bool nm_requester_wait(nm_requester *requester, int64_t until);

typedef struct nm_request_header {
    const char *name;
    const char *value;
} nm_request_header;

typedef struct nm_request {
    const char *what; /* texts of errors begin with it: `bucket "b", key "k"` */
    const char *subject;
    const nm_request_header *headers;
    size_t n_headers;
    nm_bytes payload;
    /*
     * It stores or removes something, and so is published once. One that only asks is published
     * again where the connection was lost.
     */
    bool stores;
    uint64_t tag; /* its answer has it */
} nm_request;

/* Makes an exchange. NULL: no memory. */
nm_exchange *nm_exchange_new(nm_requester *requester);

/* Gives up what is under way. NULL is allowed. */
void nm_exchange_free(nm_exchange *exchange);

/*
 * Publishes a request; what it points to is not used any more. RESOURCE_EXHAUSTED: it is larger
 * than max_payload, or there is no memory; UNAVAILABLE: the connection is closed, or not made yet.
 */
natsmicro_status nm_exchange_send(nm_exchange *exchange, const nm_request *request,
                                  nm_error *error);

/*
 * Waits until `until` (ns) for the next answer to any of the requests, which is then under way no
 * longer; the caller frees it. The broker's refusals are answers. DEADLINE_EXCEEDED: there is none
 * in time; the requests stay under way. UNAVAILABLE: the connection is closed, or the requester has
 * ended. PERMISSION_DENIED: the broker refuses a subject. INTERNAL: nothing is under way, or the
 * answer's headers cannot be read. The text says where something may have been stored.
 */
natsmicro_status nm_exchange_next(nm_exchange *exchange, int64_t until, nm_answer *answer,
                                  nm_error *error);

/* How many requests are under way. */
size_t nm_exchange_under_way(const nm_exchange *exchange);

/* One request and its answer, within a verb. */
natsmicro_status nm_ask(nm_requester *requester, const nm_request *request, int64_t until,
                        nm_answer *answer, nm_error *error);

#endif
