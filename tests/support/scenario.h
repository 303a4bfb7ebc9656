/*
 * Scenario: the vocabulary over cmocka of integration tests: connect, expect a status, wait for an
 * event, start the test program as a second process and kill it. Brokers are in broker.h.
 *
 * Includes cmocka, and the headers that cmocka needs before its own.
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
 * Fails the test, with the expression and the names of both statuses, unless the expression gives
 * the status. Like every assertion of cmocka, only in the test's own thread.
 */
#define assert_status(expected, expression) \
    assert_status_at((expected), (expression), #expression, __FILE__, __LINE__)

/* Does the same for NATSMICRO_OK. */
#define assert_ok(expression) assert_status(NATSMICRO_OK, expression)

void assert_status_at(natsmicro_status expected, natsmicro_status actual, const char *expression,
                      const char *file, int line);

/* ---- numbers ---- */

/*
 * Fails the test unless low <= value <= high. cmocka 2 has deprecated its own macro for this and
 * has another, which cmocka 1 lacks, so neither is used.
 */
#undef assert_in_range
#define assert_between(value, low, high) \
    assert_between_at((int64_t)(value), (int64_t)(low), (int64_t)(high), #value, __FILE__, __LINE__)

void assert_between_at(int64_t value, int64_t low, int64_t high, const char *expression,
                       const char *file, int line);

/* ---- connections ---- */

/* Connects as we recommend to users, with natsmicro_options_prepare. natsConnection_Destroy it. */
natsConnection *connect_to(const broker *where);

/* Does the same with a URL, such as that of a proxy. */
natsConnection *connect_to_url(const char *url);

/* Does the same, with natsOptions_SetNoEcho: nothing that it publishes comes back to it. */
natsConnection *connect_without_echo(const broker *where);

/* Connects with the defaults of nats.c, as a user does who does not know better. */
natsConnection *connect_plain(const broker *where);

/* ---- events ---- */

/* Counts events of other threads, so that a test can wait for them. */
typedef struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
} latch;

void latch_init(latch *self);
void latch_destroy(latch *self);

/* Counts one event. Any thread. */
void latch_open(latch *self);

/* Waits for the first event. False: it has not come within `timeout_ms`. */
bool latch_wait(latch *self, int64_t timeout_ms);

/* Waits for at least `count` events. False: they have not come within `timeout_ms`. */
bool latch_wait_count(latch *self, int count, int64_t timeout_ms);

/* Returns how many events there were. */
int latch_count(latch *self);

/*
 * Checks the condition every millisecond until it holds. False: it does not hold within
 * `timeout_ms`. Only for what gives no event, such as a counter or a number of threads.
 */
bool eventually(bool (*condition)(void *data), void *data, int64_t timeout_ms);

/* Lets time pass, as long as an outage lasts, or between two messages. Not to wait for anything. */
void pass_ms(int64_t ms);

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

/* Starts this program again with one or two arguments. `argument` may be NULL. */
void child_start(child *self, const char *mode, const char *argument);

/*
 * Reads its next line of output, without the newline. False: its output has ended, or no line has
 * come within `timeout_ms`.
 */
bool child_line(child *self, char *line, size_t size, int64_t timeout_ms);

/* Kills it with SIGKILL, and waits until it is gone. */
void child_kill(child *self);

/*
 * Ends it with SIGTERM. Returns its exit status, or -1 if it died of a signal or still runs after
 * `timeout_ms`.
 */
int child_stop(child *self, int64_t timeout_ms);

/* Waits for it to end by itself. Returns what child_stop returns. */
int child_wait(child *self, int64_t timeout_ms);

/* ---- both kinds of streams ---- */

/*
 * Returns whether clients are to make plain streams now, although their service knows reliable
 * ones.
 */
bool streams_are_plain(void);

/*
 * Runs a program's tests over plain streams, and then over reliable ones. Returns what main must
 * return.
 */
int run_on_both_streams(int (*run)(void));

/* Runs them over plain streams only. */
int run_on_plain_streams(int (*run)(void));

#endif
