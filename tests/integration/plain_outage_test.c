/*
 * Plain streams while one side cannot be reached: what nobody had to hear meanwhile is no loss, so
 * a call goes on; what was lost is told; and a caller that comes back hears how its call ended,
 * which the peers of other languages would else wait for until their own timeout.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"
#include "support/cluster.h"

#include <stdio.h>
#include <string.h>

#define FIVE        "\x08\x05", 2                                      /* SumRequest {value: 5} */
#define WITHOUT_END "\x10\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 /* CountUpRequest */
#define ONE         "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 /* LAB_ONE_AND_WAIT */

/* Far longer than any test: what ends before did not wait for it. */
#define LONG_MS 60000

/* Each side probes once a second, so the other's broker is asked twice. */
#define OUTAGE_MS 2500

/* ---- a raw caller that comes and goes ---- */

typedef struct scene {
    lab room;
    natsConnection *raw;
    raw_call call;
} scene;

static scene *open_scene(const natsmicro_server_options *options)
{
    static scene self; /* not on the stack of a test that may fail */
    memset(&self, 0, sizeof(self));
    lab_open_held(&self.room, options);
    self.raw = connect_to(self.room.nats);
    return &self;
}

static void close_scene(scene *self)
{
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
}

static natsmicro_server_options patient(void)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = LONG_MS;
    options.gone_limit_ms = LONG_MS;
    return options;
}

static void go_away(scene *self)
{
    raw_unsubscribe(self->raw, self->call.answers);
    self->call.answers = NULL;
}

static void come_back(scene *self)
{
    raw_listen(&self->call);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, RAW_TIMEOUT_MS));
}

/* Opens CountUp. `one_inbox`: as this library does; else as the Go caller does. */
static void open_count(scene *self, const char *data, size_t length, bool one_inbox)
{
    natsInbox *inbox = NULL;
    assert_int_equal(NATS_OK, natsInbox_Create(&inbox));
    snprintf(self->call.inbox, sizeof(self->call.inbox), "%s", inbox);
    natsInbox_Destroy(inbox);
    self->call.connection = self->raw;
    come_back(self);
    raw_send(self->raw, &(raw_message){.subject = "lab.v1.count_up",
                                       .reply = one_inbox ? self->call.inbox : NULL,
                                       .reply_to = self->call.inbox,
                                       .data = data,
                                       .length = length});
    natsMsg *first = raw_next(self->call.answers);
    assert_string_equal("1", raw_header(first, "Nats-Stream-Seq"));
    natsMsg_Destroy(first);
}

/* The next message that is no control. */
static natsMsg *next_of_stream(scene *self)
{
    for (;;) {
        natsMsg *message = raw_next(self->call.answers);
        if (raw_header(message, "Natsmicro-Control")[0] == '\0')
            return message;
        natsMsg_Destroy(message);
    }
}

/* ---- what the broker tells ---- */

static uint64_t received_by(natsConnection *connection)
{
    natsStatistics *statistics = NULL;
    uint64_t messages = 0;
    assert_int_equal(NATS_OK, natsStatistics_Create(&statistics));
    assert_int_equal(NATS_OK, natsConnection_GetStats(connection, statistics));
    natsStatistics_GetCounts(statistics, &messages, NULL, NULL, NULL, NULL);
    natsStatistics_Destroy(statistics);
    return messages;
}

typedef struct more {
    natsConnection *connection;
    uint64_t wanted;
} more;

static bool has_more(void *data)
{
    const more *self = data;
    return received_by(self->connection) >= self->wanted;
}

/* Waits until so many more messages have come to a connection: 503s, where nobody else sends. */
static void wait_for_more(natsConnection *connection, unsigned count)
{
    more wait = {connection, received_by(connection) + count};
    assert_true(eventually(has_more, &wait, LAB_PATIENCE));
}

/* ---- calls that go on ---- */

/* A handler that waits for the caller, which is connecting again. */
static void a_handler_outlives_a_caller_that_is_away(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    raw_open(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", FIVE);
    go_away(self);
    wait_for_more(self->room.server_connection, 2);
    come_back(self);
    raw_item(&self->call, "2", FIVE);
    raw_end(&self->call, "2");
    natsMsg *answer = next_of_stream(self);
    assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
    assert_int_equal(4, natsMsg_GetDataLength(answer));
    assert_memory_equal("\x08\x0a\x10\x02", natsMsg_GetData(answer), 4);
    natsMsg_Destroy(answer);
    raw_close(&self->call);
    close_scene(self);
}

/* A chat between two nodes of which one is lost, while nobody says anything. */
typedef struct talk {
    cluster *brokers;
    lab room;
    Lab__V1__LabClient__Chat *call;
    pthread_t thread;
    void (*break_it)(struct talk *self);
} talk;

static void lose_callers_node(talk *self)
{
    cluster_kill(self->brokers, 1);
    pass_ms(OUTAGE_MS);
    cluster_restart(self->brokers, 1);
}

static void lose_services_node(talk *self)
{
    cluster_kill(self->brokers, 0);
    pass_ms(OUTAGE_MS);
    cluster_restart(self->brokers, 0);
}

static void restart_the_only_node(talk *self)
{
    cluster_kill(self->brokers, 0);
    pass_ms(500);
    cluster_restart(self->brokers, 0);
}

/* An answered call shows that both sides' inboxes are known to all nodes again. */
static bool is_served(void *data)
{
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 500);
    natsmicro_status status = lab_ping_status(data, "", context);
    natsmicro_context_destroy(context);
    return status == NATSMICRO_OK;
}

/* Both sides have probed each other, so each knows that what it has sent is there. */
static void wait_for_probes(talk *self)
{
    wait_for_more(self->room.client_connection, 4);
    wait_for_more(self->room.server_connection, 4);
}

static void *break_and_say_more(void *data)
{
    talk *self = data;
    wait_for_probes(self);
    self->break_it(self);
    if (!eventually(is_served, &self->room, LAB_PATIENCE))
        fprintf(stderr, "the service does not come back\n");
    lab_chat_send(self->call, "again"); /* a stream that has ended is the reader's to tell */
    return NULL;
}

static void assert_line(talk *self, const char *text)
{
    const Lab__V1__ChatMessage *line;
    natsmicro_status status = lab__v1__lab_client__chat__recv(self->call, &line);
    if (status != NATSMICRO_OK)
        fail_msg("instead of '%s': %s", text, natsmicro_call_error_message(self->call->base));
    assert_string_equal(text, line->text);
}

static void expect_talk_to_go_on(int nodes, void (*break_it)(talk *self))
{
    static talk self;
    memset(&self, 0, sizeof(self));
    self.break_it = break_it;
    self.brokers = cluster_start(&(cluster_options){.nodes = nodes});
    lab_open_at(&self.room, cluster_url(self.brokers, 0), cluster_url(self.brokers, nodes - 1));
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    server.idle_timeout_ms = client.idle_timeout_ms = 30000;
    lab_serve_with(&self.room, &lab_held_handlers, &self.room.seen, &server, NULL);
    lab_call_with(&self.room, &client);
    assert_true(
        eventually(is_served, &self.room, LAB_PATIENCE)); /* the other node must hear of it */
    assert_ok(lab__v1__lab_client__chat(self.room.client, NULL, &self.call));
    assert_ok(lab_chat_send(self.call, "hello"));
    assert_line(&self, "hello");
    assert_int_equal(0, pthread_create(&self.thread, NULL, break_and_say_more, &self));
    assert_line(&self, "again");
    pthread_join(self.thread, NULL);
    assert_ok(lab__v1__lab_client__chat__close_send(self.call));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(self.call, &line));
    lab__v1__lab_client__chat__close(self.call);
    lab_close(&self.room);
    cluster_stop(self.brokers);
}

static void a_silent_stream_outlives_the_loss_of_its_callers_node(void **state)
{
    (void)state;
    expect_talk_to_go_on(2, lose_callers_node);
}

static void a_silent_stream_outlives_the_loss_of_its_services_node(void **state)
{
    (void)state;
    expect_talk_to_go_on(2, lose_services_node);
}

static void a_silent_stream_outlives_a_restart_of_the_only_broker(void **state)
{
    (void)state;
    expect_talk_to_go_on(1, restart_the_only_node);
}

/* ---- what is lost without a 503 ---- */

static void send_probe(scene *self, const char *seq, const char *end)
{
    raw_send(self->raw, &(raw_message){.subject = self->call.stream,
                                       .reply = self->call.inbox,
                                       .name = "Natsmicro-Control",
                                       .value = "probe",
                                       .seq = seq,
                                       .end = end});
}

/* Else both sides would wait for each other, and answer each other's probes, for ever. */
static void a_probe_shows_that_messages_before_it_were_lost(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    raw_open(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", FIVE);
    send_probe(self, "3", NULL);
    natsMsg *answer = next_of_stream(self);
    raw_assert_error(answer, "DATA_LOSS");
    assert_non_null(strstr(raw_header(answer, "Nats-Service-Error"), "2 lost"));
    natsMsg_Destroy(answer);
    raw_close(&self->call);
    close_scene(self);
}

static void a_probe_brings_an_end_that_was_lost(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    raw_open(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", FIVE);
    send_probe(self, "1", NULL);
    natsMsg *answer = raw_next(self->call.answers);
    while (strcmp(raw_header(answer, "Natsmicro-Control"), "alive") != 0) {
        natsMsg_Destroy(answer);
        answer = raw_next(self->call.answers);
    }
    assert_string_equal("1", raw_header(answer, "Nats-Stream-Seq"));
    natsMsg_Destroy(answer);
    send_probe(self, "1", "true");
    answer = next_of_stream(self);
    assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
    assert_memory_equal("\x08\x05\x10\x01", natsMsg_GetData(answer), 4);
    natsMsg_Destroy(answer);
    raw_close(&self->call);
    close_scene(self);
}

/* ---- calls that fail, and whose caller is told ---- */

/* As a Go caller whose connection is lost and made again. */
static void a_caller_that_comes_back_hears_that_its_stream_has_failed(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    open_count(self, WITHOUT_END, false);
    go_away(self);
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&self->room.seen.returned));
    wait_for_more(self->room.server_connection, 2); /* its end has met nobody */
    come_back(self);
    natsMsg *end = next_of_stream(self);
    assert_string_equal("true", raw_header(end, "Nats-Stream-End"));
    raw_assert_error(end, "CANCELLED");
    const char *text = raw_header(end, "Nats-Service-Error");
    if (strstr(text, "may be lost") == NULL)
        fail_msg("the text says not what happened: %s", text);
    natsMsg_Destroy(end);
    raw_close(&self->call);
    close_scene(self);
}

static natsMsg *end_that_was_unheard(scene *self, bool one_inbox)
{
    open_count(self, ONE, one_inbox);
    assert_true(latch_wait(&self->room.seen.entered, LAB_PATIENCE));
    go_away(self);
    latch_open(&self->room.seen.release);
    wait_for_more(self->room.server_connection, 3); /* as often a 503 */
    come_back(self);
    natsMsg *end = next_of_stream(self);
    assert_string_equal("true", raw_header(end, "Nats-Stream-End"));
    assert_string_equal("1", raw_header(end, "Nats-Stream-Seq"));
    raw_close(&self->call);
    return end;
}

/* It knows no numbers, so it would take what it has for everything. */
static void an_end_that_was_unheard_is_a_failure_to_a_caller_that_does_not_count(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    natsMsg *end = end_that_was_unheard(self, false);
    raw_assert_error(end, "UNAVAILABLE");
    natsMsg_Destroy(end);
    close_scene(self);
}

static void an_end_that_was_unheard_stays_an_end_to_a_caller_that_counts(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    scene *self = open_scene(&options);
    natsMsg *end = end_that_was_unheard(self, true);
    assert_string_equal("", raw_header(end, "Nats-Service-Error-Code"));
    natsMsg_Destroy(end);
    close_scene(self);
}

/* Longer than the 2 s for which an answer was offered once. */
static void an_answer_waits_for_a_caller_that_is_away_for_3_s(void **state)
{
    (void)state;
    scene *self = open_scene(NULL);
    raw_open(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", FIVE);
    go_away(self);
    raw_end(&self->call, "1");
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    pass_ms(3000);
    come_back(self);
    natsMsg *answer = next_of_stream(self);
    assert_memory_equal("\x08\x05\x10\x01", natsMsg_GetData(answer), 4);
    natsMsg_Destroy(answer);
    raw_close(&self->call);
    close_scene(self);
}

static void acknowledge(natsConnection *connection, natsSubscription *subscription,
                        natsMsg *message, void *closure)
{
    (void)subscription;
    (void)closure;
    raw_publish(connection,
                &(raw_message){.subject = natsMsg_GetReply(message), .inbox = "_INBOX.away"});
    natsMsg_Destroy(message);
}

/* A caller whose messages met nobody learns it at once, and why. */
static void a_caller_is_told_what_it_has_lost(void **state)
{
    (void)state;
    scene *self = open_scene(NULL);
    natsSubscription *openings;
    assert_int_equal(NATS_OK,
                     natsConnection_Subscribe(&openings, self->raw, "raw.chat", acknowledge, NULL));
    natsSubscription *items;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&items, self->raw, "_INBOX.away"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, RAW_TIMEOUT_MS));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.subject_prefix = "raw";
    options.idle_timeout_ms = options.gone_limit_ms = LONG_MS;
    lab_call_with(&self->room, &options);
    Lab__V1__LabClient__Chat *call = NULL;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    raw_unsubscribe(self->raw, items);
    assert_ok(lab_chat_send(call, "lost"));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &line));
    const char *text = natsmicro_call_error_message(call->base);
    if (strstr(text, "what was sent after message 0 may be lost") == NULL)
        fail_msg("the text says not what happened: %s", text);
    lab__v1__lab_client__chat__close(call);
    raw_unsubscribe(self->raw, openings);
    close_scene(self);
}

/* ---- limits ---- */

static void a_caller_that_stays_away_is_gone_after_the_limit(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    options.gone_limit_ms = 1500;
    scene *self = open_scene(&options);
    raw_open(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", FIVE);
    assert_true(latch_wait(&self->room.seen.entered, LAB_PATIENCE));
    int64_t began = now_ms();
    go_away(self);
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&self->room.seen.returned));
    assert_true(now_ms() - began >= 1500);
    close_scene(self);
}

/* A Go caller that gives up only stops to listen. */
static void a_drain_does_not_wait_for_a_caller_that_listens_no_more(void **state)
{
    (void)state;
    natsmicro_server_options options = patient();
    options.drain_timeout_ms = LONG_MS;
    scene *self = open_scene(&options);
    open_count(self, WITHOUT_END, false);
    go_away(self);
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    wait_for_more(self->room.server_connection, 2); /* the end is offered, and nobody hears it */
    int64_t began = now_ms();
    natsmicro_server_destroy(self->room.server);
    self->room.server = NULL;
    assert_true(now_ms() - began < LAB_AT_ONCE);
    close_scene(self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_outlives_a_caller_that_is_away),
        cmocka_unit_test(a_silent_stream_outlives_the_loss_of_its_callers_node),
        cmocka_unit_test(a_silent_stream_outlives_the_loss_of_its_services_node),
        cmocka_unit_test(a_silent_stream_outlives_a_restart_of_the_only_broker),
        cmocka_unit_test(a_probe_shows_that_messages_before_it_were_lost),
        cmocka_unit_test(a_probe_brings_an_end_that_was_lost),
        cmocka_unit_test(a_caller_that_comes_back_hears_that_its_stream_has_failed),
        cmocka_unit_test(an_end_that_was_unheard_is_a_failure_to_a_caller_that_does_not_count),
        cmocka_unit_test(an_end_that_was_unheard_stays_an_end_to_a_caller_that_counts),
        cmocka_unit_test(an_answer_waits_for_a_caller_that_is_away_for_3_s),
        cmocka_unit_test(a_caller_is_told_what_it_has_lost),
        cmocka_unit_test(a_caller_that_stays_away_is_gone_after_the_limit),
        cmocka_unit_test(a_drain_does_not_wait_for_a_caller_that_listens_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_on_plain_streams(run);
}
