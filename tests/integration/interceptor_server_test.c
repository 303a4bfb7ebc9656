/*
 * What an interceptor may do around a handler: answer or fail in its place, replace how it has
 * failed, run it again, change or refuse its response; and what it is told when it does wrong.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a room with interceptors of the server ---- */

typedef natsmicro_status (*around)(natsmicro_call *call, const ProtobufCMessage *message,
                                   natsmicro_next *next, void *user_data);

/* Serves with one interceptor inside another; each function may be NULL. */
static void serve_with(lab *room, const Lab__V1__LabHandlers *handlers, around outer_handle,
                       around outer_send, around inner_handle)
{
    natsmicro_interceptor outer = NATSMICRO_INTERCEPTOR_INIT;
    natsmicro_interceptor inner = NATSMICRO_INTERCEPTOR_INIT;
    outer.handle = outer_handle;
    outer.send = outer_send;
    outer.user_data = inner.user_data = &room->seen;
    inner.handle = inner_handle;
    const natsmicro_interceptor *list[] = {&outer, &inner, NULL};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.interceptors = list;
    lab_serve_with(room, handlers, &room->seen, &options, NULL);
}

static void assert_answer(lab *room, const char *payload, const char *expected)
{
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, payload, NULL, &response));
    assert_string_equal(response->payload, expected);
    lab__v1__lab_client__ping__free(response);
}

static void assert_failure(lab *room, const char *payload, natsmicro_status status,
                           const char *text)
{
    natsmicro_context *context = lab_context();
    assert_status(status, lab_ping_status(room, payload, context));
    assert_string_equal(natsmicro_context_error_message(context), text);
    natsmicro_context_destroy(context);
}

/* `number` counts how often it runs; fails as long as the payload says, and then answers. */
static natsmicro_status fail_at_first(Lab__V1__LabServer__Ping *call,
                                      const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    seen->number++;
    if (seen->number <= atoi(request->payload)) {
        natsmicro_call_set_error_data(call->base, "old", 3);
        return natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "try %d", (int)seen->number);
    }
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    char text[] = "handled";
    response.payload = text;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static const Lab__V1__LabHandlers failing = {.ping = fail_at_first};

/* ---- in place of the handler ---- */

static natsmicro_status answer(natsmicro_call *call, const char *text)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)text;
    return natsmicro_call_reply(call, &response.base);
}

static natsmicro_status answer_in_place(natsmicro_call *call, const ProtobufCMessage *request,
                                        natsmicro_next *next, void *user_data)
{
    (void)user_data;
    const Lab__V1__PingRequest *ping = (const Lab__V1__PingRequest *)request;
    if (strcmp(ping->payload, "cached") == 0)
        return answer(call, "from the cache");
    return natsmicro_next_run(next, request);
}

/* Puts a mark into the response, and says so in a header. */
static natsmicro_status mark(natsmicro_call *call, const ProtobufCMessage *message,
                             natsmicro_next *next, void *user_data)
{
    (void)user_data;
    Lab__V1__PingResponse marked = *(const Lab__V1__PingResponse *)message;
    char text[64];
    snprintf(text, sizeof(text), "*%s*", marked.payload);
    marked.payload = text;
    natsmicro_status status = natsmicro_call_set_header(call, "X-Marked", "yes");
    return status == NATSMICRO_OK ? natsmicro_next_run(next, &marked.base) : status;
}

static void an_interceptor_may_answer_without_the_handler(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, mark, answer_in_place);
    natsmicro_context *context = lab_context();
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "cached", context, &response));
    assert_string_equal(response->payload, "*from the cache*");
    assert_string_equal(natsmicro_context_response_header(context, "X-Marked"), "yes");
    lab__v1__lab_client__ping__free(response);
    natsmicro_context_destroy(context);
    assert_int_equal(room->seen.number, 0);
    assert_answer(room, "0", "*handled*");
}

/* What it answers itself is not its own to intercept, but that of those outside it. */
static void an_answer_passes_those_outside_only(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, answer_in_place, mark, NULL);
    assert_answer(room, "cached", "from the cache");
    assert_answer(room, "0", "*handled*");
}

static natsmicro_status refuse(natsmicro_call *call, const ProtobufCMessage *request,
                               natsmicro_next *next, void *user_data)
{
    (void)next;
    (void)user_data;
    const char *told = ((const Lab__V1__PingRequest *)request)->payload;
    if (strcmp(told, "text") == 0)
        return natsmicro_call_fail(call, NATSMICRO_UNAUTHENTICATED, "who are you?");
    if (strcmp(told, "end") == 0)
        return NATSMICRO_END;
    return strcmp(told, "bare") == 0 ? NATSMICRO_PERMISSION_DENIED : NATSMICRO_OK;
}

static void an_interceptor_may_refuse(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, refuse);
    assert_failure(room, "text", NATSMICRO_UNAUTHENTICATED, "who are you?");
    assert_failure(room, "bare", NATSMICRO_PERMISSION_DENIED, "PERMISSION_DENIED");
    assert_int_equal(room->seen.number, 0);
}

static void one_that_neither_answers_nor_runs_the_rest_is_told(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, refuse);
    assert_failure(room, "", NATSMICRO_INTERNAL,
                   "lab.v1.Lab.Ping: an interceptor returned OK, but did not answer or run the "
                   "rest");
    assert_failure(room, "end", NATSMICRO_INTERNAL, "lab.v1.Lab.Ping did not reply");
    assert_int_equal(room->seen.number, 0);
}

static natsmicro_status end_stream(natsmicro_call *call, const ProtobufCMessage *request,
                                   natsmicro_next *next, void *user_data)
{
    (void)call;
    (void)next;
    (void)user_data;
    return ((const Lab__V1__CountUpRequest *)request)->count == 0 ? NATSMICRO_OK : NATSMICRO_END;
}

static natsmicro_status count_end(lab *room, int32_t count)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, count, 0, NULL, &call));
    int32_t received;
    bool in_order;
    natsmicro_status status = lab_count_all(call, &received, &in_order);
    assert_int_equal(received, 0);
    lab__v1__lab_client__count_up__close(call);
    return status;
}

static void a_stream_may_be_complete_without_its_handler(void **state)
{
    lab *room = *state;
    serve_with(room, &lab_handlers, NULL, NULL, end_stream);
    assert_status(NATSMICRO_END, count_end(room, 3));
    assert_status(NATSMICRO_INTERNAL, count_end(room, 0));
}

static natsmicro_status answer_with_another_type(natsmicro_call *call,
                                                 const ProtobufCMessage *request,
                                                 natsmicro_next *next, void *user_data)
{
    (void)next;
    (void)user_data;
    return natsmicro_call_reply(call, request);
}

static void an_answer_of_another_type_is_told(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, answer_with_another_type);
    assert_failure(room, "", NATSMICRO_INTERNAL,
                   "lab.v1.Lab.Ping: an interceptor has passed on a lab.v1.PingRequest in place of "
                   "a lab.v1.PingResponse");
}

/* ---- after the handler ---- */

/* Does what the payload's second letter says with the handler's failure. */
static natsmicro_status replace_failure(natsmicro_call *call, const ProtobufCMessage *request,
                                        natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    char told = ((const Lab__V1__PingRequest *)request)->payload[1];
    natsmicro_status status = natsmicro_next_run(next, request);
    seen->first = status;
    if (told == 'f')
        return natsmicro_call_fail(call, NATSMICRO_UNAVAILABLE, "was: %s",
                                   natsmicro_call_error_message(call));
    if (told == 'r')
        return NATSMICRO_NOT_FOUND;
    if (told == 'a')
        return answer(call, "all is well");
    return told == 'o' ? NATSMICRO_OK : status;
}

static void a_failure_may_be_replaced(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, mark, replace_failure);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_status(room, "1f", context));
    assert_status(NATSMICRO_ABORTED, room->seen.first);
    assert_string_equal(natsmicro_context_error_message(context), "was: try 1");
    size_t length;
    assert_null(natsmicro_context_error_data(context, &length)); /* it was the other's */
    natsmicro_context_destroy(context);
    room->seen.number = 0;
    assert_failure(room, "1r", NATSMICRO_NOT_FOUND, "NOT_FOUND");
    room->seen.number = 0;
    assert_answer(room, "1a", "*all is well*");
}

static void a_failure_stands_that_nothing_replaces(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, replace_failure);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_ABORTED, lab_ping_status(room, "1o", context));
    assert_string_equal(natsmicro_context_error_message(context), "try 1");
    size_t length;
    assert_memory_equal(natsmicro_context_error_data(context, &length), "old", 3);
    assert_int_equal(length, 3);
    natsmicro_context_destroy(context);
}

static natsmicro_status run_up_to_three_times(natsmicro_call *call, const ProtobufCMessage *request,
                                              natsmicro_next *next, void *user_data)
{
    (void)call;
    (void)user_data;
    natsmicro_status status = NATSMICRO_UNKNOWN;
    for (int i = 0; i < 3 && status != NATSMICRO_OK; i++)
        status = natsmicro_next_run(next, request);
    return status;
}

static void a_handler_that_has_failed_may_run_again(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, run_up_to_three_times, NULL, replace_failure);
    assert_answer(room, "2", "handled");
    assert_int_equal(room->seen.number, 3);
    room->seen.number = 0;
    assert_failure(room, "3", NATSMICRO_ABORTED, "try 3");
}

static natsmicro_status run_twice(natsmicro_call *call, const ProtobufCMessage *request,
                                  natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_next_run(next, request);
    seen->second = natsmicro_next_run(next, request);
    if (strcmp(natsmicro_call_error_message(call),
               "lab.v1.Lab.Ping: the handler has run, and may not run again") == 0)
        latch_open(&seen->done);
    return seen->second;
}

static void a_handler_that_has_answered_does_not_run_again(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, run_twice);
    assert_answer(room, "0", "handled");
    natsmicro_server_stop(room->server);
    assert_ok(natsmicro_server_run(room->server)); /* the interceptor has returned */
    assert_status(NATSMICRO_FAILED_PRECONDITION, room->seen.second);
    assert_int_equal(latch_count(&room->seen.done), 1); /* its text */
    assert_int_equal(room->seen.number, 1);
}

/* ---- the response ---- */

static natsmicro_status refuse_response(natsmicro_call *call, const ProtobufCMessage *message,
                                        natsmicro_next *next, void *user_data)
{
    (void)message;
    (void)next;
    (void)user_data;
    return natsmicro_call_fail(call, NATSMICRO_OUT_OF_RANGE, "not for your eyes");
}

static void a_response_may_be_refused(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, refuse_response, NULL);
    assert_failure(room, "0", NATSMICRO_OUT_OF_RANGE, "not for your eyes");
}

static natsmicro_status refuse_response_once(natsmicro_call *call, const ProtobufCMessage *message,
                                             natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    (void)call;
    return seen->number++ == 0 ? NATSMICRO_OUT_OF_RANGE : natsmicro_next_run(next, message);
}

static natsmicro_status reply_until_taken(Lab__V1__LabServer__Ping *call,
                                          const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    seen->first = lab__v1__lab_server__ping__reply(call, &response);
    return lab__v1__lab_server__ping__reply(call, &response);
}

static void a_handler_may_answer_otherwise_after_a_refusal(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = reply_until_taken};
    serve_with(room, &handlers, NULL, refuse_response_once, NULL);
    assert_answer(room, "", "");
    assert_status(NATSMICRO_OUT_OF_RANGE, room->seen.first);
}

/* ---- detached calls ---- */

static void *reply_later(void *argument)
{
    lab_probe *seen = argument;
    latch_wait(&seen->entered, LAB_PATIENCE); /* the interceptors have returned */
    Lab__V1__LabServer__Ping typed = {seen->call};
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    char text[] = "later";
    response.payload = text;
    natsmicro_call_finish(typed.base, lab__v1__lab_server__ping__reply(&typed, &response));
    return NULL;
}

static natsmicro_status detach(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                               void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    seen->call = call->base;
    natsmicro_status status = natsmicro_call_detach(call->base);
    if (status == NATSMICRO_OK)
        pthread_create(&seen->thread, NULL, reply_later, seen);
    return NATSMICRO_NOT_FOUND; /* does not count */
}

static natsmicro_status see_it_detach(natsmicro_call *call, const ProtobufCMessage *request,
                                      natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    (void)call;
    seen->first = natsmicro_next_run(next, request);
    seen->second = natsmicro_next_run(next, request); /* it may not run again */
    latch_open(&seen->entered);
    return NATSMICRO_INTERNAL; /* does not count either */
}

static void the_response_of_a_detached_call_is_seen(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = detach};
    serve_with(room, &handlers, NULL, mark, see_it_detach);
    assert_answer(room, "", "*later*");
    lab_join(&room->seen);
    assert_ok(room->seen.first);
    assert_status(NATSMICRO_FAILED_PRECONDITION, room->seen.second);
}

static natsmicro_status try_to_detach(natsmicro_call *call, const ProtobufCMessage *request,
                                      natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    seen->first = natsmicro_call_detach(call);
    return natsmicro_next_run(next, request);
}

/* The chain would go on without a thread that waits for it. */
static void only_the_handler_may_detach(void **state)
{
    lab *room = *state;
    serve_with(room, &failing, NULL, NULL, try_to_detach);
    assert_answer(room, "0", "handled");
    assert_status(NATSMICRO_FAILED_PRECONDITION, room->seen.first);
}

/* ---- ends from outside ---- */

static natsmicro_status fail_and_wait(natsmicro_call *call, const ProtobufCMessage *request,
                                      natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_next_run(next, request);
    latch_wait(&seen->release, LAB_PATIENCE); /* the caller has been told */
    seen->second = natsmicro_next_run(next, request);
    seen->first = natsmicro_call_fail(call, NATSMICRO_ALREADY_EXISTS, "too late");
    latch_open(&seen->done);
    return answer(call, "too late");
}

static void what_the_caller_was_told_is_not_replaced(void **state)
{
    lab *room = *state;
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.handle = fail_and_wait;
    interceptor.user_data = &room->seen;
    const natsmicro_interceptor *list[] = {&interceptor, NULL};
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.interceptors = list;
    options.timeout_ms = 100;
    lab_serve_with(room, &failing, &room->seen, NULL, &options);
    assert_failure(room, "9", NATSMICRO_ABORTED, "try 1");
    latch_open(&room->seen.release);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_FAILED_PRECONDITION, room->seen.first);
    assert_status(NATSMICRO_FAILED_PRECONDITION, room->seen.second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(an_interceptor_may_answer_without_the_handler),
        lab_test(an_answer_passes_those_outside_only),
        lab_test(an_interceptor_may_refuse),
        lab_test(one_that_neither_answers_nor_runs_the_rest_is_told),
        lab_test(a_stream_may_be_complete_without_its_handler),
        lab_test(an_answer_of_another_type_is_told),
        lab_test(a_failure_may_be_replaced),
        lab_test(a_failure_stands_that_nothing_replaces),
        lab_test(a_handler_that_has_failed_may_run_again),
        lab_test(a_handler_that_has_answered_does_not_run_again),
        lab_test(a_response_may_be_refused),
        lab_test(a_handler_may_answer_otherwise_after_a_refusal),
        lab_test(the_response_of_a_detached_call_is_seen),
        lab_test(only_the_handler_may_detach),
        lab_test(what_the_caller_was_told_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
