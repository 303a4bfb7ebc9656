/*
 * Latency: the time of a unary call, the calls a second of eight callers, the time to the first
 * message of a stream, and the time of one turn on a reliable bidirectional stream. Raw is
 * natsConnection_Request to an asynchronous subscription, both sides with SendAsap.
 */
#include "support/measure.h"
#include "support/peer.h"

#include <pthread.h>
#include <stdlib.h>

#define CALLERS    8
#define TEXT       "a text of 24 characters."
#define TIMEOUT_MS 5000

typedef struct bench {
    Bench__V1__BenchClient *client;
    Bench__V1__BenchClient__Talk *talk; /* while turns are measured */
    natsConnection *raw;
    streaming streams;
    int calls; /* of one run */
} bench;

/* ---- one call ---- */

static void call_ours(bench *self)
{
    Bench__V1__Text request = BENCH__V1__TEXT__INIT;
    request.text = TEXT;
    Bench__V1__Text *response;
    need(bench__v1__bench_client__echo(self->client, &request, NULL, &response), "Echo");
    bench__v1__bench_client__echo__free(response);
}

static void call_raw(bench *self)
{
    natsMsg *answer = NULL;
    /* As many bytes as the message above, which has two for the field and its length. */
    need_nats(natsConnection_RequestString(&answer, self->raw, RAW_ECHO, "  " TEXT, TIMEOUT_MS),
              "request");
    natsMsg_Destroy(answer);
}

/* ---- latency ---- */

/* Does once what is measured, and returns the microseconds that it took. */
typedef double (*one_call)(bench *self);

/* The median of the calls of one run. */
static double latency(bench *self, one_call call)
{
    double *times = malloc((size_t)self->calls * sizeof(*times));
    if (times == NULL)
        give_up("no memory");
    for (int i = 0; i < self->calls; i++)
        times[i] = call(self);
    double middle = median(times, (size_t)self->calls);
    free(times);
    return middle;
}

static double time_ours(bench *self)
{
    double start = now_us();
    call_ours(self);
    return now_us() - start;
}

static double latency_ours(void *data)
{
    return latency(data, time_ours);
}

static double time_raw(bench *self)
{
    double start = now_us();
    call_raw(self);
    return now_us() - start;
}

static double latency_raw(void *data)
{
    return latency(data, time_raw);
}

static double time_first_message(bench *self)
{
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    request.count = 1;
    double start = now_us();
    Bench__V1__BenchClient__Count *call;
    need(bench__v1__bench_client__count(self->client, &request, NULL, &call), "Count");
    const Bench__V1__Number *number;
    need(bench__v1__bench_client__count__recv(call, &number), "the first message");
    double passed = now_us() - start;
    need_end(bench__v1__bench_client__count__recv(call, &number), call->base, self->streams);
    bench__v1__bench_client__count__close(call);
    return passed;
}

static double first_message(void *data)
{
    return latency(data, time_first_message);
}

static double time_turn(bench *self)
{
    Bench__V1__Text text = BENCH__V1__TEXT__INIT;
    text.text = TEXT;
    double start = now_us();
    need(bench__v1__bench_client__talk__send(self->talk, &text), "send");
    const Bench__V1__Text *echo;
    need(bench__v1__bench_client__talk__recv(self->talk, &echo), "recv");
    return now_us() - start;
}

static double turns(void *data)
{
    bench *self = data;
    need(bench__v1__bench_client__talk(self->client, NULL, &self->talk), "Talk");
    double middle = latency(self, time_turn);
    need(bench__v1__bench_client__talk__close_send(self->talk), "close_send");
    const Bench__V1__Text *echo;
    need_end(bench__v1__bench_client__talk__recv(self->talk, &echo), self->talk->base,
             self->streams);
    bench__v1__bench_client__talk__close(self->talk);
    return middle;
}

/* ---- rate ---- */

typedef struct caller {
    pthread_t thread;
    bench *bench;
    void (*call)(bench *self);
} caller;

static void *call_again_and_again(void *data)
{
    caller *self = data;
    for (int i = 0; i < self->bench->calls; i++)
        self->call(self->bench);
    return NULL;
}

static double rate(bench *self, void (*call)(bench *self))
{
    double start = now_us();
    caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i].bench = self;
        callers[i].call = call;
        if (pthread_create(&callers[i].thread, NULL, call_again_and_again, &callers[i]) != 0)
            give_up("no thread");
    }
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i].thread, NULL);
    return (double)CALLERS * self->calls * 1e6 / (now_us() - start);
}

static double rate_ours(void *data)
{
    return rate(data, call_ours);
}

static double rate_raw(void *data)
{
    return rate(data, call_raw);
}

/* ---- all ---- */

static void run(const char *name, const char *unit, measurement ours, measurement raw, sending how,
                streaming streams, int calls)
{
    if (!is_chosen(name))
        return;
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), how);
    bench self = {
        .client = new_client(connection, how == SEND_ASAP ? ASAP_PREFIX : NULL, streams),
        .raw = connect_raw(broker_url(other.where), SEND_ASAP),
        .streams = streams,
        .calls = calls,
    };
    compare(name, unit, ours, raw, &self);
    bench__v1__bench_client__destroy(self.client);
    natsConnection_Destroy(connection);
    natsConnection_Destroy(self.raw);
    peer_stop(&other);
}

int main(int argc, char **argv)
{
    peer_main(argc, argv);
    int calls = full_or_quick(3000, 500);
    run("unary_latency", "us", latency_ours, latency_raw, SEND_BUFFERED, PLAIN_STREAMS, calls);
    run("unary_latency_asap", "us", latency_ours, latency_raw, SEND_ASAP, PLAIN_STREAMS, calls);
    run("unary_rate_8", "calls/s", rate_ours, rate_raw, SEND_BUFFERED, PLAIN_STREAMS, calls / 2);
    run("first_message", "us", first_message, latency_raw, SEND_BUFFERED, PLAIN_STREAMS, calls);
    run("reliable_first", "us", first_message, latency_raw, SEND_BUFFERED, RELIABLE_STREAMS, calls);
    run("reliable_pingpong", "us", turns, latency_raw, SEND_BUFFERED, RELIABLE_STREAMS, calls);
    nats_Close();
    return 0;
}
