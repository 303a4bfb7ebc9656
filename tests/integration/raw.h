/*
 * Raw: a peer that uses nats.c alone: it publishes bytes with headers, and waits for messages. Only
 * the tests know what these mean.
 */
#ifndef INTEGRATION_RAW_H
#define INTEGRATION_RAW_H

#include "support/scenario.h"

#define RAW_TIMEOUT_MS 5000

/* A message to send. Headers that are NULL are left out. */
typedef struct raw_message {
    const char *subject;
    const char *reply;
    const void *data;
    size_t length;
    const char *reply_to;
    const char *inbox; /* Nats-Stream-Inbox */
    const char *seq;
    const char *end;
    const char *code; /* Nats-Service-Error-Code, and a text with it */
    const char *name; /* one more header */
    const char *value;
    const char *other_name; /* and another */
    const char *other_value;
} raw_message;

/* Publishes a message, and flushes. */
void raw_send(natsConnection *connection, const raw_message *message);

/* Publishes a message without a flush. */
void raw_publish(natsConnection *connection, const raw_message *message);

/* Waits for the next message. The test fails if none comes in time. natsMsg_Destroy it. */
natsMsg *raw_next(natsSubscription *subscription);

/* Returns a header's value, or "" if there is none. */
const char *raw_header(natsMsg *message, const char *name);

/* Checks that a message is an error with this code. */
void raw_assert_error(natsMsg *message, const char *code);

/* One caller's stream of a service. */
typedef struct raw_call {
    natsConnection *connection;
    char inbox[128]; /* Reply-To and NATS reply */
    natsSubscription *answers;
    char stream[256]; /* the service's inbox */
} raw_call;

/* Opens a call with one inbox as NATS reply and Reply-To, and waits for the acknowledgement. */
void raw_open(raw_call *call, natsConnection *connection, const char *subject);

/*
 * Opens a call as the existing Go caller does: it takes the acknowledgement on another subject, and
 * listens to its inbox only after its end, which is what raw_listen is for.
 */
void raw_open_as_go(raw_call *call, natsConnection *connection, const char *subject);
void raw_listen(raw_call *call);

/* Sends a message of the stream; `seq` and `end` may be NULL. */
void raw_item(raw_call *call, const char *seq, const void *data, size_t length);
void raw_end(raw_call *call, const char *seq);

void raw_close(raw_call *call);

/*
 * Ends a subscription, and frees it once nats.c no longer uses it: natsSubscription_Destroy alone
 * could free it while nats.c's reading thread uses it. When this returns, the callback's closure
 * may be freed. NULL is allowed.
 */
void raw_unsubscribe(natsConnection *connection, natsSubscription *subscription);

#endif
