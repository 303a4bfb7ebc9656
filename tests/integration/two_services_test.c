/*
 * Two services that get the same opening, because they are in no queue group or share a prefix by
 * mistake. A caller must get the messages of one of them, or be told; never a mixture that looks
 * complete. The other must learn that nobody listens to it.
 */
#include "integration/frames.h"
#include "integration/lab_service.h"
#include "pair/v1/pair.nats-c.h"

#include <stdio.h>
#include <string.h>

/* So many items are more than a service sends to a caller that it has not heard. */
#define MANY 20000

/* ---- the two services ---- */

typedef struct instance {
    char *name;
    natsConnection *connection;
    natsmicro_server *server;
    latch entered;
    latch done;
    atomic_int returned;
} instance;

static natsmicro_status ends(instance *self, natsmicro_status status)
{
    atomic_store(&self->returned, (int)status);
    latch_open(&self->done);
    return status;
}

static natsmicro_status ask(Pair__V1__PairServer__Ask *call, const Pair__V1__Item *request,
                            void *user_data)
{
    instance *self = user_data;
    (void)request;
    Pair__V1__Item item = PAIR__V1__ITEM__INIT;
    item.from = self->name;
    return ends(self, pair__v1__pair_server__ask__reply(call, &item));
}

static natsmicro_status count(Pair__V1__PairServer__Count *call, const Pair__V1__Item *request,
                              void *user_data)
{
    instance *self = user_data;
    latch_open(&self->entered);
    Pair__V1__Item item = PAIR__V1__ITEM__INIT;
    item.from = self->name;
    natsmicro_status status = NATSMICRO_OK;
    for (item.number = 0; item.number < request->number && status == NATSMICRO_OK; item.number++)
        status = pair__v1__pair_server__count__send(call, &item);
    return ends(self, status);
}

static natsmicro_status sum(Pair__V1__PairServer__Sum *call, void *user_data)
{
    instance *self = user_data;
    latch_open(&self->entered);
    Pair__V1__Item total = PAIR__V1__ITEM__INIT;
    total.from = self->name;
    const Pair__V1__Item *item;
    natsmicro_status status;
    while ((status = pair__v1__pair_server__sum__recv(call, &item)) == NATSMICRO_OK)
        total.number += item->number;
    if (status == NATSMICRO_END)
        status = pair__v1__pair_server__sum__reply(call, &total);
    return ends(self, status);
}

static natsmicro_status talk(Pair__V1__PairServer__Talk *call, void *user_data)
{
    instance *self = user_data;
    latch_open(&self->entered);
    Pair__V1__Item answer = PAIR__V1__ITEM__INIT;
    answer.from = self->name;
    const Pair__V1__Item *item;
    natsmicro_status status;
    while ((status = pair__v1__pair_server__talk__recv(call, &item)) == NATSMICRO_OK) {
        answer.number = item->number;
        status = pair__v1__pair_server__talk__send(call, &answer);
        if (status != NATSMICRO_OK)
            break;
    }
    return ends(self, status == NATSMICRO_END ? NATSMICRO_OK : status);
}

static const Pair__V1__PairHandlers handlers = {
    .ask = ask, .count = count, .sum = sum, .talk = talk};

typedef struct scene {
    broker *broker;
    instance services[2];
    natsConnection *connection;
    Pair__V1__PairClient *client;
    lab_heard dropped;
} scene;

static void serve(scene *self, int index)
{
    static char *const names[] = {"one", "two"};
    instance *service = &self->services[index];
    service->name = names[index];
    service->connection = connect_to(self->broker);
    latch_init(&service->entered);
    latch_init(&service->done);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.drain_timeout_ms = 1000;
    assert_ok(natsmicro_server_new(&service->server, service->connection, &options));
    assert_ok(pair__v1__pair_server__add(service->server, &handlers, service, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(service->connection, LAB_PATIENCE));
}

static scene *open_scene(int services)
{
    static scene self; /* not on the stack of a test that may fail */
    memset(&self, 0, sizeof(self));
    self.broker = broker_start(NULL);
    for (int i = 0; i < services; i++)
        serve(&self, i);
    self.connection = connect_to(self.broker);
    lab_heard_init(&self.dropped, NATSMICRO_EVENT_DROPPED);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.plain_streams = streams_are_plain();
    options.on_error = lab_hear;
    options.on_error_data = &self.dropped;
    assert_ok(pair__v1__pair_client__new(&self.client, self.connection, &options));
    return &self;
}

static void close_scene(scene *self)
{
    pair__v1__pair_client__destroy(self->client);
    for (int i = 0; i < 2; i++) {
        instance *service = &self->services[i];
        if (service->server == NULL)
            continue;
        natsmicro_server_destroy(service->server);
        natsConnection_Destroy(service->connection);
        latch_destroy(&service->entered);
        latch_destroy(&service->done);
    }
    natsConnection_Destroy(self->connection);
    broker_stop(self->broker);
    lab_heard_destroy(&self->dropped);
}

static instance *other_than(scene *self, const char *name)
{
    return &self->services[strcmp(name, self->services[0].name) == 0];
}

/* The service that the call is not with is told so, and its handler ends. */
static void expect_cancelled(instance *service)
{
    assert_true(latch_wait(&service->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&service->returned));
}

/* ---- calls ---- */

static Pair__V1__PairClient__Count *open_count(scene *self)
{
    Pair__V1__PairClient__Count *call = NULL;
    Pair__V1__Item request = PAIR__V1__ITEM__INIT;
    request.number = MANY;
    assert_ok(pair__v1__pair_client__count(self->client, &request, NULL, &call));
    return call;
}

/* Reads to the end. The items must be of one service, in order; *received: how many. */
static natsmicro_status read_all(Pair__V1__PairClient__Count *call, char from[8], int32_t *received)
{
    *received = 0;
    const Pair__V1__Item *item;
    natsmicro_status status;
    while ((status = pair__v1__pair_client__count__recv(call, &item)) == NATSMICRO_OK) {
        if (*received == 0)
            snprintf(from, 8, "%s", item->from);
        assert_string_equal(from, item->from);
        assert_int_equal((*received)++, item->number);
    }
    return status;
}

static void a_reliable_server_stream_is_of_the_first_service_alone(void **state)
{
    (void)state;
    scene *self = open_scene(2);
    Pair__V1__PairClient__Count *call = open_count(self);
    char from[8] = "";
    int32_t received = 0;
    assert_status(NATSMICRO_END, read_all(call, from, &received));
    assert_int_equal(MANY, received);
    expect_cancelled(other_than(self, from));
    assert_true(latch_wait(&self->dropped.happened, LAB_PATIENCE));
    assert_string_equal("pair.v1.Pair.Count", self->dropped.method);
    assert_non_null(strstr(self->dropped.text, "another service"));
    pair__v1__pair_client__count__close(call);
    close_scene(self);
}

static void say(Pair__V1__PairClient__Talk *call, int32_t number, char from[8])
{
    Pair__V1__Item item = PAIR__V1__ITEM__INIT;
    item.number = number;
    assert_ok(pair__v1__pair_client__talk__send(call, &item));
    const Pair__V1__Item *answer;
    natsmicro_status status = pair__v1__pair_client__talk__recv(call, &answer);
    if (status != NATSMICRO_OK)
        fail_msg("no answer: %s", natsmicro_call_error_message(call->base));
    if (from[0] == '\0')
        snprintf(from, 8, "%s", answer->from);
    assert_string_equal(from, answer->from);
    assert_int_equal(number, answer->number);
}

static void a_bidirectional_stream_goes_on_with_the_first_service(void **state)
{
    (void)state;
    scene *self = open_scene(2);
    Pair__V1__PairClient__Talk *call = NULL;
    assert_ok(pair__v1__pair_client__talk(self->client, NULL, &call));
    char from[8] = "";
    say(call, 1, from);
    expect_cancelled(other_than(self, from));
    for (int32_t i = 2; i < 20; i++)
        say(call, i, from);
    assert_ok(pair__v1__pair_client__talk__close_send(call));
    const Pair__V1__Item *item;
    assert_status(NATSMICRO_END, pair__v1__pair_client__talk__recv(call, &item));
    pair__v1__pair_client__talk__close(call);
    close_scene(self);
}

static void a_client_stream_goes_on_with_the_first_service(void **state)
{
    (void)state;
    scene *self = open_scene(2);
    Pair__V1__PairClient__Sum *call = NULL;
    assert_ok(pair__v1__pair_client__sum(self->client, NULL, &call));
    Pair__V1__Item item = PAIR__V1__ITEM__INIT;
    item.number = 7;
    for (int i = 0; i < 3; i++)
        assert_ok(pair__v1__pair_client__sum__send(call, &item));
    Pair__V1__Item *total = NULL;
    assert_ok(pair__v1__pair_client__sum__close_and_recv(call, &total));
    assert_int_equal(21, total->number);
    expect_cancelled(other_than(self, total->from));
    pair__v1__pair_client__sum__free(total);
    pair__v1__pair_client__sum__close(call);
    close_scene(self);
}

/* ---- a second service that is no reliable one ---- */

/*
 * What it sends comes to the inbox of a reliable stream. Its acknowledgement is an empty frame to
 * who looks at bytes alone, and its NATS reply must not become the address of the stream.
 */
static void a_plain_second_service_does_not_disturb_a_reliable_stream(void **state)
{
    (void)state;
    scene *self = open_scene(1);
    natsConnection *raw = connect_to(self->broker);
    natsSubscription *openings = NULL;
    natsSubscription *told = NULL;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&openings, raw, "pair.v1.talk"));
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&told, raw, "_INBOX.plain"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, LAB_PATIENCE));
    Pair__V1__PairClient__Talk *call = NULL;
    assert_ok(pair__v1__pair_client__talk(self->client, NULL, &call));
    char from[8] = "";
    say(call, 1, from);
    natsMsg *opening = raw_next(openings);
    const char *inbox = raw_header(opening, "Reply-To");
    raw_send(raw,
             &(raw_message){.subject = inbox, .inbox = "_INBOX.plain", .reply = "_INBOX.plain"});
    natsMsg *end = raw_next(told);
    raw_assert_error(end, "CANCELLED");
    assert_string_equal("true", raw_header(end, "Nats-Stream-End"));
    natsMsg_Destroy(end);
    raw_send(raw, &(raw_message){.subject = inbox, .seq = "1", .data = "\x08\x05", .length = 2});
    raw_send(raw, &(raw_message){.subject = inbox, .end = "true", .code = "INTERNAL"});
    assert_true(latch_wait_count(&self->dropped.happened, 3, LAB_PATIENCE));
    for (int32_t i = 2; i < 20; i++)
        say(call, i, from);
    natsMsg_Destroy(opening);
    pair__v1__pair_client__talk__close(call);
    raw_unsubscribe(raw, openings);
    raw_unsubscribe(raw, told);
    natsConnection_Destroy(raw);
    close_scene(self);
}

static int run(void)
{
    const struct CMUnitTest both[] = {
        cmocka_unit_test(a_bidirectional_stream_goes_on_with_the_first_service),
        cmocka_unit_test(a_client_stream_goes_on_with_the_first_service),
    };
    const struct CMUnitTest reliable[] = {
        cmocka_unit_test(a_reliable_server_stream_is_of_the_first_service_alone),
        cmocka_unit_test(a_plain_second_service_does_not_disturb_a_reliable_stream),
    };
    int failed = cmocka_run_group_tests(both, NULL, NULL);
    return failed + (streams_are_plain() ? 0 : cmocka_run_group_tests(reliable, NULL, NULL));
}

int main(void)
{
    return run();
}
