/*
 * Chains of interceptors: their order on both sides, which methods they are for, the messages of
 * streams that they see, change and refuse. What they may do around a handler is in
 * interceptor_server_test.c, and around a unary call in interceptor_client_test.c.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- interceptors that note what passes ---- */

/* Written by the interceptors of one side; one call at a time. */
typedef struct notes {
    pthread_mutex_t lock;
    char text[1024];
} notes;

static void note(notes *self, const char *format, ...) NATSMICRO_PRINTF(2, 3);

static void note(notes *self, const char *format, ...)
{
    pthread_mutex_lock(&self->lock);
    size_t length = strlen(self->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(self->text + length, sizeof(self->text) - length, format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&self->lock);
}

/* What has been noted since the last time. */
static void assert_noted(notes *self, const char *expected)
{
    pthread_mutex_lock(&self->lock);
    char text[sizeof(self->text)];
    memcpy(text, self->text, sizeof(text));
    self->text[0] = '\0';
    pthread_mutex_unlock(&self->lock);
    assert_string_equal(text, expected);
}

/* The user_data of one interceptor. */
typedef struct member {
    notes *to;
    const char *name;
} member;

static natsmicro_status noting_call(natsmicro_call *call, const ProtobufCMessage *request,
                                    ProtobufCMessage **response, natsmicro_next *next,
                                    void *user_data)
{
    const member *self = user_data;
    (void)call;
    note(self->to, "%s(%s ", self->name, request->descriptor->short_name);
    natsmicro_status status = natsmicro_next_call(next, request, response);
    note(self->to, "%s)%s ", *response != NULL ? (*response)->descriptor->short_name : "-",
         self->name);
    return status;
}

static natsmicro_status noting_run(natsmicro_call *call, const ProtobufCMessage *request,
                                   natsmicro_next *next, void *user_data)
{
    const member *self = user_data;
    (void)call;
    note(self->to, "%s[%s ", self->name, request != NULL ? request->descriptor->short_name : "-");
    natsmicro_status status = natsmicro_next_run(next, request);
    note(self->to, "%s]%s ", natsmicro_status_name(status), self->name);
    return status;
}

static natsmicro_status noting_send(natsmicro_call *call, const ProtobufCMessage *message,
                                    natsmicro_next *next, void *user_data)
{
    const member *self = user_data;
    (void)call;
    note(self->to, "%s>%s ", self->name, message->descriptor->short_name);
    return natsmicro_next_run(next, message);
}

static natsmicro_status noting_recv(natsmicro_call *call, const ProtobufCMessage **message,
                                    natsmicro_next *next, void *user_data)
{
    const member *self = user_data;
    (void)call;
    natsmicro_status status = natsmicro_next_recv(next, message);
    note(self->to, "%s<%s ", self->name,
         status == NATSMICRO_OK ? (*message)->descriptor->short_name
                                : natsmicro_status_name(status));
    return status;
}

static void noting_after(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                         void *user_data)
{
    const member *self = user_data;
    (void)call;
    (void)duration_ns;
    note(self->to, "%s:%s ", self->name, natsmicro_status_name(status));
}

static natsmicro_interceptor noting(member *self)
{
    natsmicro_interceptor made = NATSMICRO_INTERCEPTOR_INIT;
    made.user_data = self;
    made.call = noting_call;
    made.open = noting_run;
    made.handle = noting_run;
    made.send = noting_send;
    made.recv = noting_recv;
    made.after = noting_after;
    return made;
}

/* ---- a room with two of them on each side ---- */

typedef struct noted_room {
    lab *lab;
    notes client;
    notes server;
    member members[4];
    natsmicro_interceptor interceptors[4];
    const natsmicro_interceptor *of_client[3];
    const natsmicro_interceptor *of_server[2];
    const natsmicro_interceptor *of_service[2];
} noted_room;

/* It outlives the server, which may still note something when a test is over. */
static noted_room noted;

/* The client's are x and y; a is the server's, b the service's. */
static noted_room *open_room(lab *of)
{
    static const char *const names[] = {"x", "y", "a", "b"};
    noted_room *self = &noted;
    memset(self, 0, sizeof(*self));
    self->lab = of;
    pthread_mutex_init(&self->client.lock, NULL);
    pthread_mutex_init(&self->server.lock, NULL);
    for (size_t i = 0; i < 4; i++) {
        self->members[i] = (member){i < 2 ? &self->client : &self->server, names[i]};
        self->interceptors[i] = noting(&self->members[i]);
    }
    self->of_client[0] = &self->interceptors[0];
    self->of_client[1] = &self->interceptors[1];
    self->of_server[0] = &self->interceptors[2];
    self->of_service[0] = &self->interceptors[3];
    return self;
}

static void serve_room(noted_room *self, const Lab__V1__LabHandlers *handlers)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    server.interceptors = self->of_server;
    service.interceptors = self->of_service;
    client.interceptors = self->of_client;
    lab_serve_with(self->lab, handlers, NULL, &server, &service);
    lab_call_with(self->lab, &client);
}

/* The server's `after` runs once the caller has its answer. */
static bool server_is_after(void *data)
{
    noted_room *self = data;
    pthread_mutex_lock(&self->server.lock);
    bool after = strstr(self->server.text, "a:") != NULL;
    pthread_mutex_unlock(&self->server.lock);
    return after;
}

static void assert_server_noted(noted_room *self, const char *expected)
{
    assert_true(eventually(server_is_after, self, LAB_PATIENCE));
    assert_noted(&self->server, expected);
}

/* ---- order ---- */

static void the_first_is_outermost_around_a_unary_call(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    assert_ok(lab_ping_status(self->lab, "hello", NULL));
    assert_noted(&self->client, "x(PingRequest y(PingRequest PingResponse)y PingResponse)x "
                                "y:OK x:OK ");
    assert_server_noted(self, "a[PingRequest b[PingRequest b>PingResponse a>PingResponse OK]b "
                              "OK]a b:OK a:OK ");
}

static void a_failure_passes_all_of_them(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.fail = NATSMICRO_NOT_FOUND;
    Lab__V1__PingResponse *response;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(self->lab->client, &request, NULL, &response));
    assert_noted(&self->client, "x(PingRequest y(PingRequest -)y -)x y:NOT_FOUND x:NOT_FOUND ");
    assert_server_noted(self, "a[PingRequest b[PingRequest NOT_FOUND]b NOT_FOUND]a "
                              "b:NOT_FOUND a:NOT_FOUND ");
}

static void each_message_of_a_server_stream_is_seen_on_both_sides(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(self->lab, 2, 0, NULL, &call));
    assert_noted(&self->client, "x[CountUpRequest y[CountUpRequest OK]y OK]x ");
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, 2);
    assert_noted(&self->client, "y<CountUpResponse x<CountUpResponse y<CountUpResponse "
                                "x<CountUpResponse y<END x<END ");
    assert_server_noted(self, "a[CountUpRequest b[CountUpRequest b>CountUpResponse "
                              "a>CountUpResponse b>CountUpResponse a>CountUpResponse OK]b OK]a "
                              "b:OK a:OK ");
    lab__v1__lab_client__count_up__close(call);
    assert_noted(&self->client, "y:OK x:OK ");
}

static void each_message_of_a_client_stream_and_its_response_are_seen(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(self->lab->client, NULL, &call));
    assert_ok(lab_sum_send(call, 40));
    assert_ok(lab_sum_send(call, 2));
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(response->total, 42);
    lab__v1__lab_client__sum__free(response);
    assert_noted(&self->client, "x[- y[- OK]y OK]x x>SumRequest y>SumRequest x>SumRequest "
                                "y>SumRequest y<SumResponse x<SumResponse ");
    assert_server_noted(self, "a[- b[- a<SumRequest b<SumRequest a<SumRequest b<SumRequest "
                              "a<END b<END b>SumResponse a>SumResponse OK]b OK]a b:OK a:OK ");
    lab__v1__lab_client__sum__close(call);
}

static void a_try_send_is_seen_as_well(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->lab->client, NULL, &call));
    assert_noted(&self->client, "x[- y[- OK]y OK]x ");
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    assert_ok(lab__v1__lab_client__chat__try_send(call, &line));
    assert_noted(&self->client, "x>ChatMessage y>ChatMessage ");
    lab__v1__lab_client__chat__close(call);
}

/* ---- chunks ---- */

static natsmicro_status take_upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    (void)user_data;
    uint8_t *data;
    size_t length;
    natsmicro_status status =
        natsmicro_chunked_recv_bytes(call->base, 1000, &data, &length, NULL, NULL);
    if (status != NATSMICRO_OK)
        return status;
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    result.size = (int64_t)length;
    free(data);
    return lab__v1__lab_server__upload__reply(call, &result);
}

static void chunks_of_a_blob_are_seen_as_messages(void **state)
{
    noted_room *self = open_room(*state);
    Lab__V1__LabHandlers handlers = {.upload = take_upload};
    serve_room(self, &handlers);
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->lab->client, NULL, &call));
    assert_ok(natsmicro_chunked_send_bytes(call->base, "eleven byte", 11, 6, NULL, NULL));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(result->size, 11);
    lab__v1__lab_client__upload__free(result);
    assert_noted(&self->client, "x[- y[- OK]y OK]x x>Chunk y>Chunk x>Chunk y>Chunk "
                                "y<UploadResult x<UploadResult ");
    assert_server_noted(self, "a[- b[- a<Chunk b<Chunk a<Chunk b<Chunk a<END b<END "
                              "b>UploadResult a>UploadResult OK]b OK]a b:OK a:OK ");
    lab__v1__lab_client__upload__close(call);
}

/* ---- which methods ---- */

static void an_interceptor_may_be_for_one_method(void **state)
{
    noted_room *self = open_room(*state);
    self->interceptors[0].method = "CountUp";
    self->interceptors[1].method = "lab.v1.Lab.Ping";
    self->interceptors[2].method = "lab.v1.Lab.CountUp";
    self->interceptors[3].method = "Ping";
    serve_room(self, &lab_handlers);
    assert_ok(lab_ping_status(self->lab, "hello", NULL));
    assert_noted(&self->client, "y(PingRequest PingResponse)y y:OK ");
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(self->lab, 0, 0, NULL, &call));
    assert_noted(&self->client, "x[CountUpRequest OK]x ");
    assert_server_noted(self, "b[PingRequest b>PingResponse OK]b b:OK "
                              "a[CountUpRequest OK]a a:OK ");
    lab__v1__lab_client__count_up__close(call);
}

/* A name that was misspelled would switch off an access check. */
static void a_method_that_is_not_there_is_refused(void **state)
{
    noted_room *self = open_room(*state);
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_SETUP_FAILED);
    lab_serve(self->lab, NULL, NULL);
    self->interceptors[0].method = "lab.v1.Lab.Pong";
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.interceptors = self->of_client;
    client.on_error = lab_hear;
    client.on_error_data = &heard;
    Lab__V1__LabClient *made;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&made, self->lab->client_connection, &client));
    lab_expect_heard(&heard, "", "",
                     "an interceptor is for the method \"lab.v1.Lab.Pong\", which lab.v1.Lab does "
                     "not have");
    lab_heard_destroy(&heard);

    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    self->interceptors[3].method = "";
    service.subject_prefix = "other";
    service.interceptors = self->of_service;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_server__add(self->lab->server, &lab_handlers, NULL, &service));
}

static void an_interceptor_of_a_wrong_size_is_refused(void **state)
{
    noted_room *self = open_room(*state);
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.interceptors = self->of_client;
    self->interceptors[1].size = 0;
    Lab__V1__LabClient *made;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&made, self->lab->client_connection, &client));
    self->interceptors[1].size = sizeof(natsmicro_interceptor) + 1;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&made, self->lab->client_connection, &client));
    /* One of an older header, which ends earlier, is taken. */
    self->interceptors[1].size = offsetof(natsmicro_interceptor, after);
    assert_ok(lab__v1__lab_client__new(&made, self->lab->client_connection, &client));
    lab__v1__lab_client__destroy(made);
}

/* ---- what may be done to messages ---- */

static natsmicro_status double_value(natsmicro_call *call, const ProtobufCMessage *message,
                                     natsmicro_next *next, void *user_data)
{
    (void)call;
    (void)user_data;
    Lab__V1__SumRequest doubled = *(const Lab__V1__SumRequest *)message;
    if (doubled.value == 13)
        return NATSMICRO_OUT_OF_RANGE;
    if (doubled.value == 7)
        return NATSMICRO_OK; /* dropped */
    doubled.value *= 2;
    return natsmicro_next_run(next, &doubled.base);
}

static natsmicro_status round_total(natsmicro_call *call, const ProtobufCMessage **message,
                                    natsmicro_next *next, void *user_data)
{
    static Lab__V1__SumResponse rounded;
    (void)call;
    (void)user_data;
    natsmicro_status status = natsmicro_next_recv(next, message);
    if (status != NATSMICRO_OK)
        return status;
    rounded = *(const Lab__V1__SumResponse *)*message;
    rounded.total -= rounded.total % 100;
    *message = &rounded.base;
    return NATSMICRO_OK;
}

static void messages_may_be_replaced_dropped_and_refused(void **state)
{
    lab *room = *state;
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.method = "Sum";
    interceptor.send = double_value;
    interceptor.recv = round_total;
    lab_serve(room, NULL, NULL);
    lab_call_through(room, &interceptor);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_ok(lab_sum_send(call, 77));
    assert_ok(lab_sum_send(call, 7));
    assert_status(NATSMICRO_OUT_OF_RANGE, lab_sum_send(call, 13));
    assert_string_equal(natsmicro_call_error_message(call->base),
                        "lab.v1.Lab.Sum: an interceptor refused the message");
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(response->total, 100);
    assert_int_equal(response->count, 1);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static natsmicro_status only_even(natsmicro_call *call, const ProtobufCMessage **message,
                                  natsmicro_next *next, void *user_data)
{
    (void)user_data;
    natsmicro_status status;
    do
        status = natsmicro_next_recv(next, message);
    while (status == NATSMICRO_OK && ((const Lab__V1__CountUpResponse *)*message)->number % 2 != 0);
    if (status == NATSMICRO_OK && ((const Lab__V1__CountUpResponse *)*message)->number == 6)
        return natsmicro_call_fail(call, NATSMICRO_DATA_LOSS, "no six");
    return status;
}

static void received_messages_may_be_passed_over_and_end_the_call(void **state)
{
    lab *room = *state;
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.method = "CountUp";
    interceptor.recv = only_even;
    lab_serve(room, NULL, NULL);
    lab_call_through(room, &interceptor);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 9, 0, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    for (int32_t number = 0; number < 6; number += 2) {
        assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
        assert_int_equal(response->number, number);
    }
    assert_status(NATSMICRO_DATA_LOSS, lab__v1__lab_client__count_up__recv(call, &response));
    assert_null(response);
    assert_string_equal(natsmicro_call_error_message(call->base), "no six");
    assert_status(NATSMICRO_DATA_LOSS, natsmicro_call_status(call->base));
    lab__v1__lab_client__count_up__close(call);
}

static natsmicro_status refuse_negative(natsmicro_call *call, const ProtobufCMessage **message,
                                        natsmicro_next *next, void *user_data)
{
    (void)user_data;
    natsmicro_status status = natsmicro_next_recv(next, message);
    if (status != NATSMICRO_OK || ((const Lab__V1__SumRequest *)*message)->value >= 0)
        return status;
    return natsmicro_call_fail(call, NATSMICRO_OUT_OF_RANGE, "below zero");
}

static void a_server_may_refuse_what_a_caller_streams(void **state)
{
    lab *room = *state;
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.method = "Sum";
    interceptor.recv = refuse_negative;
    const natsmicro_interceptor *list[] = {&interceptor, NULL};
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.interceptors = list;
    lab_serve_with(room, &lab_handlers, NULL, &server, NULL);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_ok(lab_sum_send(call, -1));
    Lab__V1__SumResponse *response;
    assert_status(NATSMICRO_OUT_OF_RANGE,
                  lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_string_equal(natsmicro_call_error_message(call->base), "below zero");
    lab__v1__lab_client__sum__close(call);
}

/* ---- a message of another type ---- */

static natsmicro_status pass_on_another_type(natsmicro_call *call, const ProtobufCMessage *message,
                                             natsmicro_next *next, void *user_data)
{
    (void)call;
    (void)message;
    (void)user_data;
    Lab__V1__UploadResult other = LAB__V1__UPLOAD_RESULT__INIT;
    return natsmicro_next_run(next, &other.base);
}

static void a_message_of_another_type_is_not_sent(void **state)
{
    lab *room = *state;
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.send = pass_on_another_type;
    lab_serve(room, NULL, NULL);
    lab_call_through(room, &interceptor);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_status(NATSMICRO_INTERNAL, lab_sum_send(call, 1));
    assert_string_equal(natsmicro_call_error_message(call->base),
                        "lab.v1.Lab.Sum: an interceptor has passed on a lab.v1.UploadResult in "
                        "place of a lab.v1.SumRequest");
    lab__v1__lab_client__sum__close(call);
}

/* ---- opening ---- */

static natsmicro_status open_as_told(natsmicro_call *call, const ProtobufCMessage *request,
                                     natsmicro_next *next, void *user_data)
{
    const char *told = user_data;
    if (strcmp(told, "no next") == 0)
        return NATSMICRO_OK;
    if (strcmp(told, "refuse") == 0)
        return NATSMICRO_PERMISSION_DENIED;
    Lab__V1__CountUpRequest other = *(const Lab__V1__CountUpRequest *)request;
    other.count = 5;
    natsmicro_status status = natsmicro_call_set_header(call, "X-Hook", "was here");
    if (status == NATSMICRO_OK)
        status = natsmicro_next_run(next, &other.base);
    return strcmp(told, "twice") == 0 ? natsmicro_next_run(next, request) : status;
}

static natsmicro_status open_told(lab *room, const char *told, natsmicro_context *context,
                                  Lab__V1__LabClient__CountUp **call)
{
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.open = open_as_told;
    interceptor.user_data = (char *)(uintptr_t)told;
    lab_call_through(room, &interceptor);
    return lab_count_up(room, 3, 0, context, call);
}

static void the_opening_of_a_stream_may_be_changed_and_refused(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    Lab__V1__LabClient__CountUp *call;
    assert_ok(open_told(room, "change", context, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, 5);
    lab__v1__lab_client__count_up__close(call);

    assert_status(NATSMICRO_PERMISSION_DENIED, open_told(room, "refuse", context, &call));
    assert_null(call);
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.CountUp: refused by an interceptor of the client");
    assert_status(NATSMICRO_INTERNAL, open_told(room, "no next", context, &call));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.CountUp: an interceptor returned OK, but did not run the rest");
    assert_status(NATSMICRO_FAILED_PRECONDITION, open_told(room, "twice", context, &call));
    assert_string_equal(natsmicro_context_error_message(context),
                        "lab.v1.Lab.CountUp: an interceptor has opened the stream before");
    natsmicro_context_destroy(context);
}

/* Nothing of the user's runs after the client has gone. */
static void a_stream_of_a_client_that_is_gone_is_not_intercepted(void **state)
{
    noted_room *self = open_room(*state);
    serve_room(self, &lab_handlers);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->lab->client, NULL, &call));
    lab__v1__lab_client__destroy(self->lab->client);
    self->lab->client = NULL;
    assert_noted(&self->client, "x[- y[- OK]y OK]x y:UNAVAILABLE x:UNAVAILABLE ");
    assert_status(NATSMICRO_UNAVAILABLE, lab_chat_send(call, "still there?"));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
    assert_noted(&self->client, "");
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(the_first_is_outermost_around_a_unary_call),
        lab_test(a_failure_passes_all_of_them),
        lab_test(each_message_of_a_server_stream_is_seen_on_both_sides),
        lab_test(each_message_of_a_client_stream_and_its_response_are_seen),
        lab_test(a_try_send_is_seen_as_well),
        lab_test(chunks_of_a_blob_are_seen_as_messages),
        lab_test(an_interceptor_may_be_for_one_method),
        lab_test(a_method_that_is_not_there_is_refused),
        lab_test(an_interceptor_of_a_wrong_size_is_refused),
        lab_test(messages_may_be_replaced_dropped_and_refused),
        lab_test(received_messages_may_be_passed_over_and_end_the_call),
        lab_test(a_server_may_refuse_what_a_caller_streams),
        lab_test(a_message_of_another_type_is_not_sent),
        lab_test(the_opening_of_a_stream_may_be_changed_and_refused),
        lab_test(a_stream_of_a_client_that_is_gone_is_not_intercepted),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
