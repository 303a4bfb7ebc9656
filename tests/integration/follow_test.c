/*
 * Calls that a handler makes are parts of the trace of its own call, and have what is left of its
 * time, when it asks for that.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define SPAN   "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"

/* A lab whose Ping, unless it is the last one, calls Ping with a context that follows. */
typedef struct relay {
    Lab__V1__LabClient *client;
    natsmicro_context *context; /* of the calls that the handler makes, one after the other */
    unsigned what;
    const char *span;          /* set for the call; NULL: none */
    natsmicro_status set;      /* what setting it returned */
    natsmicro_status followed; /* what following returned */
    char seen[4][80];          /* traceparent and tracestates that came to the last one */
    int64_t remaining_ms;      /* and its time */
} relay;

static void keep(char *to, const char *value)
{
    strncpy(to, value != NULL ? value : "none", 79);
}

static void look(relay *self, natsmicro_call *call)
{
    memset(self->seen, 0, sizeof(self->seen));
    keep(self->seen[0], natsmicro_call_header(call, "traceparent"));
    size_t states = 0;
    const char *name;
    const char *value;
    for (size_t i = 0; natsmicro_call_header_at(call, i, &name, &value); i++)
        if (strcmp(name, "tracestate") == 0 && states < 3)
            keep(self->seen[++states], value);
    self->remaining_ms = natsmicro_call_remaining_ms(call);
}

static natsmicro_status relay_ping(Lab__V1__LabServer__Ping *call,
                                   const Lab__V1__PingRequest *request, void *user_data)
{
    relay *self = user_data;
    if (strcmp(request->payload, "last") == 0) {
        look(self, call->base);
    } else {
        if (self->span != NULL)
            self->set = natsmicro_call_set_trace(call->base, self->span, "mine=1");
        self->followed = natsmicro_context_follow(self->context, call->base, self->what);
        Lab__V1__PingRequest next = LAB__V1__PING_REQUEST__INIT;
        char last[] = "last";
        next.payload = last;
        Lab__V1__PingResponse *response;
        natsmicro_status status =
            lab__v1__lab_client__ping(self->client, &next, self->context, &response);
        lab__v1__lab_client__ping__free(response);
        if (status != NATSMICRO_OK)
            return status;
    }
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static relay *serve(lab *room, unsigned what)
{
    static relay self;
    Lab__V1__LabHandlers handlers = {.ping = relay_ping};
    self = (relay){.client = room->client, .context = lab_context(), .what = what};
    lab_serve(room, &handlers, &self);
    return &self;
}

static natsmicro_context *traced(const char *traceparent)
{
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "Traceparent", traceparent));
    assert_ok(natsmicro_context_add_header(context, "tracestate", "a=1"));
    assert_ok(natsmicro_context_add_header(context, "tracestate", "b=2"));
    return context;
}

static void a_trace_passes_through_a_handler(void **state)
{
    lab *room = *state;
    relay *self = serve(room, NATSMICRO_FOLLOW_TRACE);
    natsmicro_context *context = traced(PARENT);
    natsmicro_context_set_timeout(context, 4000);
    assert_ok(lab_ping_status(room, "first", context));
    assert_ok(self->followed);
    assert_string_equal(self->seen[0], PARENT);
    assert_string_equal(self->seen[1], "a=1");
    assert_string_equal(self->seen[2], "b=2");
    assert_string_equal(self->seen[3], "");
    assert_true(self->remaining_ms > 4000); /* its time was not asked for */

    /* The next call is in no trace, and what the context has of the last one goes. */
    assert_ok(lab_ping_status(room, "first", NULL));
    assert_string_equal(self->seen[0], "none");
    assert_string_equal(self->seen[1], "");
    natsmicro_context_destroy(context);
    natsmicro_context_destroy(self->context);
}

static void nothing_passes_that_is_not_asked_for(void **state)
{
    lab *room = *state;
    relay *self = serve(room, 0);
    natsmicro_context *context = traced(PARENT);
    assert_ok(lab_ping_status(room, "first", context));
    assert_string_equal(self->seen[0], "none");
    natsmicro_context_destroy(context);
    natsmicro_context_destroy(self->context);
}

static void a_trace_that_is_not_valid_does_not_pass(void **state)
{
    lab *room = *state;
    relay *self = serve(room, NATSMICRO_FOLLOW_TRACE);
    natsmicro_context *context = traced("00-not-a-trace-01");
    assert_ok(lab_ping_status(room, "first", context));
    assert_string_equal(self->seen[0], "none");
    assert_string_equal(self->seen[1], ""); /* a state without a parent says nothing */
    natsmicro_context_destroy(context);
    natsmicro_context_destroy(self->context);
}

static void a_span_of_the_call_takes_the_place_of_its_callers(void **state)
{
    lab *room = *state;
    relay *self = serve(room, NATSMICRO_FOLLOW_TRACE);
    self->span = SPAN;
    natsmicro_context *context = traced(PARENT);
    assert_ok(lab_ping_status(room, "first", context));
    assert_ok(self->set);
    assert_string_equal(self->seen[0], SPAN);
    assert_string_equal(self->seen[1], "mine=1");
    assert_string_equal(self->seen[2], "");
    self->span = "00-nonsense";
    assert_ok(lab_ping_status(room, "first", context));
    assert_status(NATSMICRO_INVALID_ARGUMENT, self->set);
    assert_string_equal(self->seen[0], PARENT);
    natsmicro_context_destroy(context);
    natsmicro_context_destroy(self->context);
}

static void the_time_that_is_left_passes_through_a_handler(void **state)
{
    lab *room = *state;
    relay *self = serve(room, NATSMICRO_FOLLOW_DEADLINE);
    natsmicro_context *context = traced(PARENT);
    natsmicro_context_set_timeout(context, 4000);
    assert_ok(lab_ping_status(room, "first", context));
    assert_string_equal(self->seen[0], "none");
    assert_between(self->remaining_ms, 1, 4000);
    natsmicro_context_destroy(context);
    natsmicro_context_destroy(self->context);
}

static void a_clients_call_cannot_be_followed(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_context_follow(context, call->base, NATSMICRO_FOLLOW_TRACE));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.Chat: only a call that is served can be followed");
    natsmicro_context_destroy(context);
    lab__v1__lab_client__chat__close(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_trace_passes_through_a_handler),
        lab_test(nothing_passes_that_is_not_asked_for),
        lab_test(a_trace_that_is_not_valid_does_not_pass),
        lab_test(a_span_of_the_call_takes_the_place_of_its_callers),
        lab_test(the_time_that_is_left_passes_through_a_handler),
        lab_test(a_clients_call_cannot_be_followed),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
