/*
 * Reliable streams: messages a second, and how soon the first one is there, beside nats.c alone. Ours loses
 * nothing and holds the sender back when the reader is slow; raw does neither, so its queues are without
 * limit and a run in which it lost a message is void. Default connections, but for the raw latency: that is of
 * a request between two connections with SendAsap.
 */
#include "support/measure.h"
#include "support/peer.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 60000
#define TURN_TEXT  "a text of 24 characters."

typedef struct bench {
    Bench__V1__BenchClient *client;
    natsConnection *raw;
    natsSubscription *inbox;
    int32_t count; /* messages of one run */
    int size;      /* bytes of a raw message */
    bool header;   /* raw messages have one */
} bench;

/* ---- rates ---- */

static double rate(const bench *self, double start, int32_t count)
{
    return count == self->count ? (double)count * 1e6 / (now_us() - start) : -1;
}

static double megabytes(const bench *self, double messages)
{
    return messages < 0 ? messages : messages * self->size / 1e6;
}

/* Ours must never be void: a loss is a defect, not bad luck. */
static void need_end(natsmicro_status status, natsmicro_call *call)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    if (status != NATSMICRO_END || !metrics.reliable)
        give_up("%s, reliable %d: %s", natsmicro_call_method(call), metrics.reliable,
                natsmicro_call_error_message(call));
}

static double count_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    Bench__V1__BenchClient__Count *call;
    const Bench__V1__Number *number;
    natsmicro_status status;
    int32_t count = 0;
    request.count = self->count;
    double start = now_us();
    need(bench__v1__bench_client__count(self->client, &request, NULL, &call), "Count");
    while ((status = bench__v1__bench_client__count__recv(call, &number)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, count);
    need_end(status, call->base);
    bench__v1__bench_client__count__close(call);
    return figure;
}

static double texts_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    Bench__V1__BenchClient__Texts *call;
    const Bench__V1__Text *text;
    natsmicro_status status;
    int32_t count = 0;
    request.count = self->count;
    request.size = self->size;
    double start = now_us();
    need(bench__v1__bench_client__texts(self->client, &request, NULL, &call), "Texts");
    while ((status = bench__v1__bench_client__texts__recv(call, &text)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, count);
    need_end(status, call->base);
    bench__v1__bench_client__texts__close(call);
    return figure;
}

static double blocks_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    Bench__V1__BenchClient__Blocks *call;
    const Bench__V1__Block *block;
    natsmicro_status status;
    int32_t count = 0;
    request.count = self->count;
    request.size = self->size;
    double start = now_us();
    need(bench__v1__bench_client__blocks(self->client, &request, NULL, &call), "Blocks");
    while ((status = bench__v1__bench_client__blocks__recv(call, &block)) == NATSMICRO_OK)
        count++;
    double figure = megabytes(self, rate(self, start, count));
    need_end(status, call->base);
    bench__v1__bench_client__blocks__close(call);
    return figure;
}

static double sum_ours(void *data)
{
    bench *self = data;
    Bench__V1__BenchClient__Sum *call;
    Bench__V1__SumResponse *response;
    Bench__V1__Number number = BENCH__V1__NUMBER__INIT;
    natsmicro_status status = NATSMICRO_OK;
    double start = now_us();
    need(bench__v1__bench_client__sum(self->client, NULL, &call), "Sum");
    for (int32_t i = 1; i <= self->count && status == NATSMICRO_OK; i++) {
        number.value = i;
        status = bench__v1__bench_client__sum__send(call, &number);
    }
    need(bench__v1__bench_client__sum__close_and_recv(call, &response), "Sum's answer");
    double figure = rate(self, start, response->count);
    need_end(natsmicro_call_status(call->base), call->base);
    bench__v1__bench_client__sum__free(response);
    bench__v1__bench_client__sum__close(call);
    return figure;
}

static double from_server_raw(void *data)
{
    bench *self = data;
    char request[32];
    int length = snprintf(request, sizeof request, "%d %d", (int)self->count, self->size);
    double start = now_us();
    need_nats(natsConnection_PublishRequest(self->raw, self->header ? RAW_COUNT : RAW_BARE,
                                            RAW_INBOX, request, length + 1),
              "request");
    need_nats(natsConnection_Flush(self->raw), "flush");
    return rate(self, start,
                self->header ? read_raw(self->inbox, NULL) : read_bare(self->inbox, NULL));
}

static double megabytes_raw(void *data)
{
    return megabytes(data, from_server_raw(data));
}

static double from_client_raw(void *data)
{
    static const char number[BLOCK_SIZE];
    bench *self = data;
    natsMsg *answer = NULL;
    double start = now_us();
    publish_bare(self->raw, RAW_TAKE, number, self->size, self->count, RAW_INBOX);
    need_nats(natsSubscription_NextMsg(&answer, self->inbox, TIMEOUT_MS), "answer");
    double figure = rate(self, start, (int32_t)strtol(natsMsg_GetData(answer), NULL, 10));
    natsMsg_Destroy(answer);
    return figure;
}

/* ---- latencies: the median of one run ---- */

static double *new_times(const bench *self)
{
    double *times = malloc((size_t)self->count * sizeof *times);
    if (times == NULL)
        give_up("no memory");
    return times;
}

static double take_median(const bench *self, double *times)
{
    double middle = median(times, (size_t)self->count);
    free(times);
    return middle;
}

static double first_ours(void *data)
{
    bench *self = data;
    double *times = new_times(self);
    for (int32_t i = 0; i < self->count; i++) {
        Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
        Bench__V1__BenchClient__Count *call;
        const Bench__V1__Number *number;
        request.count = 1;
        double start = now_us();
        need(bench__v1__bench_client__count(self->client, &request, NULL, &call), "Count");
        need(bench__v1__bench_client__count__recv(call, &number), "the first message");
        times[i] = now_us() - start;
        need_end(bench__v1__bench_client__count__recv(call, &number), call->base);
        bench__v1__bench_client__count__close(call);
    }
    return take_median(self, times);
}

static double turns_ours(void *data)
{
    bench *self = data;
    double *times = new_times(self);
    Bench__V1__BenchClient__Talk *call;
    Bench__V1__Text text = BENCH__V1__TEXT__INIT;
    const Bench__V1__Text *echo;
    text.text = TURN_TEXT;
    need(bench__v1__bench_client__talk(self->client, NULL, &call), "Talk");
    for (int32_t i = 0; i < self->count; i++) {
        double start = now_us();
        need(bench__v1__bench_client__talk__send(call, &text), "send");
        need(bench__v1__bench_client__talk__recv(call, &echo), "recv");
        times[i] = now_us() - start;
    }
    need(bench__v1__bench_client__talk__close_send(call), "close_send");
    need_end(bench__v1__bench_client__talk__recv(call, &echo), call->base);
    bench__v1__bench_client__talk__close(call);
    return take_median(self, times);
}

static double request_raw(void *data)
{
    bench *self = data;
    double *times = new_times(self);
    for (int32_t i = 0; i < self->count; i++) {
        natsMsg *answer = NULL;
        double start = now_us();
        need_nats(
            natsConnection_RequestString(&answer, self->raw, RAW_ECHO, "  " TURN_TEXT, TIMEOUT_MS),
            "request");
        times[i] = now_us() - start;
        natsMsg_Destroy(answer);
    }
    return take_median(self, times);
}

/* ---- all ---- */

static void run(const char *name, const char *unit, measurement ours, measurement raw,
                sending raw_sends, bench self)
{
    if (!is_chosen(name))
        return;
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), SEND_BUFFERED);
    self.client = new_client(connection, NULL, RELIABLE_STREAMS);
    self.raw = connect_raw(broker_url(other.where), raw_sends);
    self.inbox = subscribe_raw(self.raw, RAW_INBOX);
    compare(name, unit, ours, raw, &self);
    bench__v1__bench_client__destroy(self.client);
    natsSubscription_Destroy(self.inbox);
    natsConnection_Destroy(connection);
    natsConnection_Destroy(self.raw);
    peer_stop(&other);
}

int main(int argc, char **argv)
{
    peer_main(argc, argv);
    int32_t many = full_or_quick(1000000, 300000);
    int32_t calls = full_or_quick(3000, 500);
    int32_t large = full_or_quick(8192, 2048);
    run("reliable_tiny", "messages/s", count_ours, from_server_raw, SEND_BUFFERED,
        (bench){.count = many, .size = 4});
    run("reliable_tiny_up", "messages/s", sum_ours, from_client_raw, SEND_BUFFERED,
        (bench){.count = many, .size = 4});
    run("reliable_100b", "messages/s", texts_ours, from_server_raw, SEND_BUFFERED,
        (bench){.count = many, .size = 100});
    run("reliable_first", "us", first_ours, request_raw, SEND_ASAP, (bench){.count = calls});
    run("reliable_128k", "MB/s", blocks_ours, megabytes_raw, SEND_BUFFERED,
        (bench){.count = large, .size = 128 * 1024, .header = true});
    run("reliable_pingpong", "us", turns_ours, request_raw, SEND_ASAP, (bench){.count = calls});
    nats_Close();
    return 0;
}
