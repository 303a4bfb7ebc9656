/*
 * Memory: what a long stream takes, compared with a short one; a leak would show, and so would a
 * queue that grows.
 *
 * For plain streams the figure is the peak of both processes together. Their reader must keep up,
 * so the sender sends at a part of the rate that the reader was measured to take. For reliable
 * streams it is the larger of the two peaks. Their sender sends as fast as it may, and their reader
 * pauses.
 *
 * Each stream has a peer and a client of its own, because a process's peak never goes down.
 */
#include "support/measure.h"
#include "support/peer.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The part of the rate that a reader was measured to take. */
#define SHARE_OF_RATE 0.6

/* How many short streams are measured; their median counts. */
#define SHORT_RUNS 5

/* Longer than 10 million messages take. */
#define CLIENT_TIMEOUT_MS 600000

typedef struct outcome {
    bool complete;
    double rate;   /* messages a second */
    double client; /* peaks, MiB */
    double server;
} outcome;

/* A reader of reliable streams pauses for `pause_time` each time it has read so many messages. */
#define PAUSE_EVERY 500000
static const struct timespec pause_time = {0, 200000000};

/*
 * In the client's process: reads one stream, and prints whether it was complete, its rate, and its
 * own peak.
 */
static int read_stream(const char *url, int32_t count, int32_t rate, streaming streams)
{
    natsConnection *connection = connect_ours(url, SEND_BUFFERED);
    Bench__V1__BenchClient *client = new_client(connection, NULL, streams);
    Bench__V1__CountRequest request = BENCH__V1__COUNT_REQUEST__INIT;
    int32_t read = 0;
    request.count = count;
    request.rate = rate;
    double start = now_us();
    Bench__V1__BenchClient__Count *call;
    need(bench__v1__bench_client__count(client, &request, NULL, &call), "Count");
    const Bench__V1__Number *number;
    natsmicro_status status;
    while ((status = bench__v1__bench_client__count__recv(call, &number)) == NATSMICRO_OK)
        if (++read % PAUSE_EVERY == 0 && streams == RELIABLE_STREAMS)
            nanosleep(&pause_time, NULL);
    double taken = now_us() - start;
    if (status != NATSMICRO_END && status != NATSMICRO_DATA_LOSS)
        give_up("Count: %s", natsmicro_call_error_message(call->base));
    printf("%d %.1f %.3f\n", status == NATSMICRO_END, count * 1e6 / taken, peak_of(getpid()));
    bench__v1__bench_client__count__close(call);
    bench__v1__bench_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    return 0;
}

static outcome run_stream(int32_t count, int32_t rate, streaming streams)
{
    int complete = 0;
    peer other;
    peer_start(&other);
    char url[64];
    snprintf(url, sizeof(url), "%s", broker_url(other.where));
    char counts[16];
    snprintf(counts, sizeof(counts), "%d", (int)count);
    char rates[16];
    snprintf(rates, sizeof(rates), "%d", (int)rate);
    char *arguments[] = {
        "reader", streams == PLAIN_STREAMS ? "plain" : "reliable", url, counts, rates, NULL};
    int out;
    pid_t client = run_self(arguments, &out);
    char line[128];
    read_line(out, line, sizeof(line));
    close(out);
    outcome result;
    if (sscanf(line, "%d %lf %lf", &complete, &result.rate, &result.client) != 3)
        give_up("the reader said %s", line);
    result.complete = complete == 1;
    result.server = peak_of(other.pid);
    int wait_status;
    if (!process_wait(client, CLIENT_TIMEOUT_MS, &wait_status))
        give_up("the reader did not end");
    peer_stop(&other);
    return result;
}

/* Runs a plain stream, and again if messages were lost. */
static outcome run_complete(int32_t count, int32_t rate, int *void_runs)
{
    for (;;) {
        outcome result = run_stream(count, rate, PLAIN_STREAMS);
        if (result.complete)
            return result;
        if (++*void_runs > SHORT_RUNS)
            give_up("stream_10m_rss: %d runs lost messages", *void_runs);
    }
}

static double both_peaks(outcome result)
{
    return result.client + result.server;
}

static double larger_peak(outcome result)
{
    return result.client > result.server ? result.client : result.server;
}

static double short_peak(int32_t count, int32_t rate, int *void_runs)
{
    double peaks[SHORT_RUNS];
    for (size_t i = 0; i < SHORT_RUNS; i++)
        peaks[i] = both_peaks(run_complete(count, rate, void_runs));
    return median(peaks, SHORT_RUNS);
}

static void plain_memory(void)
{
    int32_t few = 100000;
    int32_t many = full_or_quick(10000000, 1000000);
    int void_runs = 0;
    double fastest = run_complete(few, 0, &void_runs).rate;
    int32_t rate = (int32_t)(fastest * SHARE_OF_RATE);
    double short_one = short_peak(few, rate, &void_runs);
    double long_one = both_peaks(run_complete(many, rate, &void_runs));
    report("stream_10m_rss", "MiB", long_one, short_one, long_one / short_one, void_runs);
}

static void reliable_memory(void)
{
    outcome few = run_stream(100000, 0, RELIABLE_STREAMS);
    outcome many = run_stream(full_or_quick(10000000, 1000000), 0, RELIABLE_STREAMS);
    if (!few.complete || !many.complete)
        give_up("reliable_10m_rss: a reliable stream lost messages");
    double short_one = larger_peak(few);
    double long_one = larger_peak(many);
    report("reliable_10m_rss", "MiB", long_one, short_one, long_one / short_one, 0);
}

int main(int argc, char **argv)
{
    peer_main(argc, argv);
    if (argc == 5)
        return read_stream(argv[2], (int32_t)strtol(argv[3], NULL, 10),
                           (int32_t)strtol(argv[4], NULL, 10),
                           strcmp(argv[1], "plain") == 0 ? PLAIN_STREAMS : RELIABLE_STREAMS);
    if (is_chosen("stream_10m_rss"))
        plain_memory();
    if (is_chosen("reliable_10m_rss"))
        reliable_memory();
    return 0;
}
