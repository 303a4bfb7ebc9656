/*
 * How a server ends: running calls may finish, new ones are refused, those that take too long are
 * ended, and any thread or signal handler may ask for it.
 */
#include "integration/lab_service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 5000

/* ---- in other threads: server_run, and a call that waits ---- */

/* Threads that run one server, and how many of them have returned OK. */
typedef struct runs {
    natsmicro_server *server;
    latch ended;
    pthread_t threads[3];
    size_t count;
} runs;

static void *run_and_tell(void *argument)
{
    runs *self = argument;
    if (natsmicro_server_run(self->server) == NATSMICRO_OK)
        latch_open(&self->ended);
    return NULL;
}

static void runs_init(runs *self, natsmicro_server *server)
{
    self->server = server;
    self->count = 0;
    latch_init(&self->ended);
}

static void runs_add(runs *self)
{
    assert_int_equal(0, pthread_create(&self->threads[self->count++], NULL, run_and_tell, self));
}

static void runs_expect_all_end(runs *self)
{
    assert_true(latch_wait_count(&self->ended, (int)self->count, WAIT_MS));
    for (size_t i = 0; i < self->count; i++)
        pthread_join(self->threads[i], NULL);
    latch_destroy(&self->ended);
}

typedef struct caller {
    pthread_t thread;
    Lab__V1__LabClient *client;
    natsmicro_status status;
} caller;

static void *make_call(void *argument)
{
    caller *self = argument;
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    request.payload = (char *)(uintptr_t) "wait";
    self->status = lab__v1__lab_client__ping(self->client, &request, NULL, &response);
    lab__v1__lab_client__ping__free(response);
    return NULL;
}

static void caller_start(caller *self, Lab__V1__LabClient *client)
{
    self->client = client;
    assert_int_equal(0, pthread_create(&self->thread, NULL, make_call, self));
}

static bool nobody_serves(void *client)
{
    return lab_ping_by(client, NULL) == NATSMICRO_UNAVAILABLE;
}

static bool calls_wait(void *data)
{
    lab *room = data;
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room->server, &counters);
    return counters.waiting == 2;
}

/* ---- tests ---- */

static void running_calls_finish_and_new_ones_are_refused(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    runs running;
    runs_init(&running, room.server);
    runs_add(&running);
    caller waiting;
    caller_start(&waiting, room.client);
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));

    natsmicro_server_stop(room.server);
    assert_true(eventually(nobody_serves, room.client, WAIT_MS));
    assert_int_equal(0, latch_count(&room.seen.release));
    latch_open(&room.seen.release);
    pthread_join(waiting.thread, NULL);
    assert_status(NATSMICRO_OK, waiting.status);
    runs_expect_all_end(&running);
    lab_close(&room);
}

static void calls_over_the_limit_are_cancelled_and_told(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    (void)state;
    options.drain_timeout_ms = 100;
    lab room;
    lab_open_held(&room, &options);
    Lab__V1__LabClient__Chat *chat = NULL;
    Lab__V1__LabClient__Sum *sum = NULL;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    const Lab__V1__ChatMessage *message = NULL;
    assert_ok(lab__v1__lab_client__chat(room.client, NULL, &chat));
    assert_ok(lab__v1__lab_client__sum(room.client, NULL, &sum));
    assert_ok(lab__v1__lab_client__sum__send(sum, &item));
    assert_true(latch_wait_count(&room.seen.entered, 2, WAIT_MS));
    runs running;
    runs_init(&running, room.server);
    runs_add(&running);

    int64_t began = now_ms();
    natsmicro_server_stop(room.server);
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(chat, &message));
    assert_true(latch_wait_count(&room.seen.done, 2, WAIT_MS));
    runs_expect_all_end(&running);
    assert_true(now_ms() - began < WAIT_MS);

    Lab__V1__SumResponse *response = NULL;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__sum__close_and_recv(sum, &response));
    lab__v1__lab_client__sum__close(sum);
    lab__v1__lab_client__chat__close(chat);
    lab_close(&room);
}

static void waiting_calls_are_served_in_the_drain(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    (void)state;
    options.max_calls = 1;
    lab room;
    lab_open_held(&room, &options);
    caller calls[3];
    for (size_t i = 0; i < 3; i++)
        caller_start(&calls[i], room.client);
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    assert_true(eventually(calls_wait, &room, WAIT_MS));
    runs running;
    runs_init(&running, room.server);
    runs_add(&running);
    natsmicro_server_stop(room.server);
    latch_open(&room.seen.release);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(calls[i].thread, NULL);
        assert_status(NATSMICRO_OK, calls[i].status);
    }
    runs_expect_all_end(&running);
    lab_close(&room);
}

/* A handler that has failed its call and goes on reading as long as it can. */
static natsmicro_status fail_and_read(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "no more");
    latch_open(&seen->entered);
    const Lab__V1__ChatMessage *line;
    while (lab__v1__lab_server__chat__recv(call, &line) == NATSMICRO_OK)
        continue;
    return NATSMICRO_ABORTED;
}

/*
 * When the drain's time is over, it does not wait for an end that nobody can acknowledge any more.
 */
static void calls_that_have_failed_end_in_the_drain(void **state)
{
    static const Lab__V1__LabHandlers failing = {.chat = fail_and_read};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    (void)state;
    options.drain_timeout_ms = 600; /* longer than the first retransmit timer */
    lab room;
    lab_open(&room);
    lab_serve_with(&room, &failing, &room.seen, &options, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, WAIT_MS));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room.client, NULL, &call));
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    int64_t before = now_ms();
    natsmicro_server_destroy(room.server);
    room.server = NULL;
    assert_between(now_ms() - before, 500, LAB_AT_ONCE);
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_ABORTED, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
    lab_close(&room);
}

/* A stream without an end of its own. */
static natsmicro_status count_until_drained(Lab__V1__LabServer__CountUp *call,
                                            const Lab__V1__CountUpRequest *request, void *user_data)
{
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = NATSMICRO_OK;
    (void)request;
    (void)user_data;
    for (; status == NATSMICRO_OK && !natsmicro_call_is_draining(call->base); response.number++)
        status = lab__v1__lab_server__count_up__send(call, &response);
    return status;
}

static void a_stream_without_an_end_may_end_in_the_drain(void **state)
{
    static const Lab__V1__LabHandlers endless = {.count_up = count_until_drained};
    int32_t received = 0;
    (void)state;
    lab room;
    lab_open(&room);
    lab_serve(&room, &endless, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, WAIT_MS));
    runs running;
    runs_init(&running, room.server);
    runs_add(&running);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&room, 0, 0, NULL, &call));
    assert_false(natsmicro_call_is_draining(call->base));
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK) {
        assert_int_equal(received, response->number);
        if (++received == 100)
            natsmicro_server_stop(room.server);
    }
    assert_status(NATSMICRO_END, status);
    assert_true(received >= 100);
    assert_false(natsmicro_call_is_draining(call->base));
    lab__v1__lab_client__count_up__close(call);
    runs_expect_all_end(&running);
    lab_close(&room);
}

static void a_server_that_never_ran_can_be_destroyed(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    Lab__V1__LabClient *client = lab_new_client(room.server_connection);
    assert_ok(lab_ping_by(client, NULL));
    natsmicro_server_destroy(room.server);
    room.server = NULL;
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_by(client, NULL));
    lab__v1__lab_client__destroy(client);
    lab_close(&room);
}

/* ---- stopping is for good ---- */

static void one_stop_ends_every_run_that_waits(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    runs all;
    runs_init(&all, room.server);
    for (size_t i = 0; i < 3; i++)
        runs_add(&all);
    natsmicro_server_stop(room.server);
    runs_expect_all_end(&all);
    lab_close(&room);
}

static void a_server_that_was_stopped_runs_no_more(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    natsmicro_server_stop(room.server);
    for (size_t i = 0; i < 3; i++) {
        runs one;
        runs_init(&one, room.server);
        runs_add(&one);
        runs_expect_all_end(&one);
    }
    natsmicro_server_stop(room.server);
    lab_close(&room);
}

static void a_run_that_comes_into_a_drain_waits_for_its_end(void **state)
{
    (void)state;
    lab room;
    lab_open_held(&room, NULL);
    caller waiting;
    caller_start(&waiting, room.client);
    assert_true(latch_wait(&room.seen.entered, WAIT_MS));
    runs both;
    runs_init(&both, room.server);
    runs_add(&both);
    natsmicro_server_stop(room.server);
    assert_true(eventually(nobody_serves, room.client, WAIT_MS));

    runs_add(&both);
    assert_false(latch_wait(&both.ended, 100)); /* a call still runs */
    latch_open(&room.seen.release);
    runs_expect_all_end(&both);
    pthread_join(waiting.thread, NULL);
    assert_ok(waiting.status);
    lab_close(&room);
}

/* As when Ctrl-C comes before there is a server. */
static void stopping_no_server_does_nothing(void **state)
{
    (void)state;
    natsmicro_server_stop(NULL);
}

/* ---- a signal ---- */

static natsmicro_server *signalled;

static void on_signal(int number)
{
    (void)number;
    natsmicro_server_stop(signalled);
}

static int serve_until_signal(const char *url)
{
    natsConnection *connection = NULL;
    struct sigaction action = {.sa_handler = on_signal};
    lab_probe seen;
    lab_probe_init(&seen);
    if (natsConnection_ConnectTo(&connection, url) != NATS_OK ||
        natsmicro_server_new(&signalled, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(signalled, &lab_held_handlers, &seen, NULL) != NATSMICRO_OK)
        return 1;
    sigaction(SIGTERM, &action, NULL);
    printf("serving\n");
    fflush(stdout);
    natsmicro_status status = natsmicro_server_run(signalled);
    natsmicro_server_destroy(signalled);
    natsConnection_Destroy(connection);
    return status == NATSMICRO_OK ? 0 : 2;
}

static void a_signal_handler_may_stop_a_server(void **state)
{
    broker *where = broker_start(NULL);
    (void)state;
    child server;
    child_start(&server, "serve", broker_url(where));
    char line[64];
    assert_true(child_line(&server, line, sizeof(line), WAIT_MS));
    natsConnection *connection = connect_to(where);
    Lab__V1__LabClient *client = lab_new_client(connection);
    assert_ok(lab_ping_by(client, NULL));
    assert_int_equal(0, child_stop(&server, 2 * WAIT_MS));
    assert_status(NATSMICRO_UNAVAILABLE, lab_ping_by(client, NULL));
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    broker_stop(where);
}

/* ---- handlers that wait for silent callers ---- */

/* Far above what the tests wait for. */
#define DRAIN_MS 600000

/* What the handler below does when it is told of the drain: the number of its lab_probe. */
enum { RETURN_IT, SAY_GOODBYE, GO_ON };

/* Tells the caller, and goes on or returns. */
static natsmicro_status hear_of_drain(Lab__V1__LabServer__Chat *call, lab_probe *seen)
{
    seen->first = natsmicro_call_status(call->base);
    seen->second = natsmicro_call_is_draining(call->base) ? NATSMICRO_OK : NATSMICRO_UNKNOWN;
    latch_open(&seen->done);
    if (seen->number == RETURN_IT)
        return NATSMICRO_UNAVAILABLE;
    Lab__V1__ChatMessage goodbye = LAB__V1__CHAT_MESSAGE__INIT;
    goodbye.text = (char *)(uintptr_t) "goodbye";
    return lab__v1__lab_server__chat__send(call, &goodbye);
}

/* Answers each line. */
static natsmicro_status chat_until_drain(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) != NATSMICRO_END) {
        bool told = status == NATSMICRO_UNAVAILABLE;
        if (told)
            status = hear_of_drain(call, seen);
        else if (status == NATSMICRO_OK)
            status = lab__v1__lab_server__chat__send(call, line);
        if (status != NATSMICRO_OK || (told && seen->number == SAY_GOODBYE))
            return status;
    }
    return NATSMICRO_OK;
}

/* A session with a server that has begun to drain. */
typedef struct session {
    lab room;
    runs running;
    Lab__V1__LabClient__Chat *chat;
} session;

static natsmicro_status session_recv(session *self, const char *text)
{
    const Lab__V1__ChatMessage *line;
    natsmicro_status status = lab__v1__lab_client__chat__recv(self->chat, &line);
    if (status == NATSMICRO_OK)
        assert_string_equal(text, line->text);
    return status;
}

static void session_open(session *self, int64_t does, bool ends)
{
    static const Lab__V1__LabHandlers handlers = {.chat = chat_until_drain};
    lab_open(&self->room);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.drain_timeout_ms = DRAIN_MS;
    options.drain_ends_silent_streams = ends;
    self->room.seen.number = does;
    lab_serve_with(&self->room, &handlers, &self->room.seen, &options, NULL);
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &self->chat));
    assert_ok(lab_chat_send(self->chat, "hello"));
    assert_ok(session_recv(self, "hello"));
    runs_init(&self->running, self->room.server);
    runs_add(&self->running);
    natsmicro_server_stop(self->room.server);
}

static void session_close(session *self)
{
    runs_expect_all_end(&self->running);
    lab__v1__lab_client__chat__close(self->chat);
    lab_close(&self->room);
}

static void expect_stopping(session *self)
{
    assert_status(NATSMICRO_UNAVAILABLE, session_recv(self, NULL));
    assert_non_null(
        strstr(natsmicro_call_error_message(self->chat->base), "the server is stopping"));
}

static void a_handler_that_waits_is_told_of_the_drain(void **state)
{
    (void)state;
    session it;
    session_open(&it, RETURN_IT, false);
    expect_stopping(&it);
    assert_ok(it.room.seen.first);
    assert_ok(it.room.seen.second);
    session_close(&it);
}

static void a_handler_that_is_told_can_say_goodbye(void **state)
{
    (void)state;
    session it;
    session_open(&it, SAY_GOODBYE, false);
    assert_ok(session_recv(&it, "goodbye"));
    assert_status(NATSMICRO_END, session_recv(&it, NULL));
    session_close(&it);
}

static void a_handler_that_is_told_can_go_on(void **state)
{
    (void)state;
    session it;
    session_open(&it, GO_ON, false);
    assert_ok(session_recv(&it, "goodbye"));
    assert_ok(lab_chat_send(it.chat, "more"));
    assert_ok(session_recv(&it, "more"));
    assert_ok(lab__v1__lab_client__chat__close_send(it.chat));
    assert_status(NATSMICRO_END, session_recv(&it, NULL));
    assert_int_equal(1, latch_count(&it.room.seen.done));
    session_close(&it);
}

static void a_drain_can_end_the_calls_of_silent_callers(void **state)
{
    (void)state;
    session it;
    session_open(&it, GO_ON, true);
    expect_stopping(&it);
    assert_true(latch_wait(&it.room.seen.done, WAIT_MS));
    assert_status(NATSMICRO_UNAVAILABLE, it.room.seen.first);
    session_close(&it);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_calls_finish_and_new_ones_are_refused),
        cmocka_unit_test(calls_over_the_limit_are_cancelled_and_told),
        cmocka_unit_test(waiting_calls_are_served_in_the_drain),
        cmocka_unit_test(calls_that_have_failed_end_in_the_drain),
        cmocka_unit_test(a_stream_without_an_end_may_end_in_the_drain),
        cmocka_unit_test(a_server_that_never_ran_can_be_destroyed),
        cmocka_unit_test(one_stop_ends_every_run_that_waits),
        cmocka_unit_test(a_server_that_was_stopped_runs_no_more),
        cmocka_unit_test(a_run_that_comes_into_a_drain_waits_for_its_end),
        cmocka_unit_test(stopping_no_server_does_nothing),
        cmocka_unit_test(a_signal_handler_may_stop_a_server),
        cmocka_unit_test(a_handler_that_waits_is_told_of_the_drain),
        cmocka_unit_test(a_handler_that_is_told_can_say_goodbye),
        cmocka_unit_test(a_handler_that_is_told_can_go_on),
        cmocka_unit_test(a_drain_can_end_the_calls_of_silent_callers),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve_until_signal(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
