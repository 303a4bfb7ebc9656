/*
 * Scenario: the small vocabulary over cmocka in which integration tests are told: connect, expect a
 * status, wait for an event, start a second process of the test program and kill it. Brokers are
 * in broker.h.
 *
 * Includes what cmocka's header wants before it, and cmocka itself.
 */
#ifndef SUPPORT_SCENARIO_H
#define SUPPORT_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <natsmicro/natsmicro.h>

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "support/broker.h"
#include "support/process.h"

/* ---- statuses ---- */

/*
 * Fails the test, with the call's text and both names, unless the expression gives the status.
 * As every assertion of cmocka: in the test's own thread only.
 */
#define assert_status(expected, expression) \
    assert_status_at((expected), (expression), #expression, __FILE__, __LINE__)

/* The same for NATSMICRO_OK. */
#define assert_ok(expression) assert_status(NATSMICRO_OK, expression)

void assert_status_at(natsmicro_status expected, natsmicro_status actual, const char *expression,
                      const char *file, int line);

/* ---- numbers ---- */

/*
 * Fails the test unless low <= value <= high. cmocka's own goes by another name from cmocka 2 on,
 * where this one is deprecated: not to be used.
 */
#undef assert_in_range
#define assert_between(value, low, high) \
    assert_between_at((int64_t)(value), (int64_t)(low), (int64_t)(high), #value, __FILE__, __LINE__)

void assert_between_at(int64_t value, int64_t low, int64_t high, const char *expression,
                       const char *file, int line);

/* ---- connections ---- */

/* Connects as we recommend to users: natsmicro_options_prepare. natsConnection_Destroy it. */
natsConnection *connect_to(const broker *where);

/* The same where no broker is at hand: through a proxy. */
natsConnection *connect_to_url(const char *url);

/* Connects with the defaults of nats.c, as a user does who knows nothing. */
natsConnection *connect_plain(const broker *where);

/* ---- events ---- */

/* Counts what happens in other threads, so that a test can wait for it. */
typedef struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
} latch;

void latch_init(latch *self);
void latch_destroy(latch *self);

/* It has happened (once more). Any thread. */
void latch_open(latch *self);

/* Waits until it has happened at least once; false after `timeout_ms`. */
bool latch_wait(latch *self, int64_t timeout_ms);

/* Waits until it has happened at least `count` times; false after `timeout_ms`. */
bool latch_wait_count(latch *self, int count, int64_t timeout_ms);

/* How often it has happened. */
int latch_count(latch *self);

/*
 * Asks again and again, every millisecond, until the condition holds; false after `timeout_ms`.
 * For what gives no event: a counter, a number of threads.
 */
bool eventually(bool (*condition)(void *data), void *data, int64_t timeout_ms);

/* ---- a second process ---- */

/*
 * The test program itself, run once more with a mode as its first argument. Its `main` looks at
 * that before it runs tests:
 *
 *     int main(int argc, char **argv)
 *     {
 *         if (argc > 2 && strcmp(argv[1], "serve") == 0)
 *             return serve(argv[2]);
 *         …
 *     }
 */
typedef struct child {
    pid_t pid; /* 0: ended */
    int out;   /* reads what it prints */
} child;

/* Starts this program again with one or two arguments; `argument` may be NULL. */
void child_start(child *self, const char *mode, const char *argument);

/* Reads its next line of output, without the newline; false at its end and after `timeout_ms`. */
bool child_line(child *self, char *line, size_t size, int64_t timeout_ms);

/* SIGKILL, and waits until it is gone. */
void child_kill(child *self);

/* SIGTERM; its exit status, or -1 when it died of a signal or still ran after `timeout_ms`. */
int child_stop(child *self, int64_t timeout_ms);

/* Waits for it to end by itself; as child_stop. */
int child_wait(child *self, int64_t timeout_ms);

/* ---- both kinds of streams ---- */

/* Whether clients are to make plain streams now, although their service knows reliable ones. */
bool streams_are_plain(void);

/*
 * Runs a program's tests over plain and over reliable streams, for what must hold on both. Returns
 * what main is to return.
 */
int run_on_both_streams(int (*run)(void));

/* The same over plain streams alone, for what only they do. */
int run_on_plain_streams(int (*run)(void));

#endif
