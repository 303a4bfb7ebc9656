/*
 * Floods: a stranger sends faster than we can take. Memory stays bounded, what is lost is counted
 * and told, those who may answer are answered, and the streams of others go on.
 *
 * A callback of the test that waits stands for a thread that is too slow, so that queues fill.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 60000 /* under LAB_MAX_PAYLOAD */
#define BUDGET_BYTES  (64 * 1024 * 1024)

/* More than the budget of a queue, and the strays that would be answered otherwise. */
#define FLOOD_MESSAGES (2 * BUDGET_BYTES / MESSAGE_BYTES)
#define STRAYS         50000

/* What the process may grow by, in KiB, beside a full queue. */
#define ROOM_KIB (40 * 1024)

typedef struct scene {
    lab room;
    natsConnection *raw;
    latch held;    /* a thread of the library is in on_error */
    latch release; /* it may go on */
    natsmicro_event_kind hold_at;
    lab_heard told;     /* of messages that were dropped */
    char inboxes[128];  /* the wildcard of the client's inboxes */
    char stranger[160]; /* one of them that nobody listens at */
} scene;

static void on_event(const natsmicro_event *event, void *user_data)
{
    scene *self = user_data;
    if (event->kind == self->hold_at) {
        latch_open(&self->held);
        latch_wait(&self->release, 10 * LAB_PATIENCE);
    }
    lab_hear(event, &self->told);
}

static void scene_open(scene *self, natsmicro_event_kind hold_at)
{
    memset(self, 0, sizeof(*self));
    self->hold_at = hold_at;
    latch_init(&self->held);
    latch_init(&self->release);
    lab_heard_init(&self->told, NATSMICRO_EVENT_QUEUE_FULL);
    broker_options where = {.max_payload = LAB_MAX_PAYLOAD};
    lab_open_with(&self->room, &where);
    self->raw = connect_to(self->room.nats);
}

static void scene_close(scene *self)
{
    latch_open(&self->release);
    natsConnection_Destroy(self->raw);
    lab_close(&self->room);
    latch_destroy(&self->held);
    latch_destroy(&self->release);
    lab_heard_destroy(&self->told);
}

static void flood(scene *self, const char *subject, const char *reply, size_t length, int count)
{
    static const char zeros[MESSAGE_BYTES];
    for (int i = 0; i < count; i++)
        raw_publish(
            self->raw,
            &(raw_message){.subject = subject, .reply = reply, .data = zeros, .length = length});
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, 6 * LAB_PATIENCE));
}

/* Waits until all that was published to a connection has been taken from its socket. */
static void settle(natsConnection *connection)
{
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(connection, 6 * LAB_PATIENCE));
}

static void assert_told(scene *self, const char *subject, const char *method)
{
    lab_expect_heard(&self->told, subject, method, "were dropped");
}

static void assert_bounded(uint64_t before_kib)
{
    uint64_t now = memory_kib(getpid());
    if (now > before_kib)
        report("%llu KiB more", (unsigned long long)(now - before_kib));
    if (PLAIN_OR_SANITIZED(true, false))
        assert_true(now < before_kib + BUDGET_BYTES / 1024 + ROOM_KIB);
}

/* ---- inboxes ---- */

/* Finds where a client's inboxes are: the subject that a request of it has as its reply. */
static void find_inboxes(scene *self)
{
    natsSubscription *subscription = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&subscription, self->raw, "lab.v1.ping"));
    settle(self->raw);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 1);
    lab_ping_status(&self->room, "", context);
    natsmicro_context_destroy(context);
    natsMsg *request = raw_next(subscription);
    const char *reply = natsMsg_GetReply(request);
    int prefix = (int)(strrchr(reply, '.') - reply);
    snprintf(self->inboxes, sizeof(self->inboxes), "%.*s.*", prefix, reply);
    natsMsg_Destroy(request);
    raw_unsubscribe(self->raw, subscription);
}

static void call_with_events(scene *self)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.on_error = on_event;
    options.on_error_data = self;
    lab_call_with(&self->room, &options);
}

static void open_to_strangers(scene *self)
{
    scene_open(self, NATSMICRO_EVENT_REFUSED_SUBJECT);
    call_with_events(self);
    find_inboxes(self);
    snprintf(self->stranger, sizeof(self->stranger), "%.*sstranger", (int)strlen(self->inboxes) - 1,
             self->inboxes);
}

/* Has the client's dispatch thread wait in on_error. */
static void hold_dispatch(scene *self)
{
    raw_send(self->raw, &(raw_message){.subject = self->stranger, .inbox = "not.an.inbox"});
    assert_true(latch_wait(&self->held, LAB_PATIENCE));
}

static void an_inbox_that_is_flooded_bounds_memory_and_streams_go_on(void **state)
{
    (void)state;
    scene here;
    open_to_strangers(&here);
    lab_serve(&here.room, NULL, NULL);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&here.room, 5000, 0, NULL, &call));

    hold_dispatch(&here);
    uint64_t before = memory_kib(getpid());
    flood(&here, here.stranger, NULL, MESSAGE_BYTES, FLOOD_MESSAGES);
    settle(here.room.client_connection);
    assert_bounded(before);
    latch_open(&here.release);
    assert_told(&here, here.inboxes, "");

    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    lab__v1__lab_client__count_up__close(call);
    assert_int_equal(5000, received);
    assert_true(in_order);
    scene_close(&here);
}

static void strays_are_not_answered_while_messages_wait(void **state)
{
    (void)state;
    scene here;
    open_to_strangers(&here);
    natsSubscription *answers = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&answers, here.raw, "_INBOX.of.the.stranger"));
    assert_int_equal(NATS_OK, natsSubscription_SetPendingLimits(answers, -1, -1));

    hold_dispatch(&here);
    flood(&here, here.stranger, "_INBOX.of.the.stranger", 1, STRAYS);
    settle(here.room.client_connection);
    latch_open(&here.release);
    natsMsg_Destroy(raw_next(answers));
    lab_serve(&here.room, NULL, NULL);
    assert_ok(lab_ping_status(&here.room, "after it", NULL)); /* its answer came last */
    settle(here.room.client_connection);
    settle(here.raw);
    int64_t answered = 0;
    int waiting = 0;
    natsSubscription_GetDelivered(answers, &answered);
    natsSubscription_GetPending(answers, &waiting, NULL);
    report("%lld of %d strays were answered", (long long)answered + waiting, STRAYS);
    assert_true(answered + waiting < STRAYS / 4);
    raw_unsubscribe(here.raw, answers);
    scene_close(&here);
}

/* ---- requests ---- */

static natsmicro_status wait_for_release(Lab__V1__LabServer__Ping *call,
                                         const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    lab_probe_wait(user_data);
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static void serve_one(scene *self, const Lab__V1__LabHandlers *handlers, size_t waiting_bytes)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 1;
    options.max_waiting_bytes = waiting_bytes;
    options.on_error = on_event;
    options.on_error_data = self;
    lab_serve_with(&self->room, handlers, &self->room.seen, &options, NULL);
}

/* The only worker is busy, the backlog is full, and whoever refuses requests is held up, too. */
static void requests_that_nobody_takes_bound_memory_and_are_told(void **state)
{
    (void)state;
    Lab__V1__LabHandlers handlers = lab_handlers;
    handlers.ping = wait_for_release;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_OVERLOADED);
    serve_one(&here, &handlers, 1);
    raw_send(here.raw, &(raw_message){.subject = "lab.v1.ping", .reply = "_INBOX.nobody"});
    assert_true(latch_wait(&here.room.seen.entered, LAB_PATIENCE));

    uint64_t before = memory_kib(getpid());
    flood(&here, "lab.v1.ping", "_INBOX.nobody", MESSAGE_BYTES, FLOOD_MESSAGES);
    settle(here.room.server_connection);
    assert_true(latch_wait(&here.held, LAB_PATIENCE));
    assert_bounded(before);
    latch_open(&here.release);
    latch_open(&here.room.seen.release);
    assert_told(&here, "lab.v1.ping", "lab.v1.Lab.Ping");
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(here.room.server, &counters);
    assert_true(counters.dropped_messages > 0);
    scene_close(&here);
}

/* A request without a reply is told by an event, which holds up the thread that answers. */
static void discovery_that_nobody_takes_is_told_like_requests(void **state)
{
    (void)state;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_REFUSED_SUBJECT);
    serve_one(&here, &lab_handlers, 0);
    raw_send(here.raw, &(raw_message){.subject = "$SRV.PING"});
    assert_true(latch_wait(&here.held, LAB_PATIENCE));

    uint64_t before = memory_kib(getpid());
    flood(&here, "$SRV.PING", "_INBOX.nobody", MESSAGE_BYTES, FLOOD_MESSAGES);
    settle(here.room.server_connection);
    assert_bounded(before);
    latch_open(&here.release);
    assert_told(&here, "$SRV.*", "");
    assert_ok(lab_ping_status(&here.room, "after it", NULL));
    scene_close(&here);
}

static void waiting_requests_are_limited_in_bytes(void **state)
{
    (void)state;
    Lab__V1__LabHandlers handlers = lab_handlers;
    handlers.ping = wait_for_release;
    scene here;
    scene_open(&here, NATSMICRO_EVENT_QUEUE_FULL);
    serve_one(&here, &handlers, 2 * MESSAGE_BYTES + 1000);
    natsSubscription *answers = NULL;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&answers, here.raw, "_INBOX.a.caller"));
    raw_send(here.raw, &(raw_message){.subject = "lab.v1.ping", .reply = "_INBOX.nobody"});
    assert_true(latch_wait(&here.room.seen.entered, LAB_PATIENCE));

    flood(&here, "lab.v1.ping", "_INBOX.a.caller", MESSAGE_BYTES, 3);
    natsMsg *answer = raw_next(answers);
    raw_assert_error(answer, "UNAVAILABLE");
    natsMsg_Destroy(answer);
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(here.room.server, &counters);
    assert_int_equal(2, counters.waiting);
    assert_int_equal(1, counters.refused);
    latch_open(&here.room.seen.release);
    raw_unsubscribe(here.raw, answers);
    scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inbox_that_is_flooded_bounds_memory_and_streams_go_on),
        cmocka_unit_test(strays_are_not_answered_while_messages_wait),
        cmocka_unit_test(requests_that_nobody_takes_bound_memory_and_are_told),
        cmocka_unit_test(discovery_that_nobody_takes_is_told_like_requests),
        cmocka_unit_test(waiting_requests_are_limited_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
