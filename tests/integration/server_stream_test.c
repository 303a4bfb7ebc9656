/*
 * Server streams from a generated client to a generated server over a real broker: what arrives,
 * how it ends, and what happens when one side stops before the end.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

#define MANY 100000

/* ---- messages ---- */

static void assert_counts(lab *room, int32_t count)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, count, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, count);
    assert_true(in_order);
    assert_int_equal(natsmicro_call_status(call->base), NATSMICRO_END);
    assert_string_equal(natsmicro_call_error_code(call->base), "");
    /* After the end, recv returns END again. */
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(call, &response));
    assert_null(response);
    lab__v1__lab_client__count_up__close(call);
}

static void a_stream_arrives_whole_and_in_order(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    assert_counts(room, 1);
    assert_counts(room, 1000);
}

static void a_stream_of_no_messages_is_just_its_end(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    assert_counts(room, 0);
}

static void a_stream_of_100000_messages_loses_none(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    assert_counts(room, MANY);
}

static natsmicro_status send_empty(Lab__V1__LabServer__CountUp *call,
                                   const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = NATSMICRO_OK;
    for (int32_t i = 0; i < request->count && status == NATSMICRO_OK; i++)
        status = lab__v1__lab_server__count_up__send(call, &response);
    return status;
}

static void empty_messages_are_messages(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.count_up = send_empty};
    lab_serve(room, &handlers, NULL);
    int received = 0;
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 50, 0, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK) {
        assert_int_equal(response->number, 0);
        assert_string_equal(response->text, "");
        received++;
    }
    assert_status(NATSMICRO_END, status);
    assert_int_equal(received, 50);
    lab__v1__lab_client__count_up__close(call);
}

/* Sends a text as large as max_payload, shorter ones until one is accepted, and then "after". */
static natsmicro_status send_at_the_limit(Lab__V1__LabServer__CountUp *call,
                                          const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    char *text = lab_text(LAB_MAX_PAYLOAD);
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    response.text = text;
    size_t length = LAB_MAX_PAYLOAD;
    seen->first = lab__v1__lab_server__count_up__send(call, &response);
    seen->second =
        lab_has_figure(natsmicro_call_error_message(call->base), LAB_MAX_PAYLOAD) &&
                lab_has_figure(natsmicro_call_error_message(call->base), LAB_MAX_PAYLOAD + 4)
            ? NATSMICRO_OK
            : NATSMICRO_UNKNOWN;
    natsmicro_status status = seen->first;
    while (status == NATSMICRO_RESOURCE_EXHAUSTED && length > 0) {
        text[--length] = '\0';
        status = lab__v1__lab_server__count_up__send(call, &response);
    }
    seen->number = (int64_t)length;
    latch_open(&seen->done);
    free(text);
    if (status != NATSMICRO_OK)
        return status;
    response.text = (char *)(uintptr_t) "after";
    return lab__v1__lab_server__count_up__send(call, &response);
}

static void a_message_over_max_payload_fails_alone_and_the_stream_goes_on(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.count_up = send_at_the_limit};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, seen->first);
    assert_int_equal(seen->second, NATSMICRO_OK); /* the error's text has both numbers */
    assert_int_equal(strlen(response->text), seen->number);
    assert_true(seen->number > LAB_MAX_PAYLOAD - 300); /* headers take only a little */
    assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    assert_string_equal(response->text, "after");
    assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(call, &response));
    lab__v1__lab_client__count_up__close(call);
}

/* ---- errors ---- */

static void assert_fails_at(lab *room, int32_t count, int32_t fail_at)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, count, fail_at, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_OUT_OF_RANGE, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, fail_at - 1);
    assert_true(in_order);
    assert_string_equal(natsmicro_call_error_code(call->base), "OUT_OF_RANGE");
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "failed at "));
    assert_true(lab_has_figure(natsmicro_call_error_message(call->base), (size_t)fail_at));
    assert_int_equal(natsmicro_call_status(call->base), NATSMICRO_OUT_OF_RANGE);
    lab__v1__lab_client__count_up__close(call);
}

static void a_handlers_error_comes_behind_all_it_sent_wherever_it_fails(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    assert_fails_at(room, 100, 1);
    assert_fails_at(room, 100, 50);
    assert_fails_at(room, 100, 101);
    assert_fails_at(room, 0, 1);
}

static natsmicro_status fail_quota_after_one(Lab__V1__LabServer__CountUp *call,
                                             const Lab__V1__CountUpRequest *request,
                                             void *user_data)
{
    (void)request;
    (void)user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_error_data(call->base, "\0data", 5);
    if (status != NATSMICRO_OK)
        return status;
    return lab__v1__lab_server__fail_quota_exceeded(call->base, "only %d", 1);
}

static void the_services_own_code_and_bytes_survive_on_a_stream(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.count_up = fail_quota_after_one};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_SERVICE_ERROR, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, 1);
    assert_true(lab__v1__lab_client__is_quota_exceeded(natsmicro_call_error_code(call->base)));
    assert_string_equal(natsmicro_call_error_message(call->base), "only 1");
    size_t length = 0;
    const void *data = natsmicro_call_error_data(call->base, &length);
    assert_int_equal(length, 5);
    assert_memory_equal(data, "\0data", 5);
    lab__v1__lab_client__count_up__close(call);
}

/* ---- headers ---- */

static natsmicro_status send_with_headers(Lab__V1__LabServer__CountUp *call,
                                          const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    const char *asked = natsmicro_call_header(call->base, "x-ASKED");
    natsmicro_status status =
        natsmicro_call_set_header(call->base, "X-Answer", asked != NULL ? asked : "none");
    for (int32_t i = 0; i < request->count && status == NATSMICRO_OK; i++)
        status = lab__v1__lab_server__count_up__send(call, &response);
    seen->first = natsmicro_call_set_header(call->base, "X-Late", "1");
    seen->second = natsmicro_call_set_trailer(call->base, "Nats-Stream-Seq", "1");
    latch_open(&seen->done);
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call->base, "X-Total", "3");
    return request->fail_at != 0 ? NATSMICRO_NOT_FOUND : status;
}

static void headers_reach_the_handler_and_headers_and_trailers_come_back(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.count_up = send_with_headers};
    lab_serve(room, &handlers, seen);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-Asked", "please"));
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 3, 0, context, &call));
    const Lab__V1__CountUpResponse *response;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    assert_string_equal(natsmicro_call_header(call->base, "X-ANSWER"), "please");
    assert_null(natsmicro_call_header(call->base, "Nats-Stream-Seq"));
    const char *name;
    const char *value;
    assert_true(natsmicro_call_header_at(call->base, 0, &name, &value));
    assert_string_equal(name, "X-Answer");
    assert_false(natsmicro_call_header_at(call->base, 1, &name, &value));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_string_equal(natsmicro_call_trailer(call->base, "x-total"), "3");
    lab__v1__lab_client__count_up__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->first);
    assert_status(NATSMICRO_INVALID_ARGUMENT, seen->second);

    /* An error brings its trailers, too. */
    assert_ok(lab_count_up(room, 0, 1, context, &call));
    assert_status(NATSMICRO_NOT_FOUND, lab_count_all(call, &received, &in_order));
    assert_string_equal(natsmicro_call_trailer(call->base, "X-Total"), "3");
    /* If nothing came before it, it brings the headers, too. */
    assert_non_null(natsmicro_call_header(call->base, "X-Answer"));
    lab__v1__lab_client__count_up__close(call);
    natsmicro_context_destroy(context);
}

/* ---- ends that are none ---- */

/* Sends one message, waits until the call is over, and notes how, and what a send returns then. */
static natsmicro_status send_one_and_wait(Lab__V1__LabServer__CountUp *call,
                                          const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
    if (status != NATSMICRO_OK)
        return status;
    seen->first = lab_wait_for_end(call->base);
    seen->second = lab__v1__lab_server__count_up__send(call, &response);
    latch_open(&seen->done);
    return seen->second;
}

static const Lab__V1__LabHandlers one_and_wait = {.count_up = send_one_and_wait};

static void open_and_read_one(lab *room, natsmicro_context *context,
                              Lab__V1__LabClient__CountUp **call)
{
    assert_ok(lab_count_up(room, 1, 0, context, call));
    const Lab__V1__CountUpResponse *response;
    assert_ok(lab__v1__lab_client__count_up__recv(*call, &response));
}

static void assert_handler_saw_cancelled(lab_probe *seen)
{
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    assert_status(NATSMICRO_CANCELLED, seen->second);
}

static void a_cancel_in_another_thread_wakes_a_waiting_recv_and_ends_the_handler(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &one_and_wait, seen);
    Lab__V1__LabClient__CountUp *call;
    open_and_read_one(room, NULL, &call);
    lab_cancel_in_thread(seen, call->base);
    latch_open(&seen->entered);
    int64_t started = now_ms();
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__count_up__recv(call, &response));
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_string_equal(natsmicro_call_error_code(call->base), "CANCELLED");
    lab_join(seen);
    assert_handler_saw_cancelled(seen);
    natsmicro_call_cancel(call->base); /* once more does nothing */
    lab__v1__lab_client__count_up__close(call);
}

static void a_close_before_the_end_ends_the_handler(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &one_and_wait, seen);
    Lab__V1__LabClient__CountUp *call;
    open_and_read_one(room, NULL, &call);
    lab__v1__lab_client__count_up__close(call);
    assert_handler_saw_cancelled(seen);
}

static natsmicro_status cancel_own_call(Lab__V1__LabServer__CountUp *call,
                                        const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
    if (status != NATSMICRO_OK)
        return status;
    natsmicro_call_cancel(call->base);
    return lab__v1__lab_server__count_up__send(call, &response);
}

static void a_server_that_cancels_is_no_end_of_the_stream(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.count_up = cancel_own_call};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_CANCELLED, lab_count_all(call, &received, &in_order));
    assert_true(received <= 1);
    lab__v1__lab_client__count_up__close(call);
}

static void the_contexts_timeout_bounds_a_whole_stream(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &one_and_wait, seen);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 600);
    int64_t started = now_ms();
    Lab__V1__LabClient__CountUp *call;
    open_and_read_one(room, context, &call);
    assert_true(natsmicro_call_remaining_ms(call->base) <= 600);
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  lab__v1__lab_client__count_up__recv(call, &response));
    assert_true(now_ms() - started >= 590);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_int_equal(natsmicro_call_remaining_ms(call->base), 0);
    lab__v1__lab_client__count_up__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    natsmicro_context_destroy(context);
}

/* ---- detached ---- */

static void *stream_later(void *argument)
{
    lab_probe *seen = argument;
    Lab__V1__LabServer__CountUp call = {.base = seen->call};
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = NATSMICRO_OK;
    latch_wait(&seen->release, LAB_PATIENCE);
    for (int32_t i = 0; i < 10 && status == NATSMICRO_OK; i++) {
        response.number = i;
        status = lab__v1__lab_server__count_up__send(&call, &response);
    }
    natsmicro_call_finish(seen->call, status);
    return NULL;
}

static natsmicro_status detach_stream(Lab__V1__LabServer__CountUp *call,
                                      const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    seen->call = call->base;
    natsmicro_status status = natsmicro_call_detach(call->base);
    if (status != NATSMICRO_OK)
        return status;
    pthread_create(&seen->thread, NULL, stream_later, seen);
    latch_open(&seen->done);
    return NATSMICRO_INTERNAL; /* what a detached handler returns does not count */
}

static void a_detached_stream_goes_on_in_another_thread(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.count_up = detach_stream};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 10, 0, NULL, &call));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    latch_open(&seen->release);
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, 10);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
    lab_join(seen);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_stream_arrives_whole_and_in_order),
        lab_test(a_stream_of_no_messages_is_just_its_end),
        lab_test(a_stream_of_100000_messages_loses_none),
        lab_test(empty_messages_are_messages),
        lab_test(a_message_over_max_payload_fails_alone_and_the_stream_goes_on),
        lab_test(a_handlers_error_comes_behind_all_it_sent_wherever_it_fails),
        lab_test(the_services_own_code_and_bytes_survive_on_a_stream),
        lab_test(headers_reach_the_handler_and_headers_and_trailers_come_back),
        lab_test(a_cancel_in_another_thread_wakes_a_waiting_recv_and_ends_the_handler),
        lab_test(a_close_before_the_end_ends_the_handler),
        lab_test(a_server_that_cancels_is_no_end_of_the_stream),
        lab_test(the_contexts_timeout_bounds_a_whole_stream),
        lab_test(a_detached_stream_goes_on_in_another_thread),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
