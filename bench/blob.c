/*
 * Blob: the rate of uploads and downloads, in chunks of several sizes, from memory to nowhere. Raw
 * is nats.c publishing messages of the same size, with one header, to a synchronous subscription
 * whose reader checks their numbers, over connections with the same options. Then the rate of files
 * on a tmpfs and on a disk, compared with memory to nowhere; and the memory that blobs take.
 */
#include "support/measure.h"
#include "support/peer.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MB         1e6
#define MIB        (1024 * 1024)
#define TIMEOUT_MS 60000

typedef struct bench {
    Bench__V1__BenchClient *client;
    natsConnection *raw;
    natsSubscription *inbox;
    int64_t size; /* of the blob */
    int chunk_size;
} bench;

/* Megabytes a second, or -1 if messages were lost. */
static double rate(const bench *self, double start, natsmicro_status status, int64_t size)
{
    if (status == NATSMICRO_DATA_LOSS)
        return -1;
    if (status != NATSMICRO_OK)
        give_up("the blob ended with %s", natsmicro_status_name(status));
    return size == self->size ? (double)size / MB * 1e6 / (now_us() - start) : -1;
}

static int32_t raw_count(const bench *self)
{
    return (int32_t)(self->size / self->chunk_size);
}

/* ---- up ---- */

static double upload_ours(void *data)
{
    bench *self = data;
    double start = now_us();
    Bench__V1__BenchClient__Upload *call;
    need(bench__v1__bench_client__upload(self->client, NULL, &call), "Upload");
    send_blob(call->base, self->size, (size_t)self->chunk_size, 0);
    Bench__V1__UploadResponse *response;
    natsmicro_status status = bench__v1__bench_client__upload__close_and_recv(call, &response);
    double figure = rate(self, start, status, status == NATSMICRO_OK ? response->size : 0);
    if (status == NATSMICRO_OK)
        bench__v1__bench_client__upload__free(response);
    bench__v1__bench_client__upload__close(call);
    return figure;
}

static double upload_raw(void *data)
{
    static const char zeros[LARGEST_RAW];
    bench *self = data;
    natsMsg *answer = NULL;
    double start = now_us();
    publish_raw(self->raw, RAW_SUM, zeros, self->chunk_size, raw_count(self), RAW_INBOX);
    need_nats(natsSubscription_NextMsg(&answer, self->inbox, TIMEOUT_MS), "answer");
    int64_t count = strtol(natsMsg_GetData(answer), NULL, 10);
    double figure = rate(self, start, NATSMICRO_OK, count * self->chunk_size);
    natsMsg_Destroy(answer);
    return figure;
}

/* ---- down ---- */

static double download_ours(void *data)
{
    bench *self = data;
    Bench__V1__DownloadRequest request = BENCH__V1__DOWNLOAD_REQUEST__INIT;
    int64_t size = 0;
    request.size = self->size;
    request.chunk_size = self->chunk_size;
    double start = now_us();
    Bench__V1__BenchClient__Download *call;
    need(bench__v1__bench_client__download(self->client, &request, NULL, &call), "Download");
    natsmicro_status status = discard_blob(call->base, &size);
    double figure = rate(self, start, status, size);
    bench__v1__bench_client__download__close(call);
    return figure;
}

static double download_raw(void *data)
{
    bench *self = data;
    char request[32];
    int length = snprintf(request, sizeof(request), "%d %d", raw_count(self), self->chunk_size);
    double start = now_us();
    need_nats(natsConnection_PublishRequest(self->raw, RAW_COUNT, RAW_INBOX, request, length + 1),
              "request");
    need_nats(natsConnection_Flush(self->raw), "flush");
    int64_t count = read_raw(self->inbox, RAW_TIMEOUT_MS, NULL);
    return rate(self, start, NATSMICRO_OK, count * self->chunk_size);
}

static void run_on(const char *name, measurement ours, measurement raw, int kib, streaming which)
{
    if (!is_chosen(name))
        return;
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), SEND_BUFFERED);
    bench self = {.client = new_client(connection, NULL, which),
                  .raw = connect_ours(broker_url(other.where), SEND_BUFFERED),
                  .size = (int64_t)full_or_quick(which == RELIABLE_STREAMS ? 2048 : 512, 128) * MIB,
                  .chunk_size = kib * 1024};
    self.inbox = subscribe_raw(self.raw, RAW_INBOX);
    compare(name, "MB/s", ours, raw, &self);
    bench__v1__bench_client__destroy(self.client);
    natsSubscription_Destroy(self.inbox);
    natsConnection_Destroy(connection);
    natsConnection_Destroy(self.raw);
    peer_stop(&other);
}

/* Runs a bench over reliable streams, and once more over plain ones. */
static void run(const char *name, measurement ours, measurement raw, int kib)
{
    char beside[64];
    snprintf(beside, sizeof(beside), "%s_plain", name);
    run_on(name, ours, raw, kib, RELIABLE_STREAMS);
    run_on(beside, ours, raw, kib, PLAIN_STREAMS);
}

/* ---- files ---- */

typedef struct file_bench {
    bench bench;
    char from[256];
    char to[256];
} file_bench;

static double file_ours(void *data)
{
    file_bench *self = data;
    natsmicro_context *context;
    need(natsmicro_context_new(&context), "context");
    need(natsmicro_context_set_header(context, HEADER_STORE_AT, self->to), "header");
    double start = now_us();
    Bench__V1__BenchClient__Upload *call;
    need(bench__v1__bench_client__upload(self->bench.client, context, &call), "Upload");
    need(bench__v1__bench_client__upload__send_file(call, self->from,
                                                    (size_t)self->bench.chunk_size, NULL, NULL),
         self->from);
    Bench__V1__UploadResponse *response;
    natsmicro_status status = bench__v1__bench_client__upload__close_and_recv(call, &response);
    double figure = rate(&self->bench, start, status, self->bench.size);
    bench__v1__bench_client__upload__free(response);
    bench__v1__bench_client__upload__close(call);
    natsmicro_context_destroy(context);
    return figure;
}

static double file_beside(void *data)
{
    file_bench *self = data;
    return upload_ours(&self->bench);
}

static void make_file(const char *path, int64_t size)
{
    static const char piece[MIB] = "a";
    FILE *file = fopen(path, "w");
    if (file == NULL)
        give_up("cannot write %s", path);
    for (int64_t done = 0; done < size; done += MIB)
        if (fwrite(piece, sizeof(piece), 1, file) != 1)
            give_up("cannot write %s", path);
    if (fclose(file) != 0)
        give_up("cannot write %s", path);
}

/* Moves a file to a file in the same folder, with the fsync and rename of recv_to_file. */
static void run_file(const char *name, const char *folder)
{
    if (!is_chosen(name))
        return;
    file_bench self = {
        .bench = {.size = (int64_t)full_or_quick(1024, 128) * MIB, .chunk_size = 128 * 1024}};
    snprintf(self.from, sizeof(self.from), "%s/bench-%ld.from", folder, (long)getpid());
    snprintf(self.to, sizeof(self.to), "%s/bench-%ld.to", folder, (long)getpid());
    make_file(self.from, self.bench.size);
    peer other;
    peer_start(&other);
    natsConnection *connection = connect_ours(broker_url(other.where), SEND_BUFFERED);
    self.bench.client = new_client(connection, NULL, RELIABLE_STREAMS);
    compare(name, "MB/s", file_ours, file_beside, &self);
    bench__v1__bench_client__destroy(self.bench.client);
    natsConnection_Destroy(connection);
    peer_stop(&other);
    remove(self.from);
    remove(self.to);
}

/* ---- memory ---- */

#define CHILD_TIMEOUT_MS 600000

typedef struct peaks {
    double both; /* MiB */
    double most; /* of one process */
} peaks;

/* In the client's process: moves one blob from memory to nowhere, and prints its own peak. */
static int move(measurement one, const char *url, int64_t size)
{
    natsConnection *connection = connect_ours(url, SEND_BUFFERED);
    bench self = {.size = size};
    need(bench__v1__bench_client__new(&self.client, connection, NULL), "client");
    if (one(&self) < 0)
        give_up("a blob of %lld bytes did not arrive whole", (long long)size);
    printf("%.3f\n", peak_of(getpid()));
    bench__v1__bench_client__destroy(self.client);
    natsConnection_Destroy(connection);
    nats_Close();
    return 0;
}

/* Each blob has a peer and a client of its own, because a process's peak never goes down. */
static peaks move_in_processes(char *mode, int64_t size)
{
    peer other;
    peer_start(&other);
    char url[64];
    snprintf(url, sizeof(url), "%s", broker_url(other.where));
    char number[32];
    snprintf(number, sizeof(number), "%lld", (long long)size);
    char *arguments[] = {"mover", mode, url, number, NULL};
    int out;
    pid_t client = run_self(arguments, &out);
    char line[64];
    read_line(out, line, sizeof(line));
    close(out);
    double of_client = strtod(line, NULL);
    double of_server = peak_of(other.pid);
    int wait_status;
    if (!process_wait(client, CHILD_TIMEOUT_MS, &wait_status) || wait_status != 0)
        give_up("the client did not end well");
    peer_stop(&other);
    return (peaks){of_client + of_server, of_client > of_server ? of_client : of_server};
}

static void run_memory(const char *name, char *mode)
{
    if (!is_chosen(name))
        return;
    char most[64];
    snprintf(most, sizeof(most), "%s_most", name);
    double of_short[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        of_short[i] = move_in_processes(mode, 100 * (int64_t)MIB).both;
    double middle = median(of_short, ROUNDS);
    peaks large = move_in_processes(mode, (int64_t)full_or_quick(10 * 1024, 1024) * MIB);
    report(name, "MiB", large.both, middle, large.both / middle, 0);
    report(most, "MiB", large.most, middle / 2, large.most / (middle / 2), 0);
}

int main(int argc, char **argv)
{
    peer_main(argc, argv);
    if (argc == 4 && strcmp(argv[1], "download") == 0)
        return move(download_ours, argv[2], strtoll(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "upload") == 0)
        return move(upload_ours, argv[2], strtoll(argv[3], NULL, 10));
    run("upload_64k", upload_ours, upload_raw, 64);
    run("upload_128k", upload_ours, upload_raw, 128);
    run("upload_512k", upload_ours, upload_raw, 512);
    run("download_64k", download_ours, download_raw, 64);
    run("download_128k", download_ours, download_raw, 128);
    run("download_512k", download_ours, download_raw, 512);
    const char *build = getenv("BUILD");
    run_file("file_tmpfs", "/dev/shm");
    run_file("file_disk", build != NULL ? build : "build");
    run_memory("blob_10g_rss", "download");
    run_memory("blob_10g_rss_up", "upload");
    nats_Close();
    return 0;
}
