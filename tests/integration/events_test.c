/*
 * Events that tell of answers which reached nobody: on_error is the only one who hears of them, as the call is
 * over. What a user would lose is the line in a log that says why a caller waits in vain.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A method's time; an answer is offered at least two seconds, so this does not make it longer. */
#define METHOD_TIMEOUT_MS 1000

/* The room, and the first event of the kind that the test is about. */
typedef struct scene {
    lab room;
    natsConnection *raw;
    natsmicro_event_kind kind;
    latch happened;
    char subject[128];
    char method[128];
    char text[256];
} scene;

static void note_event(const natsmicro_event *event, void *user_data)
{
    scene *self = user_data;
    if (event->kind != self->kind)
        return;
    if (latch_count(&self->happened) == 0) {
        snprintf(self->subject, sizeof(self->subject), "%s", event->subject);
        snprintf(self->method, sizeof(self->method), "%s", event->method);
        snprintf(self->text, sizeof(self->text), "%s", event->text);
    }
    latch_open(&self->happened);
}

static void scene_open(scene *self, natsmicro_event_kind kind, const Lab__V1__LabHandlers *handlers)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    memset(self, 0, sizeof(*self));
    self->kind = kind;
    latch_init(&self->happened);
    lab_open(&self->room);
    self->raw = connect_to(self->room.nats);
    server.on_error = note_event;
    server.on_error_data = self;
    service.timeout_ms = METHOD_TIMEOUT_MS;
    lab_serve_with(&self->room, handlers, &self->room.seen, &server, &service);
}

static void scene_close(scene *self)
{
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
    latch_destroy(&self->happened);
}

static void expect_event(scene *self, const char *subject, const char *method, const char *part)
{
    assert_true(latch_wait(&self->happened, LAB_PATIENCE));
    assert_string_equal(subject, self->subject);
    assert_string_equal(method, self->method);
    if (strstr(self->text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, self->text);
}

/* ---- answers that nobody listens to ---- */

/* A caller that has its stream served to the end, and has stopped to listen by then. */
static void expect_unheard(const char *item, size_t length)
{
    scene here;
    raw_call call;
    scene_open(&here, NATSMICRO_EVENT_UNHEARD, &lab_handlers);
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

/* The server's connection is closed under a running handler, which fails then. */
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

/* Fails with a trailer that no message has room for, or that has no room beside data. */
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
    expect_event(self, self->subject, method, "without the handler's headers");
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
    scene here;
    (void)state;
    for (int with_data = 0; with_data <= 1; with_data++) {
        scene_open_for_failures(&here);
        request.fail = with_data;
        assert_status(NATSMICRO_NOT_FOUND,
                      lab__v1__lab_client__ping(here.room.client, &request, NULL, &response));
        expect_event(&here, here.subject, "lab.v1.Lab.Ping", "without the handler's headers");
        scene_close(&here);
    }
}

static void a_server_streams_error_comes_without_what_does_not_fit(void **state)
{
    Lab__V1__LabClient__CountUp *call;
    const Lab__V1__CountUpResponse *number;
    scene here;
    (void)state;
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
    Lab__V1__LabClient__Sum *call;
    Lab__V1__SumResponse *response = NULL;
    scene here;
    (void)state;
    scene_open_for_failures(&here);
    assert_ok(lab__v1__lab_client__sum(here.room.client, NULL, &call));
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__sum__close_and_recv(call, &response));
    expect_failure(&here, call->base, "lab.v1.Lab.Sum", false);
    lab__v1__lab_client__sum__close(call);
    scene_close(&here);
}

static void a_bidi_streams_error_comes_without_what_does_not_fit(void **state)
{
    Lab__V1__LabClient__Chat *call;
    const Lab__V1__ChatMessage *line;
    scene here;
    (void)state;
    scene_open_for_failures(&here);
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__chat__recv(call, &line));
    expect_failure(&here, call->base, "lab.v1.Lab.Chat", true);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_error_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_error_of_a_unary_call_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_server_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_client_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_bidi_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(a_unary_error_comes_without_the_headers_that_do_not_fit),
        cmocka_unit_test(a_server_streams_error_comes_without_what_does_not_fit),
        cmocka_unit_test(a_client_streams_error_comes_without_what_does_not_fit),
        cmocka_unit_test(a_bidi_streams_error_comes_without_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
