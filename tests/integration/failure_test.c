/*
 * Failures around running calls: a process dies, the broker ends or stands still, a connection is
 * closed. No function may wait for ever, and afterwards calls work again.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Far below the idle limit of 30 s: a failure that is noticed within this time was noticed because
 * of what the broker said, or because the connection ended.
 */
#define WAIT_MS 10000

/* Far below WAIT_MS. A busy machine only makes it longer, as the peers here are really gone. */
#define GONE_LIMIT_MS 1000

/* ---- second processes ---- */

static int serve(const char *url)
{
    natsConnection *connection = NULL;
    natsmicro_server *server = NULL;
    lab_probe seen;
    lab_probe_init(&seen);
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_held_handlers, &seen, NULL) != NATSMICRO_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

/* Opens a call, prints that it has, and stays in it. */
static int call_until_killed(const char *pattern, const char *url)
{
    natsConnection *connection = NULL;
    Lab__V1__LabClient *client = NULL;
    Lab__V1__CountUpRequest endless = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    Lab__V1__LabClient__CountUp *count = NULL;
    Lab__V1__LabClient__Sum *sum = NULL;
    Lab__V1__LabClient__Chat *chat = NULL;
    const Lab__V1__CountUpResponse *number = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    natsmicro_status status = NATSMICRO_INTERNAL;
    natsmicro_client_options plain = NATSMICRO_CLIENT_OPTIONS_INIT;
    plain.plain_streams = true;

    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        lab__v1__lab_client__new(&client, connection, &plain) != NATSMICRO_OK)
        return 1;
    endless.count = LAB_WITHOUT_END;
    if (strcmp(pattern, "count_up") == 0) {
        status = lab__v1__lab_client__count_up(client, &endless, NULL, &count);
        if (status == NATSMICRO_OK)
            status = lab__v1__lab_client__count_up__recv(count, &number);
    } else if (strcmp(pattern, "sum") == 0) {
        status = lab__v1__lab_client__sum(client, NULL, &sum);
        if (status == NATSMICRO_OK)
            status = lab__v1__lab_client__sum__send(sum, &item);
    } else {
        status = lab__v1__lab_client__chat(client, NULL, &chat);
        if (status == NATSMICRO_OK)
            status = lab__v1__lab_client__chat__send(chat, &line);
        if (status == NATSMICRO_OK)
            status = lab__v1__lab_client__chat__recv(chat, &echo);
    }
    printf("%s\n", natsmicro_status_name(status));
    fflush(stdout);
    for (;;)
        pause();
}

static void expect_line(child *process, const char *expected)
{
    char line[64] = "";
    assert_true(child_line(process, line, sizeof(line), WAIT_MS));
    assert_string_equal(expected, line);
}

/* ---- processes that die ---- */

/* A server in a second process, and a client in this one. */
typedef struct scene {
    broker *where;
    child server;
    natsConnection *connection;
    Lab__V1__LabClient *client;
} scene;

static void open_scene(scene *self)
{
    self->where = broker_start(NULL);
    child_start(&self->server, "serve", broker_url(self->where));
    expect_line(&self->server, "serving");
    self->connection = connect_to(self->where);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = true;
    options.gone_limit_ms = GONE_LIMIT_MS;
    assert_ok(lab__v1__lab_client__new(&self->client, self->connection, &options));
}

/* The broker told so: after mere silence the text would be another one. */
static void assert_service_is_gone(natsmicro_status status, natsmicro_call *call)
{
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_non_null(strstr(natsmicro_call_error_message(call), "is gone"));
}

static void close_scene(scene *self)
{
    lab__v1__lab_client__destroy(self->client);
    natsConnection_Destroy(self->connection);
    broker_stop(self->where);
}

static void a_killed_server_ends_a_server_stream(void **state)
{
    Lab__V1__CountUpRequest one = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call = NULL;
    const Lab__V1__CountUpResponse *number = NULL;
    (void)state;
    scene self;
    open_scene(&self);
    one.count = LAB_ONE_AND_WAIT;
    assert_ok(lab__v1__lab_client__count_up(self.client, &one, NULL, &call));
    assert_ok(lab__v1__lab_client__count_up__recv(call, &number));
    child_kill(&self.server);
    assert_service_is_gone(lab__v1__lab_client__count_up__recv(call, &number), call->base);
    lab__v1__lab_client__count_up__close(call);
    close_scene(&self);
}

static void a_killed_server_ends_a_bidi_stream(void **state)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    Lab__V1__LabClient__Chat *call = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    (void)state;
    scene self;
    open_scene(&self);
    assert_ok(lab__v1__lab_client__chat(self.client, NULL, &call));
    assert_ok(lab__v1__lab_client__chat__send(call, &line));
    assert_ok(lab__v1__lab_client__chat__recv(call, &echo));
    child_kill(&self.server);
    assert_service_is_gone(lab__v1__lab_client__chat__recv(call, &echo), call->base);
    lab__v1__lab_client__chat__close(call);
    close_scene(&self);
}

static void a_killed_server_ends_a_client_stream(void **state)
{
    Lab__V1__LabClient__Sum *call = NULL;
    Lab__V1__SumResponse *response = NULL;
    (void)state;
    scene self;
    open_scene(&self);
    assert_ok(lab__v1__lab_client__sum(self.client, NULL, &call));
    assert_ok(lab_sum_send(call, 1));
    child_kill(&self.server);
    assert_service_is_gone(lab__v1__lab_client__sum__close_and_recv(call, &response), call->base);
    lab__v1__lab_client__sum__close(call);
    close_scene(&self);
}

static void a_killed_client_ends_its_handler(const char *pattern)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.gone_limit_ms = GONE_LIMIT_MS;
    lab room;
    lab_open_held(&room, &options);
    child client;
    child_start(&client, pattern, broker_url(room.nats));
    expect_line(&client, "OK");
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    assert_int_equal(0, latch_count(&room.seen.done));
    child_kill(&client);
    assert_true(latch_wait(&room.seen.done, WAIT_MS));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&room.seen.returned));
    lab_close(&room);
}

static void a_killed_client_ends_a_server_stream(void **state)
{
    (void)state;
    a_killed_client_ends_its_handler("count_up");
}

static void a_killed_client_ends_a_client_stream(void **state)
{
    (void)state;
    a_killed_client_ends_its_handler("sum");
}

static void a_killed_client_ends_a_bidi_stream(void **state)
{
    (void)state;
    a_killed_client_ends_its_handler("chat");
}

/* ---- the broker ---- */

/*
 * A request that is sent while a connection reconnects is lost, so no single one may take all the
 * time.
 */
static bool ping_works(void *client)
{
    natsmicro_context *context = NULL;
    assert_ok(natsmicro_context_new(&context));
    natsmicro_context_set_timeout(context, 500);
    natsmicro_status status = lab_ping_by(client, context);
    natsmicro_context_destroy(context);
    return status == NATSMICRO_OK;
}

static void calls_work_after_a_restart_of_the_broker(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    Lab__V1__LabClient *client = lab_new_client(connection);
    assert_ok(lab_ping_by(client, NULL));
    broker_restart(room.nats);
    /* Until both sides have reconnected. */
    assert_true(eventually(ping_works, client, WAIT_MS));
    assert_ok(lab_ping_by(client, NULL));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

static void a_broker_that_stands_still_holds_nobody_past_the_deadline(void **state)
{
    natsmicro_context *context = NULL;
    Lab__V1__LabClient__Chat *chat = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    Lab__V1__LabClient *client = lab_new_client(connection);
    assert_ok(natsmicro_context_new(&context));
    natsmicro_context_set_timeout(context, 1000);
    assert_ok(lab__v1__lab_client__chat(client, context, &chat));
    int64_t paused = now_ms();
    broker_pause(room.nats);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab__v1__lab_client__chat__recv(chat, &echo));
    assert_true(now_ms() - paused < WAIT_MS);
    lab__v1__lab_client__chat__close(chat);

    natsmicro_context_set_timeout(context, 500);
    int64_t called = now_ms();
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_ping_by(client, context));
    assert_true(now_ms() - called < WAIT_MS);

    broker_resume(room.nats);
    assert_true(eventually(ping_works, client, WAIT_MS));
    natsmicro_context_destroy(context);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

/*
 * nats.c holds the connection's lock while it writes. So a sender stands still with the broker,
 * until the write deadline of natsmicro_options_prepare. What is sent meanwhile waits in nats.c's
 * buffers.
 */
#define STAND_STILL_MS 4000

typedef struct sender {
    pthread_t thread;
    Lab__V1__LabClient *client;
    natsmicro_context *context;
    atomic_bool stop;
    int64_t longest_ms;
    natsmicro_status status;
} sender;

static void *send_until_refused(void *argument)
{
    sender *self = argument;
    Lab__V1__LabClient__Sum *sum = NULL;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    self->status = lab__v1__lab_client__sum(self->client, self->context, &sum);
    while (self->status == NATSMICRO_OK && !atomic_load(&self->stop)) {
        int64_t began = now_ms();
        self->status = lab__v1__lab_client__sum__send(sum, &item);
        if (now_ms() - began > self->longest_ms)
            self->longest_ms = now_ms() - began;
    }
    lab__v1__lab_client__sum__close(sum);
    return NULL;
}

static void stand_still(broker *where)
{
    latch never;
    latch_init(&never);
    broker_pause(where);
    latch_wait(&never, STAND_STILL_MS);
    broker_resume(where);
    latch_destroy(&never);
}

static void send_while_the_broker_stands_still(sender *self, int64_t timeout_ms)
{
    *self = (sender){.status = NATSMICRO_OK};
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    assert_ok(natsmicro_context_new(&self->context));
    natsmicro_context_set_timeout(self->context, timeout_ms);
    self->client = lab_new_client(connection);
    assert_int_equal(0, pthread_create(&self->thread, NULL, send_until_refused, self));
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    stand_still(room.nats);
    atomic_store(&self->stop, true);
    pthread_join(self->thread, NULL);
    assert_true(eventually(ping_works, self->client, WAIT_MS));
    assert_true(latch_wait(&room.seen.done, WAIT_MS));
    natsmicro_context_destroy(self->context);
    lab__v1__lab_client__destroy(self->client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

static void no_send_of_a_client_outlasts_a_broker_that_stands_still(void **state)
{
    (void)state;
    sender sending;
    send_while_the_broker_stands_still(&sending, 0);
    assert_between(sending.longest_ms, 0, WAIT_MS);
}

static void a_client_that_sends_is_told_at_its_deadline(void **state)
{
    (void)state;
    sender sending;
    send_while_the_broker_stands_still(&sending, 1000);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, sending.status);
}

static void a_handler_that_sends_outlasts_a_broker_that_stands_still(void **state)
{
    Lab__V1__LabClient__CountUp *call = NULL;
    Lab__V1__CountUpRequest endless = LAB__V1__COUNT_UP_REQUEST__INIT;
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    Lab__V1__LabClient *client = lab_new_client(connection);
    endless.count = LAB_WITHOUT_END;
    assert_ok(lab__v1__lab_client__count_up(client, &endless, NULL, &call));
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    stand_still(room.nats);
    lab__v1__lab_client__count_up__close(call); /* tells the handler, if its send has not failed */
    assert_true(latch_wait(&room.seen.done, WAIT_MS));
    assert_int_not_equal(NATSMICRO_OK, atomic_load(&room.seen.returned));
    assert_true(eventually(ping_works, client, WAIT_MS));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

/* ---- a closed connection ---- */

/* Each makes a call of one kind that waits until its connection is closed, and returns its end. */
static natsmicro_status wait_in_unary(Lab__V1__LabClient *client)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    char payload[] = "wait";
    request.payload = payload;
    return lab__v1__lab_client__ping(client, &request, NULL, &response);
}

static natsmicro_status wait_in_server_stream(Lab__V1__LabClient *client)
{
    Lab__V1__LabClient__CountUp *call = NULL;
    Lab__V1__CountUpRequest one = LAB__V1__COUNT_UP_REQUEST__INIT;
    const Lab__V1__CountUpResponse *number = NULL;
    one.count = LAB_ONE_AND_WAIT;
    natsmicro_status status = lab__v1__lab_client__count_up(client, &one, NULL, &call);
    while (status == NATSMICRO_OK)
        status = lab__v1__lab_client__count_up__recv(call, &number);
    lab__v1__lab_client__count_up__close(call);
    return status;
}

static natsmicro_status wait_in_client_stream(Lab__V1__LabClient *client)
{
    Lab__V1__LabClient__Sum *call = NULL;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__SumResponse *response = NULL;
    item.value = -2;
    natsmicro_status status = lab__v1__lab_client__sum(client, NULL, &call);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__sum__send(call, &item);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__sum__close_and_recv(call, &response);
    lab__v1__lab_client__sum__close(call);
    return status;
}

static natsmicro_status wait_in_bidi(Lab__V1__LabClient *client)
{
    Lab__V1__LabClient__Chat *call = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    natsmicro_status status = lab__v1__lab_client__chat(client, NULL, &call);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__chat__recv(call, &echo);
    lab__v1__lab_client__chat__close(call);
    return status;
}

typedef struct waiting_caller {
    pthread_t thread;
    natsConnection *connection;
    Lab__V1__LabClient *client;
    natsmicro_status (*wait)(Lab__V1__LabClient *client);
    natsmicro_status status;
} waiting_caller;

static void *run_waiting_caller(void *argument)
{
    waiting_caller *self = argument;
    self->status = self->wait(self->client);
    return NULL;
}

static void a_closed_connection_ends_a_call_of_each_kind(void **state)
{
    natsmicro_status (*const kinds[])(Lab__V1__LabClient *) = {wait_in_unary, wait_in_server_stream,
                                                               wait_in_client_stream, wait_in_bidi};
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    for (int i = 0; i < 4; i++) {
        waiting_caller caller = {.connection = connect_to(room.nats), .wait = kinds[i]};
        caller.client = lab_new_client(caller.connection);
        assert_int_equal(0, pthread_create(&caller.thread, NULL, run_waiting_caller, &caller));
        assert_true(latch_wait_count(&room.seen.entered, i + 1, WAIT_MS));
        int64_t closed = now_ms();
        natsConnection_Close(caller.connection);
        pthread_join(caller.thread, NULL);
        assert_status(NATSMICRO_UNAVAILABLE, caller.status);
        assert_true(now_ms() - closed < WAIT_MS);
        lab__v1__lab_client__destroy(caller.client);
        natsConnection_Destroy(caller.connection);
    }
    lab_close(&room);
}

static void a_closed_connection_ends_a_handler_that_waits(void **state)
{
    Lab__V1__LabClient__Chat *call = NULL;
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    Lab__V1__LabClient *client = lab_new_client(connection);
    assert_ok(lab__v1__lab_client__chat(client, NULL, &call));
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    natsConnection_Close(room.server_connection);
    assert_true(latch_wait(&room.seen.done, WAIT_MS));
    assert_status(NATSMICRO_UNAVAILABLE, (natsmicro_status)atomic_load(&room.seen.returned));
    lab__v1__lab_client__chat__close(call);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

static void *run_server(void *argument)
{
    lab *room = argument;
    atomic_store(&room->seen.returned, (int)natsmicro_server_run(room->server));
    latch_open(&room->seen.done);
    return NULL;
}

static void a_closed_connection_ends_calls_and_server(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsConnection *connection = connect_to(room.nats);
    Lab__V1__LabClient *client = lab_new_client(connection);
    natsConnection_Close(connection);
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_by(client, NULL));

    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, run_server, &room));
    natsConnection_Close(room.server_connection);
    assert_true(latch_wait(&room.seen.done, WAIT_MS));
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, (natsmicro_status)atomic_load(&room.seen.returned));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

/* Runs a server until `end` has ended its connection, and checks that it was told. */
static void expect_end_of_run(lab *room, void (*end)(natsConnection *connection))
{
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, run_server, room));
    end(room->server_connection);
    assert_true(latch_wait(&room->seen.done, WAIT_MS));
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, (natsmicro_status)atomic_load(&room->seen.returned));
    /* A stop changes nothing about it. */
    natsmicro_server_stop(room->server);
    assert_status(NATSMICRO_UNAVAILABLE, natsmicro_server_run(room->server));
}

static void drain_connection(natsConnection *connection)
{
    assert_int_equal(NATS_OK, natsConnection_Drain(connection));
}

static void a_drained_connection_ends_the_server(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    assert_ok(lab_ping_by(room.client, NULL));
    expect_end_of_run(&room, drain_connection);
    lab_close(&room);
}

static void a_server_without_services_hears_that_its_connection_is_closed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        lab room;
        lab_open(&room);
        assert_ok(natsmicro_server_new(&room.server, room.server_connection, NULL));
        expect_end_of_run(&room, i == 0 ? natsConnection_Close : drain_connection);
        lab_close(&room);
    }
}

/* ---- a connection that has not been made yet ---- */

/* With a callback, even one that does nothing, nats.c does not wait for the first connection. */
static void on_connected(natsConnection *connection, void *closure)
{
    (void)connection;
    (void)closure;
}

static natsConnection *connect_later(const char *url)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    assert_int_equal(NATS_OK, natsOptions_Create(&options));
    assert_ok(natsmicro_options_prepare(options));
    assert_int_equal(NATS_OK, natsOptions_SetURL(options, url));
    assert_int_equal(NATS_OK,
                     natsOptions_SetRetryOnFailedConnect(options, true, on_connected, NULL));
    natsStatus status = natsConnection_Connect(&connection, options);
    natsOptions_Destroy(options);
    assert_int_equal(NATS_NOT_YET_CONNECTED, status);
    return connection;
}

static bool is_connected(void *connection)
{
    return natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED;
}

static void calls_before_the_first_connection_wait_or_say_so(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    broker_kill(room.nats);
    natsConnection *connection = connect_later(broker_url(room.nats));
    Lab__V1__LabClient *client = lab_new_client(connection);
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call = NULL;
    natsmicro_context *context = lab_context();
    natsmicro_status status = lab__v1__lab_client__count_up(client, &request, context, &call);
    if (status == NATSMICRO_OK) /* a newer nats.c keeps the opening until it is connected */
        lab__v1__lab_client__count_up__close(call);
    else {
        assert_status(NATSMICRO_UNAVAILABLE, status);
        assert_non_null(strstr(natsmicro_context_error_message(context), "has not been made yet"));
    }
    natsmicro_context_destroy(context);

    broker_restart(room.nats);
    assert_true(eventually(is_connected, connection, WAIT_MS));
    assert_true(eventually(ping_works, client, WAIT_MS)); /* the service connects again, too */
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_server_ends_a_server_stream),
        cmocka_unit_test(a_killed_server_ends_a_bidi_stream),
        cmocka_unit_test(a_killed_server_ends_a_client_stream),
        cmocka_unit_test(a_killed_client_ends_a_server_stream),
        cmocka_unit_test(a_killed_client_ends_a_client_stream),
        cmocka_unit_test(a_killed_client_ends_a_bidi_stream),
        cmocka_unit_test(calls_work_after_a_restart_of_the_broker),
        cmocka_unit_test(a_broker_that_stands_still_holds_nobody_past_the_deadline),
        cmocka_unit_test(no_send_of_a_client_outlasts_a_broker_that_stands_still),
        cmocka_unit_test(a_client_that_sends_is_told_at_its_deadline),
        cmocka_unit_test(a_handler_that_sends_outlasts_a_broker_that_stands_still),
        cmocka_unit_test(a_closed_connection_ends_a_call_of_each_kind),
        cmocka_unit_test(a_closed_connection_ends_a_handler_that_waits),
        cmocka_unit_test(a_closed_connection_ends_calls_and_server),
        cmocka_unit_test(calls_before_the_first_connection_wait_or_say_so),
        cmocka_unit_test(a_drained_connection_ends_the_server),
        cmocka_unit_test(a_server_without_services_hears_that_its_connection_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc > 2)
        return call_until_killed(argv[1], argv[2]);
    return run_on_plain_streams(run);
}
