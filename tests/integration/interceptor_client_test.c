/*
 * What an interceptor may do around a unary call: try again, with other headers, another request
 * and a part of the time; answer or refuse itself; change the response; be cancelled meanwhile.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef natsmicro_status (*around_call)(natsmicro_call *call, const ProtobufCMessage *request,
                                        ProtobufCMessage **response, natsmicro_next *next,
                                        void *user_data);

/* Calls with one interceptor inside another; the inner one may be NULL. */
static void call_through(lab *room, around_call outer_call, around_call inner_call)
{
    natsmicro_interceptor outer = NATSMICRO_INTERCEPTOR_INIT;
    natsmicro_interceptor inner = NATSMICRO_INTERCEPTOR_INIT;
    outer.call = outer_call;
    inner.call = inner_call;
    outer.user_data = inner.user_data = &room->seen;
    const natsmicro_interceptor *list[] = {&outer, &inner, NULL};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = list;
    lab_call_with(room, &options);
}

static void free_response(ProtobufCMessage *response)
{
    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
}

/* ---- a service that takes several tries ---- */

/* Fails until the header Try is what the payload says; answers with the value. */
static natsmicro_status want_try(Lab__V1__LabServer__Ping *call,
                                 const Lab__V1__PingRequest *request, void *user_data)
{
    (void)user_data;
    const char *value = natsmicro_call_header(call->base, "Try");
    if (value == NULL)
        value = "none";
    natsmicro_call_set_header(call->base, strcmp(value, "1") == 0 ? "First" : "Other", value);
    if (strcmp(value, request->payload) != 0) {
        natsmicro_call_set_error_data(call->base, value, strlen(value));
        return natsmicro_call_fail(call->base, NATSMICRO_UNAVAILABLE, "not on try %s", value);
    }
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)value;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static const Lab__V1__LabHandlers wanting = {.ping = want_try};

/* Counts its tries in `number`. */
static natsmicro_status retry(natsmicro_call *call, const ProtobufCMessage *request,
                              ProtobufCMessage **response, natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_status status = NATSMICRO_UNAVAILABLE;
    for (int i = 1; i <= 3 && status == NATSMICRO_UNAVAILABLE; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        status = natsmicro_call_set_header(call, "Try", text);
        if (status == NATSMICRO_OK)
            status = natsmicro_next_call(next, request, response);
        seen->number++;
    }
    return status;
}

static void a_call_may_be_tried_again(void **state)
{
    lab *room = *state;
    lab_serve(room, &wanting, NULL);
    call_through(room, retry, NULL);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-Tenant", "acme"));
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "3", context, &response));
    assert_string_equal(response->payload, "3");
    assert_int_equal(room->seen.number, 3);
    assert_string_equal(natsmicro_context_error_message(context), "");
    /* The headers are the last try's alone. */
    assert_string_equal(natsmicro_context_response_header(context, "Other"), "3");
    assert_null(natsmicro_context_response_header(context, "First"));
    lab__v1__lab_client__ping__free(response);
    natsmicro_context_destroy(context);
}

static void the_last_failure_is_the_calls(void **state)
{
    lab *room = *state;
    lab_serve(room, &wanting, NULL);
    call_through(room, retry, retry);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_status(room, "4", context));
    assert_int_equal(room->seen.number, 12); /* three of the outer, three of the inner for each */
    assert_string_equal(natsmicro_context_error_code(context), "UNAVAILABLE");
    assert_string_equal(natsmicro_context_error_message(context), "not on try 3");
    size_t length;
    assert_memory_equal(natsmicro_context_error_data(context, &length), "3", 1);
    assert_string_equal(natsmicro_context_response_header(context, "Other"), "3");
    natsmicro_context_destroy(context);
}

/* ---- what it sees of a try ---- */

static natsmicro_status look_at_try(natsmicro_call *call, const ProtobufCMessage *request,
                                    ProtobufCMessage **response, natsmicro_next *next,
                                    void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics); /* of a call that has no stream yet */
    const char *tenant = natsmicro_call_own_header(call, "x-tenant");
    if (tenant != NULL && strcmp(tenant, "acme") == 0)
        latch_open(&seen->entered);
    seen->first = natsmicro_next_call(next, request, response);
    const char *other = natsmicro_call_header(call, "Other");
    if (other != NULL && strcmp(other, "none") == 0)
        latch_open(&seen->done);
    seen->second = natsmicro_call_status(call);
    if (seen->first != NATSMICRO_OK)
        return natsmicro_call_fail(call, NATSMICRO_ABORTED, "seen: %s (%s)",
                                   natsmicro_call_error_message(call),
                                   natsmicro_call_error_code(call));
    return seen->first;
}

static void an_interceptor_sees_how_a_try_ended_and_may_say_more(void **state)
{
    lab *room = *state;
    lab_serve(room, &wanting, NULL);
    call_through(room, look_at_try, NULL);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-Tenant", "acme"));
    assert_status(NATSMICRO_ABORTED, lab_ping_status(room, "1", context));
    assert_int_equal(latch_count(&room->seen.entered), 1);
    assert_int_equal(latch_count(&room->seen.done), 1);
    assert_status(NATSMICRO_UNAVAILABLE, room->seen.first);
    assert_status(NATSMICRO_UNAVAILABLE, room->seen.second);
    assert_string_equal(natsmicro_context_error_message(context),
                        "seen: not on try none (UNAVAILABLE)");
    natsmicro_context_destroy(context);
}

/* ---- messages ---- */

static natsmicro_status change_messages(natsmicro_call *call, const ProtobufCMessage *request,
                                        ProtobufCMessage **response, natsmicro_next *next,
                                        void *user_data)
{
    (void)call;
    (void)user_data;
    char text[] = "other";
    Lab__V1__PingRequest other = *(const Lab__V1__PingRequest *)request;
    other.payload = text;
    natsmicro_status status = natsmicro_next_call(next, &other.base, response);
    if (status == NATSMICRO_OK)
        ((Lab__V1__PingResponse *)*response)->payload[0] = 'O';
    return status;
}

static void request_and_response_may_be_changed(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    call_through(room, change_messages, NULL);
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "mine", NULL, &response));
    assert_string_equal(response->payload, "Other");
    lab__v1__lab_client__ping__free(response);
}

/* Does what the payload says without a call, or after one. */
static natsmicro_status answer_itself(natsmicro_call *call, const ProtobufCMessage *request,
                                      ProtobufCMessage **response, natsmicro_next *next,
                                      void *user_data)
{
    static const uint8_t cached[] = {0x0a, 0x06, 'c', 'a', 'c', 'h', 'e', 'd'};
    const char *told = ((const Lab__V1__PingRequest *)request)->payload;
    (void)user_data;
    if (strcmp(told, "refuse") == 0)
        return NATSMICRO_PERMISSION_DENIED;
    if (strcmp(told, "fail") == 0)
        return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "not here");
    if (strcmp(told, "nothing") == 0)
        return NATSMICRO_OK;
    if (strcmp(told, "end") == 0)
        return NATSMICRO_END;
    if (strcmp(told, "header") == 0)
        return natsmicro_call_set_header(call, "X", "");
    if (strcmp(told, "type") == 0) {
        *response = protobuf_c_message_unpack(request->descriptor, NULL, 0, NULL);
        return NATSMICRO_OK;
    }
    if (strcmp(told, "passed type") == 0) {
        Lab__V1__UploadResult other = LAB__V1__UPLOAD_RESULT__INIT;
        return natsmicro_next_call(next, &other.base, response);
    }
    natsmicro_next_call(next, request, response);
    if (strcmp(told, "error after") == 0)
        return NATSMICRO_DATA_LOSS; /* the response is freed */
    free_response(*response);
    *response = protobuf_c_message_unpack(&lab__v1__ping_response__descriptor, NULL, sizeof(cached),
                                          cached);
    return NATSMICRO_OK;
}

static void assert_told(lab *room, const char *payload, natsmicro_status status, const char *text)
{
    natsmicro_context *context = lab_context();
    assert_status(status, lab_ping_status(room, payload, context));
    assert_string_equal(natsmicro_context_error_message(context), text);
    natsmicro_context_destroy(context);
}

static void an_interceptor_may_answer_itself(void **state)
{
    lab *room = *state; /* in which nobody serves */
    call_through(room, answer_itself, NULL);
    natsmicro_context *context = lab_context();
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "", context, &response));
    assert_string_equal(response->payload, "cached");
    assert_string_equal(natsmicro_context_error_message(context), "");
    lab__v1__lab_client__ping__free(response);
    natsmicro_context_destroy(context);
}

static void what_an_interceptor_returns_has_a_text(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    call_through(room, answer_itself, NULL);
    assert_told(room, "refuse", NATSMICRO_PERMISSION_DENIED,
                "lab.v1.Lab.Ping: refused by an interceptor of the client");
    assert_told(room, "fail", NATSMICRO_NOT_FOUND, "not here");
    assert_told(room, "nothing", NATSMICRO_INTERNAL,
                "lab.v1.Lab.Ping: an interceptor returned OK without a response");
    assert_told(room, "end", NATSMICRO_INTERNAL,
                "lab.v1.Lab.Ping: refused by an interceptor of the client");
    assert_told(room, "header", NATSMICRO_INVALID_ARGUMENT,
                "header \"X\": a header's value is empty: nats.c cannot read a message with such a "
                "header");
    assert_told(room, "type", NATSMICRO_INTERNAL,
                "lab.v1.Lab.Ping: an interceptor has passed on a lab.v1.PingRequest in place of a "
                "lab.v1.PingResponse");
    assert_told(room, "passed type", NATSMICRO_INTERNAL,
                "lab.v1.Lab.Ping: an interceptor has passed on a lab.v1.UploadResult in place of a "
                "lab.v1.PingRequest");
    assert_told(room, "error after", NATSMICRO_DATA_LOSS,
                "lab.v1.Lab.Ping: refused by an interceptor of the client");
}

/* ---- time ---- */

/* Waits on the first try, and answers from then on. */
static natsmicro_status slow_at_first(Lab__V1__LabServer__Ping *call,
                                      const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    (void)request;
    latch_open(&seen->entered);
    if (latch_count(&seen->entered) == 1)
        latch_wait(&seen->release, LAB_PATIENCE);
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static const Lab__V1__LabHandlers slow = {.ping = slow_at_first};

static natsmicro_status retry_in_parts(natsmicro_call *call, const ProtobufCMessage *request,
                                       ProtobufCMessage **response, natsmicro_next *next,
                                       void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_next_set_timeout(next, 200);
    seen->first = natsmicro_next_call(next, request, response);
    seen->number = natsmicro_call_remaining_ms(call);
    natsmicro_next_set_timeout(next, 0);
    return natsmicro_next_call(next, request, response);
}

static natsmicro_status see_time(natsmicro_call *call, const ProtobufCMessage *request,
                                 ProtobufCMessage **response, natsmicro_next *next, void *user_data)
{
    lab_probe *seen = user_data;
    if (natsmicro_call_remaining_ms(call) <= 200)
        latch_open(&seen->done);
    return natsmicro_next_call(next, request, response);
}

static void each_try_may_have_a_part_of_the_time(void **state)
{
    lab *room = *state;
    lab_serve(room, &slow, &room->seen);
    call_through(room, retry_in_parts, see_time);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 30000);
    assert_ok(lab_ping_status(room, "", context));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, room->seen.first);
    assert_between(room->seen.number, 1000, 30000); /* the caller's own deadline is back */
    assert_int_equal(latch_count(&room->seen.done), 1);
    natsmicro_context_destroy(context);
}

static natsmicro_status retry_for_ever(natsmicro_call *call, const ProtobufCMessage *request,
                                       ProtobufCMessage **response, natsmicro_next *next,
                                       void *user_data)
{
    (void)user_data;
    natsmicro_next_set_timeout(next, 60000);
    natsmicro_status status;
    do
        status = natsmicro_next_call(next, request, response);
    while (status != NATSMICRO_OK && natsmicro_call_remaining_ms(call) > 0);
    return status;
}

static void no_try_goes_beyond_the_callers_deadline(void **state)
{
    lab *room = *state;
    lab_serve(room, &slow, &room->seen);
    call_through(room, retry_for_ever, NULL);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 200);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_status(room, "", context));
    natsmicro_context_destroy(context);
}

/* ---- cancelling ---- */

static natsmicro_status cancel_meanwhile(natsmicro_call *call, const ProtobufCMessage *request,
                                         ProtobufCMessage **response, natsmicro_next *next,
                                         void *user_data)
{
    lab_probe *seen = user_data;
    lab_cancel_in_thread(seen, call);
    seen->first = natsmicro_next_call(next, request, response);
    lab_join(seen);
    seen->second = natsmicro_next_call(next, request, response); /* not made any more */
    return seen->second;
}

static void a_call_that_is_cancelled_ends_its_try_and_is_not_tried_again(void **state)
{
    lab *room = *state;
    lab_serve(room, &slow, &room->seen);
    call_through(room, cancel_meanwhile, NULL);
    assert_told(room, "", NATSMICRO_CANCELLED, "lab.v1.Lab.Ping: cancelled");
    assert_status(NATSMICRO_CANCELLED, room->seen.first);
    assert_status(NATSMICRO_CANCELLED, room->seen.second);
    assert_int_equal(latch_count(&room->seen.entered), 1);
}

/* ---- the wrong function ---- */

static natsmicro_status run_wrongly(natsmicro_call *call, const ProtobufCMessage *request,
                                    ProtobufCMessage **response, natsmicro_next *next,
                                    void *user_data)
{
    lab_probe *seen = user_data;
    (void)call;
    const ProtobufCMessage *message;
    seen->first = natsmicro_next_recv(next, &message);
    *response = NULL;
    return natsmicro_next_run(next, request);
}

static void the_function_of_another_kind_is_told(void **state)
{
    lab *room = *state;
    call_through(room, run_wrongly, NULL);
    assert_told(room, "", NATSMICRO_INTERNAL,
                "lab.v1.Lab.Ping: an interceptor has run the rest by the function of another kind");
    assert_status(NATSMICRO_INTERNAL, room->seen.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_call_may_be_tried_again),
        lab_test(the_last_failure_is_the_calls),
        lab_test(an_interceptor_sees_how_a_try_ended_and_may_say_more),
        lab_test(request_and_response_may_be_changed),
        lab_test(an_interceptor_may_answer_itself),
        lab_test(what_an_interceptor_returns_has_a_text),
        lab_test(each_try_may_have_a_part_of_the_time),
        lab_test(no_try_goes_beyond_the_callers_deadline),
        lab_test(a_call_that_is_cancelled_ends_its_try_and_is_not_tried_again),
        lab_test(the_function_of_another_kind_is_told),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
