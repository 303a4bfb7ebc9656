/*
 * Connections that hear nothing of what they publish (natsOptions_SetNoEcho), as services and
 * clients: no call may depend on hearing itself. The library cannot ask a connection for that.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <stdio.h>
#include <string.h>

#define FIVE  "\x08\x05", 2                                      /* SumRequest {value: 5} */
#define EARLY "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 /* value -1: fails at once */

/* Longer than an answer is offered where the caller listens, with the gone limit below. */
#define OFFER_MS      2500
#define GONE_LIMIT_MS 1000

typedef struct scene {
    lab room;
    natsConnection *raw;
    raw_call call;
    latch events; /* of any kind */
} scene;

static void count_event(const natsmicro_event *event, void *user_data)
{
    printf("# %s: %s\n", event->subject != NULL ? event->subject : "", event->text);
    latch_open(user_data);
}

static scene *open_scene(bool deaf_service, bool deaf_client)
{
    static scene self; /* not on the stack of a test that may fail */
    memset(&self, 0, sizeof(self));
    lab_open(&self.room);
    latch_init(&self.events);
    self.raw = connect_to(self.room.nats);
    if (deaf_service) {
        natsConnection_Destroy(self.room.server_connection);
        self.room.server_connection = connect_without_echo(self.room.nats);
    }
    if (deaf_client) {
        lab__v1__lab_client__destroy(self.room.client);
        self.room.client = NULL;
        natsConnection_Destroy(self.room.client_connection);
        self.room.client_connection = connect_without_echo(self.room.nats);
    }
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.gone_limit_ms = GONE_LIMIT_MS;
    server.on_error = count_event;
    server.on_error_data = &self.events;
    lab_serve_with(&self.room, &lab_held_handlers, &self.room.seen, &server, NULL);
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.on_error = count_event;
    client.on_error_data = &self.events;
    lab_call_with(&self.room, &client);
    return &self;
}

/* Nothing went wrong in the whole test: its calls have ended by then. */
static void close_scene(scene *self)
{
    lab__v1__lab_client__destroy(self->room.client);
    self->room.client = NULL;
    natsmicro_server_destroy(self->room.server);
    self->room.server = NULL;
    assert_int_equal(0, latch_count(&self->events));
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
    latch_destroy(&self->events);
}

/* ---- both sides are ours ---- */

static void add(lab *room)
{
    Lab__V1__LabClient__Sum *call = NULL;
    Lab__V1__SumResponse *response = NULL;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_ok(lab_sum_send(call, 2));
    assert_ok(lab_sum_send(call, 3));
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(5, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void count(lab *room)
{
    Lab__V1__LabClient__CountUp *call = NULL;
    int32_t received = 0;
    bool in_order = false;
    assert_ok(lab_count_up(room, 100, 0, NULL, &call));
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(100, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
}

static void chat(lab *room)
{
    Lab__V1__LabClient__Chat *call = NULL;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    assert_ok(lab_chat_send(call, "hello"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(call, &line));
    assert_string_equal("hello", line->text);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
}

static void call_everything(bool deaf_service, bool deaf_client)
{
    scene *self = open_scene(deaf_service, deaf_client);
    for (int i = 0; i < 5; i++) {
        assert_ok(lab_ping_status(&self->room, "x", NULL));
        add(&self->room);
        count(&self->room);
        chat(&self->room);
    }
    close_scene(self);
}

static void a_service_without_echo_serves(void **state)
{
    (void)state;
    call_everything(true, false);
}

static void a_client_without_echo_calls(void **state)
{
    (void)state;
    call_everything(false, true);
}

static void both_sides_may_be_without_echo(void **state)
{
    (void)state;
    call_everything(true, true);
}

/* ---- a caller of another implementation ---- */

/* A service that has no such call any more says so, to whoever asks. */
static void ask(scene *self)
{
    raw_send(self->raw, &(raw_message){.subject = self->call.stream,
                                       .reply = self->call.inbox,
                                       .name = "Natsmicro-Control",
                                       .value = "probe"});
}

/* How often the answer has come until the service has forgotten the call. */
static int count_answers(scene *self)
{
    int answers = 0;
    ask(self);
    for (;;) {
        natsMsg *message = raw_next(self->call.answers);
        bool forgotten = strcmp(raw_header(message, "Nats-Service-Error-Code"), "CANCELLED") == 0;
        bool alive = raw_header(message, "Natsmicro-Control")[0] != '\0';
        natsMsg_Destroy(message);
        if (forgotten)
            return answers;
        answers += !alive;
        if (alive)
            ask(self);
    }
}

static void an_answer_is_published_once(void **state)
{
    (void)state;
    scene *self = open_scene(true, false);
    raw_open_as_go(&self->call, self->raw, "lab.v1.sum");
    raw_listen(&self->call);
    raw_item(&self->call, "1", FIVE);
    raw_end(&self->call, "1");
    assert_int_equal(1, count_answers(self));
    raw_close(&self->call);
    close_scene(self);
}

static void an_early_answer_is_held_for_a_caller_that_listens_late(void **state)
{
    (void)state;
    scene *self = open_scene(true, false);
    raw_open_as_go(&self->call, self->raw, "lab.v1.sum");
    raw_item(&self->call, "1", EARLY);
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    pass_ms(OFFER_MS);
    raw_end(&self->call, "1");
    raw_listen(&self->call);
    natsMsg *answer = raw_next(self->call.answers);
    raw_assert_error(answer, "ABORTED");
    natsMsg_Destroy(answer);
    raw_close(&self->call);
    close_scene(self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_without_echo_serves),
        cmocka_unit_test(a_client_without_echo_calls),
        cmocka_unit_test(both_sides_may_be_without_echo),
        cmocka_unit_test(an_answer_is_published_once),
        cmocka_unit_test(an_early_answer_is_held_for_a_caller_that_listens_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_on_both_streams(run);
}
