/*
 * Connections whose subscriptions share nats.c's delivery threads. There a call from the user's own
 * callback would wait for its answer in the thread that is to bring it, and one slow callback would
 * hold up every stream of the process.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <string.h>

static natsConnection *connect_with(natsOptions *options)
{
    natsConnection *connection = NULL;
    assert_int_equal(NATS_OK, natsOptions_SetURL(options, broker_url(lab_broker())));
    assert_int_equal(NATS_OK, natsConnection_Connect(&connection, options));
    natsOptions_Destroy(options);
    return connection;
}

static natsOptions *sharing_options(void)
{
    natsOptions *options = NULL;
    assert_int_equal(NATS_OK, natsOptions_Create(&options));
    assert_int_equal(NATS_OK, natsOptions_UseGlobalMessageDelivery(options, true));
    return options;
}

static void assert_says_why(lab_heard *self)
{
    assert_true(latch_wait(&self->happened, LAB_PATIENCE));
    assert_non_null(strstr(self->text, "natsOptions_UseGlobalMessageDelivery"));
    assert_non_null(strstr(self->text, "natsmicro_options_prepare"));
}

static void a_client_refuses_shared_threads_and_says_why(void **state)
{
    (void)state;
    natsConnection *connection = connect_with(sharing_options());
    lab_heard fault;
    lab_heard_init(&fault, NATSMICRO_EVENT_SETUP_FAILED);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &fault;
    /* Twice: the shared thread remembers the first time. */
    for (int i = 0; i < 2; i++) {
        Lab__V1__LabClient *client = NULL;
        assert_status(NATSMICRO_FAILED_PRECONDITION,
                      lab__v1__lab_client__new(&client, connection, &options));
        assert_null(client);
    }
    assert_says_why(&fault);
    natsConnection_Destroy(connection);
    lab_heard_destroy(&fault);
}

static void a_server_refuses_shared_threads_and_says_why(void **state)
{
    (void)state;
    natsConnection *connection = connect_with(sharing_options());
    lab_heard fault;
    lab_heard_init(&fault, NATSMICRO_EVENT_SETUP_FAILED);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &fault;
    natsmicro_server *server = NULL;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_server_new(&server, connection, &options));
    assert_null(server);
    assert_says_why(&fault);
    natsConnection_Destroy(connection);
    lab_heard_destroy(&fault);
}

/* ---- a call from the user's own callback, on a connection whose options were prepared ---- */

typedef struct caller {
    lab room;
    latch answered;
    natsmicro_status status;
} caller;

static void call_back(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                      void *closure)
{
    caller *self = closure;
    (void)connection;
    (void)subscription;
    self->status = lab_ping_status(&self->room, "from a callback", NULL);
    natsMsg_Destroy(message);
    latch_open(&self->answered);
}

static void a_prepared_connection_has_threads_of_its_own(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsOptions *options = sharing_options();
    assert_ok(natsmicro_options_prepare(options));
    natsConnection *connection = connect_with(options);
    caller self = {.status = NATSMICRO_UNKNOWN};
    latch_init(&self.answered);
    self.room.client = lab_new_client(connection);

    natsSubscription *subscription = NULL;
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&subscription, connection, "users.own",
                                                       call_back, &self));
    assert_int_equal(NATS_OK, natsConnection_PublishString(connection, "users.own", "now"));
    assert_true(latch_wait(&self.answered, LAB_PATIENCE));
    assert_ok(self.status);

    natsSubscription_Destroy(subscription);
    lab__v1__lab_client__destroy(self.room.client);
    natsConnection_Destroy(connection);
    latch_destroy(&self.answered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_client_refuses_shared_threads_and_says_why),
        lab_test(a_server_refuses_shared_threads_and_says_why),
        lab_test(a_prepared_connection_has_threads_of_its_own),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
