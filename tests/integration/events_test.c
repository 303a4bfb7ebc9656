/*
 * Events that tell of answers which reached nobody: on_error is the only one who hears of them, as the call is
 * over. What a user would lose is the line in a log that says why a caller waits in vain.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <stdio.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_error_that_nobody_listens_to_is_told),
        cmocka_unit_test(an_error_of_a_unary_call_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_server_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_client_stream_that_cannot_be_published_is_told),
        cmocka_unit_test(an_error_of_a_bidi_stream_that_cannot_be_published_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
