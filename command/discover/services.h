/*
 * Services: what services answer to $SRV.PING, INFO, STATS and SCHEMA. It is JSON of strangers:
 * members may be missing or of another type, and texts may hold anything.
 */
#ifndef CMD_DISCOVER_SERVICES_H
#define CMD_DISCOVER_SERVICES_H

#include "connect/connect.h"

#include <jansson.h>

/* One answer. */
typedef struct cmd_answer {
    json_t *json;      /* an object */
    uint64_t after_ns; /* from the question to the answer */
} cmd_answer;

typedef struct cmd_answers {
    cmd_answer *items; /* sorted by name, then by id */
    size_t count;
} cmd_answers;

/* Whether an answer is the one that is looked for: then no others are waited for. */
typedef bool (*cmd_is_enough)(const json_t *answer, const void *data);

typedef struct cmd_question {
    const char *verbs[2];    /* "INFO", "SCHEMA"; the second may be NULL */
    const char *name;        /* NULL: all services */
    cmd_is_enough is_enough; /* NULL: all answers are waited for */
    const void *data;
} cmd_question;

/* The types of answers. */
#define CMD_PING   "io.nats.micro.v1.ping_response"
#define CMD_INFO   "io.nats.micro.v1.info_response"
#define CMD_STATS  "io.nats.micro.v1.stats_response"
#define CMD_SCHEMA "io.natsmicro.v1.schema_response"

/*
 * Asks, and collects answers until none has come for `wait_ms` of the settings (300 ms), 10 s at
 * most; the first one may take 2 s. No service at all is no error. Returns CMD_DONE or an exit
 * status after it was told what is wrong.
 */
int cmd_ask(const cmd_settings *settings, cmd_connection *connection, const cmd_question *question,
            cmd_answers *answers);

void cmd_answers_free(cmd_answers *answers);

/*
 * Sends one request and waits for its answer, in a message of nats.c's. NATS_NO_RESPONDERS: nobody
 * listens.
 */
natsStatus cmd_request(cmd_connection *connection, const char *subject, const char *data,
                       int64_t timeout_ms, natsMsg **answer);

/*
 * A member's text or number; "" or 0 if it is not there, of another type or too large; whether it
 * is this text.
 */
const char *cmd_text_of(const json_t *object, const char *member);
int64_t cmd_number_of(const json_t *object, const char *member);

bool cmd_is(const json_t *object, const char *member, const char *text);

#endif
