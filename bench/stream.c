/*
 * Stream: messages a second of plain streams from the opening to the end as the client sees it; beside publishing with one
 * header to a synchronous subscription whose reader checks the number. All connections are default
 * ones. Nothing holds the sender back on either side, so all queues are without limit; a run in which a
 * message is lost all the same is void.
 */
#include "support/measure.h"
#include "support/peer.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 60000

typedef struct bench {
    Bench__V1__BenchClient *client;
    natsConnection *raw;
    natsSubscription *inbox;
    int32_t count; /* messages of one run */
    int size;      /* bytes of a raw message */
} bench;

/* Messages a second, or the sign that some were lost. */
static double rate(const bench *self, double start, natsmicro_status status, int32_t count)
{
    if (status == NATSMICRO_DATA_LOSS)
        return -1;
    if (status != NATSMICRO_END && status != NATSMICRO_OK)
        give_up("the stream ended with %s", natsmicro_status_name(status));
    return count == self->count ? (double)count * 1e6 / (now_us() - start) : -1;
}

/* ---- from the server ---- */

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
    double figure = rate(self, start, status, count);
    bench__v1__bench_client__count__close(call);
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
    double start = now_us();
    need(bench__v1__bench_client__blocks(self->client, &request, NULL, &call), "Blocks");
    while ((status = bench__v1__bench_client__blocks__recv(call, &block)) == NATSMICRO_OK)
        count++;
    double figure = rate(self, start, status, count);
    bench__v1__bench_client__blocks__close(call);
    return figure;
}

static double from_server_raw(void *data)
{
    bench *self = data;
    char request[32];
    int length = snprintf(request, sizeof request, "%d %d", (int)self->count, self->size);
    double start = now_us();
    need_nats(natsConnection_PublishRequest(self->raw, RAW_COUNT, RAW_INBOX, request, length + 1),
              "request");
    need_nats(natsConnection_Flush(self->raw), "flush");
    int32_t count = read_raw(self->inbox, NULL);
    return rate(self, start, NATSMICRO_END, count);
}

/* ---- from the client ---- */

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
    status = bench__v1__bench_client__sum__close_and_recv(call, &response);
    double figure = rate(self, start, status, status == NATSMICRO_OK ? response->count : 0);
    if (status == NATSMICRO_OK)
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
    publish_raw(self->raw, RAW_SUM, number, self->size, self->count, RAW_INBOX);
    need_nats(natsSubscription_NextMsg(&answer, self->inbox, TIMEOUT_MS), "answer");
    int32_t count = (int32_t)strtol(natsMsg_GetData(answer), NULL, 10);
    double figure = rate(self, start, NATSMICRO_END, count);
    natsMsg_Destroy(answer);
    return figure;
}

/* ---- all ---- */

static void run(const char *name, measurement ours, measurement raw, int32_t count, int size)
{
    if (!is_chosen(name))
        return;
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), SEND_BUFFERED);
    bench self = {.client = new_client(connection, NULL, PLAIN_STREAMS),
                  .raw = connect_raw(broker_url(other.where), SEND_BUFFERED),
                  .count = count,
                  .size = size};
    self.inbox = subscribe_raw(self.raw, RAW_INBOX);
    compare(name, "messages/s", ours, raw, &self);
    bench__v1__bench_client__destroy(self.client);
    natsSubscription_Destroy(self.inbox);
    natsConnection_Destroy(connection);
    natsConnection_Destroy(self.raw);
    peer_stop(&other);
}

int main(int argc, char **argv)
{
    peer_main(argc, argv);
    int32_t many = full_or_quick(300000, 100000);
    /* A number is at most four bytes, as a message of our service's; a block has a head of three. */
    run("server_stream_tiny", count_ours, from_server_raw, many, 4);
    run("client_stream_tiny", sum_ours, from_client_raw, many, 4);
    run("server_stream_1k", blocks_ours, from_server_raw, many / 3, BLOCK_SIZE);
    nats_Close();
    return 0;
}
