/*
 * JSON service: the room of each test of services whose messages travel as JSON: a server, a
 * client, and a spy that sees what callers put on the wire.
 */
#ifndef INTEGRATION_JSON_SERVICE_H
#define INTEGRATION_JSON_SERVICE_H

#include "integration/json_handlers.h"
#include "integration/raw.h"
#include "support/scenario.h"

#define JSON_SUBJECTS "jsonlab.v1"

/* Echo and CountUp of the service with the same messages in the binary form. */
extern const Jsonlab__V1__BinaryLabHandlers binary_handlers;

typedef struct json_room {
    natsConnection *server_connection;
    natsConnection *client_connection;
    natsConnection *raw;
    natsmicro_server *server; /* NULL until json_serve */
    Jsonlab__V1__JsonLabClient *client;
    natsSubscription *spy; /* sees all openings */
} json_room;

/* For cmocka: make a room with the program's broker for each test, in *state; nobody serves yet. */
int json_setup(void **state);
int json_teardown(void **state);

#define json_test(function) cmocka_unit_test_setup_teardown(function, json_setup, json_teardown)

/* Starts to serve; all options may be NULL. */
void json_serve(json_room *self, const natsmicro_server_options *options);

/* Replaces the client by one with these options. */
void json_call_with(json_room *self, const natsmicro_client_options *options);

/* Calls Echo with the name, and returns the status. `context` may be NULL. */
natsmicro_status json_echo(json_room *self, const char *name, natsmicro_context *context);

/* The text of the next opening that the spy has seen must be this one. */
void json_assert_sent(json_room *self, const char *text);

#endif
