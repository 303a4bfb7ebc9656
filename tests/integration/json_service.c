/*
 * See json_service.h.
 */
#include "integration/json_service.h"

#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

/* ---- the twin ---- */

static natsmicro_status binary_echo(Jsonlab__V1__BinaryLabServer__Echo *call,
                                    const Jsonlab__V1__Thing *request, void *user_data)
{
    (void)user_data;
    return jsonlab__v1__binary_lab_server__echo__reply(call, request);
}

static natsmicro_status binary_count_up(Jsonlab__V1__BinaryLabServer__CountUp *call,
                                        const Jsonlab__V1__CountRequest *request, void *user_data)
{
    Jsonlab__V1__Number number = JSONLAB__V1__NUMBER__INIT;
    (void)request;
    (void)user_data;
    number.value = 7;
    return jsonlab__v1__binary_lab_server__count_up__send(call, &number);
}

const Jsonlab__V1__BinaryLabHandlers binary_handlers = {.echo = binary_echo,
                                                        .count_up = binary_count_up};

/* ---- rooms ---- */

/* After this time a stop ends the calls that a failed test has left. */
#define DRAIN_TIMEOUT_MS 3000

int json_setup(void **state)
{
    json_room *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->server_connection = connect_to(lab_broker());
    self->client_connection = connect_to(lab_broker());
    self->raw = connect_to(lab_broker());
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&self->spy, self->raw, "jsonlab.v1.>"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, RAW_TIMEOUT_MS));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    json_call_with(self, &options);
    *state = self;
    return 0;
}

int json_teardown(void **state)
{
    json_room *self = *state;
    jsonlab__v1__json_lab_client__destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsSubscription_Destroy(self->spy);
    natsConnection_Destroy(self->client_connection);
    natsConnection_Destroy(self->server_connection);
    natsConnection_Destroy(self->raw);
    free(self);
    return 0;
}

void json_serve(json_room *self, const natsmicro_server_options *options)
{
    natsmicro_server_options own = NATSMICRO_SERVER_OPTIONS_INIT;
    if (options != NULL)
        own = *options;
    own.drain_timeout_ms = DRAIN_TIMEOUT_MS;
    assert_ok(natsmicro_server_new(&self->server, self->server_connection, &own));
    assert_ok(jsonlab__v1__json_lab_server__add(self->server, &json_handlers, NULL, NULL));
}

void json_call_with(json_room *self, const natsmicro_client_options *options)
{
    natsmicro_client_options own = *options;
    own.plain_streams = streams_are_plain();
    jsonlab__v1__json_lab_client__destroy(self->client);
    self->client = NULL;
    assert_ok(jsonlab__v1__json_lab_client__new(&self->client, self->client_connection, &own));
}

natsmicro_status json_echo(json_room *self, const char *name, natsmicro_context *context)
{
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    request.full_name = (char *)(uintptr_t)name;
    Jsonlab__V1__Thing *response = NULL;
    natsmicro_status status =
        jsonlab__v1__json_lab_client__echo(self->client, &request, context, &response);
    jsonlab__v1__json_lab_client__echo__free(response);
    return status;
}

void json_assert_sent(json_room *self, const char *text)
{
    natsMsg *message = raw_next(self->spy);
    assert_int_equal(natsMsg_GetDataLength(message), strlen(text));
    assert_memory_equal(natsMsg_GetData(message), text, strlen(text));
    natsMsg_Destroy(message);
}
