/*
 * Bench: see bench.h. Times are counted in buckets that are 1/64 of their value wide, so that any
 * number of calls takes the same memory.
 */
#include "invoke/bench.h"

#include "base/clock.h"
#include "invoke/call.h"
#include "invoke/interrupt.h"
#include "text/duration.h"
#include "text/report.h"
#include "text/table.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MS 10000
#define PARTS       64
#define BUCKETS     (PARTS * 40)

typedef struct cmd_histogram {
    uint64_t counts[BUCKETS];
    uint64_t total;
    uint64_t sum;
    uint64_t longest;
} cmd_histogram;

typedef struct cmd_caller {
    const cmd_session *session;
    natsmicro_context *context;
    const ProtobufCMessage *request;
    int64_t end;
    uint64_t failed;
    natsmicro_status failure; /* of the first that failed */
    char text[256];
    cmd_histogram times;
    pthread_t thread;
    bool started;
} cmd_caller;

/* ---- times ---- */

static size_t bucket_of(uint64_t nanoseconds)
{
    unsigned shift = 0;
    while (nanoseconds >> shift >= 2 * PARTS)
        shift++;
    size_t bucket = shift * PARTS + (size_t)(nanoseconds >> shift);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t value_of(size_t bucket)
{
    if (bucket < 2 * PARTS)
        return bucket;
    size_t shift = bucket / PARTS - 1;
    return (uint64_t)(bucket - shift * PARTS) << shift;
}

static void count(cmd_histogram *times, uint64_t nanoseconds)
{
    times->counts[bucket_of(nanoseconds)]++;
    times->total++;
    times->sum += nanoseconds;
    if (nanoseconds > times->longest)
        times->longest = nanoseconds;
}

static void add(cmd_histogram *to, const cmd_histogram *from)
{
    for (size_t i = 0; i < BUCKETS; i++)
        to->counts[i] += from->counts[i];
    to->total += from->total;
    to->sum += from->sum;
    if (from->longest > to->longest)
        to->longest = from->longest;
}

static uint64_t percentile(const cmd_histogram *times, double part)
{
    uint64_t rank = (uint64_t)((double)times->total * part);
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += times->counts[i];
        if (seen > rank)
            return value_of(i);
    }
    return times->longest;
}

/* ---- calling ---- */

static void note_failure(cmd_caller *caller, natsmicro_status status)
{
    caller->failed++;
    if (caller->failure != NATSMICRO_OK)
        return;
    caller->failure = status;
    snprintf(caller->text, sizeof(caller->text), "%s: %s",
             natsmicro_context_error_code(caller->context),
             natsmicro_context_error_message(caller->context));
}

/* At least one call is made, however short the time is. */
static void *run_caller(void *argument)
{
    cmd_caller *caller = argument;
    int64_t begun = nm_now();
    do {
        void *response = NULL;
        natsmicro_status status = natsmicro_stub_unary(caller->session->client, 0, caller->request,
                                                       caller->context, &response);
        natsmicro_stub_message_free(response);
        int64_t ended = nm_now();
        if (status == NATSMICRO_OK)
            count(&caller->times, (uint64_t)(ended - begun));
        else
            note_failure(caller, status);
        begun = ended;
    } while (begun < caller->end && !cmd_was_interrupted());
    return NULL;
}

/* ---- printing ---- */

static void add_time(cmd_table *table, uint64_t nanoseconds)
{
    char text[32];
    cmd_write_duration(nanoseconds, text, sizeof(text));
    cmd_table_add(table, text);
}

static void print_times(const cmd_histogram *times)
{
    cmd_table table;
    cmd_table_begin(&table, "", "|>MEAN|>P50|>P90|>P99|>P99.9|>LONGEST");
    cmd_table_add(&table, "latency");
    add_time(&table, times->sum / times->total);
    add_time(&table, percentile(times, 0.5));
    add_time(&table, percentile(times, 0.9));
    add_time(&table, percentile(times, 0.99));
    add_time(&table, percentile(times, 0.999));
    add_time(&table, times->longest);
    cmd_table_end(&table, stdout);
}

static int print(const cmd_caller *callers, size_t n_callers, double seconds)
{
    cmd_histogram *times = calloc(1, sizeof(*times));
    uint64_t failed = 0;
    const cmd_caller *first = NULL;
    for (size_t i = 0; i < n_callers && times != NULL; i++) {
        add(times, &callers[i].times);
        failed += callers[i].failed;
        if (first == NULL && callers[i].failed > 0)
            first = &callers[i];
    }
    if (times != NULL)
        printf("%" PRIu64 " calls in %.1f s by %zu caller%s, %" PRIu64 " failed: %.0f a second\n",
               times->total + failed, seconds, n_callers, n_callers == 1 ? "" : "s", failed,
               seconds > 0 ? (double)times->total / seconds : 0);
    if (times != NULL && times->total > 0)
        print_times(times);
    free(times);
    if (first != NULL && !cmd_was_interrupted())
        return cmd_fail_with(first->failure, "%s", first->text);
    return CMD_DONE;
}

/* ---- all callers ---- */

static int start(cmd_session *session, cmd_caller *caller, const ProtobufCMessage *request,
                 int64_t end)
{
    caller->session = session;
    caller->request = request;
    caller->end = end;
    int result = cmd_make_context(session, &caller->context);
    if (result != CMD_DONE)
        return result;
    caller->started = pthread_create(&caller->thread, NULL, run_caller, caller) == 0;
    return caller->started ? CMD_DONE
                           : cmd_fail_with(NATSMICRO_RESOURCE_EXHAUSTED, "no thread can be made");
}

static int run(cmd_session *session, const ProtobufCMessage *request)
{
    const cmd_settings *settings = session->settings;
    size_t n_callers = settings->concurrency > 0 ? (size_t)settings->concurrency : 1;
    int64_t duration_ms = settings->duration_ms > 0 ? settings->duration_ms : DURATION_MS;
    cmd_caller *callers = calloc(n_callers, sizeof(*callers));
    if (callers == NULL)
        return cmd_fail_with(NATSMICRO_RESOURCE_EXHAUSTED, "no memory for %zu callers", n_callers);
    int64_t begun = nm_now();
    int result = CMD_DONE;
    for (size_t i = 0; i < n_callers && result == CMD_DONE; i++)
        result = start(session, &callers[i], request, nm_after(begun, nm_duration(duration_ms)));
    for (size_t i = 0; i < n_callers; i++) {
        if (callers[i].started)
            pthread_join(callers[i].thread, NULL);
        natsmicro_context_destroy(callers[i].context);
    }
    if (result == CMD_DONE)
        result = print(callers, n_callers, (double)(nm_now() - begun) / 1e9);
    free(callers);
    return result;
}

int cmd_bench(cmd_session *session, cmd_input *input)
{
    if (session->method->kind != NATSMICRO_UNARY)
        return cmd_fail(CMD_WRONG_USAGE, "%s is a stream: bench makes unary calls only",
                        session->method->full_name);
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *request = NULL;
    int result = cmd_read_only_request(session, input, &arena, &request);
    cmd_begin_calls();
    if (result == CMD_DONE)
        result = run(session, request);
    nm_arena_free(&arena);
    return cmd_was_interrupted() && result == CMD_DONE ? CMD_INTERRUPTED : result;
}
