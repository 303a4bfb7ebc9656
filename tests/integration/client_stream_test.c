/*
 * Client streams from a generated client to a generated server over a real broker: what the handler
 * reads, the one answer, and what happens when one side stops before the end.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

#define MANY 100000

/* Repeats a test whose outcome could depend on the order of two threads. */
#define OFTEN 50

static Lab__V1__LabClient__Sum *open_sum(lab *room, natsmicro_context *context)
{
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, context, &call));
    return call;
}

/* Ends the requests, and compares the answer. */
static void assert_total(Lab__V1__LabClient__Sum *call, int64_t total, int32_t count)
{
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(response->total, total);
    assert_int_equal(response->count, count);
    lab__v1__lab_client__sum__free(response);
}

/* Ends the requests, and expects an error instead of the answer. */
static void assert_no_answer(natsmicro_status expected, Lab__V1__LabClient__Sum *call)
{
    Lab__V1__SumResponse *response;
    assert_status(expected, lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_null(response);
    assert_int_equal(natsmicro_call_status(call->base), expected);
}

static natsmicro_status reply(Lab__V1__LabServer__Sum *call, int64_t total)
{
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    response.total = total;
    return lab__v1__lab_server__sum__reply(call, &response);
}

/* Reads to the end, and returns what it was. */
static natsmicro_status read_all(Lab__V1__LabServer__Sum *call)
{
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    do {
        status = lab__v1__lab_server__sum__recv(call, &request);
    } while (status == NATSMICRO_OK);
    return status;
}

/* ---- messages ---- */

static void the_handler_reads_all_and_the_answer_comes_back(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    for (int i = 1; i <= 100; i++)
        assert_ok(lab_sum_send(call, i));
    assert_total(call, 5050, 100);
    lab__v1__lab_client__sum__close(call);
}

static void a_stream_of_no_messages_is_answered(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_total(call, 0, 0);
    lab__v1__lab_client__sum__close(call);
}

static void a_stream_of_100000_messages_loses_none(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    for (int i = 1; i <= MANY; i++)
        assert_ok(lab_sum_send(call, i));
    assert_total(call, (int64_t)MANY * (MANY + 1) / 2, MANY);
    lab__v1__lab_client__sum__close(call);
}

static void empty_messages_are_messages(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    for (int i = 0; i < 50; i++)
        assert_ok(lab_sum_send(call, 0));
    assert_total(call, 0, 50);
    lab__v1__lab_client__sum__close(call);
}

/* Answers with the number of bytes it read; after a chunk of one byte, with too large an answer. */
static natsmicro_status measure(Lab__V1__LabServer__Upload *call, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    bool too_much = false;
    const Lab__V1__Chunk *chunk;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__upload__recv(call, &chunk)) == NATSMICRO_OK) {
        too_much = too_much || chunk->data.len == 1;
        result.size += (int64_t)chunk->data.len;
    }
    if (status != NATSMICRO_END)
        return status;
    if (!too_much)
        return lab__v1__lab_server__upload__reply(call, &result);
    result.sha256 = lab_text(LAB_MAX_PAYLOAD);
    seen->first = lab__v1__lab_server__upload__reply(call, &result);
    latch_open(&seen->done);
    free(result.sha256);
    return seen->first;
}

static natsmicro_status upload_bytes(Lab__V1__LabClient__Upload *call, size_t length)
{
    char *bytes = lab_text(length);
    Lab__V1__Chunk chunk = LAB__V1__CHUNK__INIT;
    chunk.data.data = (uint8_t *)bytes;
    chunk.data.len = length;
    natsmicro_status status = lab__v1__lab_client__upload__send(call, &chunk);
    free(bytes);
    return status;
}

static void a_message_over_max_payload_fails_alone_and_the_stream_goes_on(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.upload = measure};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(room->client, NULL, &call));
    assert_ok(upload_bytes(call, 10));
    size_t length = LAB_MAX_PAYLOAD;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, upload_bytes(call, length));
    const char *text = natsmicro_call_error_message(call->base);
    assert_true(lab_has_figure(text, LAB_MAX_PAYLOAD));
    assert_true(lab_has_figure(text, LAB_MAX_PAYLOAD + 4)); /* tag and length are in it */
    natsmicro_status status;
    do {
        status = upload_bytes(call, --length);
    } while (status == NATSMICRO_RESOURCE_EXHAUSTED && length > LAB_MAX_PAYLOAD - 300);
    assert_ok(status);
    assert_ok(upload_bytes(call, 20));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(result->size, (int64_t)length + 30);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void an_answer_over_max_payload_is_told_with_its_figure(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.upload = measure};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(room->client, NULL, &call));
    assert_ok(upload_bytes(call, 1));
    Lab__V1__UploadResult *result;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_true(lab_has_figure(natsmicro_call_error_message(call->base), LAB_MAX_PAYLOAD));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, seen->first);
    lab__v1__lab_client__upload__close(call);
}

/* ---- errors ---- */

static natsmicro_status fail_at_once(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    natsmicro_status status = natsmicro_call_set_error_data(call->base, "\0data", 5);
    if (status != NATSMICRO_OK)
        return status;
    return lab__v1__lab_server__fail_quota_exceeded(call->base, "none of %d left", 3);
}

/* An error that comes after the acknowledgement must not count as the opening's. */
static void an_error_before_the_first_message_arrives_with_its_own_code_and_bytes(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = fail_at_once};
    lab_serve(room, &handlers, NULL);
    for (int i = 0; i < OFTEN; i++) {
        Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
        assert_no_answer(NATSMICRO_SERVICE_ERROR, call);
        assert_true(lab__v1__lab_client__is_quota_exceeded(natsmicro_call_error_code(call->base)));
        assert_string_equal(natsmicro_call_error_message(call->base), "none of 3 left");
        size_t length = 0;
        const void *data = natsmicro_call_error_data(call->base, &length);
        assert_int_equal(length, 5);
        assert_memory_equal(data, "\0data", 5);
        lab__v1__lab_client__sum__close(call);
    }
}

/* Sends until a send fails, and returns its status. */
static natsmicro_status send_until_refused(Lab__V1__LabClient__Sum *call)
{
    natsmicro_status status = NATSMICRO_OK;
    int64_t until = now_ms() + LAB_PATIENCE;
    while (status == NATSMICRO_OK && now_ms() < until)
        status = lab_sum_send(call, 1);
    return status;
}

static void an_error_in_mid_stream_stops_a_caller_that_goes_on_sending(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 1));
    assert_ok(lab_sum_send(call, -7));
    assert_status(NATSMICRO_INVALID_ARGUMENT, send_until_refused(call));
    assert_no_answer(NATSMICRO_INVALID_ARGUMENT, call);
    assert_string_equal(natsmicro_call_error_message(call->base), "-7 is negative");
    lab__v1__lab_client__sum__close(call);
}

/*
 * The first value says what to do: 1 fails, 2 forgets to reply, 3 replies twice, 4 fails after it.
 */
static natsmicro_status end_as_asked(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    const Lab__V1__SumRequest *request;
    natsmicro_status status = lab__v1__lab_server__sum__recv(call, &request);
    if (status != NATSMICRO_OK)
        return status;
    int64_t asked = request->value;
    status = read_all(call);
    if (status != NATSMICRO_END)
        return status;
    if (asked == 1)
        return natsmicro_call_fail(call->base, NATSMICRO_DATA_LOSS, "after all");
    if (asked == 2)
        return NATSMICRO_OK;
    status = reply(call, 42);
    if (status != NATSMICRO_OK)
        return status;
    if (asked == 3)
        seen->first = reply(call, 43);
    else
        seen->first = natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "too late");
    latch_open(&seen->done);
    return seen->first;
}

static void an_error_after_the_last_message_arrives(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = end_as_asked};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 1));
    assert_no_answer(NATSMICRO_DATA_LOSS, call);
    assert_string_equal(natsmicro_call_error_message(call->base), "after all");
    lab__v1__lab_client__sum__close(call);
}

static void a_handler_that_forgets_to_reply_does_not_leave_its_caller_waiting(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = end_as_asked};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 2));
    assert_no_answer(NATSMICRO_INTERNAL, call);
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "did not reply"));
    lab__v1__lab_client__sum__close(call);
}

static void the_first_reply_wins_and_what_follows_is_told_so(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.sum = end_as_asked};
    lab_serve(room, &handlers, seen);
    for (int asked = 3; asked <= 4; asked++) {
        Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
        assert_ok(lab_sum_send(call, asked));
        assert_total(call, 42, 0);
        assert_true(latch_wait_count(&seen->done, asked - 2, LAB_PATIENCE));
        assert_status(NATSMICRO_FAILED_PRECONDITION, seen->first);
        lab__v1__lab_client__sum__close(call);
    }
}

static natsmicro_status answer_early(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    return reply(call, 99);
}

static void an_answer_that_comes_before_the_end_is_the_answer(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = answer_early};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_status(NATSMICRO_END, send_until_refused(call)); /* no need to send more */
    assert_total(call, 99, 0);
    lab__v1__lab_client__sum__close(call);
}

static void an_answer_is_given_out_once_and_stays_the_outcome(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 7));
    assert_total(call, 7, 1);
    natsmicro_status outcome = natsmicro_call_status(call->base);
    for (int i = 0; i < 2; i++) {
        Lab__V1__SumResponse *response;
        assert_status(NATSMICRO_FAILED_PRECONDITION,
                      lab__v1__lab_client__sum__close_and_recv(call, &response));
        assert_null(response);
        assert_string_equal(natsmicro_call_error_code(call->base), "FAILED_PRECONDITION");
        assert_string_equal(natsmicro_call_error_message(call->base),
                            "lab.v1.Lab.Sum: the response was returned before");
        assert_status(outcome, natsmicro_call_status(call->base));
    }
    lab__v1__lab_client__sum__close(call);
}

/* ---- headers ---- */

static natsmicro_status answer_with_headers(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    const char *asked = natsmicro_call_header(call->base, "x-asked");
    natsmicro_status status = read_all(call);
    if (status != NATSMICRO_END)
        return status;
    status = natsmicro_call_set_header(call->base, "X-Answer", asked != NULL ? asked : "none");
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call->base, "X-Total", "5");
    if (status != NATSMICRO_OK)
        return status;
    return reply(call, 5);
}

static void headers_reach_the_handler_and_come_back_with_the_answer(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = answer_with_headers};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-Asked", "please"));
    Lab__V1__LabClient__Sum *call = open_sum(room, context);
    assert_total(call, 5, 0);
    assert_non_null(natsmicro_call_header(call->base, "x-answer"));
    assert_string_equal(natsmicro_call_header(call->base, "x-answer"), "please");
    /* The answer is one message, so trailers are among its headers. */
    assert_non_null(natsmicro_call_header(call->base, "x-total"));
    assert_string_equal(natsmicro_call_header(call->base, "x-total"), "5");
    assert_non_null(natsmicro_call_trailer(call->base, "x-total"));
    assert_string_equal(natsmicro_call_trailer(call->base, "x-total"), "5");
    lab__v1__lab_client__sum__close(call);
    natsmicro_context_destroy(context);
}

/* ---- ends that are none ---- */

static natsmicro_status note_end(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    latch_open(&seen->entered);
    seen->first = read_all(call);
    seen->second = reply(call, 1);
    latch_open(&seen->done);
    return seen->first;
}

static const Lab__V1__LabHandlers note_the_end = {.sum = note_end};

static void a_close_before_the_end_never_looks_like_a_finished_upload(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &note_the_end, seen);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 1));
    lab__v1__lab_client__sum__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    assert_status(NATSMICRO_CANCELLED, seen->second);
}

static natsmicro_status wait_after_the_end(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    read_all(call);
    latch_open(&seen->entered);
    seen->first = lab_wait_for_end(call->base);
    latch_open(&seen->done);
    return seen->first;
}

static void a_cancel_in_another_thread_wakes_a_caller_that_waits_for_the_answer(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.sum = wait_after_the_end};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_ok(lab_sum_send(call, 1));
    lab_cancel_in_thread(seen, call->base); /* once the handler has read the end */
    int64_t started = now_ms();
    assert_no_answer(NATSMICRO_CANCELLED, call);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    lab_join(seen);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    lab__v1__lab_client__sum__close(call);
}

typedef struct waiting_caller {
    Lab__V1__LabClient__Sum *call;
    natsmicro_status status;
} waiting_caller;

static void *wait_for_the_answer(void *argument)
{
    waiting_caller *self = argument;
    Lab__V1__SumResponse *response;
    self->status = lab__v1__lab_client__sum__close_and_recv(self->call, &response);
    lab__v1__lab_client__sum__free(response);
    return NULL;
}

/* The close waits for the thread, which would otherwise go on in memory that is another call's. */
static void a_close_in_another_thread_waits_for_a_caller_of_close_and_recv(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.sum = wait_after_the_end};
    lab_serve(room, &handlers, seen);
    waiting_caller self = {.call = open_sum(room, NULL)};
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, wait_for_the_answer, &self));
    assert_true(latch_wait(&seen->entered, LAB_PATIENCE)); /* the handler has read the end */
    lab__v1__lab_client__sum__close(self.call);
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_CANCELLED, self.status);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
}

static void a_cancelled_call_takes_no_more_messages(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &note_the_end, seen);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    natsmicro_call_cancel(call->base);
    assert_status(NATSMICRO_CANCELLED, lab_sum_send(call, 1));
    assert_no_answer(NATSMICRO_CANCELLED, call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    lab__v1__lab_client__sum__close(call);
}

static void the_contexts_timeout_bounds_the_wait_for_the_answer(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.sum = wait_after_the_end};
    lab_serve(room, &handlers, seen);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 600);
    int64_t started = now_ms();
    Lab__V1__LabClient__Sum *call = open_sum(room, context);
    assert_no_answer(NATSMICRO_DEADLINE_EXCEEDED, call);
    assert_true(now_ms() - started >= 590);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    lab__v1__lab_client__sum__close(call); /* tells the handler */
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    natsmicro_context_destroy(context);
}

/* ---- a handler that reads on after its answer ---- */

/* Answers at once, and goes on to read until its call or the caller's messages end. */
static natsmicro_status answer_and_read_on(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    lab__v1__lab_server__sum__reply(call, &response);
    latch_open(&seen->entered);
    const Lab__V1__SumRequest *request;
    while ((seen->first = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK)
        continue;
    seen->second = natsmicro_call_status(call->base);
    latch_open(&seen->done);
    return NATSMICRO_OK;
}

/* Nothing more can come once its caller has the answer. Limits are long, and nobody closes. */
static void a_handler_reads_no_further_once_its_answer_was_heard(void **state)
{
    static const Lab__V1__LabHandlers handlers = {.sum = answer_and_read_on};
    lab *room = *state;
    lab_probe *seen = &room->seen;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = 600000;
    lab_serve_with(room, &handlers, seen, &options, NULL);
    Lab__V1__LabClient__Sum *call = open_sum(room, NULL);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    assert_ok(seen->second);
    Lab__V1__SumResponse *answer;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &answer));
    lab__v1__lab_client__sum__free(answer);
    lab__v1__lab_client__sum__close(call);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(the_handler_reads_all_and_the_answer_comes_back),
        lab_test(a_stream_of_no_messages_is_answered),
        lab_test(a_stream_of_100000_messages_loses_none),
        lab_test(empty_messages_are_messages),
        lab_test(a_message_over_max_payload_fails_alone_and_the_stream_goes_on),
        lab_test(an_answer_over_max_payload_is_told_with_its_figure),
        lab_test(an_error_before_the_first_message_arrives_with_its_own_code_and_bytes),
        lab_test(an_error_in_mid_stream_stops_a_caller_that_goes_on_sending),
        lab_test(an_error_after_the_last_message_arrives),
        lab_test(a_handler_that_forgets_to_reply_does_not_leave_its_caller_waiting),
        lab_test(the_first_reply_wins_and_what_follows_is_told_so),
        lab_test(an_answer_that_comes_before_the_end_is_the_answer),
        lab_test(an_answer_is_given_out_once_and_stays_the_outcome),
        lab_test(headers_reach_the_handler_and_come_back_with_the_answer),
        lab_test(a_close_before_the_end_never_looks_like_a_finished_upload),
        lab_test(a_cancel_in_another_thread_wakes_a_caller_that_waits_for_the_answer),
        lab_test(a_close_in_another_thread_waits_for_a_caller_of_close_and_recv),
        lab_test(a_cancelled_call_takes_no_more_messages),
        lab_test(the_contexts_timeout_bounds_the_wait_for_the_answer),
        lab_test(a_handler_reads_no_further_once_its_answer_was_heard),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
