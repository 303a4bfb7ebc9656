/*
 * Lab service: see lab_service.h.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stop cancels what a failed test has left running after this long. */
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

/* ---- the room ---- */

static void probe_init(lab_probe *self)
{
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

int lab_setup(void **state)
{
    lab *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return -1;
    self->nats = nats;
    probe_init(&self->seen);
    self->server_connection = connect_to(nats);
    self->client_connection = connect_to(nats);
    *state = self;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = streams_are_plain();
    if (lab__v1__lab_client__new(&self->client, self->client_connection, &options) != NATSMICRO_OK)
        return -1;
    return 0;
}

int lab_teardown(void **state)
{
    lab *self = *state;
    lab__v1__lab_client__destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->client_connection);
    natsConnection_Destroy(self->server_connection);
    probe_destroy(&self->seen);
    free(self);
    return 0;
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
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    *received = 0;
    *in_order = true;
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
