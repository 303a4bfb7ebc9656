/*
 * Lab service: the service of lab.proto for integration tests: handlers that do what a request asks
 * of them, failing included, and the room that each test runs in: a server, a client and their
 * connections on the program's own broker. What a test wants to happen differently it says by
 * handlers of its own.
 */
#ifndef INTEGRATION_LAB_SERVICE_H
#define INTEGRATION_LAB_SERVICE_H

#include "lab/v1/lab.nats-c.h"
#include "support/scenario.h"

#include <stdatomic.h>

/* The broker's max_payload in these tests: small, so that its limit is reached quickly. */
#define LAB_MAX_PAYLOAD 65536

/* A wait for something that is to happen, in milliseconds: a failing test ends, too. */
#define LAB_PATIENCE 10000

/* "At once", in milliseconds, on a busy machine: far below every timeout of a call. */
#define LAB_AT_ONCE 4000

/*
 * - Ping answers with its payload. `fail` is a status to fail with.
 * - CountUp sends `count` numbers from `start`, each with a text of `pad` bytes. Instead of the
 *   `fail_at`-th (from 1; count + 1: after the last) it fails with OUT_OF_RANGE.
 * - Sum adds; a negative value fails with INVALID_ARGUMENT at once.
 * - Chat answers each line with the same; the text "fail" fails with ABORTED.
 * - Upload and Download are not served.
 */
extern const Lab__V1__LabHandlers lab_handlers;

/*
 * Handlers that a test can hold, release and ask how they ended; their user_data is a lab_probe.
 *
 * - Ping answers with its payload; `fail` fails with NOT_FOUND. The payload "wait" waits for
 *   `release`.
 * - CountUp sends `count` numbers, or does what one of the two constants below says; it fails
 *   before number `fail_at`.
 * - Sum adds; the value -1 fails at once with ABORTED; -2 waits for `release` first.
 * - Chat answers each line with the same; the text "flood" sends it without an end.
 *
 * `entered` opens when one begins (CountUp: has sent something), `done` when one returns.
 */
extern const Lab__V1__LabHandlers lab_held_handlers;

/* A `count`: sends one number, and then waits for `release` or the end of its call. */
#define LAB_ONE_AND_WAIT (-1)

/*
 * A `count`: sends numbers without an end. A plain stream holds only so many that nobody reads, and
 * then ends with DATA_LOSS: only for readers that keep up, or tests that do not ask how it ended.
 */
#define LAB_WITHOUT_END (-2)

/* What the handlers, hooks and threads of a test share with it. Written before a latch opens. */
typedef struct lab_probe {
    latch entered;       /* a handler or thread has come to its point */
    latch release;       /* it may go on */
    latch done;          /* it has noted what it saw */
    atomic_int returned; /* what the last of the held handlers returned; -1: none has */
    natsmicro_status first;
    natsmicro_status second;
    int64_t number;
    natsmicro_call *call;
    pthread_t thread;
} lab_probe;

typedef struct lab {
    broker *nats;
    natsConnection *server_connection;
    natsConnection *client_connection;
    natsmicro_server *server; /* NULL until lab_serve */
    Lab__V1__LabClient *client;
    Lab__V1__LabHandlers handlers;
    lab_probe seen;        /* outlives every handler: the server ends before it */
    latch refused_subject; /* events of these kinds, where lab_on_error hears of them */
    latch dropped;
} lab;

/* For cmocka: the program's broker, and a lab per test, *state, in which nobody serves yet. */
int lab_start_broker(void **state);
const broker *lab_broker(void);
int lab_stop_broker(void **state);
int lab_setup(void **state);
int lab_teardown(void **state);

/* A room with a broker of its own, which has nats-server's defaults; nobody serves yet. */
void lab_open(lab *self);

/* The same with options of the broker; NULL: its defaults. */
void lab_open_with(lab *self, const broker_options *options);

/* The same, where the held handlers serve; `options` may be NULL, on_error is lab_on_error. */
void lab_open_held(lab *self, const natsmicro_server_options *options);

/* Releases whoever waits and ends all, the broker too. */
void lab_close(lab *self);

/* on_error: counts events in the lab that `user_data` is. */
void lab_on_error(const natsmicro_event *event, void *user_data);

#define lab_test(function) cmocka_unit_test_setup_teardown(function, lab_setup, lab_teardown)

/* Makes a probe ready, for a program that serves without a lab. */
void lab_probe_init(lab_probe *self);

/* In a handler: says that it has come here and waits to be released. */
void lab_probe_wait(lab_probe *self);

/*
 * In a handler: waits until its call is over, for whatever reason; what natsmicro_call_status says.
 */
natsmicro_status lab_wait_for_end(natsmicro_call *call);

/* Cancels the call in another thread, once `entered` is open; to be joined. */
void lab_cancel_in_thread(lab_probe *self, natsmicro_call *call);
void lab_join(lab_probe *self);

/* A new context. */
natsmicro_context *lab_context(void);

/* Serves, with options that may be NULL. The handlers are copied. */
void lab_serve_with(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data,
                    const natsmicro_server_options *server_options,
                    const natsmicro_service_options *service_options);

/* Serves with the defaults; handlers NULL: the lab's. */
void lab_serve(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data);

/* Makes the lab's client anew. */
void lab_call_with(lab *self, const natsmicro_client_options *options);

/* Ping with this payload; `context` may be NULL. The response is the caller's. */
natsmicro_status lab_ping(lab *self, const char *payload, natsmicro_context *context,
                          Lab__V1__PingResponse **response);

/* Ping where only the status matters. */
natsmicro_status lab_ping_status(lab *self, const char *payload, natsmicro_context *context);

/* A client on a connection; the test fails when there is none. */
Lab__V1__LabClient *lab_new_client(natsConnection *connection);

/* An empty Ping of a client; its status. */
natsmicro_status lab_ping_by(Lab__V1__LabClient *client, natsmicro_context *context);

/* Opens CountUp. */
natsmicro_status lab_count_up(lab *self, int32_t count, int32_t fail_at, natsmicro_context *context,
                              Lab__V1__LabClient__CountUp **call);

/*
 * Reads CountUp to its end: what it ended with, and how many came; *in_order: from 0, one by one.
 */
natsmicro_status lab_count_all(Lab__V1__LabClient__CountUp *call, int32_t *received,
                               bool *in_order);

/* Sends one value. */
natsmicro_status lab_sum_send(Lab__V1__LabClient__Sum *call, int64_t value);

/* Sends one line. */
natsmicro_status lab_chat_send(Lab__V1__LabClient__Chat *call, const char *text);

/* A text of that many bytes; free it. */
char *lab_text(size_t length);

/* Whether the text holds the number. */
bool lab_has_figure(const char *text, size_t figure);

#endif
