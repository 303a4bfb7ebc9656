/*
 * max_header_bytes on the side that sends: what a receiver would refuse is not sent, and whoever
 * set the header is told which limit it meets, with both figures.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 16384

/* What a unary request with the one header "Long" has beside the value. */
#define AROUND (strlen("NATS/1.0\r\n\r\n") + strlen("Long: \r\n"))

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void set_long(natsmicro_context *context, size_t length)
{
    char *text = lab_text(length);
    assert_ok(natsmicro_context_set_header(context, "Long", text));
    free(text);
}

/* ---- requests ---- */

static uint64_t calls_of(lab *room)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room->server, &counters);
    return counters.calls;
}

static void a_request_is_sent_up_to_the_limit_and_refused_past_it(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    set_long(context, LIMIT - AROUND);
    assert_ok(lab_ping_status(room, "", context));
    set_long(context, LIMIT - AROUND + 1);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.Ping: the request's headers come to 16385 bytes, more than "
                        "max_header_bytes, 16384");
    assert_int_equal(calls_of(room), 1);
    natsmicro_context_destroy(context);
}

static void an_opening_is_refused_past_the_limit(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    set_long(context, LIMIT);
    Lab__V1__LabClient__CountUp *count_up;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_count_up(room, 1, 0, context, &count_up));
    assert_says(natsmicro_context_error_message(context), "more than max_header_bytes, 16384");
    Lab__V1__LabClient__Sum *sum;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  lab__v1__lab_client__sum(room->client, context, &sum));
    Lab__V1__LabClient__Chat *chat;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  lab__v1__lab_client__chat(room->client, context, &chat));
    assert_int_equal(calls_of(room), 0);
    natsmicro_context_destroy(context);
}

static void the_option_raises_the_limit_of_requests(void **state)
{
    lab *room = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_header_bytes = 20000;
    lab_serve(room, NULL, NULL);
    lab_call_with(room, &options);
    natsmicro_context *context = lab_context();
    set_long(context, 20001);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "", context));
    assert_says(natsmicro_context_error_message(context), "more than max_header_bytes, 20000");
    natsmicro_context_destroy(context);
}

static natsmicro_status set_long_before(natsmicro_call *call, void *user_data)
{
    (void)user_data;
    char *text = lab_text(LIMIT);
    natsmicro_status status = natsmicro_call_set_header(call, "Long", text);
    free(text);
    return status;
}

static void a_hook_is_refused_what_no_request_can_carry(void **state)
{
    lab *room = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.hooks.before = set_long_before;
    lab_serve(room, NULL, NULL);
    lab_call_with(room, &options);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "", context));
    assert_says(natsmicro_context_error_message(context), "header \"Long\": the message's headers");
    assert_int_equal(calls_of(room), 0);
    natsmicro_context_destroy(context);
}

/* ---- responses ---- */

/* Half of the limit as a header, and then as a trailer, which goes in the same message. */
static natsmicro_status set_both(natsmicro_call *call)
{
    char *text = lab_text(LIMIT / 2);
    natsmicro_status status = natsmicro_call_set_header(call, "Long", text);
    if (status == NATSMICRO_OK) /* in place of the first */
        status = natsmicro_call_set_header(call, "long", text);
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call, "Longer", text);
    free(text);
    return status;
}

static natsmicro_status ping_both(Lab__V1__LabServer__Ping *call,
                                  const Lab__V1__PingRequest *request, void *user_data)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    (void)request;
    (void)user_data;
    natsmicro_status status = set_both(call->base);
    return status != NATSMICRO_OK ? status : lab__v1__lab_server__ping__reply(call, &response);
}

static natsmicro_status count_both(Lab__V1__LabServer__CountUp *call,
                                   const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    return set_both(call->base);
}

/* Its headers have gone out with the message, so the trailer has the limit to itself. */
static natsmicro_status chat_both(Lab__V1__LabServer__Chat *call, void *user_data)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    (void)user_data;
    char *text = lab_text(LIMIT - 200);
    natsmicro_status status = natsmicro_call_set_header(call->base, "Long", text);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_server__chat__send(call, &line);
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call->base, "Longer", text);
    free(text);
    return status;
}

static const Lab__V1__LabHandlers both = {
    .ping = ping_both, .count_up = count_both, .chat = chat_both};

static void a_response_whose_headers_are_too_long_fails_with_the_limit(void **state)
{
    lab *room = *state;
    lab_serve(room, &both, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "", context));
    assert_says(natsmicro_context_error_message(context),
                "lab.v1.Lab.Ping: header \"Longer\": the message's headers would come to 16");
    assert_says(natsmicro_context_error_message(context), "more than max_header_bytes, 16384");
    natsmicro_context_destroy(context);
}

/* A reliable stream carries them in frames. */
static void a_plain_streams_headers_are_limited(void **state)
{
    lab *room = *state;
    lab_serve(room, &both, NULL);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    const Lab__V1__CountUpResponse *number;
    natsmicro_status status = lab__v1__lab_client__count_up__recv(call, &number);
    assert_status(streams_are_plain() ? NATSMICRO_RESOURCE_EXHAUSTED : NATSMICRO_END, status);
    if (streams_are_plain())
        assert_says(natsmicro_call_error_message(call->base), "more than max_header_bytes, 16384");
    lab__v1__lab_client__count_up__close(call);
}

static void headers_and_trailers_of_two_messages_are_limited_each(void **state)
{
    lab *room = *state;
    lab_serve(room, &both, NULL);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(chat, &line));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(chat, &line));
    assert_int_equal(strlen(natsmicro_call_trailer(chat->base, "Longer")), LIMIT - 200);
    lab__v1__lab_client__chat__close(chat);
}

/* ---- failures ---- */

/* Fails with a text for which the headers leave no room. */
static natsmicro_status fail_with_headers(Lab__V1__LabServer__Ping *call,
                                          const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    char *text = lab_text(LIMIT - 200);
    natsmicro_call_set_header(call->base, "Long", text);
    free(text);
    return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "%0500d", 7);
}

static void a_failure_reaches_its_caller_without_headers_that_are_too_long(void **state)
{
    static const Lab__V1__LabHandlers failing = {.ping = fail_with_headers};
    lab *room = *state;
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_PUBLISH_FAILED);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &heard;
    lab_serve_with(room, &failing, NULL, &options, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_NOT_FOUND, lab_ping_status(room, "", context));
    assert_int_equal(strlen(natsmicro_context_error_message(context)), 500);
    assert_null(natsmicro_context_response_header(context, "Long"));
    assert_true(latch_wait(&heard.happened, LAB_PATIENCE));
    assert_says(heard.text, "larger than the max_header_bytes of 16384");
    natsmicro_context_destroy(context);
    natsmicro_server_destroy(room->server);
    room->server = NULL;
    lab_heard_destroy(&heard);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_request_is_sent_up_to_the_limit_and_refused_past_it),
        lab_test(an_opening_is_refused_past_the_limit),
        lab_test(the_option_raises_the_limit_of_requests),
        lab_test(a_hook_is_refused_what_no_request_can_carry),
        lab_test(a_response_whose_headers_are_too_long_fails_with_the_limit),
        lab_test(a_plain_streams_headers_are_limited),
        lab_test(headers_and_trailers_of_two_messages_are_limited_each),
        lab_test(a_failure_reaches_its_caller_without_headers_that_are_too_long),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
