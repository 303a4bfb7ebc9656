/*
 * See peer.h.
 */
#include "support/peer.h"

#include "support/measure.h"
#include "support/process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEADER_SEQ   "Nats-Stream-Seq"
#define HEADER_END   "Nats-Stream-End"
#define FOR_EVER_MS  (INT64_C(1000) * 3600 * 1000)
#define STOP_TIMEOUT 10000

/* Messages that a paced sender sends without a pause. */
#define BURST 200

/* ---- connections ---- */

static natsConnection *connect_with(natsOptions *options, const char *url, sending how)
{
    natsConnection *connection = NULL;
    need_nats(natsOptions_SetURL(options, url), "URL");
    if (how == SEND_ASAP)
        need_nats(natsOptions_SetSendAsap(options, true), "SendAsap");
    need_nats(natsConnection_Connect(&connection, options), url);
    natsOptions_Destroy(options);
    return connection;
}

natsConnection *connect_raw(const char *url, sending how)
{
    natsOptions *options = NULL;
    need_nats(natsOptions_Create(&options), "options");
    return connect_with(options, url, how);
}

natsConnection *connect_ours(const char *url, sending how)
{
    natsOptions *options = NULL;
    need_nats(natsOptions_Create(&options), "options");
    need(natsmicro_options_prepare(options), "natsmicro_options_prepare");
    return connect_with(options, url, how);
}

Bench__V1__BenchClient *new_client(natsConnection *connection, const char *prefix,
                                   streaming streams)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.subject_prefix = prefix;
    options.plain_streams = streams == PLAIN_STREAMS;
    options.max_pending_messages = SIZE_MAX / 2;
    options.max_pending_bytes = SIZE_MAX / 2;
    Bench__V1__BenchClient *client = NULL;
    need(bench__v1__bench_client__new(&client, connection, &options), "client");
    return client;
}

void need_end(natsmicro_status status, natsmicro_call *call, streaming streams)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    if (status != NATSMICRO_END || metrics.reliable != (streams == RELIABLE_STREAMS))
        give_up("%s, reliable %d: %s", natsmicro_call_method(call), metrics.reliable,
                natsmicro_call_error_message(call));
}

/* ---- raw ---- */

natsSubscription *subscribe_raw(natsConnection *connection, const char *subject)
{
    natsSubscription *subscription = NULL;
    need_nats(natsConnection_SubscribeSync(&subscription, connection, subject), subject);
    need_nats(natsSubscription_SetPendingLimits(subscription, -1, -1), subject);
    need_nats(natsConnection_Flush(connection), subject);
    return subscription;
}

void publish_raw(natsConnection *connection, const char *subject, const void *data, int length,
                 int32_t count, const char *end_reply)
{
    natsMsg *message = NULL;
    for (int32_t i = 1; i <= count; i++) {
        char sequence[16];
        snprintf(sequence, sizeof(sequence), "%d", (int)i);
        need_nats(natsMsg_Create(&message, subject, NULL, data, length), "message");
        need_nats(natsMsgHeader_Set(message, HEADER_SEQ, sequence), "header");
        need_nats(natsConnection_PublishMsg(connection, message), "publish");
        natsMsg_Destroy(message);
    }
    need_nats(natsMsg_Create(&message, subject, end_reply, NULL, 0), "message");
    need_nats(natsMsgHeader_Set(message, HEADER_END, "true"), "header");
    need_nats(natsConnection_PublishMsg(connection, message), "publish");
    natsMsg_Destroy(message);
    need_nats(natsConnection_Flush(connection), "flush");
}

/* Waits for the next message, after `count` others. */
static natsMsg *next_raw(natsSubscription *subscription, int32_t count, int64_t first_ms)
{
    natsMsg *message = NULL;
    int64_t wait_ms = count == 0 ? first_ms : RAW_TIMEOUT_MS;
    need_nats(natsSubscription_NextMsg(&message, subscription, wait_ms), "next message");
    return message;
}

int32_t read_raw(natsSubscription *subscription, int64_t first_ms, natsMsg **end)
{
    int32_t count = 0;
    bool complete = true;
    for (;;) {
        natsMsg *message = next_raw(subscription, count, first_ms);
        const char *sequence = NULL;
        if (natsMsgHeader_Get(message, HEADER_SEQ, &sequence) != NATS_OK) {
            if (end != NULL)
                *end = message;
            else
                natsMsg_Destroy(message);
            return complete ? count : -1;
        }
        if (strtol(sequence, NULL, 10) != ++count)
            complete = false;
        natsMsg_Destroy(message);
    }
}

void publish_bare(natsConnection *connection, const char *subject, const void *data, int length,
                  int32_t count, const char *end_reply)
{
    for (int32_t i = 0; i < count; i++)
        need_nats(natsConnection_Publish(connection, subject, data, length), "publish");
    need_nats(natsConnection_PublishRequest(connection, subject, end_reply, NULL, 0), "publish");
    need_nats(natsConnection_Flush(connection), "flush");
}

int32_t read_bare(natsSubscription *subscription, int64_t first_ms, natsMsg **end)
{
    for (int32_t count = 0;; count++) {
        natsMsg *message = next_raw(subscription, count, first_ms);
        bool last = natsMsg_GetDataLength(message) == 0;
        if (last && end != NULL)
            *end = message;
        else
            natsMsg_Destroy(message);
        if (last)
            return count;
    }
}

static void raw_echo(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                     void *closure)
{
    (void)subscription;
    (void)closure;
    natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                           natsMsg_GetDataLength(message));
    natsMsg_Destroy(message);
}

/* Answers "count size" with messages: with a header, or, if there is a closure, without. */
static void raw_count(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                      void *bare)
{
    static char data[LARGEST_RAW];
    const char *to = natsMsg_GetReply(message);
    int count = 0;
    int size = 0;
    (void)subscription;
    bool good =
        sscanf(natsMsg_GetData(message), "%d %d", &count, &size) == 2 && size <= LARGEST_RAW;
    if (good && bare != NULL)
        publish_bare(connection, to, data, size, count, RAW_TAKE);
    else if (good)
        publish_raw(connection, to, data, size, count, NULL);
    natsMsg_Destroy(message);
}

/* Counts the messages to one subject. */
typedef struct counter {
    natsConnection *connection;
    const char *subject;
    int32_t (*read)(natsSubscription *subscription, int64_t first_ms, natsMsg **end);
} counter;

static void *raw_sum(void *data)
{
    const counter *self = data;
    natsSubscription *subscription = subscribe_raw(self->connection, self->subject);
    for (;;) {
        natsMsg *end = NULL;
        int32_t count = self->read(subscription, FOR_EVER_MS, &end);
        char answer[16];
        snprintf(answer, sizeof(answer), "%d", (int)count);
        need_nats(natsConnection_PublishString(self->connection, natsMsg_GetReply(end), answer),
                  "answer");
        need_nats(natsConnection_Flush(self->connection), "flush");
        natsMsg_Destroy(end);
    }
    return NULL;
}

static void serve_raw(const char *url)
{
    natsConnection *at_once = connect_raw(url, SEND_ASAP);
    natsConnection *buffered = connect_raw(url, SEND_BUFFERED);
    natsSubscription *subscription = NULL;
    static counter counters[] = {{NULL, RAW_SUM, read_raw}, {NULL, RAW_TAKE, read_bare}};
    need_nats(natsConnection_Subscribe(&subscription, at_once, RAW_ECHO, raw_echo, NULL), RAW_ECHO);
    need_nats(natsConnection_Flush(at_once), "flush");
    need_nats(natsConnection_Subscribe(&subscription, buffered, RAW_COUNT, raw_count, NULL),
              RAW_COUNT);
    need_nats(natsConnection_Subscribe(&subscription, buffered, RAW_BARE, raw_count, RAW_BARE),
              RAW_BARE);
    pthread_t thread;
    for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
        counters[i].connection = buffered;
        if (pthread_create(&thread, NULL, raw_sum, &counters[i]) != 0)
            give_up("no thread");
    }
    need_nats(natsConnection_Flush(buffered), "flush");
}

/* ---- ours ---- */

static natsmicro_status echo(Bench__V1__BenchServer__Echo *call, const Bench__V1__Text *request,
                             void *user_data)
{
    (void)user_data;
    return bench__v1__bench_server__echo__reply(call, request);
}

/*
 * Keeps a sender to its rate, from burst to burst. A sender that was late does not catch up: no
 * reader could keep up with that.
 */
static void keep_rate(double *burst_start, int32_t sent, int32_t rate)
{
    if (rate == 0 || sent % BURST != 0)
        return;
    double now = now_us();
    double due = *burst_start + BURST * 1e6 / rate;
    double early = due - now;
    *burst_start = early > 0 ? due : now;
    if (early < 100)
        return;
    struct timespec pause = {0, (long)(early < 900000 ? early * 1e3 : 9e8)};
    nanosleep(&pause, NULL);
}

static natsmicro_status count(Bench__V1__BenchServer__Count *call,
                              const Bench__V1__CountRequest *request, void *user_data)
{
    Bench__V1__Number number = BENCH__V1__NUMBER__INIT;
    double burst_start = now_us();
    (void)user_data;
    for (int32_t i = 1; i <= request->count; i++) {
        number.value = i;
        natsmicro_status status = bench__v1__bench_server__count__send(call, &number);
        if (status != NATSMICRO_OK)
            return status;
        keep_rate(&burst_start, i, request->rate);
    }
    return NATSMICRO_OK;
}

static natsmicro_status blocks(Bench__V1__BenchServer__Blocks *call,
                               const Bench__V1__CountRequest *request, void *user_data)
{
    static uint8_t data[LARGEST_RAW];
    Bench__V1__Block block = BENCH__V1__BLOCK__INIT;
    (void)user_data;
    block.data.data = data;
    block.data.len = request->size > 0 ? (size_t)request->size : BLOCK_SIZE;
    for (int32_t i = 1; i <= request->count; i++) {
        natsmicro_status status = bench__v1__bench_server__blocks__send(call, &block);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status texts(Bench__V1__BenchServer__Texts *call,
                              const Bench__V1__CountRequest *request, void *user_data)
{
    Bench__V1__Text text = BENCH__V1__TEXT__INIT;
    size_t length =
        request->size > 0 && request->size < BLOCK_SIZE ? (size_t)request->size : BLOCK_SIZE;
    (void)user_data;
    char data[BLOCK_SIZE + 1];
    memset(data, 'a', length);
    data[length] = '\0';
    text.text = data;
    for (int32_t i = 1; i <= request->count; i++) {
        natsmicro_status status = bench__v1__bench_server__texts__send(call, &text);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status talk(Bench__V1__BenchServer__Talk *call, void *user_data)
{
    (void)user_data;
    const Bench__V1__Text *text;
    natsmicro_status status;
    while ((status = bench__v1__bench_server__talk__recv(call, &text)) == NATSMICRO_OK) {
        status = bench__v1__bench_server__talk__send(call, text);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

static natsmicro_status sum(Bench__V1__BenchServer__Sum *call, void *user_data)
{
    Bench__V1__SumResponse response = BENCH__V1__SUM_RESPONSE__INIT;
    (void)user_data;
    const Bench__V1__Number *number;
    natsmicro_status status;
    while ((status = bench__v1__bench_server__sum__recv(call, &number)) == NATSMICRO_OK)
        response.count++;
    if (status != NATSMICRO_END)
        return status;
    return bench__v1__bench_server__sum__reply(call, &response);
}

/* ---- blobs: from memory, to nowhere ---- */

static uint8_t blob_source[1024 * 1024];

/* Keeps a sender of blobs to its rate. */
static void keep_byte_rate(double start, int64_t done, int64_t rate)
{
    if (rate == 0)
        return;
    double early = start + (double)done * 1e6 / (double)rate - now_us();
    if (early < 1000)
        return;
    struct timespec pause = {(time_t)(early / 1e6), (long)((long)early % 1000000 * 1000)};
    nanosleep(&pause, NULL);
}

natsmicro_status send_blob(natsmicro_call *call, int64_t size, size_t chunk_size, int64_t rate)
{
    double start = now_us();
    natsmicro_status status = NATSMICRO_OK;
    for (int64_t done = 0; done < size && status == NATSMICRO_OK;) {
        int64_t left = size - done;
        size_t now = left < (int64_t)sizeof(blob_source) ? (size_t)left : sizeof(blob_source);
        status = natsmicro_chunked_send_bytes(call, blob_source, now, chunk_size, NULL, NULL);
        done += (int64_t)now;
        keep_byte_rate(start, done, rate);
    }
    return status;
}

static natsmicro_status discard(void *user_data, const void *data, size_t length)
{
    int64_t *size = user_data;
    (void)data;
    *size += (int64_t)length;
    return NATSMICRO_OK;
}

natsmicro_status discard_blob(natsmicro_call *call, int64_t *size)
{
    *size = 0;
    return natsmicro_chunked_recv_to_writer(call, discard, size, NULL, NULL);
}

static natsmicro_status upload(Bench__V1__BenchServer__Upload *call, void *user_data)
{
    Bench__V1__UploadResponse response = BENCH__V1__UPLOAD_RESPONSE__INIT;
    const char *path = natsmicro_call_header(call->base, HEADER_STORE_AT);
    (void)user_data;
    natsmicro_status status =
        path != NULL ? bench__v1__bench_server__upload__recv_to_file(call, path, NULL, NULL)
                     : discard_blob(call->base, &response.size);
    if (status != NATSMICRO_OK)
        return status;
    return bench__v1__bench_server__upload__reply(call, &response);
}

static natsmicro_status download(Bench__V1__BenchServer__Download *call,
                                 const Bench__V1__DownloadRequest *request, void *user_data)
{
    (void)user_data;
    return send_blob(call->base, request->size, (size_t)request->chunk_size, request->rate);
}

static natsmicro_server *serve_ours(natsConnection *connection, const char *prefix)
{
    static const Bench__V1__BenchHandlers handlers = {.echo = echo,
                                                      .count = count,
                                                      .blocks = blocks,
                                                      .texts = texts,
                                                      .talk = talk,
                                                      .sum = sum,
                                                      .upload = upload,
                                                      .download = download};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    natsmicro_server *server = NULL;
    options.max_pending_messages = SIZE_MAX / 2;
    options.max_pending_bytes = SIZE_MAX / 2;
    service.subject_prefix = prefix;
    need(natsmicro_server_new(&server, connection, &options), "server");
    need(bench__v1__bench_server__add(server, &handlers, NULL, &service), "service");
    need_nats(natsConnection_Flush(connection), "flush");
    return server;
}

/* ---- the process ---- */

static natsmicro_server *running;

static void on_signal(int signal_number)
{
    (void)signal_number;
    natsmicro_server_stop(running);
}

void peer_main(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "peer") != 0)
        return;
    const char *url = argv[2];
    serve_raw(url);
    natsmicro_server *at_once = serve_ours(connect_ours(url, SEND_ASAP), ASAP_PREFIX);
    running = serve_ours(connect_ours(url, SEND_BUFFERED), NULL);
    signal(SIGTERM, on_signal);
    puts("ready");
    fflush(stdout);
    need(natsmicro_server_run(running), "serving");
    natsmicro_server_destroy(running);
    natsmicro_server_destroy(at_once);
    exit(0);
}

pid_t run_self(char *const arguments[], int *out)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    int ends[2];
    if (length < 0 || pipe(ends) != 0)
        give_up("cannot run the program again: %s", strerror(errno));
    path[length] = '\0';
    pid_t pid = process_start(path, arguments, ends[1], -1);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

void read_line(int from, char *line, size_t size)
{
    size_t length = 0;
    while (length + 1 < size && read(from, line + length, 1) == 1 && line[length] != '\n')
        length++;
    if (length == 0)
        give_up("the other process ended");
    line[length] = '\0';
}

double peak_of(pid_t pid)
{
    double peak = 0;
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    FILE *status = fopen(path, "r");
    if (status == NULL)
        give_up("cannot read %s", path);
    char line[256];
    while (fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtod(line + 6, NULL) / 1024;
    fclose(status);
    if (peak <= 0)
        give_up("%s has no VmHWM", path);
    return peak;
}

void peer_start(peer *self)
{
    /* Keeps the broker from closing a connection on which a burst waits. */
    const broker_options options = {.config = "max_pending: 1073741824"};
    self->where = broker_start(&options);
    char version[32];
    broker_version(self->where, version, sizeof(version));
    measure_with_broker(version);
    char url[64];
    snprintf(url, sizeof(url), "%s", broker_url(self->where));
    char *arguments[] = {"peer", "peer", url, NULL};
    int out;
    self->pid = run_self(arguments, &out);
    char line[64];
    read_line(out, line, sizeof(line));
    close(out);
}

void peer_stop(peer *self)
{
    process_signal(self->pid, SIGTERM);
    int wait_status;
    if (!process_wait(self->pid, STOP_TIMEOUT, &wait_status)) {
        process_signal(self->pid, SIGKILL);
        process_wait(self->pid, STOP_TIMEOUT, &wait_status);
    }
    broker_stop(self->where);
}
