/*
 * Bidirectional streams from a generated client to a generated server over a real broker: both
 * directions at once, each with an end of its own, and what happens when one side gives up.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>

#define MANY 100000

/* Repeats a test whose outcome could depend on the order of two threads. */
#define OFTEN 50

static Lab__V1__LabClient__Chat *open_chat(lab *room, natsmicro_context *context)
{
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, context, &call));
    return call;
}

static natsmicro_status receive(Lab__V1__LabClient__Chat *call, const Lab__V1__ChatMessage **line)
{
    return lab__v1__lab_client__chat__recv(call, line);
}

static void assert_recv(Lab__V1__LabClient__Chat *call, const char *text)
{
    const Lab__V1__ChatMessage *line;
    assert_ok(receive(call, &line));
    assert_string_equal(line->text, text);
}

static void assert_ends(natsmicro_status expected, Lab__V1__LabClient__Chat *call)
{
    const Lab__V1__ChatMessage *line;
    assert_status(expected, receive(call, &line));
    assert_null(line);
    assert_int_equal(natsmicro_call_status(call->base), expected);
}

/* Sends a line, in the handler. */
static natsmicro_status say(Lab__V1__LabServer__Chat *call, const char *text)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.text = (char *)(uintptr_t)text;
    return lab__v1__lab_server__chat__send(call, &line);
}

/* ---- messages ---- */

static void each_line_is_answered_before_the_next_is_sent(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    for (int i = 0; i < 200; i++) {
        char text[32];
        snprintf(text, sizeof(text), "line %d", i);
        assert_ok(lab_chat_send(call, text));
        assert_recv(call, text);
    }
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

static void a_chat_without_a_word_ends_well(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

/* Ends the stream when it is released. */
static natsmicro_status hold(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)call;
    lab_probe_wait(user_data);
    return NATSMICRO_OK;
}

static void what_a_send_failed_with_is_no_error_of_a_call_that_ended_well(void **state)
{
    static const Lab__V1__LabHandlers holding = {.chat = hold};
    lab *room = *state;
    lab_serve(room, &holding, &room->seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_FAILED_PRECONDITION, lab__v1__lab_client__chat__close_send(call));
    assert_string_equal(natsmicro_call_error_code(call->base), "FAILED_PRECONDITION");
    latch_open(&room->seen.release);
    assert_ends(NATSMICRO_END, call);
    assert_string_equal(natsmicro_call_error_code(call->base), "");
    assert_string_equal(natsmicro_call_error_message(call->base), "");
    lab__v1__lab_client__chat__close(call);
}

typedef struct sender {
    Lab__V1__LabClient__Chat *call;
    natsmicro_status status;
} sender;

static void *send_many(void *argument)
{
    sender *self = argument;
    for (int i = 0; i < MANY && self->status == NATSMICRO_OK; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%d", i);
        self->status = lab_chat_send(self->call, text);
    }
    if (self->status == NATSMICRO_OK)
        self->status = lab__v1__lab_client__chat__close_send(self->call);
    return NULL;
}

static void both_directions_carry_100000_messages_at_once_and_lose_none(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    sender sending = {.call = open_chat(room, NULL)};
    int received = 0;
    bool in_order = true;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sending), 0);
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = receive(sending.call, &line)) == NATSMICRO_OK) {
        in_order = in_order && atoi(line->text) == received;
        received++;
    }
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_END, status);
    assert_ok(sending.status);
    assert_int_equal(received, MANY);
    assert_true(in_order);
    lab__v1__lab_client__chat__close(sending.call);
}

static void empty_messages_are_messages(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    for (int i = 0; i < 20; i++)
        assert_ok(lab_chat_send(call, ""));
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    for (int i = 0; i < 20; i++)
        assert_recv(call, "");
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

static natsmicro_status answer_too_much(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK) {
        char *text = lab_text(LAB_MAX_PAYLOAD);
        seen->first = say(call, text);
        seen->number = lab_has_figure(natsmicro_call_error_message(call->base), LAB_MAX_PAYLOAD);
        latch_open(&seen->done);
        free(text);
        status = say(call, "enough");
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

static void messages_over_max_payload_fail_alone_on_both_sides(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.chat = answer_too_much};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    char *text = lab_text(LAB_MAX_PAYLOAD);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_chat_send(call, text));
    assert_true(lab_has_figure(natsmicro_call_error_message(call->base), LAB_MAX_PAYLOAD));
    free(text);
    text = lab_text(LAB_MAX_PAYLOAD - 300);
    assert_ok(lab_chat_send(call, text));
    free(text);
    assert_recv(call, "enough");
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, seen->first);
    assert_true(seen->number);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

static void a_direction_that_was_closed_takes_no_more(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    natsmicro_status status = lab_chat_send(call, "two");
    assert_true(status == NATSMICRO_FAILED_PRECONDITION || status == NATSMICRO_END);
    status = lab__v1__lab_client__chat__close_send(call);
    assert_true(status == NATSMICRO_FAILED_PRECONDITION || status == NATSMICRO_END);
    assert_recv(call, "one");
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

static natsmicro_status talk_after_the_end(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    do {
        status = lab__v1__lab_server__chat__recv(call, &line);
    } while (status == NATSMICRO_OK);
    for (int i = 0; i < 10 && status == NATSMICRO_END; i++)
        status = say(call, "still here") == NATSMICRO_OK ? NATSMICRO_END : NATSMICRO_INTERNAL;
    return status;
}

static void the_handler_may_go_on_when_the_caller_has_said_all(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.chat = talk_after_the_end};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    for (int i = 0; i < 10; i++)
        assert_recv(call, "still here");
    assert_ends(NATSMICRO_END, call);
    lab__v1__lab_client__chat__close(call);
}

static natsmicro_status leave_early(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    return say(call, "bye");
}

static void a_handler_that_leaves_early_ends_the_call_of_a_caller_that_still_talks(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.chat = leave_early};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_recv(call, "bye");
    assert_ends(NATSMICRO_END, call);
    assert_status(NATSMICRO_END, lab_chat_send(call, "hello?"));
    lab__v1__lab_client__chat__close(call);
}

/* ---- errors ---- */

static natsmicro_status fail_at_once(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    return lab__v1__lab_server__fail_quota_exceeded(call->base, "no more than %d", 0);
}

/* An error that comes after the acknowledgement must not count as the opening's. */
static void an_error_before_the_first_message_keeps_its_own_code(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.chat = fail_at_once};
    lab_serve(room, &handlers, NULL);
    for (int i = 0; i < OFTEN; i++) {
        Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
        assert_ends(NATSMICRO_SERVICE_ERROR, call);
        assert_true(lab__v1__lab_client__is_quota_exceeded(natsmicro_call_error_code(call->base)));
        assert_string_equal(natsmicro_call_error_message(call->base), "no more than 0");
        lab__v1__lab_client__chat__close(call);
    }
}

static void an_error_in_mid_stream_comes_behind_what_was_said(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    assert_ok(lab_chat_send(call, "two"));
    assert_ok(lab_chat_send(call, "fail"));
    assert_recv(call, "one");
    assert_recv(call, "two");
    assert_ends(NATSMICRO_ABORTED, call);
    assert_string_equal(natsmicro_call_error_code(call->base), "ABORTED");
    assert_string_equal(natsmicro_call_error_message(call->base), "asked to fail");
    assert_status(NATSMICRO_ABORTED, lab_chat_send(call, "three"));
    lab__v1__lab_client__chat__close(call);
}

static natsmicro_status fail_after_all(Lab__V1__LabServer__Chat *call, void *user_data)
{
    natsmicro_status status = lab_handlers.chat(call, user_data);
    if (status != NATSMICRO_END)
        return status;
    natsmicro_call_set_error_data(call->base, "\0data", 5);
    return natsmicro_call_fail(call->base, NATSMICRO_PERMISSION_DENIED, "after all");
}

static void an_error_after_the_last_message_is_no_end(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.chat = fail_after_all};
    lab_serve(room, &handlers, NULL);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_recv(call, "one");
    assert_ends(NATSMICRO_PERMISSION_DENIED, call);
    assert_string_equal(natsmicro_call_error_message(call->base), "after all");
    size_t length = 0;
    const void *data = natsmicro_call_error_data(call->base, &length);
    assert_int_equal(length, 5);
    assert_memory_equal(data, "\0data", 5);
    lab__v1__lab_client__chat__close(call);
}

/* ---- headers ---- */

static natsmicro_status talk_with_headers(Lab__V1__LabServer__Chat *call, void *user_data)
{
    const char *asked = natsmicro_call_header(call->base, "x-asked");
    natsmicro_status status =
        natsmicro_call_set_header(call->base, "X-Answer", asked != NULL ? asked : "none");
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call->base, "X-Total", "1");
    return status != NATSMICRO_OK ? status : lab_handlers.chat(call, user_data);
}

static void headers_and_trailers_travel_both_ways(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.chat = talk_with_headers};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-Asked", "please"));
    Lab__V1__LabClient__Chat *call = open_chat(room, context);
    assert_ok(lab_chat_send(call, "one"));
    assert_recv(call, "one");
    assert_non_null(natsmicro_call_header(call->base, "X-Answer"));
    assert_string_equal(natsmicro_call_header(call->base, "X-Answer"), "please");
    assert_null(natsmicro_call_trailer(call->base, "X-Total"));
    const char *name;
    const char *value;
    assert_false(natsmicro_call_trailer_at(call->base, 0, &name, &value));
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_ends(NATSMICRO_END, call);
    assert_non_null(natsmicro_call_trailer(call->base, "X-Total"));
    assert_string_equal(natsmicro_call_trailer(call->base, "X-Total"), "1");
    assert_true(natsmicro_call_trailer_at(call->base, 0, &name, &value));
    assert_string_equal(name, "X-Total");
    assert_string_equal(value, "1");
    assert_false(natsmicro_call_trailer_at(call->base, 1, &name, &value));
    lab__v1__lab_client__chat__close(call);
    natsmicro_context_destroy(context);
}

/* ---- ends that are none ---- */

/* Reads until the call is over, and then tries to send. */
static natsmicro_status listen_on(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status = lab__v1__lab_server__chat__recv(call, &line);
    latch_open(&seen->entered);
    while (status == NATSMICRO_OK)
        status = lab__v1__lab_server__chat__recv(call, &line);
    seen->first = status;
    seen->second = say(call, "late");
    latch_open(&seen->done);
    return status;
}

static const Lab__V1__LabHandlers listening = {.chat = listen_on};

static void a_cancel_in_another_thread_wakes_both_sides(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &listening, seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    lab_cancel_in_thread(seen, call->base); /* once the handler has the line */
    int64_t started = now_ms();
    assert_ends(NATSMICRO_CANCELLED, call);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    lab_join(seen);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    assert_status(NATSMICRO_CANCELLED, seen->second);
    assert_status(NATSMICRO_CANCELLED, lab_chat_send(call, "two"));
    lab__v1__lab_client__chat__close(call);
}

static void a_close_before_the_end_is_no_end_for_the_handler(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &listening, seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    lab__v1__lab_client__chat__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    assert_status(NATSMICRO_CANCELLED, seen->second);
}

/* Reads to the caller's end, and then waits until the call is over. */
static natsmicro_status wait_after_the_end(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_status status = say(call, "here");
    const Lab__V1__ChatMessage *line;
    while (status == NATSMICRO_OK)
        status = lab__v1__lab_server__chat__recv(call, &line);
    seen->second = status;
    seen->first = lab_wait_for_end(call->base);
    latch_open(&seen->done);
    return seen->first;
}

static void a_close_after_the_own_end_still_cancels_the_handler(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.chat = wait_after_the_end};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_recv(call, "here");
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    lab__v1__lab_client__chat__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
}

static natsmicro_status cancel_in_thread(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status = lab__v1__lab_server__chat__recv(call, &line);
    if (status != NATSMICRO_OK)
        return status;
    lab_cancel_in_thread(seen, call->base);
    latch_open(&seen->entered);
    seen->first = lab__v1__lab_server__chat__recv(call, &line);
    lab_join(seen);
    latch_open(&seen->done);
    return seen->first;
}

static void a_server_can_cancel_a_waiting_handler_and_the_caller_is_told(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.chat = cancel_in_thread};
    lab_serve(room, &handlers, seen);
    Lab__V1__LabClient__Chat *call = open_chat(room, NULL);
    assert_ok(lab_chat_send(call, "one"));
    assert_ends(NATSMICRO_CANCELLED, call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
    lab__v1__lab_client__chat__close(call);
}

static void the_contexts_timeout_bounds_the_whole_call(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &listening, seen);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 600);
    int64_t started = now_ms();
    Lab__V1__LabClient__Chat *call = open_chat(room, context);
    assert_ok(lab_chat_send(call, "one"));
    assert_ends(NATSMICRO_DEADLINE_EXCEEDED, call);
    assert_true(now_ms() - started >= 590);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_chat_send(call, "two"));
    lab__v1__lab_client__chat__close(call);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_true(seen->first != NATSMICRO_OK && seen->first != NATSMICRO_END);
    natsmicro_context_destroy(context);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(each_line_is_answered_before_the_next_is_sent),
        lab_test(a_chat_without_a_word_ends_well),
        lab_test(what_a_send_failed_with_is_no_error_of_a_call_that_ended_well),
        lab_test(both_directions_carry_100000_messages_at_once_and_lose_none),
        lab_test(empty_messages_are_messages),
        lab_test(messages_over_max_payload_fail_alone_on_both_sides),
        lab_test(a_direction_that_was_closed_takes_no_more),
        lab_test(the_handler_may_go_on_when_the_caller_has_said_all),
        lab_test(a_handler_that_leaves_early_ends_the_call_of_a_caller_that_still_talks),
        lab_test(an_error_before_the_first_message_keeps_its_own_code),
        lab_test(an_error_in_mid_stream_comes_behind_what_was_said),
        lab_test(an_error_after_the_last_message_is_no_end),
        lab_test(headers_and_trailers_travel_both_ways),
        lab_test(a_cancel_in_another_thread_wakes_both_sides),
        lab_test(a_close_before_the_end_is_no_end_for_the_handler),
        lab_test(a_close_after_the_own_end_still_cancels_the_handler),
        lab_test(a_server_can_cancel_a_waiting_handler_and_the_caller_is_told),
        lab_test(the_contexts_timeout_bounds_the_whole_call),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
