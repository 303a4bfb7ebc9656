/*
 * A peer that is killed, in every phase of a call: the other side notices within the idle limit,
 * and frees all of the call. And a cancel, by either side: the other one knows at once. Otherwise a
 * user would lose a thread that waits for nobody.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The idle limit of these tests, and what a busy machine may add to it. */
#define IDLE_MS  1500
#define SLACK_MS 8000

/* With the defaults: a probe after 5 s, and 5 s more in which nobody is at the peer's address. */
#define DEFAULT_MS 10000

/* ---- what the second process does: a service, or a caller that comes to a phase and stays ---- */

static int serve(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    static lab_probe seen;
    lab_probe_init(&seen);
    if (natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_held_handlers, &seen, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

static void stay(void)
{
    printf("there\n");
    fflush(stdout);
    for (;;)
        pause();
}

/*
 * Goes on with a call up to a phase, and stays: it has opened the call, had an answer, or closed
 * its direction.
 */
static int call_until(const char *phase, const char *url)
{
    Lab__V1__LabClient *client = lab_new_client(connect_to_url(url));
    Lab__V1__LabClient__Chat *call;
    if (lab__v1__lab_client__chat(client, NULL, &call) != NATSMICRO_OK)
        return 1;
    if (strcmp(phase, "opened") == 0)
        stay();
    const Lab__V1__ChatMessage *line;
    if (lab_chat_send(call, "one") != NATSMICRO_OK ||
        lab__v1__lab_client__chat__recv(call, &line) != NATSMICRO_OK)
        return 1;
    if (strcmp(phase, "amid") == 0)
        stay();
    if (lab__v1__lab_client__chat__close_send(call) != NATSMICRO_OK)
        return 1;
    stay();
    return 0;
}

/* ---- the scene ---- */

typedef struct scene {
    lab room;
    child peer;
    int64_t killed;
} scene;

static void start_peer(scene *self, const char *mode)
{
    child_start(&self->peer, mode, broker_url(self->room.nats));
    char line[64];
    assert_true(child_line(&self->peer, line, sizeof(line), LAB_PATIENCE));
}

static void kill_peer(scene *self)
{
    self->killed = now_ms();
    child_kill(&self->peer);
}

static void assert_known_within(const scene *self, const char *what, int64_t limit_ms)
{
    int64_t took = now_ms() - self->killed;
    report("%s: known after %" PRId64 " ms", what, took);
    assert_true(took < limit_ms + SLACK_MS);
}

static void limit_client(scene *self)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.idle_timeout_ms = options.timeout_ms = IDLE_MS;
    lab_call_with(&self->room, &options);
}

static void scene_open(scene *self)
{
    memset(self, 0, sizeof(*self));
    lab_open(&self->room);
    limit_client(self);
}

/* Does the same with a service in a second process. */
static void scene_open_served(scene *self)
{
    scene_open(self);
    start_peer(self, "serve");
}

static void scene_close(scene *self)
{
    child_kill(&self->peer);
    lab_close(&self->room);
}

static void assert_reliable(natsmicro_call *call)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    assert_true(metrics.reliable);
}

/* ---- the service dies ---- */

/* The service is stopped first, so that it gets the opening but sends nothing. */
static void before_the_first_frame_of_a_server_stream(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    process_stop(here.peer.pid);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&here.room, 1, 0, NULL, &call));
    assert_int_equal(NATS_OK,
                     natsConnection_FlushTimeout(here.room.client_connection, LAB_PATIENCE));
    kill_peer(&here);
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__count_up__recv(call, &response));
    assert_known_within(&here, "service, before its first frame", IDLE_MS);
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

static void before_the_first_frame_of_a_bidi_stream(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    process_stop(here.peer.pid);
    here.killed = now_ms();
    Lab__V1__LabClient__Chat *call;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  lab__v1__lab_client__chat(here.room.client, NULL, &call));
    assert_known_within(&here, "service, before it took the call", IDLE_MS);
    scene_close(&here);
}

static void after_the_opening(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    kill_peer(&here);
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &line));
    assert_known_within(&here, "service, after the opening", IDLE_MS);
    assert_string_equal(natsmicro_call_error_message(call->base),
                        "lab.v1.Lab.Chat: the service is gone");
    assert_reliable(call->base);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

static void amid_messages_to_a_reader(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&here.room, LAB_WITHOUT_END, 0, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
    kill_peer(&here);
    int32_t next = response->number;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK)
        assert_int_equal(++next, response->number);
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_known_within(&here, "service, amid messages", IDLE_MS);
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

/* A sender without an end waits for the closed window, and returns. */
static void amid_messages_of_a_sender(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(here.room.client, NULL, &call));
    assert_ok(lab_sum_send(call, -2)); /* the handler waits, and reads no more */
    kill_peer(&here);
    natsmicro_status status;
    while ((status = lab_sum_send(call, 1)) == NATSMICRO_OK)
        continue;
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_known_within(&here, "service, amid messages to it", IDLE_MS);
    lab__v1__lab_client__sum__close(call);
    scene_close(&here);
}

static void once_the_caller_has_closed_its_direction(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(here.room.client, NULL, &call));
    assert_ok(lab_sum_send(call, -2));
    process_stop(here.peer.pid); /* its end stays unacknowledged */
    here.killed = now_ms();
    Lab__V1__SumResponse *response;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_known_within(&here, "service, after the caller's end", IDLE_MS);
    assert_string_equal(
        natsmicro_call_error_message(call->base),
        "lab.v1.Lab.Sum: nothing came from the peer within the idle limit of 1500 ms");
    lab__v1__lab_client__sum__close(call);
    scene_close(&here);
}

/* The text must point to the broker, not to the service. */
static void while_the_connection_is_down(void **state)
{
    (void)state;
    scene here;
    scene_open_served(&here);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    here.killed = now_ms();
    broker_kill(here.room.nats);
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &line));
    assert_known_within(&here, "broker, after the opening", IDLE_MS);
    assert_string_equal(
        natsmicro_call_error_message(call->base),
        "lab.v1.Lab.Chat: nothing came from the peer within the idle limit of 1500 ms, "
        "the connection to the broker was down");
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* Without any option a caller notices in the time that the defaults promise. */
static void with_the_default_limits(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    (void)state;
    scene here;
    scene_open(&here);
    lab_call_with(&here.room, &options);
    start_peer(&here, "serve");
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    assert_ok(lab_chat_send(call, "one"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(call, &line));
    kill_peer(&here);
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(call, &line));
    assert_known_within(&here, "service, with the default limits", DEFAULT_MS);
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* ---- the caller dies ---- */

static void serve_with_limit(scene *self)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = IDLE_MS;
    lab_serve_with(&self->room, &lab_held_handlers, &self->room.seen, &options, NULL);
    assert_int_equal(NATS_OK,
                     natsConnection_FlushTimeout(self->room.server_connection, LAB_PATIENCE));
}

static bool nothing_is_left(void *data)
{
    scene *self = data;
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(self->room.server, &counters);
    return counters.running == 0;
}

static void assert_handler_ended(scene *self, const char *what)
{
    assert_true(latch_wait(&self->room.seen.done, IDLE_MS + SLACK_MS));
    assert_known_within(self, what, IDLE_MS);
    natsmicro_status status = (natsmicro_status)atomic_load(&self->room.seen.returned);
    assert_status(NATSMICRO_CANCELLED, status); /* the broker said that nobody listens */
    assert_true(eventually(nothing_is_left, self, LAB_PATIENCE));
}

static void caller_dies_in(const char *phase)
{
    scene here;
    scene_open(&here);
    serve_with_limit(&here);
    start_peer(&here, phase);
    assert_true(latch_wait(&here.room.seen.entered, LAB_PATIENCE));
    kill_peer(&here);
    assert_handler_ended(&here, phase);
    scene_close(&here);
}

static void a_caller_that_has_opened(void **state)
{
    (void)state;
    caller_dies_in("opened");
}

static void a_caller_amid_messages(void **state)
{
    (void)state;
    caller_dies_in("amid");
}

/* The caller opens a reliable call and is gone: nobody listens for the service's frames. */
static void a_caller_before_its_first_frame(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    serve_with_limit(&here);
    here.killed = now_ms();
    raw_send(here.room.client_connection,
             &(raw_message){.subject = "lab.v1.chat",
                            .reply = "_INBOX.nobody.there",
                            .reply_to = "_INBOX.nobody.there",
                            .name = "Natsmicro-Stream",
                            .value = "1; messages=65536; bytes=4194304"});
    assert_handler_ended(&here, "a caller before its first frame");
    scene_close(&here);
}

/*
 * The handler has returned, but its end is never acknowledged. Nothing of the call stays, and
 * nothing waits for it.
 */
static void a_caller_that_the_end_does_not_reach(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    serve_with_limit(&here);
    start_peer(&here, "half-closed");
    assert_true(latch_wait(&here.room.seen.done, LAB_PATIENCE));
    kill_peer(&here);
    raw_send(here.room.client_connection,
             &(raw_message){.subject = "lab.v1.chat",
                            .reply = "_INBOX.nobody.there",
                            .reply_to = "_INBOX.nobody.there",
                            .name = "Natsmicro-Stream",
                            .value = "1; messages=65536; bytes=4194304; timeout=300"});
    assert_true(latch_wait_count(&here.room.seen.done, 2, LAB_PATIENCE));
    assert_true(eventually(nothing_is_left, &here, LAB_PATIENCE));
    int64_t began = now_ms();
    natsmicro_server_destroy(here.room.server);
    here.room.server = NULL;
    report("the server's end took %" PRId64 " ms", now_ms() - began);
    assert_true(now_ms() - began < IDLE_MS + SLACK_MS);
    scene_close(&here);
}

/* ---- cancels ---- */

#define CANCELS 9

/* The other side learns of a cancel by a message, not by a limit. This is far below all limits. */
#define CANCEL_MS 1000

typedef struct witness {
    latch entered;
    latch told;
    latch let_go; /* the cancel has been made, so the call may end */
    _Atomic int64_t at;
    atomic_int status;
    natsmicro_call *call;
} witness;

static natsmicro_status wait_for_cancel(Lab__V1__LabServer__Chat *call, void *user_data)
{
    witness *self = user_data;
    self->call = call->base;
    latch_open(&self->entered);
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK)
        continue;
    atomic_store(&self->at, now_ms());
    atomic_store(&self->status, (int)status);
    latch_open(&self->told);
    latch_wait_count(&self->let_go, latch_count(&self->told), LAB_PATIENCE);
    return status;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void judge_cancels(const char *what, int64_t took[CANCELS])
{
    qsort(took, CANCELS, sizeof(took[0]), compare);
    report("%s: known after %" PRId64 " ms (median of %d; the longest %" PRId64 ")", what,
           took[CANCELS / 2], CANCELS, took[CANCELS - 1]);
    assert_true(took[CANCELS / 2] < CANCEL_MS);
}

static const Lab__V1__LabHandlers witnessed = {.chat = wait_for_cancel};

static void a_callers_cancel_reaches_the_handler(void **state)
{
    witness seen = {.at = 0};
    (void)state;
    latch_init(&seen.entered);
    latch_init(&seen.told);
    latch_init(&seen.let_go);
    lab room;
    lab_open(&room);
    lab_serve(&room, &witnessed, &seen);
    int64_t took[CANCELS];
    for (int i = 0; i < CANCELS; i++) {
        Lab__V1__LabClient__Chat *call;
        assert_ok(lab__v1__lab_client__chat(room.client, NULL, &call));
        assert_true(latch_wait_count(&seen.entered, i + 1, LAB_PATIENCE));
        int64_t began = now_ms();
        natsmicro_call_cancel(call->base);
        latch_open(&seen.let_go);
        assert_true(latch_wait_count(&seen.told, i + 1, LAB_PATIENCE));
        took[i] = atomic_load(&seen.at) - began;
        assert_int_equal(NATSMICRO_CANCELLED, atomic_load(&seen.status));
        lab__v1__lab_client__chat__close(call);
    }
    judge_cancels("a caller's cancel", took);
    lab_close(&room);
    latch_destroy(&seen.entered);
    latch_destroy(&seen.told);
    latch_destroy(&seen.let_go);
}

static void *cancel_witnessed(void *data)
{
    witness *self = data;
    atomic_store(&self->at, now_ms());
    natsmicro_call_cancel(self->call);
    latch_open(&self->let_go);
    return NULL;
}

static void a_handlers_cancel_reaches_the_caller(void **state)
{
    witness seen = {.at = 0};
    (void)state;
    latch_init(&seen.entered);
    latch_init(&seen.told);
    latch_init(&seen.let_go);
    lab room;
    lab_open(&room);
    lab_serve(&room, &witnessed, &seen);
    int64_t took[CANCELS];
    for (int i = 0; i < CANCELS; i++) {
        Lab__V1__LabClient__Chat *call;
        assert_ok(lab__v1__lab_client__chat(room.client, NULL, &call));
        assert_true(latch_wait_count(&seen.entered, i + 1, LAB_PATIENCE));
        pthread_t thread;
        assert_int_equal(0, pthread_create(&thread, NULL, cancel_witnessed, &seen));
        const Lab__V1__ChatMessage *line;
        assert_status(NATSMICRO_CANCELLED, lab__v1__lab_client__chat__recv(call, &line));
        pthread_join(thread, NULL);
        assert_true(latch_wait_count(&seen.told, i + 1, LAB_PATIENCE));
        took[i] = now_ms() - atomic_load(&seen.at);
        lab__v1__lab_client__chat__close(call);
    }
    judge_cancels("a handler's cancel", took);
    lab_close(&room);
    latch_destroy(&seen.entered);
    latch_destroy(&seen.told);
    latch_destroy(&seen.let_go);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_frame_of_a_server_stream),
        cmocka_unit_test(before_the_first_frame_of_a_bidi_stream),
        cmocka_unit_test(after_the_opening),
        cmocka_unit_test(amid_messages_to_a_reader),
        cmocka_unit_test(amid_messages_of_a_sender),
        cmocka_unit_test(once_the_caller_has_closed_its_direction),
        cmocka_unit_test(while_the_connection_is_down),
        cmocka_unit_test(with_the_default_limits),
        cmocka_unit_test(a_caller_that_has_opened),
        cmocka_unit_test(a_caller_amid_messages),
        cmocka_unit_test(a_caller_before_its_first_frame),
        cmocka_unit_test(a_caller_that_the_end_does_not_reach),
        cmocka_unit_test(a_callers_cancel_reaches_the_handler),
        cmocka_unit_test(a_handlers_cancel_reaches_the_caller),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc > 2)
        return call_until(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
