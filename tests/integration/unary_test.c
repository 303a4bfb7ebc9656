/*
 * Unary calls from a generated client to a generated server over a real broker: answers, errors,
 * headers, deadlines, hooks, and what a server does with many calls at once.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static natsmicro_status reply(Lab__V1__LabServer__Ping *call, const char *payload)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)payload;
    return lab__v1__lab_server__ping__reply(call, &response);
}

/* ---- messages ---- */

static void a_call_gets_the_answer_of_the_handler(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "gr\xc3\xbc\xc3\x9f dich", NULL, &response));
    assert_string_equal(response->payload, "gr\xc3\xbc\xc3\x9f dich");
    lab__v1__lab_client__ping__free(response);
}

static void an_empty_request_and_an_empty_answer_arrive(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "", NULL, &response));
    assert_string_equal(response->payload, "");
    lab__v1__lab_client__ping__free(response);
}

/* A PingRequest or PingResponse with this payload just fits: tag and length take 4 bytes. */
#define LARGEST_PAYLOAD (LAB_MAX_PAYLOAD - 4)

static void a_request_and_an_answer_of_exactly_max_payload_arrive(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    char *text = lab_text(LARGEST_PAYLOAD);
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, text, NULL, &response));
    assert_string_equal(response->payload, text);
    lab__v1__lab_client__ping__free(response);
    free(text);
}

static void a_request_over_max_payload_says_the_figures_and_the_next_one_works(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    char *text = lab_text(LARGEST_PAYLOAD + 1);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, text, context));
    assert_true(lab_has_figure(natsmicro_context_error_message(context), LAB_MAX_PAYLOAD));
    assert_true(lab_has_figure(natsmicro_context_error_message(context), LAB_MAX_PAYLOAD + 1));
    assert_ok(lab_ping_status(room, "small", context));
    natsmicro_context_destroy(context);
    free(text);
}

static natsmicro_status answer_too_much(Lab__V1__LabServer__Ping *call,
                                        const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    char *text = lab_text(LARGEST_PAYLOAD + 1);
    seen->first = reply(call, text);
    latch_open(&seen->done);
    free(text);
    if (strcmp(request->payload, "recover") == 0)
        return reply(call, "smaller");
    return seen->first;
}

static void an_answer_over_max_payload_is_told_with_figures_on_both_sides(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = answer_too_much};
    lab_serve(room, &handlers, seen);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "", context));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, seen->first);
    assert_string_equal(natsmicro_context_error_code(context), "RESOURCE_EXHAUSTED");
    assert_true(lab_has_figure(natsmicro_context_error_message(context), LAB_MAX_PAYLOAD));
    assert_true(lab_has_figure(natsmicro_context_error_message(context), LAB_MAX_PAYLOAD + 1));

    /* The handler may still answer with less. */
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "recover", context, &response));
    assert_string_equal(response->payload, "smaller");
    lab__v1__lab_client__ping__free(response);
    natsmicro_context_destroy(context);
}

static void a_text_that_is_not_utf8_is_refused_before_it_is_sent(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INVALID_ARGUMENT, lab_ping_status(room, "\xff\xfe", context));
    assert_string_not_equal(natsmicro_context_error_message(context), "");
    natsmicro_context_destroy(context);
}

/* ---- errors ---- */

/* A caller would take WOULD_BLOCK for a SERVICE_ERROR, with a code of the service's own. */
static void a_failure_with_what_is_no_error_is_internal(void **state)
{
    static const natsmicro_status no_errors[] = {NATSMICRO_END, NATSMICRO_WOULD_BLOCK};
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    for (size_t i = 0; i < sizeof(no_errors) / sizeof(no_errors[0]); i++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = (int32_t)no_errors[i];
        char text[32];
        snprintf(text, sizeof(text), "failure %d", (int)no_errors[i]);
        Lab__V1__PingResponse *response;
        assert_status(NATSMICRO_INTERNAL,
                      lab__v1__lab_client__ping(room->client, &request, context, &response));
        assert_string_equal(natsmicro_context_error_code(context), "INTERNAL");
        assert_string_equal(natsmicro_context_error_message(context), text);
    }
    natsmicro_context_destroy(context);
}

static void every_code_of_a_handler_arrives_by_its_name_and_with_its_text(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    for (int code = NATSMICRO_CANCELLED; code <= NATSMICRO_UNAUTHENTICATED; code++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = code;
        Lab__V1__PingResponse *response;
        assert_status((natsmicro_status)code,
                      lab__v1__lab_client__ping(room->client, &request, context, &response));
        assert_null(response);
        assert_int_equal(natsmicro_context_status(context), code);
        assert_string_equal(natsmicro_context_error_code(context),
                            natsmicro_status_name((natsmicro_status)code));
        char text[32];
        snprintf(text, sizeof(text), "failure %d", code);
        assert_string_equal(natsmicro_context_error_message(context), text);
    }
    /* The next call replaces what the last one left in the context. */
    assert_ok(lab_ping_status(room, "fine", context));
    assert_int_equal(natsmicro_context_status(context), NATSMICRO_OK);
    assert_string_equal(natsmicro_context_error_code(context), "");
    assert_string_equal(natsmicro_context_error_message(context), "");
    natsmicro_context_destroy(context);
}

static natsmicro_status fail_quota(Lab__V1__LabServer__Ping *call,
                                   const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    natsmicro_status status = natsmicro_call_set_error_data(call->base, "\0\1quota", 7);
    if (status != NATSMICRO_OK)
        return status;
    return lab__v1__lab_server__fail_quota_exceeded(call->base, "%d of %d used", 7, 5);
}

static void the_services_own_code_arrives_with_its_text_and_its_bytes(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = fail_quota};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_SERVICE_ERROR, lab_ping_status(room, "", context));
    assert_true(lab__v1__lab_client__is_quota_exceeded(natsmicro_context_error_code(context)));
    assert_false(lab__v1__lab_client__is_quota_exceeded("NOT_FOUND"));
    assert_false(lab__v1__lab_client__is_quota_exceeded(NULL));
    assert_string_equal(natsmicro_context_error_code(context), "QUOTA_EXCEEDED");
    assert_string_equal(natsmicro_context_error_message(context), "7 of 5 used");
    size_t length = 0;
    const void *data = natsmicro_context_error_data(context, &length);
    assert_int_equal(length, 7);
    assert_memory_equal(data, "\0\1quota", 7);
    natsmicro_context_destroy(context);
}

static natsmicro_status fail_with_line_breaks(Lab__V1__LabServer__Ping *call,
                                              const Lab__V1__PingRequest *request, void *user_data)
{
    (void)user_data;
    if (request->payload[0] != '\0')
        return natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "%s", "");
    return natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "a\r\nNats-Evil: b\x01 \xc3\xbc");
}

static void an_error_text_with_line_breaks_injects_no_header(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = fail_with_line_breaks};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_ABORTED, lab_ping_status(room, "", context));
    const char *text = natsmicro_context_error_message(context);
    assert_null(strpbrk(text, "\r\n\x01"));
    assert_non_null(strstr(text, "\xc3\xbc"));
    assert_null(natsmicro_context_response_header(context, "Nats-Evil"));

    /* An empty text is replaced by the code's name. */
    assert_status(NATSMICRO_ABORTED, lab_ping_status(room, "empty", context));
    assert_string_equal(natsmicro_context_error_message(context), "ABORTED");
    natsmicro_context_destroy(context);
}

static natsmicro_status return_only(Lab__V1__LabServer__Ping *call,
                                    const Lab__V1__PingRequest *request, void *user_data)
{
    (void)call;
    (void)user_data;
    if (strcmp(request->payload, "end") == 0)
        return NATSMICRO_END;
    if (strcmp(request->payload, "not found") == 0)
        return NATSMICRO_NOT_FOUND;
    return NATSMICRO_OK;
}

static void a_handler_that_forgets_to_reply_does_not_leave_its_caller_waiting(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = return_only};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INTERNAL, lab_ping_status(room, "ok", context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "did not reply"));
    assert_status(NATSMICRO_INTERNAL, lab_ping_status(room, "end", context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "did not reply"));
    assert_status(NATSMICRO_NOT_FOUND, lab_ping_status(room, "not found", context));
    assert_string_not_equal(natsmicro_context_error_message(context), "");
    natsmicro_context_destroy(context);
}

static natsmicro_status answer_twice(Lab__V1__LabServer__Ping *call,
                                     const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    if (strcmp(request->payload, "fail, reply") == 0)
        natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "first");
    else
        reply(call, "first");
    seen->first = reply(call, "second");
    const char *text = natsmicro_call_error_message(call->base);
    seen->number = strcmp(text, "lab.v1.Lab.Ping: the call has been answered") == 0;
    seen->second = natsmicro_call_fail(call->base, NATSMICRO_INTERNAL, "third");
    latch_open(&seen->done);
    return NATSMICRO_ABORTED;
}

static void the_first_reply_or_failure_wins_and_the_second_is_told_so(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = answer_twice};
    lab_serve(room, &handlers, seen);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_NOT_FOUND, lab_ping_status(room, "fail, reply", context));
    assert_string_equal(natsmicro_context_error_message(context), "first");
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->first);
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->second);

    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "reply, reply", context, &response));
    assert_string_equal(response->payload, "first");
    lab__v1__lab_client__ping__free(response);
    assert_true(latch_wait_count(&seen->done, 2, LAB_PATIENCE));
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->first);
    assert_int_equal(seen->number, 1);
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->second);
    natsmicro_context_destroy(context);
}

static void a_method_without_handler_answers_unimplemented_in_all_patterns(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers none = {.ping = NULL};
    lab_serve(room, &none, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_UNIMPLEMENTED, lab_ping_status(room, "", context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "lab.v1.Lab.Ping"));

    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 1, 0, NULL, &count_up));
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_UNIMPLEMENTED, lab__v1__lab_client__count_up__recv(count_up, &number));
    lab__v1__lab_client__count_up__close(count_up);

    /* These are acknowledged first. */
    Lab__V1__SumResponse *total = NULL;
    Lab__V1__LabClient__Sum *sum;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &sum));
    assert_status(NATSMICRO_UNIMPLEMENTED, lab__v1__lab_client__sum__close_and_recv(sum, &total));
    lab__v1__lab_client__sum__close(sum);

    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNIMPLEMENTED, lab__v1__lab_client__chat__recv(chat, &line));
    lab__v1__lab_client__chat__close(chat);
    natsmicro_context_destroy(context);
}

static void without_a_server_all_patterns_fail_at_once(void **state)
{
    lab *room = *state;
    natsmicro_context *context = lab_context();
    int64_t started = now_ms();
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_code(context), "UNAVAILABLE");
    assert_non_null(strstr(natsmicro_context_error_message(context), "lab.v1.ping"));

    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 1, 0, NULL, &count_up));
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__count_up__recv(count_up, &number));
    lab__v1__lab_client__count_up__close(count_up);

    Lab__V1__LabClient__Sum *sum;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__sum(room->client, context, &sum));
    assert_null(sum);
    assert_string_equal(natsmicro_context_error_code(context), "UNAVAILABLE");
    Lab__V1__LabClient__Chat *chat;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat(room->client, context, &chat));
    assert_null(chat);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    natsmicro_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_call_gets_the_answer_of_the_handler),
        lab_test(an_empty_request_and_an_empty_answer_arrive),
        lab_test(a_request_and_an_answer_of_exactly_max_payload_arrive),
        lab_test(a_request_over_max_payload_says_the_figures_and_the_next_one_works),
        lab_test(an_answer_over_max_payload_is_told_with_figures_on_both_sides),
        lab_test(a_text_that_is_not_utf8_is_refused_before_it_is_sent),
        lab_test(a_failure_with_what_is_no_error_is_internal),
        lab_test(every_code_of_a_handler_arrives_by_its_name_and_with_its_text),
        lab_test(the_services_own_code_arrives_with_its_text_and_its_bytes),
        lab_test(an_error_text_with_line_breaks_injects_no_header),
        lab_test(a_handler_that_forgets_to_reply_does_not_leave_its_caller_waiting),
        lab_test(the_first_reply_or_failure_wins_and_the_second_is_told_so),
        lab_test(a_method_without_handler_answers_unimplemented_in_all_patterns),
        lab_test(without_a_server_all_patterns_fail_at_once),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
