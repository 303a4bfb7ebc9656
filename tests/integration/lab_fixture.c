/*
 * Lab fixture: the lab service as integration tests need it.
 */
#include "lab_fixture.h"

#include <string.h>

/* Long enough for a loaded machine, short enough to fail before the test's time is up. */
#define HOLD_MS 25000

static natsmicro_status leave(lab_fixture *lab, natsmicro_status status)
{
    atomic_store(&lab->status, (int)status);
    latch_open(&lab->ended);
    return status;
}

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    lab_fixture *lab = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;

    latch_open(&lab->entered);
    if (strcmp(request->payload, "wait") == 0)
        latch_wait(&lab->released, HOLD_MS);
    if (request->fail != 0)
        return leave(lab, natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no such thing"));
    response.payload = request->payload;
    return leave(lab, lab__v1__lab_server__ping__reply(call, &response));
}

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_fixture *lab = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;

    for (int32_t i = 0; request->count < 0 || i < request->count; i++) {
        response.number = request->start + i;
        if (request->fail_at != 0 && response.number == request->fail_at)
            return leave(lab, natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "as asked"));
        natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
        if (status != NATSMICRO_OK)
            return leave(lab, status);
        if (i == 0)
            latch_open(&lab->entered);
    }
    return leave(lab, NATSMICRO_OK);
}

static natsmicro_status sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_fixture *lab = user_data;
    const Lab__V1__SumRequest *request;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    natsmicro_status status;

    latch_open(&lab->entered);
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        if (request->value == -1)
            return leave(lab, natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "early"));
        if (request->value == -2)
            latch_wait(&lab->released, HOLD_MS);
        response.total += request->value;
        response.count++;
    }
    if (status != NATSMICRO_END)
        return leave(lab, status);
    return leave(lab, lab__v1__lab_server__sum__reply(call, &response));
}

static natsmicro_status chat(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_fixture *lab = user_data;
    const Lab__V1__ChatMessage *message;
    natsmicro_status status;

    latch_open(&lab->entered);
    while ((status = lab__v1__lab_server__chat__recv(call, &message)) == NATSMICRO_OK) {
        bool flood = strcmp(message->text, "flood") == 0;
        do
            status = lab__v1__lab_server__chat__send(call, message);
        while (flood && status == NATSMICRO_OK);
        if (status != NATSMICRO_OK)
            break;
    }
    return leave(lab, status);
}

const Lab__V1__LabHandlers lab_fixture_handlers = {
    .ping = ping, .count_up = count_up, .sum = sum, .chat = chat};

/* ---- starting and ending ---- */

void lab_fixture_on_error(const natsmicro_event *event, void *user_data)
{
    lab_fixture *lab = user_data;
    if (event->kind == NATSMICRO_EVENT_REFUSED_SUBJECT)
        latch_open(&lab->refused_subject);
    if (event->kind == NATSMICRO_EVENT_DROPPED)
        latch_open(&lab->dropped);
}

void lab_fixture_init(lab_fixture *self)
{
    memset(self, 0, sizeof(*self));
    latch_init(&self->entered);
    latch_init(&self->released);
    latch_init(&self->ended);
    latch_init(&self->refused_subject);
    latch_init(&self->dropped);
    atomic_init(&self->status, -1);
}

void lab_fixture_start(lab_fixture *self, const natsmicro_server_options *options)
{
    natsmicro_server_options own = NATSMICRO_SERVER_OPTIONS_INIT;
    if (options != NULL)
        own = *options;
    own.on_error = lab_fixture_on_error;
    own.on_error_data = self;
    lab_fixture_init(self);
    self->where = broker_start(NULL);
    self->connection = connect_to(self->where);
    assert_ok(natsmicro_server_new(&self->server, self->connection, &own));
    assert_ok(lab__v1__lab_server__add(self->server, &lab_fixture_handlers, self, NULL));
}

void lab_fixture_stop(lab_fixture *self)
{
    latch_open(&self->released);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->connection);
    broker_stop(self->where);
    latch_destroy(&self->entered);
    latch_destroy(&self->released);
    latch_destroy(&self->ended);
    latch_destroy(&self->refused_subject);
    latch_destroy(&self->dropped);
}

Lab__V1__LabClient *lab_fixture_client(natsConnection *connection)
{
    Lab__V1__LabClient *client = NULL;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = streams_are_plain();
    assert_ok(lab__v1__lab_client__new(&client, connection, &options));
    return client;
}

natsmicro_status lab_fixture_ping(Lab__V1__LabClient *client, natsmicro_context *context)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    natsmicro_status status = lab__v1__lab_client__ping(client, &request, context, &response);
    lab__v1__lab_client__ping__free(response);
    return status;
}
