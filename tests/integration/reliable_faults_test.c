/*
 * Thousands of short streams through a network that loses, repeats, delays, swaps and cuts
 * messages. Each ends with all messages in order on both sides, or with an error; none hangs.
 * Otherwise a user would lose messages without an error, or a thread.
 *
 * NATSMICRO_TEST_SEED repeats the faults of a run, as far as the order of threads allows.
 * NATSMICRO_TEST_STREAMS is the number of streams.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "support/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS 48

/*
 * A stream that takes longer hangs: silence and openings are limited to 3 s, or 30, and a peer that
 * is gone is noticed in 5 s.
 */
#define LONGEST_MS (120 * 1000)
#define LIMIT_MS   3000

enum kind { SERVER_STREAM, CLIENT_STREAM, BIDI_STREAM, DOWNLOAD, KINDS };

static const char *const kind_names[KINDS] = {"server-stream", "client-stream", "bidi", "download"};

/* ---- the service: checks what comes; a wrong stream is not taken for a complete one ---- */

static atomic_int wrong; /* streams that a side wrongly took for complete, or had out of order */

static int32_t pad_for(int32_t count)
{
    return count % 97 + 1;
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    char text[128] = "";
    /*
     * The opening may have been cut. The protocol cannot notice that, so the request has a check of
     * its own.
     */
    if (request->pad != pad_for(request->count))
        return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT, "the request was cut");
    memset(text, 'x', (size_t)request->pad);
    response.text = text;
    for (response.number = 0; response.number < request->count; response.number++) {
        natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

/* The values are 1, 2, 3 and so on; the last one is negative. */
static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    bool complete = false;
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        if (complete || llabs(request->value) != response.count + 1)
            atomic_fetch_add(&wrong, 1);
        complete = request->value < 0;
        response.total += request->value;
        response.count++;
    }
    if (status != NATSMICRO_END)
        return status;
    if (!complete)
        atomic_fetch_add(&wrong, 1);
    return lab__v1__lab_server__sum__reply(call, &response);
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    int expected = 0;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK) {
        if (atoi(line->text) != expected++)
            atomic_fetch_add(&wrong, 1);
        status = lab__v1__lab_server__chat__send(call, line);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    (void)user_data;
    if (request->chunk != pad_for((int32_t)request->size))
        return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT, "the request was cut");
    uint8_t *data = malloc((size_t)request->size + 1);
    if (data == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    for (int64_t i = 0; i < request->size; i++)
        data[i] = (uint8_t)(i * 31 + i / 256);
    natsmicro_status status = lab__v1__lab_server__download__send_bytes(
        call, data, (size_t)request->size, 3000, NULL, NULL);
    free(data);
    return status;
}

static const Lab__V1__LabHandlers handlers = {
    .count_up = count_up, .sum = sum, .chat = chat, .download = download};

/* ---- the callers ---- */

typedef struct tally {
    atomic_int ended[KINDS][NATSMICRO_SERVICE_ERROR + 1]; /* by kind, and by what they ended with */
    atomic_int next;
    int streams;
    atomic_llong longest_ms;
    latch gone; /* a caller has made all of its streams */
} tally;

typedef struct caller {
    tally *all;
    Lab__V1__LabClient *client;
    pthread_t thread;
} caller;

static natsmicro_status count_all(Lab__V1__LabClient *client, int32_t count)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    int32_t received = 0;
    request.count = count;
    request.pad = pad_for(count);
    Lab__V1__LabClient__CountUp *call;
    natsmicro_status status = lab__v1__lab_client__count_up(client, &request, NULL, &call);
    if (status != NATSMICRO_OK)
        return status;
    const Lab__V1__CountUpResponse *response;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK)
        if (response->number != received++ || strlen(response->text) != (size_t)request.pad)
            atomic_fetch_add(&wrong, 1);
    if (status == NATSMICRO_END && received != count)
        atomic_fetch_add(&wrong, 1);
    lab__v1__lab_client__count_up__close(call);
    return status;
}

static natsmicro_status sum_up(Lab__V1__LabClient *client, int32_t count)
{
    Lab__V1__SumResponse *response = NULL;
    Lab__V1__LabClient__Sum *call;
    natsmicro_status status = lab__v1__lab_client__sum(client, NULL, &call);
    if (status != NATSMICRO_OK)
        return status;
    for (int32_t i = 1; i <= count && status == NATSMICRO_OK; i++)
        status = lab_sum_send(call, i == count ? -i : i);
    status = lab__v1__lab_client__sum__close_and_recv(call, &response);
    if (status == NATSMICRO_OK && response->count != count)
        atomic_fetch_add(&wrong, 1);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
    return status == NATSMICRO_OK ? NATSMICRO_END : status;
}

static natsmicro_status talk(Lab__V1__LabClient *client, int32_t count)
{
    int32_t received = 0;
    Lab__V1__LabClient__Chat *call;
    natsmicro_status status = lab__v1__lab_client__chat(client, NULL, &call);
    if (status != NATSMICRO_OK)
        return status;
    char text[32];
    for (int32_t i = 0; i < count && status == NATSMICRO_OK; i++) {
        snprintf(text, sizeof(text), "%d", i);
        status = lab_chat_send(call, text);
    }
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__chat__close_send(call);
    const Lab__V1__ChatMessage *line;
    while ((status = lab__v1__lab_client__chat__recv(call, &line)) == NATSMICRO_OK)
        if (atoi(line->text) != received++)
            atomic_fetch_add(&wrong, 1);
    if (status == NATSMICRO_END && received != count)
        atomic_fetch_add(&wrong, 1);
    lab__v1__lab_client__chat__close(call);
    return status;
}

static natsmicro_status take_blob(Lab__V1__LabClient *client, int32_t count)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    request.size = count * INT64_C(1000);
    request.chunk = pad_for((int32_t)request.size);
    Lab__V1__LabClient__Download *call;
    natsmicro_status status = lab__v1__lab_client__download(client, &request, NULL, &call);
    if (status != NATSMICRO_OK)
        return status;
    uint8_t *data;
    size_t length;
    status = lab__v1__lab_client__download__recv_bytes(call, SIZE_MAX, &data, &length, NULL, NULL);
    if (status == NATSMICRO_OK) {
        bool same = length == (size_t)request.size;
        for (size_t i = 0; same && i < length; i++)
            same = data[i] == (uint8_t)(i * 31 + i / 256);
        if (!same)
            atomic_fetch_add(&wrong, 1);
        free(data);
    }
    lab__v1__lab_client__download__close(call);
    return status == NATSMICRO_OK ? NATSMICRO_END : status;
}

static void *make_streams(void *data)
{
    static natsmicro_status (*const make[KINDS])(Lab__V1__LabClient *,
                                                 int32_t) = {count_all, sum_up, talk, take_blob};
    caller *self = data;
    for (int i; (i = atomic_fetch_add(&self->all->next, 1)) < self->all->streams;) {
        int64_t began = now_ms();
        int kind = i % KINDS;
        /* Mostly a few messages, some with many frames. */
        int32_t count = 1 + (i / KINDS) % 40 + (i % 32 < KINDS ? 1500 : 0);
        natsmicro_status status = make[kind](self->client, kind == DOWNLOAD ? count % 50 : count);
        atomic_fetch_add(&self->all->ended[kind][status], 1);
        long long took = now_ms() - began;
        long long longest = atomic_load(&self->all->longest_ms);
        while (took > longest &&
               !atomic_compare_exchange_weak(&self->all->longest_ms, &longest, took))
            continue;
    }
    latch_open(&self->all->gone);
    return NULL;
}

/* ---- the network ---- */

typedef struct scene {
    lab room;
    proxy *proxy;
    natsConnection *far;  /* the service's, through the proxy */
    natsConnection *near; /* the callers' */
    Lab__V1__LabClient *client;
} scene;

static void scene_open(scene *self, const proxy_faults *faults, int64_t limit_ms)
{
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    lab_open(&self->room);
    self->proxy = proxy_start(self->room.nats, faults);
    self->far = connect_to_url(proxy_url(self->proxy));
    self->near = connect_to_url(proxy_url(self->proxy));
    client.timeout_ms = client.idle_timeout_ms = server.idle_timeout_ms = limit_ms;
    server.drain_timeout_ms = limit_ms;
    assert_ok(natsmicro_server_new(&self->room.server, self->far, &server));
    assert_ok(lab__v1__lab_server__add(self->room.server, &handlers, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->far, LAB_PATIENCE));
    assert_ok(lab__v1__lab_client__new(&self->client, self->near, &client));
}

static void scene_close(scene *self)
{
    lab__v1__lab_client__destroy(self->client);
    natsmicro_server_destroy(self->room.server);
    self->room.server = NULL;
    natsConnection_Destroy(self->near);
    natsConnection_Destroy(self->far);
    proxy_stop(self->proxy);
    lab_close(&self->room);
}

static void report_kind(const tally *all, int kind)
{
    size_t length = 0;
    char line[512];
    for (int status = 0; status <= NATSMICRO_SERVICE_ERROR; status++) {
        int count = atomic_load(&all->ended[kind][status]);
        if (count > 0)
            length += (size_t)snprintf(line + length, sizeof(line) - length, "  %s %d",
                                       status == NATSMICRO_END
                                           ? "complete"
                                           : natsmicro_status_name((natsmicro_status)status),
                                       count);
    }
    line[length] = '\0';
    report("%-14s%s", kind_names[kind], line);
}

static int complete(const tally *all)
{
    int sum_of_kinds = 0;
    for (int kind = 0; kind < KINDS; kind++)
        sum_of_kinds += atomic_load(&all->ended[kind][NATSMICRO_END]);
    return sum_of_kinds;
}

static void run_streams(scene *self, tally *all)
{
    static caller callers[CALLERS];
    atomic_store(&wrong, 0);
    latch_init(&all->gone);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.all = all, .client = self->client};
        assert_int_equal(0, pthread_create(&callers[i].thread, NULL, make_streams, &callers[i]));
    }
    if (!latch_wait_count(&all->gone, CALLERS, LONGEST_MS))
        support_die("%d of %d callers hang", CALLERS - latch_count(&all->gone), CALLERS);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i].thread, NULL);
    latch_destroy(&all->gone);
    for (int kind = 0; kind < KINDS; kind++)
        report_kind(all, kind);
    natsmicro_stream_metrics metrics;
    natsmicro_server_get_stream_metrics(self->room.server, &metrics);
    proxy_counts counts;
    proxy_get_counts(self->proxy, &counts);
    report("the longest took %lld ms; the service sent %llu of %llu messages again",
           (long long)atomic_load(&all->longest_ms), (unsigned long long)metrics.retransmitted,
           (unsigned long long)metrics.messages_sent);
    report("passed %llu, dropped %llu, repeated %llu, swapped %llu, cut %llu, delayed %llu",
           (unsigned long long)counts.passed, (unsigned long long)counts.dropped,
           (unsigned long long)counts.duplicated, (unsigned long long)counts.reordered,
           (unsigned long long)counts.truncated, (unsigned long long)counts.delayed);
    assert_int_equal(0, atomic_load(&wrong));
}

static uint64_t seed(void)
{
    return figure("NATSMICRO_TEST_SEED", 0, 0);
}

/* ---- tests ---- */

/*
 * All faults are on inboxes, where the protocol repairs them, so all streams are complete: with
 * limits that a busy machine does not reach.
 */
static void streams_outlive_every_fault(void **state)
{
    const proxy_faults faults = {.subjects = "_INBOX.",
                                 .seed = seed(),
                                 .drop = 20,
                                 .duplicate = 20,
                                 .reorder = 20,
                                 .truncate = 10,
                                 .delay = 20,
                                 .max_delay_ms = 100};
    tally all = {.streams = (int)figure("NATSMICRO_TEST_STREAMS", 3000, 400)};
    (void)state;
    scene here;
    scene_open(&here, &faults, 10 * LIMIT_MS);
    run_streams(&here, &all);
    assert_int_equal(all.streams, complete(&all));
    scene_close(&here);
}

/* Faults happen to openings and discovery as well. That may be an error, but never a wrong end. */
static void a_lost_opening_is_an_error(void **state)
{
    const proxy_faults faults = {.subjects = "",
                                 .seed = seed(),
                                 .drop = 40,
                                 .duplicate = 40,
                                 .reorder = 40,
                                 .truncate = 40,
                                 .delay = 40,
                                 .max_delay_ms = 100};
    tally all = {.streams = (int)figure("NATSMICRO_TEST_STREAMS", 1500, 200)};
    (void)state;
    scene here;
    scene_open(&here, &faults, LIMIT_MS);
    run_streams(&here, &all);
    assert_true(complete(&all) > all.streams / 2);
    assert_true(complete(&all) < all.streams);
    scene_close(&here);
}

/*
 * One frame of ten is lost, in a window of hundreds. After each loss only a small part of the
 * window is sent again. So many losses in a row that the peer seems gone are possible, but rare
 * with a long limit.
 */
static void a_loss_does_not_send_the_window_again(void **state)
{
    const proxy_faults faults = {.subjects = "_INBOX.", .seed = seed(), .drop = 100};
    const int32_t count = 300 * 97 - 1; /* messages of 97 bytes and more */
    (void)state;
    scene here;
    scene_open(&here, &faults, 10 * LIMIT_MS);
    atomic_store(&wrong, 0);
    assert_status(NATSMICRO_END, count_all(here.client, count));
    assert_int_equal(0, atomic_load(&wrong));
    natsmicro_stream_metrics metrics;
    natsmicro_server_get_stream_metrics(here.room.server, &metrics);
    report("of %llu messages %llu were sent again", (unsigned long long)metrics.messages_sent,
           (unsigned long long)metrics.retransmitted);
    assert_int_equal(count, metrics.messages_sent);
    assert_between(metrics.retransmitted, 1, 4 * (uint64_t)count);
    scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_does_not_send_the_window_again),
        cmocka_unit_test(streams_outlive_every_fault),
        cmocka_unit_test(a_lost_opening_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
