/*
 * Who sets no on_error and passes no context still learns why a function failed. What a user would
 * lose is an hour with a debugger.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

/* The last function failed, and its thread can read a text with this part. */
static void expect_text(natsmicro_status expected, natsmicro_status actual, const char *part)
{
    assert_status(expected, actual);
    if (strstr(natsmicro_last_error(), part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", natsmicro_last_error(), part);
}

static void a_client_that_is_not_made_says_why(void **state)
{
    lab *self = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.subject_prefix = "a b";
    Lab__V1__LabClient *client;
    expect_text(NATSMICRO_INVALID_ARGUMENT,
                lab__v1__lab_client__new(&client, self->client_connection, &options),
                "lab.v1.Lab: subject_prefix \"a b\"");
    expect_text(NATSMICRO_INVALID_ARGUMENT, lab__v1__lab_client__new(&client, NULL, NULL),
                "the connection is NULL");
    options.size = 1;
    expect_text(NATSMICRO_INVALID_ARGUMENT,
                lab__v1__lab_client__new(&client, self->client_connection, &options), "INIT macro");
}

static void a_server_that_is_not_made_says_why(void **state)
{
    lab *self = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.drain_timeout_ms = -1;
    natsmicro_server *server;
    expect_text(NATSMICRO_INVALID_ARGUMENT,
                natsmicro_server_new(&server, self->server_connection, &options),
                "the server: drain_timeout_ms is -1");
}

static void a_service_that_is_not_added_says_why(void **state)
{
    lab *self = *state;
    expect_text(NATSMICRO_INVALID_ARGUMENT,
                lab__v1__lab_server__add(NULL, &lab_handlers, NULL, NULL), "the server is NULL");
    lab_serve(self, NULL, NULL);
    expect_text(NATSMICRO_ALREADY_EXISTS,
                lab__v1__lab_server__add(self->server, &lab_handlers, NULL, NULL),
                "lab.v1.Lab: the server serves the subject \"lab.v1.");
}

static void a_server_whose_connection_was_closed_says_so(void **state)
{
    lab *self = *state;
    lab_serve(self, NULL, NULL);
    natsConnection_Close(self->server_connection);
    expect_text(NATSMICRO_UNAVAILABLE, natsmicro_server_run(self->server),
                "the connection was closed");
}

static void options_and_folders_say_what_is_wrong(void **state)
{
    (void)state;
    expect_text(NATSMICRO_INVALID_ARGUMENT, natsmicro_options_prepare(NULL), "NULL");
    expect_text(NATSMICRO_NOT_FOUND, natsmicro_chunked_remove_leftovers("/no/such/folder", NULL),
                "/no/such/folder: No such file");
}

static void a_header_says_what_is_wrong(void **state)
{
    (void)state;
    natsmicro_context *context = lab_context();
    expect_text(NATSMICRO_INVALID_ARGUMENT, natsmicro_context_set_header(context, "Nats-Mine", "x"),
                "Nats-Mine");
    expect_text(NATSMICRO_INVALID_ARGUMENT, natsmicro_context_add_header(context, "a b", "x"),
                "a b");
    natsmicro_context_destroy(context);
}

static void a_call_without_a_context_says_why(void **state)
{
    lab *self = *state;
    expect_text(NATSMICRO_UNAVAILABLE, lab_ping_status(self, "", NULL),
                "lab.v1.Lab.Ping: nobody serves");
    Lab__V1__LabClient__Chat *call;
    expect_text(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat(self->client, NULL, &call),
                "lab.v1.Lab.Chat: nobody serves");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_client_that_is_not_made_says_why),
        lab_test(a_server_that_is_not_made_says_why),
        lab_test(a_service_that_is_not_added_says_why),
        lab_test(a_server_whose_connection_was_closed_says_so),
        cmocka_unit_test(options_and_folders_say_what_is_wrong),
        cmocka_unit_test(a_header_says_what_is_wrong),
        lab_test(a_call_without_a_context_says_why),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
