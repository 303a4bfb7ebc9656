/*
 * A caller's time travels: its handler knows when nobody waits any more. Otherwise a service works
 * for callers that have given up, and the calls that its handlers make get more time than is left.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <string.h>

#define HEADER "Natsmicro-Timeout"

/* Less than the ten seconds that the proto gives. */
#define OWN_MS 250

/* ---- handlers that note what is left ---- */

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    (void)request;
    seen->number = natsmicro_call_remaining_ms(call->base);
    latch_open(&seen->entered);
    return lab__v1__lab_server__ping__reply(call, &response);
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    (void)request;
    seen->number = natsmicro_call_remaining_ms(call->base);
    latch_open(&seen->entered);
    seen->first = lab_wait_for_end(call->base);
    latch_open(&seen->done);
    return seen->first;
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    seen->number = natsmicro_call_remaining_ms(call->base);
    latch_open(&seen->entered);
    return NATSMICRO_OK;
}

static const Lab__V1__LabHandlers handlers = {.ping = ping, .count_up = count_up, .chat = chat};

static natsmicro_context *context_with(int64_t timeout_ms)
{
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, timeout_ms);
    return context;
}

/* ---- what a handler is told ---- */

static void a_unary_handler_knows_its_callers_time(void **state)
{
    lab *room = *state;
    lab_serve(room, &handlers, &room->seen);
    natsmicro_context *context = context_with(OWN_MS);
    assert_ok(lab_ping_status(room, "", context));
    assert_between(room->seen.number, 1, OWN_MS);
    natsmicro_context_set_timeout(context, 60000); /* more than the service gives */
    assert_ok(lab_ping_status(room, "", context));
    assert_between(room->seen.number, OWN_MS + 1, 10000);
    assert_ok(lab_ping_status(room, "", NULL));
    assert_between(room->seen.number, OWN_MS + 1, 10000);
    natsmicro_context_destroy(context);
}

/* Opens CountUp with little time: its handler knows that, and is told when it is over. */
static void expect_a_stream_with_little_time(lab *room)
{
    natsmicro_context *context = context_with(OWN_MS);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, context, &call));
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    assert_between(room->seen.number, 1, OWN_MS);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, room->seen.first);
    lab__v1__lab_client__count_up__close(call);
    natsmicro_context_destroy(context);
}

static void a_plain_streams_handler_knows_its_callers_time(void **state)
{
    lab *room = *state;
    lab_serve(room, &handlers, &room->seen);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = true;
    lab_call_with(room, &options);
    expect_a_stream_with_little_time(room);
}

static void so_does_that_of_an_offer_which_is_not_taken(void **state)
{
    lab *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.plain_streams = true;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    expect_a_stream_with_little_time(room);
}

/* A caller that knows the header, and gives up without a word. */
static void a_plain_stream_ends_when_its_callers_time_is_over(void **state)
{
    lab *room = *state;
    lab_serve(room, &handlers, &room->seen);
    raw_send(room->client_connection, &(raw_message){.subject = "lab.v1.count_up",
                                                     .reply_to = "_INBOX.of_go",
                                                     .reply = "_INBOX.of_go.2",
                                                     .name = HEADER,
                                                     .value = "100"});
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_between(room->seen.number, 1, 100);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, room->seen.first);
}

static void the_least_of_several_times_counts(void **state)
{
    lab *room = *state;
    lab_serve(room, &handlers, &room->seen);
    raw_send(room->client_connection,
             &(raw_message){.subject = "lab.v1.chat",
                            .reply_to = "_INBOX.caller",
                            .reply = "_INBOX.caller",
                            .name = HEADER,
                            .value = "4000",
                            .other_name = "Natsmicro-Stream",
                            .other_value = "1; messages=9; bytes=9; timeout=3000"});
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    assert_between(room->seen.number, 1, 3000);
}

/* ---- what is refused ---- */

static void expect_refusal(lab *room, natsSubscription *answers, const char *subject,
                           const char *value)
{
    raw_send(room->client_connection, &(raw_message){.subject = subject,
                                                     .reply = "_INBOX.answers",
                                                     .reply_to = "_INBOX.answers",
                                                     .name = HEADER,
                                                     .value = value});
    natsMsg *answer = raw_next(answers);
    assert_string_equal("INVALID_ARGUMENT", raw_header(answer, "Nats-Service-Error-Code"));
    const char *text = raw_header(answer, "Nats-Service-Error");
    assert_non_null(strstr(text, HEADER));
    assert_non_null(strstr(text, value));
    natsMsg_Destroy(answer);
}

static void a_time_that_is_none_is_refused(void **state)
{
    lab *room = *state;
    lab_serve(room, &handlers, &room->seen);
    natsConnection *connection = room->client_connection;
    natsSubscription *answers;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&answers, connection, "_INBOX.answers"));
    static const char *const values[] = {"0", "-1", "2.5", "soon", "2147483649", "99999999999999"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        expect_refusal(room, answers, "lab.v1.ping", values[i]);
        expect_refusal(room, answers, "lab.v1.count_up", values[i]);
    }
    assert_int_equal(0, latch_count(&room->seen.entered));
    raw_unsubscribe(connection, answers);
}

/* ---- what a client sends ---- */

typedef struct caller {
    lab *room;
    natsmicro_context *context;
    pthread_t thread;
} caller;

static void *call_ping(void *argument)
{
    const caller *self = argument;
    lab_ping_status(self->room, "", self->context);
    return NULL;
}

/* Checks the header of a call that a raw service gets. `timeout_ms` 0: there is no context. */
static void expect_header(lab *room, natsSubscription *requests, int64_t timeout_ms, bool expected)
{
    caller self = {.room = room};
    if (timeout_ms != 0)
        self.context = context_with(timeout_ms);
    assert_int_equal(0, pthread_create(&self.thread, NULL, call_ping, &self));
    natsMsg *request = raw_next(requests);
    const char *value = raw_header(request, HEADER);
    if (expected)
        assert_between(strtol(value, NULL, 10), 1, timeout_ms);
    else
        assert_string_equal("", value);
    raw_send(room->server_connection, &(raw_message){.subject = natsMsg_GetReply(request)});
    natsMsg_Destroy(request);
    pthread_join(self.thread, NULL);
    natsmicro_context_destroy(self.context);
}

static void only_less_time_than_the_protos_is_told(void **state)
{
    lab *room = *state;
    natsSubscription *requests;
    assert_int_equal(
        NATS_OK, natsConnection_SubscribeSync(&requests, room->server_connection, "lab.v1.ping"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    expect_header(room, requests, 0, false);
    expect_header(room, requests, 60000, false);
    expect_header(room, requests, 3000, true);
    raw_unsubscribe(room->server_connection, requests);
}

static void on_connected(natsConnection *connection, void *closure)
{
    (void)connection;
    (void)closure;
}

/* Without a broker nobody knows whether it has headers, and nats.c refuses a message with one. */
static void no_time_is_told_where_the_broker_may_have_no_headers(void **state)
{
    (void)state;
    natsOptions *options;
    assert_int_equal(NATS_OK, natsOptions_Create(&options));
    assert_ok(natsmicro_options_prepare(options));
    assert_int_equal(NATS_OK, natsOptions_SetURL(options, "nats://127.0.0.1:1")); /* nobody */
    assert_int_equal(NATS_OK,
                     natsOptions_SetRetryOnFailedConnect(options, true, on_connected, NULL));
    natsConnection *connection;
    assert_int_equal(NATS_NOT_YET_CONNECTED, natsConnection_Connect(&connection, options));
    natsOptions_Destroy(options);
    Lab__V1__LabClient *client = lab_new_client(connection);
    natsmicro_context *context = context_with(OWN_MS);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_by(client, context));
    natsmicro_context_destroy(context);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_unary_handler_knows_its_callers_time),
        lab_test(a_plain_streams_handler_knows_its_callers_time),
        lab_test(so_does_that_of_an_offer_which_is_not_taken),
        lab_test(a_plain_stream_ends_when_its_callers_time_is_over),
        lab_test(the_least_of_several_times_counts),
        lab_test(a_time_that_is_none_is_refused),
        lab_test(only_less_time_than_the_protos_is_told),
        cmocka_unit_test(no_time_is_told_where_the_broker_may_have_no_headers),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
