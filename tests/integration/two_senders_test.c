/*
 * Two threads that send on one stream at once, on either side: every message of both arrives once
 * and in its thread's order, and none of them waits longer than its stream lives.
 */
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 3000

/* Every so many lines one is too long to be written in place. */
#define LONG_EVERY 7
#define LONG_SIZE  700

/* ---- a thread that sends numbered lines ---- */

typedef struct sender {
    natsmicro_status (*send)(void *call, const Lab__V1__ChatMessage *line);
    void *call;
    char name[8];
    int lines;               /* that it is to send; 0: until one fails */
    natsmicro_status status; /* of its last send */
    atomic_int begun;        /* sends */
    pthread_t thread;
} sender;

static void *send_lines(void *argument)
{
    sender *self = argument;
    char *text = lab_text(LONG_SIZE);
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.user = self->name;
    line.text = text;
    self->status = NATSMICRO_OK;
    for (int i = 0; self->status == NATSMICRO_OK && (self->lines == 0 || i < self->lines); i++) {
        int length = snprintf(text, LONG_SIZE, "%d", i);
        if (i % LONG_EVERY == 0)
            memset(text + length, ' ', (size_t)(LONG_SIZE - length));
        atomic_fetch_add(&self->begun, 1);
        self->status = self->send(self->call, &line);
    }
    free(text);
    return NULL;
}

static void start(sender *self, natsmicro_status (*send)(void *, const Lab__V1__ChatMessage *),
                  void *call, const char *name, int lines)
{
    *self = (sender){.send = send, .call = call, .lines = lines};
    snprintf(self->name, sizeof(self->name), "%s", name);
    pthread_create(&self->thread, NULL, send_lines, self);
}

static natsmicro_status send_as_client(void *call, const Lab__V1__ChatMessage *line)
{
    return lab__v1__lab_client__chat__send(call, line);
}

static natsmicro_status send_as_server(void *call, const Lab__V1__ChatMessage *line)
{
    return lab__v1__lab_server__chat__send(call, line);
}

/* ---- what has come of both ---- */

typedef struct received {
    int of[2]; /* of a and of b */
    bool in_order;
} received;

static void take(received *self, const Lab__V1__ChatMessage *line)
{
    size_t which = strcmp(line->user, "b") == 0;
    int number = self->of[which]++;
    size_t length = strlen(line->text);
    bool right_length = number % LONG_EVERY == 0 ? length == LONG_SIZE : length < 8;
    if (atoi(line->text) != number || !right_length)
        self->in_order = false;
}

static void assert_all_came(const received *self)
{
    assert_int_equal(self->of[0], LINES);
    assert_int_equal(self->of[1], LINES);
    assert_true(self->in_order);
}

/* ---- the service ---- */

typedef struct service {
    received came;
    natsmicro_status status; /* of its recv */
    latch done;
} service;

/* Outlives the handlers. */
static service served;

/* Takes lines until END; then a thread of its own and another one send at once. */
static natsmicro_status take_and_send(Lab__V1__LabServer__Chat *call, void *user_data)
{
    (void)user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK)
        take(&served.came, line);
    served.status = status;
    if (status == NATSMICRO_END) {
        sender other;
        start(&other, send_as_server, call, "a", LINES);
        sender own = {.send = send_as_server, .call = call, .name = "b", .lines = LINES};
        send_lines(&own);
        pthread_join(other.thread, NULL);
        status = own.status != NATSMICRO_OK ? own.status : other.status;
    }
    latch_open(&served.done);
    return status;
}

/* Reads nothing until it is released. */
static natsmicro_status read_late(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    lab_probe_wait(seen);
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK)
        continue;
    return status;
}

static void serve(lab *room, natsmicro_status (*chat)(Lab__V1__LabServer__Chat *, void *))
{
    Lab__V1__LabHandlers handlers = {.chat = chat};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.window_bytes = client.window_bytes = 16384; /* so that senders wait for room */
    served = (service){.came = {.in_order = true}};
    latch_init(&served.done);
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    lab_call_with(room, &client);
}

/* ---- tests ---- */

static void what_two_threads_send_arrives_whole(void **state)
{
    lab *room = *state;
    serve(room, take_and_send);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    sender a;
    start(&a, send_as_client, call, "a", LINES);
    sender b;
    start(&b, send_as_client, call, "b", LINES);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_ok(a.status);
    assert_ok(b.status);
    assert_ok(lab__v1__lab_client__chat__close_send(call));

    received came = {.in_order = true};
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__chat__recv(call, &line)) == NATSMICRO_OK)
        take(&came, line);
    assert_status(NATSMICRO_END, status);
    assert_all_came(&came);
    assert_true(latch_wait(&served.done, LAB_PATIENCE));
    assert_status(NATSMICRO_END, served.status);
    assert_all_came(&served.came);
    lab__v1__lab_client__chat__close(call);
}

/* The window is full: one waits for room, and the other for the one. */
static void both_end_when_the_call_is_cancelled(void **state)
{
    lab *room = *state;
    serve(room, read_late);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    sender a;
    start(&a, send_as_client, call, "a", 0);
    sender b;
    start(&b, send_as_client, call, "b", 0);
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    natsmicro_call_cancel(call->base);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_status(NATSMICRO_CANCELLED, a.status);
    assert_status(NATSMICRO_CANCELLED, b.status);
    lab__v1__lab_client__chat__close(call);
}

static bool is_stalled(void *call)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    return metrics.stalls > 0;
}

/* A pair that sends, and how many sends of both had begun at the last look. */
typedef struct pair {
    sender a;
    sender b;
    int begun;
    int looks; /* since then */
} pair;

/* Both are in a send for good: neither begins another. */
static bool are_stuck(void *data)
{
    pair *self = data;
    int begun = atomic_load(&self->a.begun) + atomic_load(&self->b.begun);
    self->looks = begun == self->begun ? self->looks + 1 : 0;
    self->begun = begun;
    return self->looks > 200;
}

/* The window is full. Only a reliable stream has one. */
static void a_close_waits_for_both(void **state)
{
    lab *room = *state;
    if (streams_are_plain())
        return;
    serve(room, read_late);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    pair both = {.begun = 0};
    start(&both.a, send_as_client, call, "a", 0);
    start(&both.b, send_as_client, call, "b", 0);
    assert_true(eventually(is_stalled, call->base, LAB_PATIENCE));
    assert_true(eventually(are_stuck, &both, LAB_PATIENCE));
    lab__v1__lab_client__chat__close(call);
    pthread_join(both.a.thread, NULL);
    pthread_join(both.b.thread, NULL);
    assert_status(NATSMICRO_CANCELLED, both.a.status);
    assert_status(NATSMICRO_CANCELLED, both.b.status);
}

/* Only a reliable stream has a window. */
static void a_try_send_does_not_wait_for_a_thread_that_waits(void **state)
{
    lab *room = *state;
    if (streams_are_plain())
        return;
    serve(room, read_late);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    sender waiting;
    start(&waiting, send_as_client, call, "a", 0);
    assert_true(eventually(is_stalled, call->base, LAB_PATIENCE));
    char *text = lab_text(LONG_SIZE);
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.text = text;
    assert_status(NATSMICRO_WOULD_BLOCK, lab__v1__lab_client__chat__try_send(call, &line));
    free(text);
    natsmicro_call_cancel(call->base);
    pthread_join(waiting.thread, NULL);
    lab__v1__lab_client__chat__close(call);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(what_two_threads_send_arrives_whole),
        lab_test(both_end_when_the_call_is_cancelled),
        lab_test(a_close_waits_for_both),
        lab_test(a_try_send_does_not_wait_for_a_thread_that_waits),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
