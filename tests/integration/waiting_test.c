/*
 * Streams that wait for a worker are alive: they are accepted at once, live on beyond the idle
 * limit, and are served, or end, as running ones do. Otherwise the caller of a full server believes
 * that it is dead, and handlers run for callers that have long gone.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "integration/raw.h"

#include "base/clock.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The idle limit of both sides, and how long a stream waits for a worker. */
#define IDLE_MS PLAIN_OR_SANITIZED(600, 1500)
#define WAIT_MS (2 * IDLE_MS)

/* ---- the scene: one call may run, and does ---- */

typedef struct scene {
    lab *room;
    lab_heard expired;
    lab_heard waiting;
    natsSubscription *answers;
} scene;

/* Outlives a test that fails, as threads of its server use it until the teardown. */
static scene here;

static void hear(const natsmicro_event *event, void *user_data)
{
    scene *self = user_data;
    lab_hear(event, &self->expired);
    lab_hear(event, &self->waiting);
}

static void hold_worker(scene *self)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.payload = (char[]){"wait"};
    uint8_t bytes[32];
    size_t length = lab__v1__ping_request__pack(&request, bytes);
    raw_send(self->room->client_connection, &(raw_message){.subject = "lab.v1.ping",
                                                           .reply = "_INBOX.held.x",
                                                           .data = bytes,
                                                           .length = length});
    assert_true(latch_wait(&self->room->seen.entered, LAB_PATIENCE));
}

static void scene_open(scene *self, lab *room, const natsmicro_server_options *own)
{
    *self = (scene){.room = room};
    lab_heard_init(&self->expired, NATSMICRO_EVENT_EXPIRED);
    lab_heard_init(&self->waiting, NATSMICRO_EVENT_CALLS_WAITING);
    natsmicro_server_options options = *own;
    if (options.max_calls == 0)
        options.max_calls = 1;
    if (options.idle_timeout_ms == 0)
        options.idle_timeout_ms = IDLE_MS;
    options.on_error = hear;
    options.on_error_data = self;
    lab_serve_with(room, &lab_held_handlers, &room->seen, &options, NULL);
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.idle_timeout_ms = options.idle_timeout_ms;
    lab_call_with(room, &client);
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&self->answers, room->client_connection,
                                                           "_INBOX.held.x"));
    hold_worker(self);
}

static void scene_open_plainly(scene *self, lab *room)
{
    const natsmicro_server_options defaults = NATSMICRO_SERVER_OPTIONS_INIT;
    scene_open(self, room, &defaults);
}

static void scene_close(scene *self)
{
    latch_open(&self->room->seen.release);
    raw_unsubscribe(self->room->client_connection, self->answers);
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    lab_heard_destroy(&self->expired);
    lab_heard_destroy(&self->waiting);
}

static natsmicro_server_counters counters_of(const scene *self)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(self->room->server, &counters);
    return counters;
}

static bool one_waits(void *data)
{
    return counters_of(data).waiting == 1;
}

static bool none_waits(void *data)
{
    return counters_of(data).waiting == 0;
}

static bool is_past(void *time)
{
    return nm_now() >= *(int64_t *)time;
}

/* The stream that waits has waited beyond the idle limits of both sides. */
static void wait_beyond_the_limits(scene *self)
{
    assert_true(eventually(one_waits, self, LAB_PATIENCE));
    int64_t time = nm_deadline_in(WAIT_MS);
    assert_true(eventually(is_past, &time, LAB_PATIENCE));
    assert_true(one_waits(self));
    assert_int_equal(0, latch_count(&self->expired.happened));
}

/* The stream that waited is over, though no worker was free: its handler will not run. */
static void expect_gone(scene *self, const char *part)
{
    lab_expect_heard(&self->expired, "lab.v1.chat", "lab.v1.Lab.Chat", part);
    assert_true(eventually(none_waits, self, LAB_PATIENCE));
    assert_int_equal(1, counters_of(self).expired);
    assert_int_equal(1, counters_of(self).running);
    assert_int_equal(1, counters_of(self).calls);
    latch_open(&self->room->seen.release);
    assert_ok(lab_ping_status(self->room, "next", NULL));
    assert_int_equal(2, latch_count(&self->room->seen.entered));
}

/* ---- served ---- */

static void a_bidirectional_stream_waits_alive_and_is_served(void **state)
{
    scene_open_plainly(&here, *state);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &call));
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.text = (char[]){"first"};
    assert_status(NATSMICRO_WOULD_BLOCK, lab__v1__lab_client__chat__try_send(call, &line));
    wait_beyond_the_limits(&here);
    assert_status(NATSMICRO_WOULD_BLOCK, lab__v1__lab_client__chat__try_send(call, &line));
    latch_open(&here.room->seen.release);
    assert_ok(lab__v1__lab_client__chat__send(call, &line));
    const Lab__V1__ChatMessage *answer;
    assert_ok(lab__v1__lab_client__chat__recv(call, &answer));
    assert_string_equal("first", answer->text);
    for (int i = 0; i < 1000; i++)
        assert_ok(lab_chat_send(call, "more"));
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    for (int i = 0; i < 1000; i++)
        assert_ok(lab__v1__lab_client__chat__recv(call, &answer));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &answer));
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* The sender is in its send when the window opens. */
static void *send_one(void *argument)
{
    lab_probe *seen = argument;
    seen->first = lab_chat_send((Lab__V1__LabClient__Chat *)(void *)seen->call, "blocked");
    return NULL;
}

static void a_send_blocks_until_a_worker_is_there(void **state)
{
    scene_open_plainly(&here, *state);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &call));
    lab_probe sender = {.call = (natsmicro_call *)(void *)call};
    assert_int_equal(0, pthread_create(&sender.thread, NULL, send_one, &sender));
    wait_beyond_the_limits(&here);
    latch_open(&here.room->seen.release);
    pthread_join(sender.thread, NULL);
    assert_ok(sender.first);
    const Lab__V1__ChatMessage *answer;
    assert_ok(lab__v1__lab_client__chat__recv(call, &answer));
    assert_string_equal("blocked", answer->text);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

static void *close_and_recv(void *argument)
{
    lab_probe *seen = argument;
    Lab__V1__SumResponse *response;
    seen->first = lab__v1__lab_client__sum__close_and_recv(
        (Lab__V1__LabClient__Sum *)(void *)seen->call, &response);
    seen->number = response != NULL ? response->count : -1;
    lab__v1__lab_client__sum__free(response);
    return NULL;
}

/* It needs no window, and may come before there is one. */
static void an_end_that_comes_while_the_call_waits_is_kept(void **state)
{
    scene_open_plainly(&here, *state);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(here.room->client, NULL, &call));
    lab_probe caller = {.call = (natsmicro_call *)(void *)call};
    assert_int_equal(0, pthread_create(&caller.thread, NULL, close_and_recv, &caller));
    wait_beyond_the_limits(&here);
    latch_open(&here.room->seen.release);
    pthread_join(caller.thread, NULL);
    assert_ok(caller.first);
    assert_int_equal(0, caller.number);
    lab__v1__lab_client__sum__close(call);
    scene_close(&here);
}

static void a_server_stream_waits_alive_and_is_served(void **state)
{
    scene_open_plainly(&here, *state);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(here.room, 1000, 0, NULL, &call));
    wait_beyond_the_limits(&here);
    latch_open(&here.room->seen.release);
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(1000, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

/* ---- over before a worker was free ---- */

static void a_cancelled_stream_leaves_the_queue(void **state)
{
    scene_open_plainly(&here, *state);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &call));
    assert_true(eventually(one_waits, &here, LAB_PATIENCE));
    lab__v1__lab_client__chat__close(call);
    expect_gone(&here, "closed before its end");
    scene_close(&here);
}

static void a_stream_whose_time_is_over_leaves_the_queue(void **state)
{
    scene_open_plainly(&here, *state);
    natsConnection *connection = here.room->client_connection;
    natsSubscription *stream;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&stream, connection, "_INBOX.a.b"));
    raw_send(connection, &(raw_message){.subject = "lab.v1.chat",
                                        .reply = "_INBOX.a.b",
                                        .reply_to = "_INBOX.a.b",
                                        .name = "Natsmicro-Stream",
                                        .value = "1; messages=9; bytes=9999; timeout=200"});
    expect_gone(&here, "the deadline passed");
    raw_unsubscribe(connection, stream);
    scene_close(&here);
}

/* The second process: opens a stream and stays. */
static int open_and_stay(const char *url)
{
    Lab__V1__LabClient *client = lab_new_client(connect_to_url(url));
    Lab__V1__LabClient__Chat *call;
    if (lab__v1__lab_client__chat(client, NULL, &call) != NATSMICRO_OK)
        return 1;
    printf("open\n");
    fflush(stdout);
    for (;;)
        pause();
}

static void the_stream_of_a_caller_that_dies_leaves_the_queue(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.gone_limit_ms = 200;
    scene_open(&here, *state, &options);
    child caller;
    child_start(&caller, "open", broker_url(here.room->nats));
    char line[16];
    assert_true(child_line(&caller, line, sizeof(line), LAB_PATIENCE));
    assert_true(eventually(one_waits, &here, LAB_PATIENCE));
    child_kill(&caller);
    expect_gone(&here, "the caller is gone");
    scene_close(&here);
}

/* Returns NULL if the server ran until its stop. */
static void *run_server(void *server)
{
    return natsmicro_server_run(server) == NATSMICRO_OK ? NULL : server;
}

static void a_drain_ends_what_still_waits(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.drain_timeout_ms = 100;
    scene_open(&here, *state, &options);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &call));
    assert_true(eventually(one_waits, &here, LAB_PATIENCE));
    pthread_t runner;
    assert_int_equal(0, pthread_create(&runner, NULL, run_server, here.room->server));
    natsmicro_server_stop(here.room->server);
    const Lab__V1__ChatMessage *answer;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &answer));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "the server is stopping"));
    assert_true(eventually(none_waits, &here, LAB_PATIENCE));
    latch_open(&here.room->seen.release);
    void *failed = NULL;
    assert_int_equal(0, pthread_join(runner, &failed));
    assert_null(failed);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* ---- refused ---- */

static void past_max_waiting_callers_are_refused_at_once(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_waiting = 1;
    scene_open(&here, *state, &options);
    Lab__V1__LabClient__Chat *first;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &first));
    natsmicro_context *context = lab_context();
    Lab__V1__LabClient__Chat *second;
    assert_status(NATSMICRO_UNAVAILABLE,
                  lab__v1__lab_client__chat(here.room->client, context, &second));
    assert_non_null(strstr(natsmicro_context_error_message(context), "busy"));
    assert_int_equal(1, counters_of(&here).refused);
    natsmicro_context_destroy(context);
    lab__v1__lab_client__chat__close(first);
    scene_close(&here);
}

/* Its caller has another stream running when the worker comes. */
static void the_limit_of_a_callers_calls_holds_for_those_that_waited(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 2;
    options.max_calls_per_caller = 1;
    scene_open(&here, *state, &options);
    Lab__V1__LabClient__CountUp *running;
    assert_ok(lab_count_up(here.room, LAB_WITHOUT_END, 0, NULL, &running));
    const Lab__V1__CountUpResponse *number;
    assert_ok(lab__v1__lab_client__count_up__recv(running, &number));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &call));
    assert_true(eventually(one_waits, &here, LAB_PATIENCE));
    latch_open(&here.room->seen.release);
    const Lab__V1__ChatMessage *answer;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab__v1__lab_client__chat__recv(call, &answer));
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "max_calls_per_caller"));
    lab__v1__lab_client__chat__close(call);
    lab__v1__lab_client__count_up__close(running);
    scene_close(&here);
}

/* ---- what is told, and what it costs ---- */

static bool three_wait(void *data)
{
    return counters_of(data).waiting == 3;
}

static void that_calls_begin_to_wait_is_told_once(void **state)
{
    scene_open_plainly(&here, *state);
    assert_int_equal(0, counters_of(&here).waited);
    Lab__V1__LabClient__Chat *calls[3];
    for (int i = 0; i < 3; i++)
        assert_ok(lab__v1__lab_client__chat(here.room->client, NULL, &calls[i]));
    lab_expect_heard(&here.waiting, "lab.v1.chat", "lab.v1.Lab.Chat", "1 run, 1 wait");
    assert_true(eventually(three_wait, &here, LAB_PATIENCE)); /* accepted first, and then queued */
    assert_int_equal(3, counters_of(&here).waited);
    assert_int_equal(1, latch_count(&here.waiting.happened));
    for (int i = 0; i < 3; i++)
        lab__v1__lab_client__chat__close(calls[i]);
    scene_close(&here);
}

#define MANY 400

static void drop(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                 void *closure)
{
    (void)connection;
    (void)subscription;
    (void)closure;
    natsMsg_Destroy(message);
}

static bool all_wait(void *data)
{
    return counters_of(data).waiting % MANY == 0 && counters_of(data).waiting > 0;
}

/* Memory in use, and for how many looks it has been the same. */
typedef struct memory {
    size_t in_use;
    int looks;
} memory;

static bool is_settled(void *data)
{
    memory *self = data;
    size_t now = mallinfo2().uordblks;
    self->looks = now == self->in_use ? self->looks + 1 : 0;
    self->in_use = now;
    return self->looks >= 50;
}

/* Memory in use, once nats.c's thread has freed the messages that have been read. */
static size_t settled_memory(void)
{
    memory now = {0, 0};
    assert_true(eventually(is_settled, &now, LAB_PATIENCE));
    return now.in_use;
}

/* MANY calls are opened with this header. Returns the memory that each of them takes. */
static size_t open_many(scene *self, const char *header, int client)
{
    size_t before = settled_memory();
    for (int i = 0; i < MANY; i++) {
        char inbox[64];
        snprintf(inbox, sizeof(inbox), "_INBOX.%022d.%022d", client, i);
        raw_publish(self->room->client_connection,
                    &(raw_message){.subject = "lab.v1.chat",
                                   .reply = inbox,
                                   .reply_to = inbox,
                                   .name = header,
                                   .value = "1; messages=65536; bytes=4194304"});
    }
    natsConnection_FlushTimeout(self->room->client_connection, LAB_PATIENCE);
    assert_true(eventually(all_wait, self, LAB_PATIENCE));
    return (settled_memory() - before) / MANY;
}

static void a_stream_that_waits_takes_two_kibibytes_beside_its_request(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = 30000;
    options.max_waiting = 4 * MANY;
    scene_open(&here, *state, &options);
    natsSubscription *answers;
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&answers, here.room->client_connection,
                                                       "_INBOX.*.*", drop, NULL));
    size_t request = open_many(&here, "X-Another-Header", 1);
    size_t call = open_many(&here, "Natsmicro-Stream", 2) - request;
    print_message("a stream that waits takes %zu bytes beside its request of %zu\n", call, request);
    if (PLAIN_OR_SANITIZED(true, false)) /* which have allocators of their own */
        assert_between(call, 1500, 2048);
    raw_unsubscribe(here.room->client_connection, answers);
    scene_close(&here);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "open") == 0)
        return open_and_stay(argv[2]);
    const struct CMUnitTest tests[] = {
        lab_test(a_bidirectional_stream_waits_alive_and_is_served),
        lab_test(a_send_blocks_until_a_worker_is_there),
        lab_test(an_end_that_comes_while_the_call_waits_is_kept),
        lab_test(a_server_stream_waits_alive_and_is_served),
        lab_test(a_cancelled_stream_leaves_the_queue),
        lab_test(a_stream_whose_time_is_over_leaves_the_queue),
        lab_test(the_stream_of_a_caller_that_dies_leaves_the_queue),
        lab_test(a_drain_ends_what_still_waits),
        lab_test(past_max_waiting_callers_are_refused_at_once),
        lab_test(the_limit_of_a_callers_calls_holds_for_those_that_waited),
        lab_test(that_calls_begin_to_wait_is_told_once),
        lab_test(a_stream_that_waits_takes_two_kibibytes_beside_its_request),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
