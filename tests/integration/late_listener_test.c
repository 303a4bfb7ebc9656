/*
 * Callers of a client stream that listen for the answer only after their own end, as the existing
 * Go caller does. The call may have ended on the service's side long before, by a failure or an
 * early answer, while the caller goes on sending. It must hear of that, not wait for its deadline.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <string.h>

#define FIVE   "\x08\x05", 2                                      /* SumRequest {value: 5} */
#define EARLY  "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 /* value -1: fails at once */
#define BROKEN "\xff\xff", 2

/* An answer is kept for no longer than this after the caller has fallen silent. */
#define IDLE_MS 700

/* How long callers go on, and how often they send: beyond all limits, but never silent for long. */
#define SENDING_MS 4500
#define PAUSE_MS   100

typedef struct scene {
    lab room;
    natsConnection *raw;
    lab_heard unheard;
} scene;

static scene *open_scene(void)
{
    static scene self; /* not on the stack of a test that may fail */
    memset(&self, 0, sizeof(self));
    lab_open(&self.room);
    lab_heard_init(&self.unheard, NATSMICRO_EVENT_UNHEARD);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = IDLE_MS;
    options.gone_limit_ms = IDLE_MS;
    options.on_error = lab_hear;
    options.on_error_data = &self.unheard;
    lab_serve_with(&self.room, &lab_held_handlers, &self.room.seen, &options, NULL);
    self.raw = connect_to(self.room.nats);
    return &self;
}

static void close_scene(scene *self)
{
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
    lab_heard_destroy(&self->unheard);
}

/* ---- what ends a call on the service's side ---- */

static void lose_one(raw_call *call)
{
    raw_item(call, "1", FIVE);
    raw_item(call, "3", FIVE);
}

static void send_what_cannot_be_decoded(raw_call *call)
{
    raw_item(call, "1", BROKEN);
}

static void send_what_has_no_headers_to_read(raw_call *call)
{
    raw_publish(call->connection,
                &(raw_message){.subject = call->stream, .name = " x", .value = "1"});
}

/* The service waits for the next message until its idle limit. */
static void fall_silent(raw_call *call)
{
    raw_item(call, "1", FIVE);
}

static void be_answered_early(raw_call *call)
{
    raw_item(call, "1", EARLY);
}

static const struct {
    void (*begin)(raw_call *call);
    const char *code;
} cases[] = {
    {lose_one, "DATA_LOSS"},
    {send_what_cannot_be_decoded, "INVALID_ARGUMENT"},
    {send_what_has_no_headers_to_read, "INVALID_ARGUMENT"},
    {fall_silent, "UNAVAILABLE"},
    {be_answered_early, "ABORTED"},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void send_on(raw_call calls[N_CASES])
{
    for (int64_t until = now_ms() + SENDING_MS; now_ms() < until; pass_ms(PAUSE_MS))
        for (size_t i = 0; i < N_CASES; i++)
            raw_item(&calls[i], "4", FIVE);
}

static void a_caller_that_sends_on_hears_in_the_end_how_its_call_ended(void **state)
{
    (void)state;
    scene *self = open_scene();
    raw_call calls[N_CASES];
    for (size_t i = 0; i < N_CASES; i++) {
        raw_open_as_go(&calls[i], self->raw, "lab.v1.sum");
        cases[i].begin(&calls[i]);
    }
    assert_true(latch_wait_count(&self->room.seen.done, (int)N_CASES, LAB_PATIENCE));
    send_on(calls);
    for (size_t i = 0; i < N_CASES; i++) {
        raw_end(&calls[i], NULL);
        raw_listen(&calls[i]);
        natsMsg *answer = raw_next(calls[i].answers);
        raw_assert_error(answer, cases[i].code);
        natsMsg_Destroy(answer);
        raw_close(&calls[i]);
    }
    assert_int_equal(0, latch_count(&self->unheard.happened));
    close_scene(self);
}

/* ---- what bounds that ---- */

static void an_answer_is_dropped_when_its_caller_falls_silent(void **state)
{
    (void)state;
    scene *self = open_scene();
    raw_call call;
    raw_open_as_go(&call, self->raw, "lab.v1.sum");
    lose_one(&call);
    lab_expect_heard(&self->unheard, call.inbox, "lab.v1.Lab.Sum", "nobody listened");
    close_scene(self);
}

/* It has listened from the beginning: it need not come to its end to be told. */
static void a_caller_that_has_named_its_inbox_is_told_before_its_end(void **state)
{
    (void)state;
    scene *self = open_scene();
    raw_call call;
    raw_open(&call, self->raw, "lab.v1.sum");
    raw_unsubscribe(self->raw, call.answers);
    raw_item(&call, "1", EARLY);
    assert_true(latch_wait(&self->room.seen.done, LAB_PATIENCE));
    raw_listen(&call);
    natsMsg *answer = raw_next(call.answers);
    raw_assert_error(answer, "ABORTED");
    natsMsg_Destroy(answer);
    raw_close(&call);
    close_scene(self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_that_sends_on_hears_in_the_end_how_its_call_ended),
        cmocka_unit_test(an_answer_is_dropped_when_its_caller_falls_silent),
        cmocka_unit_test(a_caller_that_has_named_its_inbox_is_told_before_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_on_plain_streams(run);
}
