/*
 * Refusal: what the broker has not let this user do, for its permissions. The broker says so on the
 * connection, not of a message or a subscription, and nats.c keeps the last of its errors alone. So
 *
 * - a refusal is missed when another error of the connection follows before somebody looks;
 * - it stays until another error comes or the connection is made again, and an old one may have the
 *   very text that a new one would have. An inbox has a subject of its own, so its refusal is new.
 *   For other subjects the time helps: what was seen before a call began may be old;
 * - nats.c cuts the text at 255 bytes: of a subject of more than about 200 bytes only a part is
 *   compared.
 */
#ifndef NM_LINK_REFUSAL_H
#define NM_LINK_REFUSAL_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum nm_refusal_kind {
    NM_REFUSED_NOTHING = 0,
    NM_REFUSED_PUBLISH,
    NM_REFUSED_SUBSCRIBE
} nm_refusal_kind;

#define NM_REFUSAL_SIZE 256

/* The last error of a connection, if it is a refusal. */
typedef struct nm_refusal {
    nm_refusal_kind kind;
    char text[NM_REFUSAL_SIZE];    /* the whole */
    char subject[NM_REFUSAL_SIZE]; /* as much of it as there is */
    bool cut;                      /* the subject */
} nm_refusal;

/* Reads it; `connection` may be NULL. Takes a lock of nats.c. */
void nm_refusal_read(natsConnection *connection, nm_refusal *refusal);

/* Whether it is a refusal of that kind, for that subject. */
bool nm_refusal_is(const nm_refusal *refusal, nm_refusal_kind kind, const char *subject);

/*
 * Whether an old refusal of this subject still holds, before a subscription whose refusal would
 * have the same text: asks for one in a queue group with a name of its own, which the broker's
 * answer repeats. Who may subscribe in some queue groups only looks refused. False also where the
 * broker does not answer within `timeout_ms`. Blocks until then.
 */
bool nm_refusal_holds(natsConnection *connection, const char *subject, int64_t timeout_ms);

/* ---- since when ---- */

/* Remembers the last refusal of a connection, and when it was seen first. */
typedef struct nm_refusals {
    pthread_mutex_t lock;
    char text[NM_REFUSAL_SIZE];
    int64_t since; /* ns */
} nm_refusals;

void nm_refusals_init(nm_refusals *refusals);
void nm_refusals_free(nm_refusals *refusals);

/*
 * Reads the last refusal, and returns since when it is there: the first look that has found it.
 * Whoever looks once a second is wrong by a second at most. Any thread.
 */
int64_t nm_refusals_look(nm_refusals *refusals, natsConnection *connection, nm_refusal *refusal);

#endif
