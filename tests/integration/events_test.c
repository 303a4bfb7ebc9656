/*
 * Events: answers that reached nobody, of which only on_error can hear, because the call is over;
 * and the reasons why a client, a server or a service could not be made. What a user would lose is
 * the line in a log that says why.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The method's timeout. Answers are offered for two seconds anyway, so it does not slow the tests.
 */
#define METHOD_TIMEOUT_MS 1000

/* The room, and the first event of the kind that a test is about. */
typedef struct scene {
    lab room;
    natsConnection *raw;
    lab_heard heard;
} scene;

static void scene_open_with(scene *self, const broker_options *where, natsmicro_event_kind kind,
                            const Lab__V1__LabHandlers *handlers)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    memset(self, 0, sizeof(*self));
    lab_heard_init(&self->heard, kind);
    lab_open_with(&self->room, where);
    self->raw = connect_to(self->room.nats);
    server.on_error = lab_hear;
    server.on_error_data = &self->heard;
    server.max_header_bytes = (size_t)2 * 1024 * 1024; /* max_payload is the limit that counts */
    service.timeout_ms = METHOD_TIMEOUT_MS;
    lab_serve_with(&self->room, handlers, &self->room.seen, &server, &service);
}

static void scene_open(scene *self, natsmicro_event_kind kind, const Lab__V1__LabHandlers *handlers)
{
    scene_open_with(self, NULL, kind, handlers);
}

static void scene_close(scene *self)
{
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
    lab_heard_destroy(&self->heard);
}

static void expect_event(scene *self, const char *subject, const char *method, const char *part)
{
    lab_expect_heard(&self->heard, subject, method, part);
}

/* ---- answers that nobody listens to ---- */

/* A caller sends a stream to its end, but no longer listens for the answer. */
static void expect_unheard(const char *item, size_t length)
{
    scene here;
    scene_open(&here, NATSMICRO_EVENT_UNHEARD, &lab_handlers);
    raw_call call;
    raw_open(&call, here.raw, "lab.v1.sum");
    raw_close(&call);
    raw_item(&call, "1", item, length);
    raw_end(&call, "1");
    expect_event(&here, call.inbox, "lab.v1.Lab.Sum", "nobody listened");
    scene_close(&here);
}

static void an_answer_that_nobody_listens_to_is_told(void **state)
{
    (void)state;
    expect_unheard("\x08\x05", 2);
}

static void an_error_that_nobody_listens_to_is_told(void **state)
{
    (void)state;
    expect_unheard("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11); /* -1, which Sum refuses */
}

/*
 * The server's end waits for answers that are still offered, and reports those that nobody heard.
 */
static void an_answer_to_a_caller_that_gave_up_is_not_missed(void **state)
{
    (void)state;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_UNHEARD, &lab_handlers);
    raw_call call;
    raw_open(&call, here.raw, "lab.v1.sum");
    raw_close(&call);
    raw_send(here.raw, &(raw_message){.subject = call.stream, .end = "true", .code = "CANCELLED"});
    natsmicro_server_destroy(here.room.server);
    here.room.server = NULL;
    assert_int_equal(0, latch_count(&here.heard.happened));
    scene_close(&here);
}

/* ---- answers that nats.c does not take ---- */

static natsmicro_status fail_late(lab_probe *seen, natsmicro_call *call)
{
    lab_probe_wait(seen);
    return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "too late to be heard");
}

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    (void)request;
    return fail_late(user_data, call->base);
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    return fail_late(user_data, call->base);
}

static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    return fail_late(user_data, call->base);
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    return fail_late(user_data, call->base);
}

static const Lab__V1__LabHandlers late = {
    .ping = ping, .count_up = count_up, .sum = sum, .chat = chat};

/* A handler fails its call after the server's connection was closed. */
static void expect_not_published(const char *subject, const char *method)
{
    scene here;
    scene_open(&here, NATSMICRO_EVENT_PUBLISH_FAILED, &late);
    raw_send(here.raw, &(raw_message){.subject = subject, .reply = "_INBOX.somebody"});
    assert_true(latch_wait(&here.room.seen.entered, LAB_PATIENCE));
    natsConnection_Close(here.room.server_connection);
    latch_open(&here.room.seen.release);
    expect_event(&here, "_INBOX.somebody", method, "not published: ");
    scene_close(&here);
}

static void an_error_of_a_unary_call_that_cannot_be_published_is_told(void **state)
{
    (void)state;
    expect_not_published("lab.v1.ping", "lab.v1.Lab.Ping");
}

static void an_error_of_a_server_stream_that_cannot_be_published_is_told(void **state)
{
    (void)state;
    expect_not_published("lab.v1.count_up", "lab.v1.Lab.CountUp");
}

static void an_error_of_a_client_stream_that_cannot_be_published_is_told(void **state)
{
    (void)state;
    expect_not_published("lab.v1.sum", "lab.v1.Lab.Sum");
}

static void an_error_of_a_bidi_stream_that_cannot_be_published_is_told(void **state)
{
    (void)state;
    expect_not_published("lab.v1.chat", "lab.v1.Lab.Chat");
}

/* ---- ends that are larger than max_payload ---- */

#define MUCH_DATA ((size_t)900 * 1000) /* bytes; nats-server's limit is 1 MiB */
#define TOO_MUCH  ((size_t)1100 * 1000)

/* Fails with a trailer that is too large for any message, or too large together with data. */
static natsmicro_status fail_at_length(natsmicro_call *call, bool with_data)
{
    char *much = lab_text(TOO_MUCH);
    natsmicro_status status =
        natsmicro_call_set_trailer(call, "Report", with_data ? much + MUCH_DATA : much);
    if (status == NATSMICRO_OK && with_data)
        status = natsmicro_call_set_error_data(call, much, MUCH_DATA);
    free(much);
    if (status != NATSMICRO_OK)
        return status;
    return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "no such thing");
}

static void expect_failure(scene *self, natsmicro_call *call, const char *method, bool with_data)
{
    size_t length = 0;
    natsmicro_call_error_data(call, &length);
    assert_int_equal(with_data ? MUCH_DATA : 0, length);
    assert_string_equal("no such thing", natsmicro_call_error_message(call));
    assert_null(natsmicro_call_trailer(call, "Report"));
    expect_event(self, self->heard.subject, method, "without the handler's headers");
}

static natsmicro_status long_ping(Lab__V1__LabServer__Ping *call,
                                  const Lab__V1__PingRequest *request, void *user_data)
{
    (void)user_data;
    return fail_at_length(call->base, request->fail != 0);
}

static natsmicro_status long_count_up(Lab__V1__LabServer__CountUp *call,
                                      const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)user_data;
    return fail_at_length(call->base, request->fail_at != 0);
}

static natsmicro_status long_sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    return fail_at_length(call->base, false);
}

static natsmicro_status long_chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    return fail_at_length(call->base, true);
}

static const Lab__V1__LabHandlers long_failures = {
    .ping = long_ping, .count_up = long_count_up, .sum = long_sum, .chat = long_chat};

static void scene_open_for_failures(scene *self)
{
    natsmicro_client_options plain = NATSMICRO_CLIENT_OPTIONS_INIT;
    scene_open(self, NATSMICRO_EVENT_PUBLISH_FAILED, &long_failures);
    plain.plain_streams = true;
    lab_call_with(&self->room, &plain);
}

static void a_unary_error_comes_without_the_headers_that_do_not_fit(void **state)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    (void)state;
    scene here;
    for (int with_data = 0; with_data <= 1; with_data++) {
        scene_open_for_failures(&here);
        request.fail = with_data;
        assert_status(NATSMICRO_NOT_FOUND,
                      lab__v1__lab_client__ping(here.room.client, &request, NULL, &response));
        expect_event(&here, here.heard.subject, "lab.v1.Lab.Ping", "without the handler's headers");
        scene_close(&here);
    }
}

static void a_server_streams_error_comes_without_what_does_not_fit(void **state)
{
    (void)state;
    Lab__V1__LabClient__CountUp *call;
    const Lab__V1__CountUpResponse *number;
    scene here;
    for (int with_data = 0; with_data <= 1; with_data++) {
        scene_open_for_failures(&here);
        assert_ok(lab_count_up(&here.room, 1, with_data, NULL, &call));
        assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__count_up__recv(call, &number));
        expect_failure(&here, call->base, "lab.v1.Lab.CountUp", with_data);
        lab__v1__lab_client__count_up__close(call);
        scene_close(&here);
    }
}

static void a_client_streams_error_comes_without_what_does_not_fit(void **state)
{
    Lab__V1__SumResponse *response = NULL;
    (void)state;
    scene here;
    scene_open_for_failures(&here);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(here.room.client, NULL, &call));
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__sum__close_and_recv(call, &response));
    expect_failure(&here, call->base, "lab.v1.Lab.Sum", false);
    lab__v1__lab_client__sum__close(call);
    scene_close(&here);
}

static void a_bidi_streams_error_comes_without_what_does_not_fit(void **state)
{
    (void)state;
    scene here;
    scene_open_for_failures(&here);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__chat__recv(call, &line));
    expect_failure(&here, call->base, "lab.v1.Lab.Chat", true);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* ---- mistakes at the beginning and at the end ---- */

/* The client has the scene's on_error, too. */
static void listen_as_client(scene *here)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &here->heard;
    lab_call_with(&here->room, &options);
}

static void calls_that_are_open_when_their_client_ends_are_told(void **state)
{
    (void)state;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_OPEN_CALLS, &lab_handlers);
    listen_as_client(&here);
    Lab__V1__LabClient__Chat *first;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &first));
    Lab__V1__LabClient__Chat *second;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &second));
    lab__v1__lab_client__destroy(here.room.client);
    here.room.client = NULL;
    expect_event(&here, "", "", "2 of its calls had not been closed");
    lab__v1__lab_client__chat__close(first);
    lab__v1__lab_client__chat__close(second);
    assert_int_equal(1, latch_count(&here.heard.happened));
    scene_close(&here);
}

static void a_client_whose_calls_were_closed_is_silent(void **state)
{
    (void)state;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_OPEN_CALLS, &lab_handlers);
    listen_as_client(&here);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    lab__v1__lab_client__chat__close(call);
    lab__v1__lab_client__destroy(here.room.client);
    here.room.client = NULL;
    assert_int_equal(0, latch_count(&here.heard.happened));
    scene_close(&here);
}

static void a_server_without_services_says_so(void **state)
{
    (void)state;
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_NO_SERVICES);
    broker *nats = broker_start(NULL);
    natsConnection *connection = connect_to(nats);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &heard;
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, connection, &options));
    natsmicro_server_stop(server);
    assert_ok(natsmicro_server_run(server));
    lab_expect_heard(&heard, "", "", "no service has been added");
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
    broker_stop(nats);
    lab_heard_destroy(&heard);
}

/* ---- a broker with hardly any room, which is enough all the same ---- */

static void do_short_calls(lab *room)
{
    assert_ok(lab_ping_status(room, "short", NULL));
    for (int fail_at = 0; fail_at <= 4; fail_at++) { /* 0: never; 1: before the first */
        Lab__V1__LabClient__CountUp *numbers;
        assert_ok(lab_count_up(room, 3, fail_at, NULL, &numbers));
        int32_t received;
        bool in_order;
        natsmicro_status status = lab_count_all(numbers, &received, &in_order);
        assert_status(fail_at == 0 ? NATSMICRO_END : NATSMICRO_OUT_OF_RANGE, status);
        lab__v1__lab_client__count_up__close(numbers);
    }
    for (int value = -1; value <= 1; value += 2) {
        Lab__V1__LabClient__Sum *sum;
        assert_ok(lab__v1__lab_client__sum(room->client, NULL, &sum));
        natsmicro_status sent = lab_sum_send(sum, value);
        Lab__V1__SumResponse *total;
        natsmicro_status status = lab__v1__lab_client__sum__close_and_recv(sum, &total);
        assert_status(value < 0 ? NATSMICRO_INVALID_ARGUMENT : NATSMICRO_OK, status);
        assert_true(sent == NATSMICRO_OK || value < 0);
        lab__v1__lab_client__sum__free(total);
        lab__v1__lab_client__sum__close(sum);
    }
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    assert_ok(lab_chat_send(chat, "one"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(chat, &line));
    assert_ok(lab_chat_send(chat, "fail"));
    assert_status(NATSMICRO_ABORTED, lab__v1__lab_client__chat__recv(chat, &line));
    lab__v1__lab_client__chat__close(chat);
}

static void what_fits_into_256_bytes_brings_no_event(void **state)
{
    (void)state;
    static const broker_options tiny = {.max_payload = 256};
    for (int plain_streams = 0; plain_streams <= 1; plain_streams++) {
        scene here;
        scene_open_with(&here, &tiny, NATSMICRO_EVENT_PUBLISH_FAILED, &lab_handlers);
        natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
        options.plain_streams = plain_streams != 0;
        options.on_error = lab_hear;
        options.on_error_data = &here.heard;
        lab_call_with(&here.room, &options);
        do_short_calls(&here.room);
        natsmicro_server_destroy(here.room.server); /* so that all ends have been offered */
        here.room.server = NULL;
        if (latch_count(&here.heard.happened) > 0)
            fail_msg("%s: %s", here.heard.method, here.heard.text);
        scene_close(&here);
    }
}

/* ---- a broker with little room ---- */

#define LITTLE 1024

/* Fails with a text and a trailer that each nearly fill a message. */
static natsmicro_status fail_little(natsmicro_call *call)
{
    char *text = lab_text(LITTLE - 4);
    natsmicro_call_set_trailer(call, "Report", text);
    natsmicro_status status = natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "%s", text);
    free(text);
    return status;
}

static natsmicro_status little_ping(Lab__V1__LabServer__Ping *call,
                                    const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    return fail_little(call->base);
}

/* Does the same. With a count of 0 it ends well, with a trailer that is too large. */
static natsmicro_status little_count_up(Lab__V1__LabServer__CountUp *call,
                                        const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)user_data;
    if (request->count > 0)
        return fail_little(call->base);
    char *text = lab_text(LITTLE - 4);
    natsmicro_status status = natsmicro_call_set_trailer(call->base, "Report", text);
    free(text);
    return status;
}

static natsmicro_status little_sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    return fail_little(call->base);
}

static natsmicro_status little_chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    return fail_little(call->base);
}

static void scene_open_little(scene *self, bool plain_streams)
{
    static const Lab__V1__LabHandlers handlers = {
        .ping = little_ping, .count_up = little_count_up, .sum = little_sum, .chat = little_chat};
    static const broker_options little = {.max_payload = LITTLE};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    scene_open_with(self, &little, NATSMICRO_EVENT_PUBLISH_FAILED, &handlers);
    options.plain_streams = plain_streams;
    lab_call_with(&self->room, &options);
}

/* The text has been cut, but not to nothing. */
static void expect_cut(const char *text)
{
    size_t length = strlen(text);
    if (length < LITTLE / 2 || length >= LITTLE - 4)
        fail_msg("a text of %zu bytes came", length);
}

static void expect_all_cut(bool plain_streams)
{
    scene here;
    scene_open_little(&here, plain_streams);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_NOT_FOUND, lab_ping_status(&here.room, "", context));
    expect_cut(natsmicro_context_error_message(context));
    natsmicro_context_destroy(context);
    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(&here.room, 1, 0, NULL, &count_up));
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__count_up__recv(count_up, &number));
    expect_cut(natsmicro_call_error_message(count_up->base));
    lab__v1__lab_client__count_up__close(count_up);
    Lab__V1__LabClient__Sum *sum;
    assert_ok(lab__v1__lab_client__sum(here.room.client, NULL, &sum));
    Lab__V1__SumResponse *total;
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__sum__close_and_recv(sum, &total));
    expect_cut(natsmicro_call_error_message(sum->base));
    lab__v1__lab_client__sum__close(sum);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &chat));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__chat__recv(chat, &line));
    expect_cut(natsmicro_call_error_message(chat->base));
    lab__v1__lab_client__chat__close(chat);
    scene_close(&here);
}

static void a_long_text_is_cut_to_a_small_max_payload(void **state)
{
    (void)state;
    expect_all_cut(true);
    expect_all_cut(false);
}

static void a_trailer_that_has_no_room_is_told(void **state)
{
    (void)state;
    for (int plain_streams = 0; plain_streams <= 1; plain_streams++) {
        scene here;
        scene_open_little(&here, plain_streams);
        Lab__V1__LabClient__CountUp *call;
        assert_ok(lab_count_up(&here.room, 0, 0, NULL, &call));
        const Lab__V1__CountUpResponse *number;
        assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(call, &number));
        assert_null(natsmicro_call_trailer(call->base, "Report"));
        expect_event(&here, here.heard.subject, "lab.v1.Lab.CountUp", "max_payload of 1024");
        lab__v1__lab_client__count_up__close(call);
        scene_close(&here);
    }
}

/* ---- what cannot be set up ---- */

typedef struct refusal {
    int count;
    char text[512];
} refusal;

static void note_refusal(const natsmicro_event *event, void *user_data)
{
    refusal *self = user_data;
    assert_int_equal(NATSMICRO_EVENT_SETUP_FAILED, event->kind);
    self->count++;
    snprintf(self->text, sizeof(self->text), "%s", event->text);
}

/* Checks that exactly one event has come, with this text, and forgets it. */
static void expect_refusal(refusal *self, const char *text)
{
    assert_int_equal(1, self->count);
    assert_string_equal(text, self->text);
    *self = (refusal){0};
}

static void refuse_client(natsConnection *connection, natsmicro_client_options options,
                          const char *text)
{
    refusal heard = {0};
    options.on_error = note_refusal;
    options.on_error_data = &heard;
    Lab__V1__LabClient *client;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&client, connection, &options));
    assert_null(client);
    expect_refusal(&heard, text);
}

static void a_client_says_which_option_it_refuses(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    (void)state;
    lab room;
    lab_open(&room);
    refuse_client(NULL, options, "lab.v1.Lab: the connection is NULL");
    options.timeout_ms = -5;
    refuse_client(room.client_connection, options,
                  "lab.v1.Lab: timeout_ms is -5, and must be at least 0");
    options.timeout_ms = 0;
    options.idle_timeout_ms = -2;
    refuse_client(room.client_connection, options,
                  "lab.v1.Lab: idle_timeout_ms is -2, and must be at least -1");
    options.idle_timeout_ms = 0;
    options.inbox_prefix = "_INBOX.";
    refuse_client(
        room.client_connection, options,
        "lab.v1.Lab: inbox_prefix \"_INBOX.\": must have a name before and after each dot");
    options.inbox_prefix = "in.*";
    refuse_client(room.client_connection, options,
                  "lab.v1.Lab: inbox_prefix \"in.*\": must not contain a wildcard");
    options.inbox_prefix = NULL;
    options.max_header_bytes = 4095;
    refuse_client(room.client_connection, options,
                  "lab.v1.Lab: max_header_bytes is 4095, and must be at least 4096");
    options.max_header_bytes = 0;
    options.subject_prefix = "a b";
    refuse_client(room.client_connection, options,
                  "lab.v1.Lab: subject_prefix \"a b\": must not contain a space");
    lab_close(&room);
}

static void a_server_says_which_option_it_refuses(void **state)
{
    refusal heard = {0};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    (void)state;
    lab room;
    lab_open(&room);
    options.on_error = note_refusal;
    options.on_error_data = &heard;
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_server_new(&room.server, NULL, &options));
    expect_refusal(&heard, "the server: the connection is NULL");
    options.drain_timeout_ms = -1;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&room.server, room.server_connection, &options));
    expect_refusal(&heard, "the server: drain_timeout_ms is -1, and must be at least 0");
    options.drain_timeout_ms = 0;
    options.idle_timeout_ms = -7;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&room.server, room.server_connection, &options));
    expect_refusal(&heard, "the server: idle_timeout_ms is -7, and must be at least -1");
    options.idle_timeout_ms = 0;
    options.inbox_prefix = "";
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&room.server, room.server_connection, &options));
    expect_refusal(&heard, "the server: inbox_prefix \"\": must not be empty");
    lab_close(&room);
}

static void refuse_service(lab *room, refusal *heard, natsmicro_service_options options,
                           const char *text)
{
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    expect_refusal(heard, text);
}

static void a_service_says_what_stands_against_it(void **state)
{
    refusal heard = {0};
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    (void)state;
    lab room;
    lab_open(&room);
    server.on_error = note_refusal;
    server.on_error_data = &heard;
    lab_serve_with(&room, &lab_handlers, NULL, &server, NULL);
    options.name = "a b";
    refuse_service(&room, &heard, options,
                   "lab.v1.Lab: name \"a b\": must have letters, digits, - and _ only");
    options.name = NULL;
    options.version = "1.x";
    refuse_service(&room, &heard, options,
                   "lab.v1.Lab: version \"1.x\": must be a semantic version like 1.2.3 or "
                   "1.2.3-rc.1+build");
    options.version = NULL;
    options.timeout_ms = -1;
    refuse_service(&room, &heard, options, "lab.v1.Lab: timeout_ms is -1, and must be at least 0");
    options.timeout_ms = 0;
    options.subject_prefix = "$SRV";
    refuse_service(&room, &heard, options,
                   "lab.v1.Lab: subject_prefix \"$SRV\": must not begin with $");
    options.subject_prefix = "a\tb";
    refuse_service(&room, &heard, options,
                   "lab.v1.Lab: subject_prefix \"a\tb\": must not contain a control character");
    options.size = 0;
    refuse_service(
        &room, &heard, options,
        "lab.v1.Lab: the options have a size of 0: initialize them with their INIT macro");

    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room.server, NULL, NULL, NULL));
    expect_refusal(&heard, "lab.v1.Lab: the handlers are NULL");
    assert_status(NATSMICRO_ALREADY_EXISTS,
                  lab__v1__lab_server__add(room.server, &lab_handlers, NULL, NULL));
    expect_refusal(&heard, "lab.v1.Lab: the server serves the subject \"lab.v1.ping\" already");
    natsmicro_server_stop(room.server);
    assert_ok(natsmicro_server_run(room.server));
    options = (natsmicro_service_options)NATSMICRO_SERVICE_OPTIONS_INIT;
    options.subject_prefix = "other";
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  lab__v1__lab_server__add(room.server, &lab_handlers, NULL, &options));
    expect_refusal(&heard, "lab.v1.Lab: the server is stopping");
    lab_close(&room);
}

static void what_a_closed_connection_stands_against_is_told(void **state)
{
    refusal heard = {0};
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    (void)state;
    lab room;
    lab_open(&room);
    client_options.on_error = server_options.on_error = note_refusal;
    client_options.on_error_data = server_options.on_error_data = &heard;
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&room.server, room.server_connection, &server_options));
    natsConnection_Close(room.server_connection);
    Lab__V1__LabClient *client;
    assert_status(NATSMICRO_UNAVAILABLE,
                  lab__v1__lab_client__new(&client, room.server_connection, &client_options));
    assert_non_null(strstr(heard.text, "Connection Closed"));
    assert_status(NATSMICRO_UNAVAILABLE,
                  natsmicro_server_new(&server, room.server_connection, &server_options));
    assert_non_null(strstr(heard.text, "Connection Closed"));
    assert_status(NATSMICRO_UNAVAILABLE,
                  lab__v1__lab_server__add(room.server, &lab_handlers, NULL, NULL));
    assert_string_equal(heard.text, "lab.v1.Lab: lab.v1.ping: Connection Closed");
    assert_int_equal(heard.count, 3);
    lab_close(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_error_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_answer_to_a_caller_that_gave_up_is_not_missed),
        cmocka_unit_test(an_error_of_a_unary_call_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_server_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_client_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_bidi_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(a_unary_error_comes_without_the_headers_that_do_not_fit),
        cmocka_unit_test(a_server_streams_error_comes_without_what_does_not_fit),
        cmocka_unit_test(a_client_streams_error_comes_without_what_does_not_fit),
        cmocka_unit_test(a_bidi_streams_error_comes_without_what_does_not_fit),
        cmocka_unit_test(calls_that_are_open_when_their_client_ends_are_told),
        cmocka_unit_test(a_client_whose_calls_were_closed_is_silent),
        cmocka_unit_test(a_server_without_services_says_so),
        cmocka_unit_test(what_fits_into_256_bytes_brings_no_event),
        cmocka_unit_test(a_long_text_is_cut_to_a_small_max_payload),
        cmocka_unit_test(a_trailer_that_has_no_room_is_told),
        cmocka_unit_test(a_client_says_which_option_it_refuses),
        cmocka_unit_test(a_server_says_which_option_it_refuses),
        cmocka_unit_test(a_service_says_what_stands_against_it),
        cmocka_unit_test(what_a_closed_connection_stands_against_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
