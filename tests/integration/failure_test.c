/*
 * What breaks while calls run: a process dies, the broker goes away or stands still, a connection is closed.
 * Nobody may wait for ever, and afterwards things go on.
 */
#include "lab_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS   10000
#define NOTICE_MS 3000

/* ---- second processes ---- */

static int serve(const char *url)
{
    natsConnection *connection = NULL;
    natsmicro_server *server = NULL;
    lab_fixture lab;
    lab_fixture_init(&lab);
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_fixture_handlers, &lab, NULL) != NATSMICRO_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

/* Opens a call and says so, then stays in it. */
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

    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        lab__v1__lab_client__new(&client, connection, NULL) != NATSMICRO_OK)
        return 1;
    endless.count = -1;
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

static void a_killed_server_ends_a_server_stream(void **state)
{
    child server;
    broker *where = broker_start(NULL);
    Lab__V1__CountUpRequest endless = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call = NULL;
    const Lab__V1__CountUpResponse *number = NULL;
    natsmicro_status status;
    (void)state;
    child_start(&server, "serve", broker_url(where));
    expect_line(&server, "serving");
    natsConnection *connection = connect_to(where);
    Lab__V1__LabClient *client = lab_fixture_client(connection);
    endless.count = -1;
    assert_ok(lab__v1__lab_client__count_up(client, &endless, NULL, &call));
    assert_ok(lab__v1__lab_client__count_up__recv(call, &number));
    child_kill(&server);
    int64_t killed = now_ms();
    while ((status = lab__v1__lab_client__count_up__recv(call, &number)) == NATSMICRO_OK)
        continue;
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_true(now_ms() - killed < NOTICE_MS);
    lab__v1__lab_client__count_up__close(call);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    broker_stop(where);
}

static void a_killed_server_ends_a_bidi_stream(void **state)
{
    child server;
    broker *where = broker_start(NULL);
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    Lab__V1__LabClient__Chat *call = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    (void)state;
    child_start(&server, "serve", broker_url(where));
    expect_line(&server, "serving");
    natsConnection *connection = connect_to(where);
    Lab__V1__LabClient *client = lab_fixture_client(connection);
    assert_ok(lab__v1__lab_client__chat(client, NULL, &call));
    assert_ok(lab__v1__lab_client__chat__send(call, &line));
    assert_ok(lab__v1__lab_client__chat__recv(call, &echo));
    child_kill(&server);
    int64_t killed = now_ms();
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &echo));
    assert_true(now_ms() - killed < NOTICE_MS);
    lab__v1__lab_client__chat__close(call);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    broker_stop(where);
}

static void a_killed_client_ends_its_handler(const char *pattern)
{
    child client;
    lab_fixture lab;
    lab_fixture_start(&lab, NULL);
    child_start(&client, pattern, broker_url(lab.where));
    expect_line(&client, "OK");
    assert_true(latch_wait(&lab.entered, WAIT_MS));
    assert_int_equal(0, latch_count(&lab.ended));
    child_kill(&client);
    assert_true(latch_wait(&lab.ended, NOTICE_MS));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&lab.status));
    lab_fixture_stop(&lab);
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

static bool ping_works(void *client)
{
    return lab_fixture_ping(client, NULL) == NATSMICRO_OK;
}

static void calls_work_after_a_restart_of_the_broker(void **state)
{
    lab_fixture lab;
    (void)state;
    lab_fixture_start(&lab, NULL);
    natsConnection *connection = connect_to(lab.where);
    Lab__V1__LabClient *client = lab_fixture_client(connection);
    assert_ok(lab_fixture_ping(client, NULL));
    broker_restart(lab.where);
    /* Both sides have to be back. */
    assert_true(eventually(ping_works, client, WAIT_MS));
    assert_ok(lab_fixture_ping(client, NULL));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_fixture_stop(&lab);
}

static void a_broker_that_stands_still_holds_nobody_past_the_deadline(void **state)
{
    lab_fixture lab;
    natsmicro_context *context = NULL;
    Lab__V1__LabClient__Chat *chat = NULL;
    const Lab__V1__ChatMessage *echo = NULL;
    (void)state;
    lab_fixture_start(&lab, NULL);
    natsConnection *connection = connect_to(lab.where);
    Lab__V1__LabClient *client = lab_fixture_client(connection);
    assert_ok(natsmicro_context_new(&context));
    natsmicro_context_set_timeout(context, 1000);
    assert_ok(lab__v1__lab_client__chat(client, context, &chat));
    int64_t paused = now_ms();
    broker_pause(lab.where);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab__v1__lab_client__chat__recv(chat, &echo));
    assert_true(now_ms() - paused < 1000 + 2500);
    lab__v1__lab_client__chat__close(chat);

    natsmicro_context_set_timeout(context, 500);
    int64_t called = now_ms();
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_fixture_ping(client, context));
    assert_true(now_ms() - called < 500 + 2500);

    broker_resume(lab.where);
    assert_true(eventually(ping_works, client, WAIT_MS));
    natsmicro_context_destroy(context);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_fixture_stop(&lab);
}

/* ---- a closed connection ---- */

static void *run_server(void *argument)
{
    lab_fixture *lab = argument;
    atomic_store(&lab->status, (int)natsmicro_server_run(lab->server));
    latch_open(&lab->ended);
    return NULL;
}

static void a_closed_connection_ends_calls_and_server(void **state)
{
    lab_fixture lab;
    pthread_t thread;
    (void)state;
    lab_fixture_start(&lab, NULL);
    natsConnection *connection = connect_to(lab.where);
    Lab__V1__LabClient *client = lab_fixture_client(connection);
    natsConnection_Close(connection);
    assert_status(NATSMICRO_UNAVAILABLE, lab_fixture_ping(client, NULL));

    assert_int_equal(0, pthread_create(&thread, NULL, run_server, &lab));
    natsConnection_Close(lab.connection);
    assert_true(latch_wait(&lab.ended, WAIT_MS));
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, (natsmicro_status)atomic_load(&lab.status));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_fixture_stop(&lab);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_server_ends_a_server_stream),
        cmocka_unit_test(a_killed_server_ends_a_bidi_stream),
        cmocka_unit_test(a_killed_client_ends_a_server_stream),
        cmocka_unit_test(a_killed_client_ends_a_client_stream),
        cmocka_unit_test(a_killed_client_ends_a_bidi_stream),
        cmocka_unit_test(calls_work_after_a_restart_of_the_broker),
        cmocka_unit_test(a_broker_that_stands_still_holds_nobody_past_the_deadline),
        cmocka_unit_test(a_closed_connection_ends_calls_and_server),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc > 2)
        return call_until_killed(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
