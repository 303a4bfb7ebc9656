/*
 * A thousand streams at once between two processes. Each gets its own messages, in order, to the
 * end, also where the broker is killed meanwhile; what all peers may send ahead of their readers
 * together is bounded; the memory of a stream is reported. Otherwise messages of one conversation
 * would come up in another, or many streams together would be cut off by the broker.
 *
 * NATSMICRO_TEST_CALLS is the number of streams.
 */
#include "integration/figures.h"
#include "integration/frames.h"
#include "integration/lab_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 10
#define BURST  20 /* messages of a round that are sent before the first is read */

/* What a service sends on each stream: more than a window where there are many. */
#define NUMBERS 20
#define PAD     16384

/* What all streams keep in an outage, in MiB: more than may go again at once. */
#define KEPT_TOGETHER ((size_t)PLAIN_OR_SANITIZED(96, 40))

/* A sanitizer needs long to fill that. */
#define IDLE_LIMIT_MS 120000

/* Of all windows of a client, or a server. */
#define MOST_WINDOWS (UINT64_C(48) * 1024 * 1024)

static int calls(void)
{
    return (int)figure("NATSMICRO_TEST_CALLS", 1000, 150);
}

static int serve(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = options.max_streams = (uint32_t)calls();
    options.idle_timeout_ms = IDLE_LIMIT_MS;
    if (natsmicro_server_new(&server, connection, &options) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_handlers, NULL, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

static void send_burst(Lab__V1__LabClient__Chat *call, int which, int round)
{
    char text[64];
    for (int i = 0; i < BURST; i++) {
        snprintf(text, sizeof(text), "%d %d %d", which, round, i);
        assert_ok(lab_chat_send(call, text));
    }
}

static void recv_burst(Lab__V1__LabClient__Chat *call, int which, int round)
{
    const Lab__V1__ChatMessage *line;
    char text[64];
    for (int i = 0; i < BURST; i++) {
        snprintf(text, sizeof(text), "%d %d %d", which, round, i);
        assert_ok(lab__v1__lab_client__chat__recv(call, &line));
        assert_string_equal(text, line->text);
    }
}

static void close_all(Lab__V1__LabClient__Chat **open)
{
    for (int i = 0; i < calls(); i++)
        assert_ok(lab__v1__lab_client__chat__close_send(open[i]));
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < calls(); i++) {
        assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(open[i], &line));
        lab__v1__lab_client__chat__close(open[i]);
    }
}

static void report_memory(const char *what, uint64_t before_kib, uint64_t after_kib)
{
    uint64_t more = after_kib > before_kib ? after_kib - before_kib : 0;
    report("%s: %" PRIu64 " KiB before, %" PRIu64 " KiB with %d streams: %" PRIu64
           " bytes a stream",
           what, before_kib, after_kib, calls(), more * 1024 / (uint64_t)calls());
}

/* ---- the room ---- */

/* The service is a process of its own. */
typedef struct crowd {
    broker *where;
    natsConnection *connection;
    child service;
    Lab__V1__LabClient *client;
} crowd;

static void gather(crowd *self)
{
    self->where = broker_start(NULL);
    self->connection = connect_to(self->where);
    child_start(&self->service, "serve", broker_url(self->where));
    char line[64];
    assert_true(child_line(&self->service, line, sizeof(line), LAB_PATIENCE));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.timeout_ms = 60000;
    options.idle_timeout_ms = IDLE_LIMIT_MS;
    assert_ok(lab__v1__lab_client__new(&self->client, self->connection, &options));
}

static void part(crowd *self)
{
    lab__v1__lab_client__destroy(self->client);
    natsConnection_Destroy(self->connection);
    child_kill(&self->service);
    broker_stop(self->where);
}

static Lab__V1__LabClient__Chat **open_chats(crowd *self)
{
    Lab__V1__LabClient__Chat **open = calloc((size_t)calls(), sizeof(*open));
    assert_non_null(open);
    for (int i = 0; i < calls(); i++)
        assert_ok(lab__v1__lab_client__chat(self->client, NULL, &open[i]));
    return open;
}

/* ---- what must hold ---- */

static void a_thousand_streams_at_once_keep_apart(void **state)
{
    (void)state;
    crowd here;
    gather(&here);
    uint64_t ours = memory_kib(getpid());
    uint64_t theirs = memory_kib(here.service.pid);
    int64_t began = now_ms();
    Lab__V1__LabClient__Chat **open = open_chats(&here);
    int64_t opened = now_ms();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < calls(); i++)
            send_burst(open[i], i, round);
        for (int i = 0; i < calls(); i++)
            recv_burst(open[i], i, round);
    }
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(open[0]->base, &metrics);
    assert_true(metrics.reliable);
    report("%d streams opened in %lld ms; %d messages there and back in %lld ms", calls(),
           (long long)(opened - began), calls() * ROUNDS * BURST, (long long)(now_ms() - opened));
    report_memory("caller", ours, memory_kib(getpid()));
    report_memory("service, a thread each", theirs, memory_kib(here.service.pid));
    close_all(open);
    free(open);
    part(&here);
}

/* The limit in bytes of an opening, or of a service's first frame; 0: the message is neither. */
static uint64_t window_in(natsMsg *message)
{
    const char *offer = raw_header(message, OFFER_HEADER);
    const char *bytes = strstr(offer, "bytes=");
    if (bytes != NULL)
        return strtoull(bytes + strlen("bytes="), NULL, 10);
    nm_frame frame;
    const char *why;
    if (offer[0] == '\0' || !nm_frame_read((const uint8_t *)natsMsg_GetData(message),
                                           (size_t)natsMsg_GetDataLength(message), &frame, &why))
        return 0;
    return frame.max_bytes;
}

/* Adds up the windows that come first to so many inboxes. */
static uint64_t sum_of_windows(natsSubscription *spy)
{
    char(*inboxes)[128] = calloc((size_t)calls(), sizeof(*inboxes));
    assert_non_null(inboxes);
    uint64_t sum = 0;
    for (int known = 0; known < calls();) {
        natsMsg *message = raw_next(spy);
        uint64_t window = window_in(message);
        const char *inbox = natsMsg_GetReply(message);
        bool is_new = window > 0 && inbox != NULL;
        for (int i = 0; i < known && is_new; i++)
            is_new = strcmp(inboxes[i], inbox) != 0;
        if (is_new) {
            snprintf(inboxes[known++], sizeof(*inboxes), "%s", inbox);
            sum += window;
        }
        natsMsg_Destroy(message);
    }
    free(inboxes);
    return sum;
}

/* The broker keeps 64 MiB for a connection, and cuts it when more is under way to it. */
static void windows_together_stay_below_what_the_broker_keeps(void **state)
{
    (void)state;
    crowd here;
    gather(&here);
    natsConnection *listener = connect_to(here.where);
    natsSubscription *offers;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&offers, listener, "lab.v1.chat"));
    natsSubscription *first_frames;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&first_frames, listener, "_INBOX.>"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(listener, LAB_PATIENCE));
    Lab__V1__LabClient__Chat **open = open_chats(&here);
    uint64_t of_caller = sum_of_windows(offers);
    uint64_t of_service = sum_of_windows(first_frames);
    report("%d streams: windows of the caller %" PRIu64 " bytes, of the service %" PRIu64, calls(),
           of_caller, of_service);
    assert_true(of_caller <= MOST_WINDOWS);
    assert_true(of_service <= MOST_WINDOWS);
    close_all(open);
    free(open);
    natsSubscription_Destroy(offers);
    natsSubscription_Destroy(first_frames);
    natsConnection_Destroy(listener);
    part(&here);
}

static void recv_number(Lab__V1__LabClient__CountUp *call, int32_t expected)
{
    const Lab__V1__CountUpResponse *response;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    assert_int_equal(expected, response->number);
    assert_int_equal(PAD, strlen(response->text));
}

/* All have much under way, and a window much smaller than that. */
static void streams_of_a_crowd_outlive_the_broker(void **state)
{
    (void)state;
    crowd here;
    gather(&here);
    Lab__V1__LabClient__CountUp **open = calloc((size_t)calls(), sizeof(*open));
    assert_non_null(open);
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    request.count = NUMBERS;
    request.pad = PAD;
    for (int i = 0; i < calls(); i++)
        assert_ok(lab__v1__lab_client__count_up(here.client, &request, NULL, &open[i]));
    for (int i = 0; i < calls(); i++)
        recv_number(open[i], 0);
    broker_kill(here.where);
    broker_restart(here.where);
    int64_t began = now_ms();
    for (int i = 0; i < calls(); i++) {
        for (int32_t number = 1; number < NUMBERS; number++)
            recv_number(open[i], number);
        const Lab__V1__CountUpResponse *response;
        assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(open[i], &response));
        lab__v1__lab_client__count_up__close(open[i]);
    }
    report("%d streams read to their ends in %lld ms after the broker's restart", calls(),
           (long long)(now_ms() - began));
    free(open);
    part(&here);
}

/*
 * All of them keep more than may go again at once: they take turns. One that missed its turn would
 * stand still until the idle limit.
 */
static void streams_of_a_crowd_take_turns_after_an_outage(void **state)
{
    (void)state;
    crowd here;
    gather(&here);
    Lab__V1__LabClient__Chat **open = open_chats(&here);
    size_t length = (KEPT_TOGETHER << 20) / (size_t)calls();
    char *text = lab_text(length);
    broker_kill(here.where);
    for (int i = 0; i < calls(); i++) {
        snprintf(text, length, "%d", i);
        assert_ok(lab_chat_send(open[i], text));
        text[strlen(text)] = ' '; /* a line goes on after its number */
        assert_ok(lab_chat_send(open[i], text));
    }
    broker_restart(here.where);
    int64_t began = now_ms();
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < calls(); i++) {
        assert_ok(lab__v1__lab_client__chat__recv(open[i], &line));
        assert_int_equal(i, atoi(line->text));
        assert_ok(lab__v1__lab_client__chat__recv(open[i], &line));
        assert_int_equal(i, atoi(line->text));
        assert_int_equal(length, strlen(line->text));
    }
    report("%zu MiB came through and back in %lld ms after the broker's restart", KEPT_TOGETHER,
           (long long)(now_ms() - began));
    free(text);
    close_all(open);
    free(open);
    part(&here);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_streams_at_once_keep_apart),
        cmocka_unit_test(windows_together_stay_below_what_the_broker_keeps),
        cmocka_unit_test(streams_of_a_crowd_outlive_the_broker),
        cmocka_unit_test(streams_of_a_crowd_take_turns_after_an_outage),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
