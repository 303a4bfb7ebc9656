/*
 * Lab service: the service of lab.proto for integration tests. It has handlers that do what a
 * request asks them to, and also fail if asked; and the room of each test: a server, a client and
 * their connections to the program's own broker. A test that needs another behaviour brings its own
 * handlers.
 */
#ifndef INTEGRATION_LAB_SERVICE_H
#define INTEGRATION_LAB_SERVICE_H

#include "lab/v1/lab.nats-c.h"
#include "support/scenario.h"

#include <stdatomic.h>

/* The broker's max_payload in these tests. It is small, so that tests reach it quickly. */
#define LAB_MAX_PAYLOAD 65536

/* How long a test waits for what must happen, in milliseconds, before it fails. */
#define LAB_PATIENCE 10000

/*
 * What counts as "at once" on a busy machine, in milliseconds: far below every timeout of a call.
 */
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
 * A `count`: sends numbers without an end. A plain stream holds a limited number that nobody has
 * read, and then ends with DATA_LOSS. So this is only for readers that keep up, and for tests that
 * do not check how the stream ended.
 */
#define LAB_WITHOUT_END (-2)

/* What handlers, hooks and threads share with their test. Written before a latch is opened. */
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
    lab_probe seen;        /* outlives all handlers, because the server ends first */
    latch refused_subject; /* these count events of their kinds, by lab_on_error */
    latch dropped;
} lab;

/*
 * For cmocka: start and stop the program's broker; make a lab for each test, in *state, in which
 * nobody serves yet.
 */
int lab_start_broker(void **state);
const broker *lab_broker(void);
int lab_stop_broker(void **state);
int lab_setup(void **state);
int lab_teardown(void **state);

/* Makes a room with a broker of its own, with nats-server's defaults; nobody serves yet. */
void lab_open(lab *self);

/* Does the same with options for the broker. NULL: its defaults. */
void lab_open_with(lab *self, const broker_options *options);

/* Does the same, and serves with the held handlers and lab_on_error. `options` may be NULL. */
void lab_open_held(lab *self, const natsmicro_server_options *options);

/*
 * Does the same as lab_open, with the broker or brokers at these URLs, which lab_close leaves
 * alone.
 */
void lab_open_at(lab *self, const char *server_url, const char *client_url);

/* Releases those that wait, and ends everything, with the broker that it has opened. */
void lab_close(lab *self);

/* An on_error that counts events in the lab that `user_data` points to. */
void lab_on_error(const natsmicro_event *event, void *user_data);

/* The first event of one kind. */
typedef struct lab_heard {
    natsmicro_event_kind kind;
    latch happened; /* counts all of this kind; what follows is written before */
    char subject[128];
    char method[128];
    char text[512];
} lab_heard;

void lab_heard_init(lab_heard *self, natsmicro_event_kind kind);
void lab_heard_destroy(lab_heard *self);

/* An on_error that notes the event in the lab_heard that `user_data` points to. */
void lab_hear(const natsmicro_event *event, void *user_data);

/* Waits for the event, and checks whom it is about and a part of its text. */
void lab_expect_heard(lab_heard *self, const char *subject, const char *method, const char *part);

#define lab_test(function) cmocka_unit_test_setup_teardown(function, lab_setup, lab_teardown)

/* Initializes a probe, for a program that serves without a lab. */
void lab_probe_init(lab_probe *self);

/* In a handler: opens `entered`, and waits for `release`. */
void lab_probe_wait(lab_probe *self);

/* In a handler: waits until its call is over, and returns natsmicro_call_status. */
natsmicro_status lab_wait_for_end(natsmicro_call *call);

/* Cancels the call in another thread, once `entered` is open. lab_join joins it. */
void lab_cancel_in_thread(lab_probe *self, natsmicro_call *call);
void lab_join(lab_probe *self);

/* Makes a context. */
natsmicro_context *lab_context(void);

/* Starts to serve. The options may be NULL. The handlers are copied. */
void lab_serve_with(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data,
                    const natsmicro_server_options *server_options,
                    const natsmicro_service_options *service_options);

/* Does the same with the defaults. NULL: lab_handlers. */
void lab_serve(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data);

/* Replaces the lab's client by one with these options. */
void lab_call_with(lab *self, const natsmicro_client_options *options);

/* Does the same with the defaults, and this interceptor. */
void lab_call_through(lab *self, const natsmicro_interceptor *interceptor);

/* Calls Ping with this payload. `context` may be NULL. Free the response. */
natsmicro_status lab_ping(lab *self, const char *payload, natsmicro_context *context,
                          Lab__V1__PingResponse **response);

/* Does the same, and returns only the status. */
natsmicro_status lab_ping_status(lab *self, const char *payload, natsmicro_context *context);

/* Makes a client on a connection. The test fails if that fails. */
Lab__V1__LabClient *lab_new_client(natsConnection *connection);

/* Calls Ping with an empty payload, and returns the status. */
natsmicro_status lab_ping_by(Lab__V1__LabClient *client, natsmicro_context *context);

/* Opens CountUp. */
natsmicro_status lab_count_up(lab *self, int32_t count, int32_t fail_at, natsmicro_context *context,
                              Lab__V1__LabClient__CountUp **call);

/*
 * Reads CountUp to its end, and returns its status. *received: how many numbers came; *in_order:
 * whether they came from 0 on, one by one.
 */
natsmicro_status lab_count_all(Lab__V1__LabClient__CountUp *call, int32_t *received,
                               bool *in_order);

/* Sends one value. */
natsmicro_status lab_sum_send(Lab__V1__LabClient__Sum *call, int64_t value);

/* Sends one line. */
natsmicro_status lab_chat_send(Lab__V1__LabClient__Chat *call, const char *text);

/* Returns a text of that many bytes. Free it. */
char *lab_text(size_t length);

/* Returns whether the text contains the number. */
bool lab_has_figure(const char *text, size_t figure);

#endif
