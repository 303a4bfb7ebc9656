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
    latch *both; /* counts the services that have begun; NULL: there is one */
    natsConnection *connection;
    natsmicro_server *server;
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

/* Neither can be done before the other has begun. */
static void wait_for_the_other(instance *self)
{
    if (self->both == NULL)
        return;
    latch_open(self->both);
    latch_wait_count(self->both, 2, LAB_PATIENCE);
}

static natsmicro_status count(Pair__V1__PairServer__Count *call, const Pair__V1__Item *request,
                              void *user_data)
{
    instance *self = user_data;
    Pair__V1__Item item = PAIR__V1__ITEM__INIT;
    item.from = self->name;
    natsmicro_status status = pair__v1__pair_server__count__send(call, &item);
    wait_for_the_other(self);
    for (item.number = 1; item.number < request->number && status == NATSMICRO_OK; item.number++)
        status = pair__v1__pair_server__count__send(call, &item);
    return ends(self, status);
}

static natsmicro_status sum(Pair__V1__PairServer__Sum *call, void *user_data)
{
    instance *self = user_data;
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
    natsConnection *raw;
    latch both;
    lab_heard dropped;
} scene;

static void serve(scene *self, int index)
{
    static char *const names[] = {"one", "two"};
    instance *service = &self->services[index];
    service->name = names[index];
    service->connection = connect_to(self->broker);
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
    self.broker = broker_start(&(broker_options){.jetstream = services == 0});
    latch_init(&self.both);
    for (int i = 0; i < services; i++) {
        serve(&self, i);
        self.services[i].both = services == 2 ? &self.both : NULL;
    }
    self.connection = connect_to(self.broker);
    self.raw = connect_to(self.broker);
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
        latch_destroy(&service->done);
    }
    natsConnection_Destroy(self->connection);
    natsConnection_Destroy(self->raw);
    broker_stop(self->broker);
    latch_destroy(&self->both);
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

static void expect_two_services(natsmicro_call *call)
{
    const char *text = natsmicro_call_error_message(call);
    if (strstr(text, "two services answer at pair.v1") == NULL)
        fail_msg("the text says not what happened: %s", text);
}

/* A plain stream's messages have no token but the first: of which service they are is not known. */
static void a_server_stream_is_of_the_first_service_or_fails(void **state)
{
    (void)state;
    scene *self = open_scene(2);
    Pair__V1__PairClient__Count *call = open_count(self);
    char from[8] = "";
    int32_t received = 0;
    natsmicro_status status = read_all(call, from, &received);
    if (streams_are_plain()) {
        assert_status(NATSMICRO_DATA_LOSS, status);
        expect_two_services(call->base);
    } else {
        assert_status(NATSMICRO_END, status);
        assert_int_equal(MANY, received);
        expect_cancelled(other_than(self, from));
    }
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

/* ---- a second service of another implementation ---- */

/* Where a raw service takes openings, and what it is told. */
typedef struct plain_service {
    natsSubscription *openings;
    natsSubscription *told;
    natsMsg *opening;
    const char *inbox; /* the caller's */
} plain_service;

static void listen(scene *self, plain_service *ears, const char *subject)
{
    *ears = (plain_service){0};
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&ears->openings, self->raw, subject));
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&ears->told, self->raw, "_INBOX.plain"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, LAB_PATIENCE));
}

static void take_opening(plain_service *ears)
{
    ears->opening = raw_next(ears->openings);
    ears->inbox = raw_header(ears->opening, "Reply-To");
}

static void listen_no_more(scene *self, plain_service *ears)
{
    natsMsg_Destroy(ears->opening);
    raw_unsubscribe(self->raw, ears->openings);
    raw_unsubscribe(self->raw, ears->told);
}

static void send_item(scene *self, const plain_service *ears, const char *seq, const char *text)
{
    raw_send(
        self->raw,
        &(raw_message){.subject = ears->inbox, .seq = seq, .data = text, .length = strlen(text)});
}

static void expect_told(const plain_service *ears)
{
    natsMsg *end = raw_next(ears->told);
    raw_assert_error(end, "CANCELLED");
    assert_string_equal("true", raw_header(end, "Nats-Stream-End"));
    natsMsg_Destroy(end);
}

/*
 * To who looks at bytes alone its acknowledgement is an empty frame, whose NATS reply must not
 * become the address of a reliable stream. Its end must not be the call's.
 */
static void a_plain_second_service_does_not_disturb_a_stream(void **state)
{
    (void)state;
    scene *self = open_scene(1);
    plain_service ears;
    listen(self, &ears, "pair.v1.talk");
    Pair__V1__PairClient__Talk *call = NULL;
    assert_ok(pair__v1__pair_client__talk(self->client, NULL, &call));
    char from[8] = "";
    say(call, 1, from);
    take_opening(&ears);
    raw_send(
        self->raw,
        &(raw_message){.subject = ears.inbox, .inbox = "_INBOX.plain", .reply = "_INBOX.plain"});
    expect_told(&ears);
    raw_send(self->raw, &(raw_message){.subject = ears.inbox, .end = "true", .code = "INTERNAL"});
    raw_send(self->raw, &(raw_message){.subject = ears.inbox, .end = "true"});
    assert_true(latch_wait_count(&self->dropped.happened, 3, LAB_PATIENCE));
    for (int32_t i = 2; i < 20; i++)
        say(call, i, from);
    pair__v1__pair_client__talk__close(call);
    listen_no_more(self, &ears);
    close_scene(self);
}

/* ---- two services without tokens ---- */

typedef struct numbered {
    const char *seq;
    const char *text;
} numbered;

/* "\x10\x01" is an Item with number 1. */
static const struct {
    numbered items[4];
    const char *end; /* the number on it */
    natsmicro_status status;
    int32_t read; /* items that are read before */
} interleaved[] = {
    {{{"1", "\x10\x01"}, {"2", "\x10\x02"}, {"1", "\x10\x01"}}, "2", NATSMICRO_DATA_LOSS, 2},
    {{{"1", "\x10\x01"}, {"1", "\x10\x07"}}, "1", NATSMICRO_DATA_LOSS, 1},
    {{{"1", "\x10\x01"}, {"2", "\x10\x02"}}, "1", NATSMICRO_DATA_LOSS, 2},
    {{{"1", "\x10\x01"}, {"1", "\x10\x01"}, {"2", "\x10\x02"}, {"2", "\x10\x02"}},
     "2",
     NATSMICRO_END,
     2},
};

/* A repeat of the same message is none of another service. */
static void numbers_show_two_services_without_tokens(void **state)
{
    (void)state;
    scene *self = open_scene(0);
    for (size_t i = 0; i < sizeof(interleaved) / sizeof(interleaved[0]); i++) {
        plain_service ears;
        listen(self, &ears, "pair.v1.count");
        Pair__V1__PairClient__Count *call = open_count(self);
        take_opening(&ears);
        for (const numbered *item = interleaved[i].items; item->seq != NULL; item++) {
            send_item(self, &ears, item->seq, item->text);
            if (item == interleaved[i].items + 3)
                break;
        }
        raw_send(self->raw,
                 &(raw_message){.subject = ears.inbox, .seq = interleaved[i].end, .end = "true"});
        const Pair__V1__Item *read;
        for (int32_t n = 1; n <= interleaved[i].read; n++) {
            assert_ok(pair__v1__pair_client__count__recv(call, &read));
            assert_int_equal(n, read->number);
        }
        assert_status(interleaved[i].status, pair__v1__pair_client__count__recv(call, &read));
        if (interleaved[i].status == NATSMICRO_DATA_LOSS)
            expect_two_services(call->base);
        pair__v1__pair_client__count__close(call);
        listen_no_more(self, &ears);
    }
    close_scene(self);
}

/* Answers an opening as two services would, in this order. */
typedef struct two_answers {
    raw_message first;
    raw_message second;
    raw_message third;
} two_answers;

static void answer_twice(natsConnection *connection, natsSubscription *subscription,
                         natsMsg *opening, void *closure)
{
    const two_answers *answers = closure;
    (void)subscription;
    raw_message messages[] = {answers->first, answers->second, answers->third};
    for (size_t i = 0; i < 3; i++) {
        messages[i].subject = raw_header(opening, "Reply-To");
        raw_publish(connection, &messages[i]);
    }
    natsMsg_Destroy(opening);
}

static natsSubscription *serve_twice(scene *self, two_answers *answers)
{
    natsSubscription *openings = NULL;
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&openings, self->raw, "pair.v1.talk",
                                                       answer_twice, answers));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->raw, LAB_PATIENCE));
    return openings;
}

/* Whose answer comes could not be told, so the call fails; and the second service is told. */
static void a_second_acknowledgement_without_a_token_ends_the_call(void **state)
{
    (void)state;
    scene *self = open_scene(0);
    two_answers answers = {.first = {.inbox = "_INBOX.first"},
                           .second = {.inbox = "_INBOX.plain"},
                           .third = {.inbox = "_INBOX.first"}};
    natsSubscription *openings = serve_twice(self, &answers);
    plain_service ears;
    listen(self, &ears, "_INBOX.first");
    Pair__V1__PairClient__Talk *call = NULL;
    assert_ok(pair__v1__pair_client__talk(self->client, NULL, &call));
    const Pair__V1__Item *item;
    assert_status(NATSMICRO_DATA_LOSS, pair__v1__pair_client__talk__recv(call, &item));
    expect_two_services(call->base);
    expect_told(&ears);
    pair__v1__pair_client__talk__close(call);
    listen_no_more(self, &ears);
    raw_unsubscribe(self->raw, openings);
    close_scene(self);
}

/* ---- a second service that is a reliable one ---- */

/* Its first frame is no message of a plain stream. */
static void a_reliable_second_service_does_not_disturb_a_plain_stream(void **state)
{
    (void)state;
    scene *self = open_scene(0);
    two_answers answers = {.first = {.inbox = "_INBOX.first"},
                           .second = {.reply = "_INBOX.plain",
                                      .name = "Natsmicro-Stream",
                                      .value = "1; service=another"},
                           .third = {.seq = "1", .data = "\x10\x01", .length = 2}};
    natsSubscription *openings = serve_twice(self, &answers);
    plain_service ears;
    listen(self, &ears, "_INBOX.first");
    Pair__V1__PairClient__Talk *call = NULL;
    assert_ok(pair__v1__pair_client__talk(self->client, NULL, &call));
    const Pair__V1__Item *item;
    assert_ok(pair__v1__pair_client__talk__recv(call, &item));
    assert_int_equal(1, item->number);
    natsMsg *reset = raw_next(ears.told);
    const char *why = NULL;
    nm_frame frame;
    assert_true(nm_frame_read((const uint8_t *)natsMsg_GetData(reset),
                              (size_t)natsMsg_GetDataLength(reset), &frame, &why));
    assert_true(frame.has_reset);
    assert_memory_equal("CANCELLED", frame.reset.status.data, frame.reset.status.length);
    natsMsg_Destroy(reset);
    pair__v1__pair_client__talk__close(call);
    listen_no_more(self, &ears);
    raw_unsubscribe(self->raw, openings);
    close_scene(self);
}

/* ---- JetStream ---- */

static void capture_everything(scene *self)
{
    static const char request[] = "{\"name\":\"TRAP\",\"subjects\":[\"pair.v1.*\"],"
                                  "\"storage\":\"memory\",\"retention\":\"limits\","
                                  "\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,"
                                  "\"num_replicas\":1}";
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_Request(&answer, self->raw, "$JS.API.STREAM.CREATE.TRAP",
                                            request, (int)sizeof(request) - 1, RAW_TIMEOUT_MS));
    if (strstr(natsMsg_GetData(answer), "\"error\"") != NULL)
        fail_msg("no stream: %s", natsMsg_GetData(answer));
    natsMsg_Destroy(answer);
}

static void expect_jetstream(const char *text)
{
    if (strstr(text, "JetStream's") == NULL || strstr(text, "TRAP") == NULL ||
        strstr(text, "pair.v1.") == NULL)
        fail_msg("the text says not what happened: %s", text);
}

/* Its acknowledgement comes instead of an answer, and is no message of protobuf. */
static void an_answer_of_jetstream_is_called_so(void **state)
{
    (void)state;
    scene *self = open_scene(0);
    capture_everything(self);
    natsmicro_context *context = lab_context();
    Pair__V1__Item request = PAIR__V1__ITEM__INIT;
    Pair__V1__Item *answer = NULL;
    assert_status(NATSMICRO_INTERNAL,
                  pair__v1__pair_client__ask(self->client, &request, context, &answer));
    expect_jetstream(natsmicro_context_error_message(context));
    Pair__V1__PairClient__Count *counting = open_count(self);
    const Pair__V1__Item *item;
    assert_status(NATSMICRO_INTERNAL, pair__v1__pair_client__count__recv(counting, &item));
    expect_jetstream(natsmicro_call_error_message(counting->base));
    pair__v1__pair_client__count__close(counting);
    Pair__V1__PairClient__Talk *talking = NULL;
    assert_status(NATSMICRO_INTERNAL, pair__v1__pair_client__talk(self->client, context, &talking));
    expect_jetstream(natsmicro_context_error_message(context));
    Pair__V1__PairClient__Sum *adding = NULL;
    assert_status(NATSMICRO_INTERNAL, pair__v1__pair_client__sum(self->client, context, &adding));
    expect_jetstream(natsmicro_context_error_message(context));
    natsmicro_context_destroy(context);
    close_scene(self);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_stream_is_of_the_first_service_or_fails),
        cmocka_unit_test(a_bidirectional_stream_goes_on_with_the_first_service),
        cmocka_unit_test(a_client_stream_goes_on_with_the_first_service),
        cmocka_unit_test(a_plain_second_service_does_not_disturb_a_stream),
        cmocka_unit_test(numbers_show_two_services_without_tokens),
        cmocka_unit_test(a_second_acknowledgement_without_a_token_ends_the_call),
        cmocka_unit_test(a_reliable_second_service_does_not_disturb_a_plain_stream),
        cmocka_unit_test(an_answer_of_jetstream_is_called_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_on_both_streams(run);
}
