/*
 * Around calls: headers, hooks, deadlines, names that are set at run time, detached replies, and
 * how servers share and limit many calls.
 */
#include "integration/lab_service.h"

#include <natsmicro/stub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONCURRENT 64

static natsmicro_status reply(Lab__V1__LabServer__Ping *call, const char *payload)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)payload;
    return lab__v1__lab_server__ping__reply(call, &response);
}

/* ---- headers ---- */

static natsmicro_status answer_with_headers(Lab__V1__LabServer__Ping *call,
                                            const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    const char *one = natsmicro_call_header(call->base, "X-One");
    char values[128];
    snprintf(values, sizeof(values), "%s;", one != NULL ? one : "none");
    const char *name;
    const char *value;
    /* Values of one name keep their order; different names do not. */
    for (size_t i = 0; natsmicro_call_header_at(call->base, i, &name, &value); i++) {
        if (strcmp(name, "X-Two") == 0)
            snprintf(values + strlen(values), sizeof(values) - strlen(values), "%s;", value);
    }
    natsmicro_status status = natsmicro_call_set_header(call->base, "X-Values", values);
    if (status == NATSMICRO_OK)
        status = natsmicro_call_set_trailer(call->base, "X-Trailer", "last");
    if (status != NATSMICRO_OK)
        return status;
    if (request->fail != 0)
        return NATSMICRO_NOT_FOUND;
    status = reply(call, "");
    seen->first = natsmicro_call_set_header(call->base, "X-Late", "1");
    latch_open(&seen->done);
    return status;
}

static void assert_response_header(natsmicro_context *context, const char *name, const char *value)
{
    assert_non_null(natsmicro_context_response_header(context, name));
    assert_string_equal(natsmicro_context_response_header(context, name), value);
}

static void headers_travel_both_ways_with_answers_and_with_errors(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = answer_with_headers};
    lab_serve(room, &handlers, seen);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "X-One", "replaced"));
    assert_ok(natsmicro_context_set_header(context, "x-one", "a"));
    assert_ok(natsmicro_context_add_header(context, "X-Two", "b"));
    assert_ok(natsmicro_context_add_header(context, "X-Two", "\xc3\xbc c"));
    assert_ok(lab_ping_status(room, "", context));
    assert_response_header(context, "x-VALUES", "a;b;\xc3\xbc c;");
    assert_response_header(context, "X-Trailer", "last");
    assert_null(natsmicro_context_response_header(context, "X-Late"));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->first);

    /* An error brings them, too, but not the headers of the protocol. */
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.fail = 1;
    natsmicro_context_clear_headers(context);
    assert_ok(natsmicro_context_set_header(context, "X-One", "only"));
    Lab__V1__PingResponse *response;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(room->client, &request, context, &response));
    assert_response_header(context, "X-Values", "only;");
    assert_response_header(context, "X-Trailer", "last");
    const char *name;
    const char *value;
    for (size_t i = 0; natsmicro_context_response_header_at(context, i, &name, &value); i++)
        assert_int_not_equal(strncmp(name, "Nats-", 5), 0);
    natsmicro_context_destroy(context);
}

static void headers_that_would_break_the_protocol_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",           "with space", "a:b",        "a\r\nEvil: 1",     "\xc3\xbc",
        "Reply-To",   "reply-to",   "Status",     "Description",      "Nats-Stream-End",
        "nats-thing", "NATS-X",     "Natsmicro-", "natsmicro-control"};
    static const char *const values[] = {"a\r\nEvil: 1", "a\nb", "a\rb", "\x01", "\x7f"};
    natsmicro_context *context = lab_context();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      natsmicro_context_set_header(context, names[i], "value"));
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      natsmicro_context_add_header(context, names[i], "value"));
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      natsmicro_context_set_header(context, "X-Fine", values[i]));
    natsmicro_context_destroy(context);
}

static void assert_context_says(const natsmicro_context *context, natsmicro_status status,
                                const char *text)
{
    assert_status(status, natsmicro_context_status(context));
    assert_string_equal(natsmicro_context_error_message(context), text);
}

static void a_header_that_cannot_be_set_is_told_in_the_context(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_context_set_header(context, "a b", "1"));
    assert_context_says(context, NATSMICRO_INVALID_ARGUMENT,
                        "header \"a b\": a header's name may hold only letters, digits and "
                        "!#$%&'*+-.^_`|~");
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_context_add_header(context, "Trace", "\n"));
    assert_context_says(context, NATSMICRO_INVALID_ARGUMENT,
                        "header \"Trace\": a header's value must be UTF-8 without a control byte");
    assert_ok(natsmicro_context_set_header(context, "Trace", "1"));
    assert_ok(lab_ping_status(room, "", context));
    assert_context_says(context, NATSMICRO_OK, "");
    natsmicro_context_destroy(context);
}

/* Sets the header that the payload names, and passes on what that returns. */
static natsmicro_status set_bad_header(Lab__V1__LabServer__Ping *call,
                                       const Lab__V1__PingRequest *request, void *user_data)
{
    (void)user_data;
    natsmicro_status status = natsmicro_call_set_header(call->base, request->payload, "1");
    return status != NATSMICRO_OK ? status : reply(call, "");
}

static natsmicro_status set_late_header(Lab__V1__LabServer__Chat *call, void *user_data)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    (void)user_data;
    natsmicro_status status = lab__v1__lab_server__chat__send(call, &line);
    return status != NATSMICRO_OK ? status : natsmicro_call_set_header(call->base, "Late", "1");
}

static void a_handler_may_fail_with_the_header_that_it_cannot_set(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = set_bad_header, .chat = set_late_header};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INVALID_ARGUMENT, lab_ping_status(room, "Status", context));
    assert_context_says(context, NATSMICRO_INVALID_ARGUMENT,
                        "header \"Status\": Nats-*, Natsmicro-*, Reply-To, Status and Description "
                        "may not be set: these headers are the protocol's own");
    natsmicro_context_destroy(context);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(chat, &line));
    assert_status(NATSMICRO_FAILED_PRECONDITION, lab__v1__lab_client__chat__recv(chat, &line));
    assert_string_equal(natsmicro_call_error_message(chat->base),
                        "lab.v1.Lab.Chat: header \"Late\": the response's headers have gone out");
    lab__v1__lab_client__chat__close(chat);
}

static natsmicro_status set_bad_header_before(natsmicro_call *call, void *user_data)
{
    return natsmicro_call_set_header(call, user_data, "");
}

static void a_hook_may_refuse_with_the_header_that_it_cannot_set(void **state)
{
    static char name[] = "Trace";
    lab *room = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.hooks = (natsmicro_hooks){set_bad_header_before, NULL, name};
    lab_serve(room, NULL, NULL);
    lab_call_with(room, &options);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INVALID_ARGUMENT, lab_ping_status(room, "", context));
    assert_context_says(context, NATSMICRO_INVALID_ARGUMENT,
                        "header \"Trace\": a header's value is empty: nats.c cannot read a message "
                        "with such a header");
    natsmicro_context_destroy(context);
}

/* ---- hooks ---- */

typedef struct hook_log {
    latch before;
    latch after;
    natsmicro_status refuse; /* OK: lets calls pass */
    natsmicro_status ended;  /* what the last call ended with */
    int64_t duration_ns;
    char method[64];  /* the last call's */
    char subject[64]; /* the same */
} hook_log;

static natsmicro_status hook_before(natsmicro_call *call, void *user_data)
{
    hook_log *log = user_data;
    snprintf(log->method, sizeof(log->method), "%s", natsmicro_call_method(call));
    snprintf(log->subject, sizeof(log->subject), "%s", natsmicro_call_subject(call));
    latch_open(&log->before);
    if (log->refuse != NATSMICRO_OK)
        return natsmicro_call_fail(call, log->refuse, "no entry to %s", log->method);
    return natsmicro_call_set_header(call, "X-Hook", "was here");
}

static void hook_after(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                       void *user_data)
{
    (void)call;
    hook_log *log = user_data;
    log->ended = status;
    log->duration_ns = duration_ns;
    latch_open(&log->after);
}

static void hook_log_init(hook_log *self)
{
    memset(self, 0, sizeof(*self));
    latch_init(&self->before);
    latch_init(&self->after);
}

static void hook_log_destroy(hook_log *self)
{
    latch_destroy(&self->before);
    latch_destroy(&self->after);
}

static natsmicro_hooks hooks_of(hook_log *self)
{
    return (natsmicro_hooks){hook_before, hook_after, self};
}

static void assert_hooked(hook_log *self, int calls, const char *method, natsmicro_status ended)
{
    assert_true(latch_wait_count(&self->after, calls, LAB_PATIENCE));
    assert_int_equal(latch_count(&self->before), calls);
    assert_string_equal(self->method, method);
    assert_status(ended, self->ended);
    assert_true(self->duration_ns >= 0 && self->duration_ns < INT64_C(10000000000));
}

/* Makes one call of each kind, to its regular end. */
static void call_all_patterns(lab *room, hook_log *client, hook_log *server)
{
    assert_ok(lab_ping_status(room, "", NULL));
    assert_hooked(client, 1, "lab.v1.Lab.Ping", NATSMICRO_OK);
    assert_hooked(server, 1, "lab.v1.Lab.Ping", NATSMICRO_OK);

    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 3, 0, NULL, &count_up));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(count_up, &received, &in_order));
    assert_string_equal(natsmicro_call_header(count_up->base, "X-Hook"), "was here");
    lab__v1__lab_client__count_up__close(count_up);
    assert_hooked(client, 2, "lab.v1.Lab.CountUp", NATSMICRO_OK);
    assert_hooked(server, 2, "lab.v1.Lab.CountUp", NATSMICRO_OK);

    Lab__V1__LabClient__Sum *sum;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &sum));
    Lab__V1__SumResponse *total;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(sum, &total));
    lab__v1__lab_client__sum__free(total);
    lab__v1__lab_client__sum__close(sum);
    assert_hooked(client, 3, "lab.v1.Lab.Sum", NATSMICRO_OK);
    assert_hooked(server, 3, "lab.v1.Lab.Sum", NATSMICRO_OK);

    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    assert_ok(lab__v1__lab_client__chat__close_send(chat));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(chat, &line));
    lab__v1__lab_client__chat__close(chat);
    assert_hooked(client, 4, "lab.v1.Lab.Chat", NATSMICRO_OK);
    assert_hooked(server, 4, "lab.v1.Lab.Chat", NATSMICRO_OK);
}

static void hooks_on_both_sides_see_every_call_and_how_it_ended(void **state)
{
    lab *room = *state;
    hook_log client;
    hook_log_init(&client);
    hook_log server;
    hook_log_init(&server);
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.hooks = hooks_of(&server);
    client_options.hooks = hooks_of(&client);
    lab_serve_with(room, &lab_handlers, NULL, &server_options, NULL);
    lab_call_with(room, &client_options);
    call_all_patterns(room, &client, &server);

    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 1, 1, NULL, &count_up));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_OUT_OF_RANGE, lab_count_all(count_up, &received, &in_order));
    lab__v1__lab_client__count_up__close(count_up);
    assert_hooked(&client, 5, "lab.v1.Lab.CountUp", NATSMICRO_OUT_OF_RANGE);
    assert_hooked(&server, 5, "lab.v1.Lab.CountUp", NATSMICRO_OUT_OF_RANGE);
    assert_string_equal(client.subject, "lab.v1.count_up");
    assert_string_equal(server.subject, "lab.v1.count_up");
    hook_log_destroy(&client);
    hook_log_destroy(&server);
}

static natsmicro_status return_end(natsmicro_call *call, void *user_data)
{
    (void)call;
    (void)user_data;
    return NATSMICRO_END;
}

/* A stream that a hook refuses must not look as if it had ended well. */
static void a_hook_that_returns_end_refuses_all_the_same(void **state)
{
    lab *room = *state;
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    server.hooks.before = client.hooks.before = return_end;
    lab_serve_with(room, &lab_handlers, NULL, &server, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INTERNAL, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.Ping: the server's hook returned END");
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 3, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_INTERNAL, lab_count_all(call, &received, &in_order));
    lab__v1__lab_client__count_up__close(call);
    lab_call_with(room, &client);
    assert_status(NATSMICRO_INTERNAL, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.Ping: refused by the client's hook");
    assert_status(NATSMICRO_INTERNAL, lab_count_up(room, 3, 0, NULL, &call));
    natsmicro_context_destroy(context);
}

static void a_servers_hook_keeps_calls_from_their_handlers(void **state)
{
    lab *room = *state;
    hook_log log;
    hook_log_init(&log);
    log.refuse = NATSMICRO_UNAUTHENTICATED;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.hooks = hooks_of(&log);
    lab_serve_with(room, &lab_handlers, NULL, &options, NULL);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_UNAUTHENTICATED, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_message(context), "no entry to lab.v1.Lab.Ping");
    assert_hooked(&log, 1, "lab.v1.Lab.Ping", NATSMICRO_UNAUTHENTICATED);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 3, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_UNAUTHENTICATED, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, 0);
    lab__v1__lab_client__count_up__close(call);
    assert_hooked(&log, 2, "lab.v1.Lab.CountUp", NATSMICRO_UNAUTHENTICATED);
    natsmicro_context_destroy(context);
    hook_log_destroy(&log);
}

static void a_clients_hook_keeps_calls_from_being_sent(void **state)
{
    lab *room = *state;
    hook_log log;
    hook_log_init(&log);
    log.refuse = NATSMICRO_PERMISSION_DENIED;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.hooks = hooks_of(&log);
    lab_serve(room, NULL, NULL);
    lab_call_with(room, &options);
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_PERMISSION_DENIED, lab_ping_status(room, "", context));
    assert_string_equal(natsmicro_context_error_message(context), "no entry to lab.v1.Lab.Ping");
    assert_hooked(&log, 1, "lab.v1.Lab.Ping", NATSMICRO_PERMISSION_DENIED);
    Lab__V1__LabClient__Sum *call;
    assert_status(NATSMICRO_PERMISSION_DENIED,
                  lab__v1__lab_client__sum(room->client, context, &call));
    assert_null(call);
    assert_hooked(&log, 2, "lab.v1.Lab.Sum", NATSMICRO_PERMISSION_DENIED);
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room->server, &counters);
    assert_int_equal(counters.calls, 0);
    natsmicro_context_destroy(context);
    hook_log_destroy(&log);
}

/* ---- deadlines ---- */

static natsmicro_status answer_when_released(Lab__V1__LabServer__Ping *call,
                                             const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    lab_probe_wait(seen);
    natsmicro_status status = reply(call, "late");
    if (natsmicro_call_status(call->base) != status)
        status = NATSMICRO_UNKNOWN;
    pthread_mutex_lock(&seen->done.lock); /* several of these run at once */
    seen->first = status;
    pthread_mutex_unlock(&seen->done.lock);
    latch_open(&seen->done);
    return status;
}

static const Lab__V1__LabHandlers when_released = {.ping = answer_when_released};

static void a_caller_waits_no_longer_than_its_timeout(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    lab_serve(room, &when_released, seen);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 150);
    int64_t started = now_ms();
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_status(room, "", context));
    assert_true(now_ms() - started >= 140);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_string_equal(natsmicro_context_error_code(context), "DEADLINE_EXCEEDED");
    assert_non_null(strstr(natsmicro_context_error_message(context), "lab.v1.Lab.Ping"));

    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.timeout_ms = 150; /* in place of the proto's 10 s */
    lab_call_with(room, &options);
    started = now_ms();
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_status(room, "", NULL));
    assert_true(now_ms() - started < LAB_AT_ONCE);
    latch_open(&seen->release);
    assert_true(latch_wait_count(&seen->done, 2, LAB_PATIENCE));
    natsmicro_context_destroy(context);
}

static void a_service_answers_for_a_handler_that_takes_too_long(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.timeout_ms = 150;
    lab_serve_with(room, &when_released, seen, NULL, &options);
    natsmicro_context *context = lab_context();
    int64_t started = now_ms();
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_status(room, "", context));
    assert_true(now_ms() - started >= 140);
    assert_true(now_ms() - started < LAB_AT_ONCE); /* the caller's own would be 10 s */
    assert_non_null(strstr(natsmicro_context_error_message(context), "the service's timeout"));
    latch_open(&seen->release);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, seen->first); /* as the call's status says */
    natsmicro_context_destroy(context);
}

/* ---- detached replies ---- */

static void *finish_later(void *argument)
{
    lab_probe *seen = argument;
    Lab__V1__LabServer__Ping call = {.base = seen->call};
    latch_wait(&seen->release, LAB_PATIENCE);
    natsmicro_status status = seen->number == 0 ? reply(&call, "later") : NATSMICRO_ABORTED;
    natsmicro_call_finish(seen->call, seen->number == 2 ? NATSMICRO_OK : status);
    return NULL;
}

static natsmicro_status detach(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                               void *user_data)
{
    lab_probe *seen = user_data;
    seen->number = request->fail; /* 0: replies, 1: fails, 2: does neither */
    seen->call = call->base;
    seen->first = natsmicro_call_detach(call->base);
    seen->second = natsmicro_call_detach(call->base);
    pthread_create(&seen->thread, NULL, finish_later, seen);
    latch_open(&seen->release);
    latch_open(&seen->done);
    return NATSMICRO_INTERNAL; /* does not count any more */
}

static void assert_detached(lab *room, lab_probe *seen, int32_t how, natsmicro_status expected)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.fail = how;
    Lab__V1__PingResponse *response;
    assert_status(expected, lab__v1__lab_client__ping(room->client, &request, NULL, &response));
    if (expected == NATSMICRO_OK)
        assert_string_equal(response->payload, "later");
    lab__v1__lab_client__ping__free(response);
    assert_true(latch_wait_count(&seen->done, how + 1, LAB_PATIENCE));
    assert_ok(seen->first);
    assert_status(NATSMICRO_FAILED_PRECONDITION, seen->second);
    lab_join(seen);
}

static void a_detached_call_is_answered_from_another_thread(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = detach};
    lab_serve(room, &handlers, seen);
    assert_detached(room, seen, 0, NATSMICRO_OK);
    assert_detached(room, seen, 1, NATSMICRO_ABORTED);
    assert_detached(room, seen, 2, NATSMICRO_INTERNAL);
}

static void *finish_at_once(void *argument)
{
    lab_probe *seen = argument;
    Lab__V1__LabServer__Ping call = {.base = seen->call};
    natsmicro_call_finish(seen->call, reply(&call, "finished"));
    return NULL;
}

static bool is_over(void *call)
{
    return natsmicro_call_status(call) != NATSMICRO_OK;
}

/*
 * The first call is finished by another thread while its handler still runs. The handler returns
 * only when a second call is there, which checks for a while that it is not ended instead.
 */
static natsmicro_status finish_before_return(Lab__V1__LabServer__Ping *call,
                                             const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    if (request->payload[0] != '\0') {
        latch_open(&seen->release);
        eventually(is_over, call->base, 200);
        return reply(call, "untouched");
    }
    seen->call = call->base;
    natsmicro_status status = natsmicro_call_detach(call->base);
    if (status != NATSMICRO_OK)
        return status;
    pthread_create(&seen->thread, NULL, finish_at_once, seen);
    pthread_join(seen->thread, NULL);
    latch_wait(&seen->release, LAB_PATIENCE);
    latch_open(&seen->done);
    return NATSMICRO_OK;
}

static void a_call_finished_before_its_handler_returns_harms_no_other_call(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = finish_before_return};
    lab_serve(room, &handlers, seen);
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "", NULL, &response));
    assert_string_equal(response->payload, "finished");
    lab__v1__lab_client__ping__free(response);
    natsmicro_status status = lab_ping(room, "second", NULL, &response);
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_ok(status);
    assert_string_equal(response->payload, "untouched");
    lab__v1__lab_client__ping__free(response);
}

/* ---- names at run time ---- */

static void request_text(lab *room, const char *subject, char *text, size_t size)
{
    natsMsg *answer = NULL;
    assert_int_equal(
        natsConnection_RequestString(&answer, room->client_connection, subject, "", LAB_PATIENCE),
        NATS_OK);
    snprintf(text, size, "%.*s", natsMsg_GetDataLength(answer), natsMsg_GetData(answer));
    natsMsg_Destroy(answer);
}

static void prefix_name_version_and_metadata_can_be_set_at_run_time(void **state)
{
    lab *room = *state;
    natsmicro_metadata metadata[] = {{"region", "west"}};
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.subject_prefix = "other.place";
    options.name = "lab-west";
    options.version = "9.8.7";
    options.description = "the other one";
    options.metadata = metadata;
    options.n_metadata = 1;
    lab_serve_with(room, &lab_handlers, NULL, NULL, &options);
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_status(room, "", NULL));

    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    client_options.subject_prefix = "other.place";
    lab_call_with(room, &client_options);
    assert_ok(lab_ping_status(room, "", NULL));

    char info[8192];
    request_text(room, "$SRV.INFO.lab-west", info, sizeof(info));
    assert_non_null(strstr(info, "\"lab-west\""));
    assert_non_null(strstr(info, "\"9.8.7\""));
    assert_non_null(strstr(info, "\"the other one\""));
    assert_non_null(strstr(info, "\"west\""));
    assert_non_null(strstr(info, "\"other.place.count_up\""));
    assert_null(strstr(info, "\"lab.v1.ping\""));
}

static void inboxes_may_have_a_prefix_of_their_own(void **state)
{
    lab *room = *state;
    static const char *const allowed[] = {"mine.server.", "mine.client.", NULL};
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.inbox_prefix = "mine.server";
    server_options.allowed_inbox_prefixes = allowed;
    client_options.inbox_prefix = "mine.client";
    client_options.allowed_inbox_prefixes = allowed;
    lab_serve_with(room, &lab_handlers, NULL, &server_options, NULL);
    lab_call_with(room, &client_options);
    assert_ok(lab_ping_status(room, "", NULL));
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    assert_ok(lab_chat_send(chat, "one"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(chat, &line));
    assert_string_equal(line->text, "one");
    lab__v1__lab_client__chat__close(chat);
}

/*
 * Discovery shows names and versions to tools that rely on them, and subjects under $ belong to the
 * broker.
 */
static void what_the_plugin_refuses_is_refused_at_run_time(void **state)
{
    static const char *const versions[] = {
        "",       "1",          "1.x",    "1.2",      "1.2.",   "v1.2.3",    "1.02.3",
        "1.2.3-", "1.2.3-a..b", "1.2.3+", "1.2.3-01", "1.2.3 ", "1.2.3-a_b", "1.2.3.4"};
    static const char *const prefixes[] = {"",     "$SRV", "$SRV.lab", "$",   ".lab", "lab.",
                                           "a..b", "a b",  "a*",       "a.>", "a\tb", "a\x7f"};
    static const char *const names[] = {"", "a b", "a.b", "$SRV", "l\xc3\xa4", "a*"};
    lab *room = *state;
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, NULL));
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
        options.version = versions[i];
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
        options.subject_prefix = prefixes[i];
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
        options.name = names[i];
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    }
}

static void a_name_is_as_long_as_discovery_can_ask_for(void **state)
{
    lab *room = *state;
    char *name = lab_text(513);
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.name = name;
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, NULL));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    name[512] = '\0';
    assert_ok(lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    char subject[600];
    snprintf(subject, sizeof(subject), "$SRV.PING.%s", name);
    char info[1024];
    request_text(room, subject, info, sizeof(info));
    assert_non_null(strstr(info, name));
    free(name);
}

static void options_that_cannot_be_are_refused(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.subject_prefix = "with space";
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    options.subject_prefix = "wild.*";
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    options.subject_prefix = "fine";
    options.name = "not a name";
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &options));
    assert_status(NATSMICRO_ALREADY_EXISTS,
                  lab__v1__lab_server__add(room->server, &lab_handlers, NULL, NULL));
    assert_ok(lab_ping_status(room, "", NULL)); /* the first service still serves */

    /* Two services may have one name, but not one subject. */
    natsmicro_service_options other = NATSMICRO_SERVICE_OPTIONS_INIT;
    other.subject_prefix = "lab.other";
    assert_ok(lab__v1__lab_server__add(room->server, &lab_handlers, NULL, &other));
}

/* A program runs with a newer library: options that it does not know keep their defaults. */
static void options_of_an_older_header_are_taken(void **state)
{
    lab *room = *state;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    natsmicro_service_options service_options = NATSMICRO_SERVICE_OPTIONS_INIT;
    server_options.size = offsetof(natsmicro_server_options, drain_timeout_ms);
    server_options.drain_timeout_ms = -1; /* what is beyond the size must not be read */
    client_options.size = offsetof(natsmicro_client_options, timeout_ms);
    client_options.timeout_ms = -1;
    service_options.size = offsetof(natsmicro_service_options, timeout_ms);
    service_options.timeout_ms = -1;
    lab_serve_with(room, &lab_handlers, NULL, &server_options, &service_options);
    lab_call_with(room, &client_options);
    assert_ok(lab_ping_status(room, "", NULL));
}

/* Of 0.1.0 before there were stores. */
static void options_without_jetstream_are_taken(void **state)
{
    lab *room = *state;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.size = offsetof(natsmicro_server_options, jetstream_domain);
    client_options.size = offsetof(natsmicro_client_options, jetstream_domain);
    server_options.jetstream_domain = client_options.jetstream_domain = "not a domain";
    lab_serve_with(room, &lab_handlers, NULL, &server_options, NULL);
    lab_call_with(room, &client_options);
    assert_ok(lab_ping_status(room, "", NULL));
}

/* A wrong one would make every request to JetStream one that nobody answers. */
static void expect_refused_jetstream(lab *room, const char *domain, const char *prefix,
                                     const char *text)
{
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.jetstream_domain = client_options.jetstream_domain = domain;
    server_options.jetstream_prefix = client_options.jetstream_prefix = prefix;
    natsmicro_server *server;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&server, room->server_connection, &server_options));
    assert_non_null(strstr(natsmicro_last_error(), text));
    Lab__V1__LabClient *client;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&client, room->client_connection, &client_options));
    assert_non_null(strstr(natsmicro_last_error(), text));
}

static void jetstream_has_a_domain_or_a_prefix(void **state)
{
    lab *room = *state;
    expect_refused_jetstream(room, "hub", "js.hub",
                             "jetstream_domain and jetstream_prefix are both");
    expect_refused_jetstream(room, "hub.leaf", NULL,
                             "jetstream_domain \"hub.leaf\": must have no dot");
    expect_refused_jetstream(room, "", NULL, "jetstream_domain \"\": ");
    expect_refused_jetstream(room, "a b", NULL, "jetstream_domain \"a b\": ");
    expect_refused_jetstream(room, NULL, "js.*", "jetstream_prefix \"js.*\": ");
    expect_refused_jetstream(room, NULL, "js.", "jetstream_prefix \"js.\": ");
}

static void options_of_no_or_a_newer_header_are_refused(void **state)
{
    lab *room = *state;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.size++;
    client_options.size = 0;
    natsmicro_server *server;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&server, room->server_connection, &server_options));
    assert_null(server);
    Lab__V1__LabClient *client;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&client, room->client_connection, &client_options));
    assert_null(client);
}

/*
 * Tables of another layout must not be read. With a shared library only running shows which layout
 * it has.
 */
static void stubs_of_another_version_are_refused(void **state)
{
    lab *room = *state;
    const natsmicro_stub_service none = {.stub_version = 0};
    const natsmicro_stub_service stub = {.stub_version = NATSMICRO_STUB_VERSION + 1};
    natsmicro_client *client;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_client_new(&client, &none, room->client_connection, NULL));
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_client_new(&client, &stub, room->client_connection, NULL));
    assert_null(client);
    lab_serve(room, NULL, NULL);
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_server_add(room->server, &stub, &lab_handlers, NULL, NULL));
    assert_ok(lab_ping_status(room, "", NULL));
}

static natsmicro_status dispatch_ping(natsmicro_call *call, void *handle, const void *handlers,
                                      const void *request, void *user_data)
{
    const Lab__V1__LabHandlers *table = handlers;
    (void)call;
    return table->ping(handle, request, user_data);
}

/* As the tables of version 2 were. Those of version 1 end after n_methods. */
typedef struct earlier_stub_service {
    int stub_version;
    const char *full_name;
    const char *subject_prefix;
    const char *name;
    const char *version;
    const char *description;
    int64_t timeout_ms;
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    const natsmicro_stub_method *methods;
    size_t n_methods;
    const natsmicro_stub_file *files;
    size_t n_files;
    bool json;
} earlier_stub_service;

/* Programs that were compiled before must go on with a newer shared library. */
static void serve_and_call_earlier(lab *room, int version, size_t size)
{
    const natsmicro_stub_method ping = {.name = "Ping",
                                        .subject = "ping",
                                        .request = &lab__v1__ping_request__descriptor,
                                        .response = &lab__v1__ping_response__descriptor,
                                        .dispatch = dispatch_ping};
    const earlier_stub_service whole = {
        version, "lab.v1.Lab", "lab.v1", "lab", "1.0.0", "the first", 0, NULL,
        0,       &ping,        1,        NULL,  0,       false};
    /* from the heap, so that a sanitizer sees what is read after its end */
    void *tables = malloc(size);
    memcpy(tables, &whole, size);
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, NULL));
    assert_ok(natsmicro_stub_server_add(room->server, tables, &lab_handlers, NULL, NULL));
    natsmicro_client *client;
    assert_ok(natsmicro_stub_client_new(&client, tables, room->client_connection, NULL));
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    void *response;
    assert_ok(natsmicro_stub_unary(client, 0, &request, NULL, &response));
    natsmicro_stub_message_free(response);
    char schema[1024];
    request_text(room, "$SRV.SCHEMA.lab", schema, sizeof(schema));
    assert_non_null(strstr(schema, "\"request\":\"lab.v1.PingRequest\""));
    assert_null(strstr(schema, "descriptors"));
    natsmicro_stub_client_destroy(client);
    natsmicro_server_destroy(room->server);
    room->server = NULL;
    free(tables);
}

static void stubs_of_the_first_version_are_served_and_called(void **state)
{
    serve_and_call_earlier(*state, 1, offsetof(earlier_stub_service, files));
}

static void stubs_of_the_second_version_are_served_and_called(void **state)
{
    serve_and_call_earlier(*state, 2, sizeof(earlier_stub_service));
}

/* ---- many calls ---- */

typedef struct caller {
    lab *room;
    pthread_t thread;
    natsmicro_status status;
    bool right;
    int number;
} caller;

static void *call_ping(void *argument)
{
    caller *self = argument;
    char payload[32];
    snprintf(payload, sizeof(payload), "caller %d", self->number);
    Lab__V1__PingResponse *response;
    self->status = lab_ping(self->room, payload, NULL, &response);
    self->right = response != NULL && strcmp(response->payload, payload) == 0;
    lab__v1__lab_client__ping__free(response);
    return NULL;
}

static void start_caller(caller *self, lab *room, int number)
{
    *self = (caller){.room = room, .number = number};
    assert_int_equal(pthread_create(&self->thread, NULL, call_ping, self), 0);
}

/* Answers once the calls of all callers run at the same time. */
static natsmicro_status meet_all(Lab__V1__LabServer__Ping *call,
                                 const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    latch_open(&seen->entered);
    if (!latch_wait_count(&seen->entered, CONCURRENT, LAB_PATIENCE))
        return NATSMICRO_ABORTED;
    return reply(call, request->payload);
}

static void as_many_as_64_calls_of_one_client_run_at_the_same_time(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = meet_all};
    lab_serve(room, &handlers, seen);
    int right = 0;
    caller callers[CONCURRENT];
    for (int i = 0; i < CONCURRENT; i++)
        start_caller(&callers[i], room, i);
    for (int i = 0; i < CONCURRENT; i++) {
        pthread_join(callers[i].thread, NULL);
        right += callers[i].status == NATSMICRO_OK && callers[i].right;
    }
    assert_int_equal(right, CONCURRENT);
}

static natsmicro_status answer_or_meet_all(Lab__V1__LabServer__Ping *call,
                                           const Lab__V1__PingRequest *request, void *user_data)
{
    if (strcmp(request->payload, "quick") == 0)
        return reply(call, request->payload);
    return meet_all(call, request, user_data);
}

/* One worker serves quick calls. It must not stay the only one when calls become slow. */
static void a_handler_that_was_quick_may_take_its_time(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.ping = answer_or_meet_all};
    lab_serve(room, &handlers, seen);
    for (int i = 0; i < 500; i++)
        assert_ok(lab_ping_status(room, "quick", NULL));
    int right = 0;
    caller callers[CONCURRENT];
    for (int i = 0; i < CONCURRENT; i++)
        start_caller(&callers[i], room, i);
    for (int i = 0; i < CONCURRENT; i++) {
        pthread_join(callers[i].thread, NULL);
        right += callers[i].status == NATSMICRO_OK && callers[i].right;
    }
    assert_int_equal(right, CONCURRENT);
    assert_ok(lab_ping_status(room, "quick", NULL));
}

static void sixty_four_streams_of_one_client_do_not_mix(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *calls[CONCURRENT];
    for (int i = 0; i < CONCURRENT; i++)
        assert_ok(lab__v1__lab_client__chat(room->client, NULL, &calls[i]));
    const Lab__V1__ChatMessage *line;
    char text[32];
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < CONCURRENT; i++) {
            snprintf(text, sizeof(text), "%d of %d", round, i);
            assert_ok(lab_chat_send(calls[i], text));
        }
        for (int i = 0; i < CONCURRENT; i++) {
            snprintf(text, sizeof(text), "%d of %d", round, i);
            assert_ok(lab__v1__lab_client__chat__recv(calls[i], &line));
            assert_string_equal(line->text, text);
        }
    }
    for (int i = 0; i < CONCURRENT; i++) {
        assert_ok(lab__v1__lab_client__chat__close_send(calls[i]));
        assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(calls[i], &line));
        lab__v1__lab_client__chat__close(calls[i]);
    }
}

static bool one_waits(void *data)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(data, &counters);
    return counters.waiting == 1 && counters.running == 1;
}

static void a_busy_server_refuses_at_once_what_it_cannot_take(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 1;
    options.max_waiting = 1;
    lab_serve_with(room, &when_released, seen, &options, NULL);
    caller running;
    start_caller(&running, room, 1);
    assert_true(latch_wait(&seen->entered, LAB_PATIENCE));
    caller waiting;
    start_caller(&waiting, room, 2);
    assert_true(eventually(one_waits, room->server, LAB_PATIENCE));

    natsmicro_context *context = lab_context();
    int64_t started = now_ms();
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_status(room, "", context));
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_non_null(strstr(natsmicro_context_error_message(context), "1 calls run, 1 wait"));
    Lab__V1__LabClient__Sum *sum;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__sum(room->client, context, &sum));
    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 1, 0, NULL, &count_up));
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__count_up__recv(count_up, &number));
    lab__v1__lab_client__count_up__close(count_up);

    latch_open(&seen->release);
    pthread_join(running.thread, NULL);
    pthread_join(waiting.thread, NULL);
    assert_true(latch_wait_count(&seen->done, 2, LAB_PATIENCE)); /* the handlers no longer use it */
    assert_ok(running.status);
    assert_ok(waiting.status);
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room->server, &counters);
    assert_int_equal(counters.refused, 3);
    assert_int_equal(counters.calls, 2);
    natsmicro_context_destroy(context);
}

/* ---- several servers and services ---- */

static void instances_of_a_service_share_the_calls(void **state)
{
    lab *room = *state;
    natsConnection *connection = connect_to(room->nats);
    lab_serve(room, NULL, NULL);
    natsmicro_server *second;
    assert_ok(natsmicro_server_new(&second, connection, NULL));
    assert_ok(lab__v1__lab_server__add(second, &lab_handlers, NULL, NULL));
    for (int i = 0; i < 200; i++)
        assert_ok(lab_ping_status(room, "", NULL));
    natsmicro_server_counters counters[2];
    natsmicro_server_get_counters(room->server, &counters[0]);
    natsmicro_server_get_counters(second, &counters[1]);
    assert_int_equal(counters[0].calls + counters[1].calls, 200);
    assert_true(counters[0].calls > 20);
    assert_true(counters[1].calls > 20);

    /* When one instance ends, the other serves all calls. */
    natsmicro_server_destroy(second);
    natsConnection_Destroy(connection);
    for (int i = 0; i < 20; i++)
        assert_ok(lab_ping_status(room, "", NULL));
}

static natsmicro_status answer_user_data(Lab__V1__LabServer__Ping *call,
                                         const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    return reply(call, user_data);
}

static void services_of_one_server_answer_each_for_itself(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.ping = answer_user_data};
    char east[] = "east";
    char west[] = "west";
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    lab_serve(room, &handlers, east);
    options.subject_prefix = "lab.west";
    options.name = "lab-west";
    assert_ok(lab__v1__lab_server__add(room->server, &handlers, west, &options));

    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    client_options.subject_prefix = "lab.west";
    Lab__V1__PingResponse *response;
    assert_ok(lab_ping(room, "", NULL, &response));
    assert_string_equal(response->payload, "east");
    lab__v1__lab_client__ping__free(response);
    lab_call_with(room, &client_options);
    assert_ok(lab_ping(room, "", NULL, &response));
    assert_string_equal(response->payload, "west");
    lab__v1__lab_client__ping__free(response);

    char pong[1024];
    request_text(room, "$SRV.PING.lab", pong, sizeof(pong));
    assert_non_null(strstr(pong, "\"lab\""));
    request_text(room, "$SRV.PING.lab-west", pong, sizeof(pong));
    assert_non_null(strstr(pong, "\"lab-west\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(headers_travel_both_ways_with_answers_and_with_errors),
        lab_test(headers_that_would_break_the_protocol_are_refused),
        lab_test(a_header_that_cannot_be_set_is_told_in_the_context),
        lab_test(a_handler_may_fail_with_the_header_that_it_cannot_set),
        lab_test(a_hook_may_refuse_with_the_header_that_it_cannot_set),
        lab_test(hooks_on_both_sides_see_every_call_and_how_it_ended),
        lab_test(a_servers_hook_keeps_calls_from_their_handlers),
        lab_test(a_hook_that_returns_end_refuses_all_the_same),
        lab_test(a_clients_hook_keeps_calls_from_being_sent),
        lab_test(a_caller_waits_no_longer_than_its_timeout),
        lab_test(a_service_answers_for_a_handler_that_takes_too_long),
        lab_test(a_detached_call_is_answered_from_another_thread),
        lab_test(a_call_finished_before_its_handler_returns_harms_no_other_call),
        lab_test(prefix_name_version_and_metadata_can_be_set_at_run_time),
        lab_test(inboxes_may_have_a_prefix_of_their_own),
        lab_test(what_the_plugin_refuses_is_refused_at_run_time),
        lab_test(a_name_is_as_long_as_discovery_can_ask_for),
        lab_test(options_that_cannot_be_are_refused),
        lab_test(options_of_an_older_header_are_taken),
        lab_test(options_without_jetstream_are_taken),
        lab_test(jetstream_has_a_domain_or_a_prefix),
        lab_test(options_without_jetstream_are_taken),
        lab_test(jetstream_has_a_domain_or_a_prefix),
        lab_test(options_of_no_or_a_newer_header_are_refused),
        lab_test(stubs_of_another_version_are_refused),
        lab_test(stubs_of_the_first_version_are_served_and_called),
        lab_test(stubs_of_the_second_version_are_served_and_called),
        lab_test(as_many_as_64_calls_of_one_client_run_at_the_same_time),
        lab_test(a_handler_that_was_quick_may_take_its_time),
        lab_test(sixty_four_streams_of_one_client_do_not_mix),
        lab_test(a_busy_server_refuses_at_once_what_it_cannot_take),
        lab_test(instances_of_a_service_share_the_calls),
        lab_test(services_of_one_server_answer_each_for_itself),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
