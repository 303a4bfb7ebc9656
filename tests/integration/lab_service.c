/*
 * See lab_service.h.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After this time a stop ends the calls that a failed test has left. */
#define DRAIN_TIMEOUT_MS 3000

static broker *nats;

/* ---- handlers ---- */

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    (void)user_data;
    if (request->fail != 0)
        return natsmicro_call_fail(call->base, (natsmicro_status)request->fail, "failure %d",
                                   (int)request->fail);
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = request->payload;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static natsmicro_status count(Lab__V1__LabServer__CountUp *call,
                              const Lab__V1__CountUpRequest *request, char *text)
{
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    if (text != NULL)
        response.text = text;
    for (int32_t i = 0; i <= request->count; i++) {
        if (request->fail_at == i + 1)
            return natsmicro_call_fail(call->base, NATSMICRO_OUT_OF_RANGE, "failed at %d", i + 1);
        if (i == request->count)
            break;
        response.number = request->start + i;
        natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)user_data;
    char *text = request->pad > 0 ? lab_text((size_t)request->pad) : NULL;
    natsmicro_status status = count(call, request, text);
    free(text);
    return status;
}

static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    (void)user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        if (request->value < 0)
            return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT, "%lld is negative",
                                       (long long)request->value);
        response.total += request->value;
        response.count++;
    }
    if (status != NATSMICRO_END)
        return status;
    return lab__v1__lab_server__sum__reply(call, &response);
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK) {
        if (strcmp(line->text, "fail") == 0)
            return natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "asked to fail");
        status = lab__v1__lab_server__chat__send(call, line);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

const Lab__V1__LabHandlers lab_handlers = {
    .ping = ping, .count_up = count_up, .sum = sum, .chat = chat};

/* ---- handlers that wait and tell ---- */

/* Long enough for a busy machine, and shorter than a test program may take. */
#define HOLD_MS 25000

static natsmicro_status leave(lab_probe *seen, natsmicro_status status)
{
    atomic_store(&seen->returned, (int)status);
    latch_open(&seen->done);
    return status;
}

static natsmicro_status held_ping(Lab__V1__LabServer__Ping *call,
                                  const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;

    latch_open(&seen->entered);
    if (strcmp(request->payload, "wait") == 0)
        latch_wait(&seen->release, HOLD_MS);
    if (request->fail != 0)
        return leave(seen, natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no such thing"));
    response.payload = request->payload;
    return leave(seen, lab__v1__lab_server__ping__reply(call, &response));
}

/* What a CountUp that waits looks at. */
typedef struct held_call {
    natsmicro_call *call;
    lab_probe *seen;
} held_call;

static bool is_over_or_released(void *data)
{
    const held_call *self = data;
    return natsmicro_call_status(self->call) != NATSMICRO_OK ||
           latch_count(&self->seen->release) > 0;
}

static natsmicro_status held_count_up(Lab__V1__LabServer__CountUp *call,
                                      const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    int32_t count = request->count == LAB_ONE_AND_WAIT ? 1 : request->count;

    for (int32_t i = 0; count == LAB_WITHOUT_END || i < count; i++) {
        response.number = request->start + i;
        if (request->fail_at != 0 && response.number == request->fail_at)
            return leave(seen, natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "as asked"));
        natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
        if (status != NATSMICRO_OK)
            return leave(seen, status);
        if (i == 0)
            latch_open(&seen->entered);
    }
    if (request->count != LAB_ONE_AND_WAIT)
        return leave(seen, NATSMICRO_OK);
    held_call held = {call->base, seen};
    eventually(is_over_or_released, &held, HOLD_MS);
    return leave(seen, natsmicro_call_status(call->base));
}

static natsmicro_status held_sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;

    latch_open(&seen->entered);
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        if (request->value == -1)
            return leave(seen, natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "early"));
        if (request->value == -2)
            latch_wait(&seen->release, HOLD_MS);
        response.total += request->value;
        response.count++;
    }
    if (status != NATSMICRO_END)
        return leave(seen, status);
    return leave(seen, lab__v1__lab_server__sum__reply(call, &response));
}

static natsmicro_status held_chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;

    latch_open(&seen->entered);
    const Lab__V1__ChatMessage *message;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &message)) == NATSMICRO_OK) {
        bool flood = strcmp(message->text, "flood") == 0;
        do
            status = lab__v1__lab_server__chat__send(call, message);
        while (flood && status == NATSMICRO_OK);
        if (status != NATSMICRO_OK)
            break;
    }
    return leave(seen, status);
}

const Lab__V1__LabHandlers lab_held_handlers = {
    .ping = held_ping, .count_up = held_count_up, .sum = held_sum, .chat = held_chat};

/* ---- the room ---- */

void lab_probe_init(lab_probe *self)
{
    memset(self, 0, sizeof(*self));
    atomic_init(&self->returned, -1);
    latch_init(&self->entered);
    latch_init(&self->release);
    latch_init(&self->done);
}

static void probe_destroy(lab_probe *self)
{
    latch_destroy(&self->entered);
    latch_destroy(&self->release);
    latch_destroy(&self->done);
}

int lab_start_broker(void **state)
{
    (void)state;
    broker_options options = {.max_payload = LAB_MAX_PAYLOAD};
    nats = broker_start(&options);
    return 0;
}

const broker *lab_broker(void)
{
    return nats;
}

int lab_stop_broker(void **state)
{
    (void)state;
    broker_stop(nats);
    nats = NULL;
    return 0;
}

static void begin(lab *self, const char *server_url, const char *client_url)
{
    memset(self, 0, sizeof(*self));
    lab_probe_init(&self->seen);
    latch_init(&self->refused_subject);
    latch_init(&self->dropped);
    self->server_connection = connect_to_url(server_url);
    self->client_connection = connect_to_url(client_url);
    self->client = lab_new_client(self->client_connection);
}

/* Releases those that wait, so that the server's end does not take the whole drain. */
static void end(lab *self)
{
    latch_open(&self->seen.release);
    lab__v1__lab_client__destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->client_connection);
    natsConnection_Destroy(self->server_connection);
    probe_destroy(&self->seen);
    latch_destroy(&self->refused_subject);
    latch_destroy(&self->dropped);
}

int lab_setup(void **state)
{
    lab *self = malloc(sizeof(*self));
    if (self == NULL)
        return -1;
    begin(self, broker_url(nats), broker_url(nats));
    self->nats = nats;
    *state = self;
    return 0;
}

int lab_teardown(void **state)
{
    lab *self = *state;
    end(self);
    free(self);
    return 0;
}

void lab_open(lab *self)
{
    lab_open_with(self, NULL);
}

void lab_open_with(lab *self, const broker_options *options)
{
    broker *started = broker_start(options);
    begin(self, broker_url(started), broker_url(started));
    self->nats = started;
}

void lab_open_at(lab *self, const char *server_url, const char *client_url)
{
    begin(self, server_url, client_url);
}

void lab_open_held(lab *self, const natsmicro_server_options *options)
{
    natsmicro_server_options own = NATSMICRO_SERVER_OPTIONS_INIT;
    if (options != NULL)
        own = *options;
    own.on_error = lab_on_error;
    own.on_error_data = self;
    lab_open(self);
    lab_serve_with(self, &lab_held_handlers, &self->seen, &own, NULL);
}

void lab_close(lab *self)
{
    end(self);
    broker_stop(self->nats);
}

void lab_on_error(const natsmicro_event *event, void *user_data)
{
    lab *self = user_data;
    if (event->kind == NATSMICRO_EVENT_REFUSED_SUBJECT)
        latch_open(&self->refused_subject);
    if (event->kind == NATSMICRO_EVENT_DROPPED)
        latch_open(&self->dropped);
}

void lab_heard_init(lab_heard *self, natsmicro_event_kind kind)
{
    *self = (lab_heard){.kind = kind};
    latch_init(&self->happened);
}

void lab_heard_destroy(lab_heard *self)
{
    latch_destroy(&self->happened);
}

void lab_hear(const natsmicro_event *event, void *user_data)
{
    lab_heard *self = user_data;
    if (event->kind != self->kind)
        return;
    if (latch_count(&self->happened) == 0) {
        snprintf(self->subject, sizeof(self->subject), "%s", event->subject);
        snprintf(self->method, sizeof(self->method), "%s", event->method);
        snprintf(self->text, sizeof(self->text), "%s", event->text);
    }
    latch_open(&self->happened);
}

void lab_expect_heard(lab_heard *self, const char *subject, const char *method, const char *part)
{
    assert_true(latch_wait(&self->happened, LAB_PATIENCE));
    assert_string_equal(subject, self->subject);
    assert_string_equal(method, self->method);
    if (strstr(self->text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, self->text);
}

void lab_serve_with(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data,
                    const natsmicro_server_options *server_options,
                    const natsmicro_service_options *service_options)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    if (server_options != NULL)
        options = *server_options;
    if (options.drain_timeout_ms == 0)
        options.drain_timeout_ms = DRAIN_TIMEOUT_MS;
    self->handlers = *handlers;
    assert_ok(natsmicro_server_new(&self->server, self->server_connection, &options));
    assert_ok(lab__v1__lab_server__add(self->server, &self->handlers, user_data, service_options));
}

void lab_serve(lab *self, const Lab__V1__LabHandlers *handlers, void *user_data)
{
    lab_serve_with(self, handlers != NULL ? handlers : &lab_handlers, user_data, NULL, NULL);
}

void lab_call_with(lab *self, const natsmicro_client_options *options)
{
    natsmicro_client_options own = *options;
    own.plain_streams = own.plain_streams || streams_are_plain();
    lab__v1__lab_client__destroy(self->client);
    self->client = NULL;
    assert_ok(lab__v1__lab_client__new(&self->client, self->client_connection, &own));
}

void lab_call_through(lab *self, const natsmicro_interceptor *interceptor)
{
    const natsmicro_interceptor *list[] = {interceptor, NULL};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = list;
    lab_call_with(self, &options);
}

/* ---- probes ---- */

void lab_probe_wait(lab_probe *self)
{
    latch_open(&self->entered);
    latch_wait(&self->release, LAB_PATIENCE);
}

static bool is_over(void *call)
{
    return natsmicro_call_status(call) != NATSMICRO_OK;
}

natsmicro_status lab_wait_for_end(natsmicro_call *call)
{
    eventually(is_over, call, LAB_PATIENCE);
    return natsmicro_call_status(call);
}

static void *cancel(void *argument)
{
    lab_probe *self = argument;
    latch_wait(&self->entered, LAB_PATIENCE);
    natsmicro_call_cancel(self->call);
    return NULL;
}

void lab_cancel_in_thread(lab_probe *self, natsmicro_call *call)
{
    self->call = call;
    assert_int_equal(pthread_create(&self->thread, NULL, cancel, self), 0);
}

void lab_join(lab_probe *self)
{
    pthread_join(self->thread, NULL);
}

natsmicro_context *lab_context(void)
{
    natsmicro_context *context;
    assert_ok(natsmicro_context_new(&context));
    return context;
}

/* ---- calls ---- */

Lab__V1__LabClient *lab_new_client(natsConnection *connection)
{
    Lab__V1__LabClient *client = NULL;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = streams_are_plain();
    assert_ok(lab__v1__lab_client__new(&client, connection, &options));
    return client;
}

natsmicro_status lab_ping_by(Lab__V1__LabClient *client, natsmicro_context *context)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    natsmicro_status status = lab__v1__lab_client__ping(client, &request, context, &response);
    lab__v1__lab_client__ping__free(response);
    return status;
}

natsmicro_status lab_ping(lab *self, const char *payload, natsmicro_context *context,
                          Lab__V1__PingResponse **response)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.payload = (char *)(uintptr_t)payload;
    return lab__v1__lab_client__ping(self->client, &request, context, response);
}

natsmicro_status lab_ping_status(lab *self, const char *payload, natsmicro_context *context)
{
    Lab__V1__PingResponse *response;
    natsmicro_status status = lab_ping(self, payload, context, &response);
    lab__v1__lab_client__ping__free(response);
    return status;
}

natsmicro_status lab_count_up(lab *self, int32_t numbers, int32_t fail_at,
                              natsmicro_context *context, Lab__V1__LabClient__CountUp **call)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    request.count = numbers;
    request.fail_at = fail_at;
    return lab__v1__lab_client__count_up(self->client, &request, context, call);
}

natsmicro_status lab_count_all(Lab__V1__LabClient__CountUp *call, int32_t *received, bool *in_order)
{
    *received = 0;
    *in_order = true;
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK) {
        if (response->number != *received)
            *in_order = false;
        ++*received;
    }
    return status;
}

natsmicro_status lab_sum_send(Lab__V1__LabClient__Sum *call, int64_t value)
{
    Lab__V1__SumRequest request = LAB__V1__SUM_REQUEST__INIT;
    request.value = value;
    return lab__v1__lab_client__sum__send(call, &request);
}

natsmicro_status lab_chat_send(Lab__V1__LabClient__Chat *call, const char *text)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.text = (char *)(uintptr_t)text;
    return lab__v1__lab_client__chat__send(call, &line);
}

char *lab_text(size_t length)
{
    char *text = malloc(length + 1);
    if (text == NULL)
        support_die("no memory");
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

bool lab_has_figure(const char *text, size_t figure)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%zu", figure);
    return strstr(text, digits) != NULL;
}
