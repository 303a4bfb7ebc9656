/*
 * Stream: messages a second, from the opening to the end as the client sees them. Raw is nats.c
 * alone on default connections: for plain streams it publishes with one header to a synchronous
 * subscription whose reader checks the numbers, for reliable streams it publishes without.
 *
 * A reliable stream loses nothing, and its sender waits for a slow reader. The others do neither,
 * so their queues have no limit, and a run in which they lose a message is void.
 */
#include "support/measure.h"
#include "support/peer.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 60000

typedef struct bench {
    streaming streams;
    int32_t count; /* messages of one run */
    int size;      /* bytes of a raw message */
    bool header;   /* raw messages have one */
    Bench__V1__BenchClient *client;
    natsConnection *raw;
    natsSubscription *inbox;
} bench;

static double rate(const bench *self, double start, int32_t count)
{
    return count == self->count ? (double)count * 1e6 / (now_us() - start) : -1;
}

/* A plain stream may lose messages. When a reliable one does, that is a defect. */
static bool lost_some(const bench *self, natsmicro_status status, natsmicro_call *call)
{
    if (self->streams == PLAIN_STREAMS && status == NATSMICRO_DATA_LOSS)
        return true;
    need_end(status, call, self->streams);
    return false;
}

/* ---- from the server ---- */

static double count_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    int32_t count = 0;
    request.count = self->count;
    double start = now_us();
    Bench__V1__BenchClient__Count *call;
    need(bench__v1__bench_client__count(self->client, &request, NULL, &call), "Count");
    const Bench__V1__Number *number;
    natsmicro_status status;
    while ((status = bench__v1__bench_client__count__recv(call, &number)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, lost_some(self, status, call->base) ? -1 : count);
    bench__v1__bench_client__count__close(call);
    return figure;
}

static double texts_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    int32_t count = 0;
    request.count = self->count;
    request.size = self->size;
    double start = now_us();
    Bench__V1__BenchClient__Texts *call;
    need(bench__v1__bench_client__texts(self->client, &request, NULL, &call), "Texts");
    const Bench__V1__Text *text;
    natsmicro_status status;
    while ((status = bench__v1__bench_client__texts__recv(call, &text)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, lost_some(self, status, call->base) ? -1 : count);
    bench__v1__bench_client__texts__close(call);
    return figure;
}

static double blocks_ours(void *data)
{
    bench *self = data;
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    int32_t count = 0;
    request.count = self->count;
    request.size = self->size;
    double start = now_us();
    Bench__V1__BenchClient__Blocks *call;
    need(bench__v1__bench_client__blocks(self->client, &request, NULL, &call), "Blocks");
    const Bench__V1__Block *block;
    natsmicro_status status;
    while ((status = bench__v1__bench_client__blocks__recv(call, &block)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, lost_some(self, status, call->base) ? -1 : count);
    bench__v1__bench_client__blocks__close(call);
    return figure;
}

static double from_server_raw(void *data)
{
    bench *self = data;
    char request[32];
    int length = snprintf(request, sizeof(request), "%d %d", (int)self->count, self->size);
    double start = now_us();
    need_nats(natsConnection_PublishRequest(self->raw, self->header ? RAW_COUNT : RAW_BARE,
                                            RAW_INBOX, request, length + 1),
              "request");
    need_nats(natsConnection_Flush(self->raw), "flush");
    return rate(self, start,
                self->header ? read_raw(self->inbox, RAW_TIMEOUT_MS, NULL)
                             : read_bare(self->inbox, RAW_TIMEOUT_MS, NULL));
}

static double megabytes(const bench *self, double messages)
{
    return messages < 0 ? messages : messages * self->size / 1e6;
}

static double megabytes_ours(void *data)
{
    return megabytes(data, blocks_ours(data));
}

static double megabytes_raw(void *data)
{
    return megabytes(data, from_server_raw(data));
}

/* ---- from the client ---- */

static double sum_ours(void *data)
{
    bench *self = data;
    Bench__V1__SumResponse *response = NULL;
    Bench__V1__Number number = BENCH__V1__NUMBER__INIT;
    natsmicro_status status = NATSMICRO_OK;
    double start = now_us();
    Bench__V1__BenchClient__Sum *call;
    need(bench__v1__bench_client__sum(self->client, NULL, &call), "Sum");
    for (int32_t i = 1; i <= self->count && status == NATSMICRO_OK; i++) {
        number.value = i;
        status = bench__v1__bench_client__sum__send(call, &number);
    }
    status = bench__v1__bench_client__sum__close_and_recv(call, &response);
    if (status == NATSMICRO_OK)
        status = NATSMICRO_END;
    bool lost = lost_some(self, status, call->base);
    double figure = rate(self, start, lost ? -1 : response->count);
    bench__v1__bench_client__sum__free(response);
    bench__v1__bench_client__sum__close(call);
    return figure;
}

static double from_client_raw(void *data)
{
    static const char number[BLOCK_SIZE];
    bench *self = data;
    natsMsg *answer = NULL;
    double start = now_us();
    if (self->header)
        publish_raw(self->raw, RAW_SUM, number, self->size, self->count, RAW_INBOX);
    else
        publish_bare(self->raw, RAW_TAKE, number, self->size, self->count, RAW_INBOX);
    need_nats(natsSubscription_NextMsg(&answer, self->inbox, TIMEOUT_MS), "answer");
    double figure = rate(self, start, (int32_t)strtol(natsMsg_GetData(answer), NULL, 10));
    natsMsg_Destroy(answer);
    return figure;
}

/* ---- all ---- */

static void run(const char *name, const char *unit, measurement ours, measurement raw, bench self)
{
    if (!is_chosen(name))
        return;
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), SEND_BUFFERED);
    self.client = new_client(connection, NULL, self.streams);
    self.raw = connect_raw(broker_url(other.where), SEND_BUFFERED);
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
    int32_t some = full_or_quick(300000, 100000);
    int32_t many = full_or_quick(1000000, 300000);
    int32_t large = full_or_quick(8192, 2048);
    /* Raw messages are as large as ours: a number takes four bytes, a block a head of three. */
    run("server_stream_tiny", "messages/s", count_ours, from_server_raw,
        (bench){.streams = PLAIN_STREAMS, .count = some, .size = 4, .header = true});
    run("client_stream_tiny", "messages/s", sum_ours, from_client_raw,
        (bench){.streams = PLAIN_STREAMS, .count = some, .size = 4, .header = true});
    run("server_stream_1k", "messages/s", blocks_ours, from_server_raw,
        (bench){.streams = PLAIN_STREAMS, .count = some / 3, .size = BLOCK_SIZE, .header = true});
    run("reliable_tiny", "messages/s", count_ours, from_server_raw,
        (bench){.streams = RELIABLE_STREAMS, .count = many, .size = 4});
    run("reliable_tiny_up", "messages/s", sum_ours, from_client_raw,
        (bench){.streams = RELIABLE_STREAMS, .count = many, .size = 4});
    run("reliable_100b", "messages/s", texts_ours, from_server_raw,
        (bench){.streams = RELIABLE_STREAMS, .count = many, .size = 100});
    run("reliable_128k", "MB/s", megabytes_ours, megabytes_raw,
        (bench){.streams = RELIABLE_STREAMS, .count = large, .size = 128 * 1024, .header = true});
    nats_Close();
    return 0;
}
