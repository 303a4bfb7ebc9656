/*
 * See bystander.h. SIGUSR1 asks the process for its figures, SIGTERM to end.
 */
#include "torture/bystander.h"

#include "integration/lab_service.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALL_TIMEOUT_MS 5000
#define PATIENCE_MS     30000

/* Between two calls, lines, plain streams: enough to keep the path busy, not the machine. */
#define CALL_PAUSE_MS  1
#define LINE_PAUSE_MS  2
#define PLAIN_PAUSE_MS 20
#define PLAIN_NUMBERS  20

/* More than a phase of a test can have. */
#define MOST_SAMPLES 1000000

typedef struct samples {
    uint32_t *us;
    unsigned long count;
} samples;

/* The process's state. The lock guards all that figures are made from. */
static struct {
    /* ---- under the lock ---- */
    pthread_mutex_t lock;
    samples calls;
    samples lines;
    samples plain;
    unsigned long failed_calls;
    unsigned long failed_plain;
    char why[256];

    /* ---- without it ---- */
    Lab__V1__LabClient *client;
    Lab__V1__LabClient *plain_client;
    Lab__V1__LabClient__Chat *chat;
    atomic_bool stop;
    uint64_t sent; /* lines; the sender's alone, until it has ended */
    uint64_t received;
    bool in_order;
    natsmicro_status end;
    latch called; /* each kind of traffic has come through */
    latch echoed;
} here = {.lock = PTHREAD_MUTEX_INITIALIZER, .in_order = true};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(samples *to, int64_t began_us)
{
    int64_t took = now_us() - began_us;
    pthread_mutex_lock(&here.lock);
    if (to->count < MOST_SAMPLES)
        to->us[to->count++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    pthread_mutex_unlock(&here.lock);
}

static void note_failure(unsigned long *count, const char *why)
{
    pthread_mutex_lock(&here.lock);
    ++*count;
    snprintf(here.why, sizeof(here.why), "%s", why);
    pthread_mutex_unlock(&here.lock);
}

/* ---- the traffic ---- */

static void *make_calls(void *unused)
{
    (void)unused;
    while (!atomic_load(&here.stop)) {
        natsmicro_context *context = NULL;
        if (natsmicro_context_new(&context) != NATSMICRO_OK)
            support_die("no memory");
        natsmicro_context_set_timeout(context, CALL_TIMEOUT_MS);
        int64_t began = now_us();
        if (lab_ping_by(here.client, context) == NATSMICRO_OK)
            note(&here.calls, began);
        else
            note_failure(&here.failed_calls, natsmicro_context_error_message(context));
        natsmicro_context_destroy(context);
        latch_open(&here.called);
        pass_ms(CALL_PAUSE_MS);
    }
    return NULL;
}

static void *send_lines(void *unused)
{
    (void)unused;
    natsmicro_status status = NATSMICRO_OK;
    while (status == NATSMICRO_OK && !atomic_load(&here.stop)) {
        char text[64];
        snprintf(text, sizeof(text), "%" PRIu64 " %" PRId64, here.sent, now_us());
        status = lab_chat_send(here.chat, text);
        here.sent += status == NATSMICRO_OK;
        pass_ms(LINE_PAUSE_MS);
    }
    lab__v1__lab_client__chat__close_send(here.chat);
    return NULL;
}

static void *receive_lines(void *unused)
{
    (void)unused;
    const Lab__V1__ChatMessage *line;
    while ((here.end = lab__v1__lab_client__chat__recv(here.chat, &line)) == NATSMICRO_OK) {
        uint64_t number = 0;
        int64_t began = 0;
        if (sscanf(line->text, "%" SCNu64 " %" SCNd64, &number, &began) != 2 ||
            number != here.received)
            here.in_order = false;
        here.received++;
        note(&here.lines, began);
        latch_open(&here.echoed);
    }
    return NULL;
}

static void read_plain_stream(void)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    request.count = PLAIN_NUMBERS;
    int64_t began = now_us();
    Lab__V1__LabClient__CountUp *call;
    natsmicro_status status =
        lab__v1__lab_client__count_up(here.plain_client, &request, NULL, &call);
    if (status != NATSMICRO_OK) {
        note_failure(&here.failed_plain, natsmicro_status_name(status));
        return;
    }
    int32_t received;
    bool in_order;
    status = lab_count_all(call, &received, &in_order);
    if (status == NATSMICRO_END && received == PLAIN_NUMBERS && in_order)
        note(&here.plain, began);
    else
        note_failure(&here.failed_plain, natsmicro_call_error_message(call->base));
    lab__v1__lab_client__count_up__close(call);
}

static void *read_plain_streams(void *unused)
{
    (void)unused;
    while (!atomic_load(&here.stop)) {
        read_plain_stream();
        pass_ms(PLAIN_PAUSE_MS);
    }
    return NULL;
}

/* ---- figures; under the lock ---- */

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void print_latencies(samples *of)
{
    unsigned long n = of->count;
    qsort(of->us, n, sizeof(uint32_t), compare);
    printf("%lu %lu %lu %lu ", n, n > 0 ? (unsigned long)of->us[n / 2] : 0,
           n > 0 ? (unsigned long)of->us[n - 1 - n / 100] : 0,
           n > 0 ? (unsigned long)of->us[n - 1] : 0);
    of->count = 0;
}

static void print_figures(void)
{
    pthread_mutex_lock(&here.lock);
    print_latencies(&here.calls);
    print_latencies(&here.lines);
    print_latencies(&here.plain);
    printf("%lu %lu %s\n", here.failed_calls, here.failed_plain, here.why);
    fflush(stdout);
    here.failed_calls = here.failed_plain = 0;
    here.why[0] = '\0';
    pthread_mutex_unlock(&here.lock);
}

/* ---- the process ---- */

static void make_room(samples *of)
{
    of->us = malloc(MOST_SAMPLES * sizeof(uint32_t));
    if (of->us == NULL)
        support_die("no memory");
}

static bool open_all(natsConnection *connection)
{
    natsmicro_client_options plain = NATSMICRO_CLIENT_OPTIONS_INIT;
    plain.plain_streams = true;
    make_room(&here.calls);
    make_room(&here.lines);
    make_room(&here.plain);
    latch_init(&here.called);
    latch_init(&here.echoed);
    return lab__v1__lab_client__new(&here.client, connection, NULL) == NATSMICRO_OK &&
           lab__v1__lab_client__new(&here.plain_client, connection, &plain) == NATSMICRO_OK &&
           lab__v1__lab_client__chat(here.client, NULL, &here.chat) == NATSMICRO_OK;
}

static void answer_signals(const sigset_t *signals)
{
    for (int number = 0; number != SIGTERM;) {
        sigwait(signals, &number);
        if (number == SIGUSR1)
            print_figures();
    }
}

int bystander_main(const char *url)
{
    static void *(*const traffic[])(void *) = {make_calls, read_plain_streams, send_lines,
                                               receive_lines};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads inherit it */
    if (!open_all(connect_to_url(url)))
        return 1;
    pthread_t threads[sizeof(traffic) / sizeof(traffic[0])];
    for (size_t i = 0; i < sizeof(traffic) / sizeof(traffic[0]); i++)
        if (pthread_create(&threads[i], NULL, traffic[i], NULL) != 0)
            support_die("cannot start a thread");
    if (latch_wait(&here.called, PATIENCE_MS) && latch_wait(&here.echoed, PATIENCE_MS))
        printf("ready\n");
    fflush(stdout);
    answer_signals(&signals);
    atomic_store(&here.stop, true);
    for (size_t i = 0; i < sizeof(traffic) / sizeof(traffic[0]); i++)
        pthread_join(threads[i], NULL);
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(here.chat->base, &metrics);
    printf("%d %d %d %" PRIu64 " %" PRIu64 " %s\n", (int)here.end, metrics.reliable, here.in_order,
           here.sent, here.received, natsmicro_call_error_message(here.chat->base));
    fflush(stdout);
    return 0;
}

/* ---- the test's side ---- */

void bystander_start(child *self, const char *url)
{
    child_start(self, "bystander", url);
    char line[64] = "";
    assert_true(child_line(self, line, sizeof(line), 2 * PATIENCE_MS));
    assert_string_equal("ready", line);
}

void bystander_read(child *self, bystander_figures *figures)
{
    memset(figures, 0, sizeof(*figures));
    process_signal(self->pid, SIGUSR1);
    char line[1024];
    if (!child_line(self, line, sizeof(line), PATIENCE_MS))
        fail_msg("the bystander does not answer");
    latencies *const parts[] = {&figures->calls, &figures->lines, &figures->plain};
    char *at = line;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        parts[i]->count = strtoul(at, &at, 10);
        parts[i]->median = strtoul(at, &at, 10);
        parts[i]->p99 = strtoul(at, &at, 10);
        parts[i]->longest = strtoul(at, &at, 10);
    }
    figures->failed_calls = strtoul(at, &at, 10);
    figures->failed_plain = strtoul(at, &at, 10);
    snprintf(figures->why, sizeof(figures->why), "%.255s", at);
}

void bystander_stop(child *self)
{
    process_signal(self->pid, SIGTERM);
    char line[1024];
    if (!child_line(self, line, sizeof(line), PATIENCE_MS))
        fail_msg("the bystander's stream does not end");
    char *at = line;
    long status = strtol(at, &at, 10);
    bool is_reliable = strtol(at, &at, 10) != 0;
    bool in_order = strtol(at, &at, 10) != 0;
    uint64_t sent = strtoull(at, &at, 10);
    uint64_t received = strtoull(at, &at, 10);
    if (status != NATSMICRO_END)
        fail_msg("the bystander's stream ended after %llu lines: %s", (unsigned long long)received,
                 at);
    assert_true(is_reliable);
    assert_true(in_order);
    assert_int_equal(sent, received);
    assert_int_equal(0, child_wait(self, PATIENCE_MS));
}
