/*
 * The permissions that the guide teaches, on a broker with that very configuration. Each user has
 * an inbox prefix of its own: everything works, and a third user who may do all that a client may
 * can neither read another's answers nor end or forge its calls, even with the address of the
 * inbox. Otherwise one bad program in an account would read what all others are told.
 */
#include "integration/blobs.h"
#include "integration/raw.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "docs/guide/permissions.conf"

/* Where the guide's service listens. */
#define PREFIX "shop.v1"

#define SUBJECT_SIZE 256

/* ---- blobs: each side sends one of the sizes that takes several messages ---- */

#define BLOB_SIZE ((size_t)300000)

static natsmicro_status upload(Lab__V1__LabServer__Upload *call, void *user_data)
{
    (void)user_data;
    received_blob received = {0};
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    natsmicro_status status = blob_receive(call->base, RECV_WRITER, &received);
    if (status != NATSMICRO_OK)
        return status;
    char hash[32];
    snprintf(hash, sizeof(hash), "%llx", (unsigned long long)received.hash);
    result.size = (int64_t)received.length;
    result.sha256 = hash;
    return lab__v1__lab_server__upload__reply(call, &result);
}

static natsmicro_status download(Lab__V1__LabServer__Download *call,
                                 const Lab__V1__DownloadRequest *request, void *user_data)
{
    (void)user_data;
    uint8_t *data = blob_new((size_t)request->size, 7);
    sent_blob sent = {data, (size_t)request->size, NULL, 10000};
    natsmicro_status status = blob_send(call->base, SEND_BYTES, &sent);
    free(data);
    return status;
}

/* ---- the scene: shop serves, till calls, desk attacks ---- */

typedef struct scene {
    broker *where;
    lab room;
    natsConnection *shop; /* sees what its user may see, for the test */
    natsSubscription *openings;
    natsConnection *attacker;
    /* NULL: the lab's. */
    natsmicro_status (*chat)(Lab__V1__LabServer__Chat *call, void *user_data);
    char told[512]; /* what that handler was told */
    latch refused;  /* once for each thing that the broker did not let the attacker do */
} scene;

static void count_refusals(natsConnection *connection, natsSubscription *subscription,
                           natsStatus status, void *closure)
{
    (void)connection;
    (void)subscription;
    if (status == NATS_NOT_PERMITTED)
        latch_open(closure);
}

static natsConnection *connect_attacker(const char *url, latch *refused)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    assert_int_equal(NATS_OK, natsOptions_Create(&options));
    assert_int_equal(NATS_OK, natsOptions_SetURL(options, url));
    assert_int_equal(NATS_OK, natsOptions_SetErrorHandler(options, count_refusals, refused));
    assert_int_equal(NATS_OK, natsConnection_Connect(&connection, options));
    natsOptions_Destroy(options);
    return connection;
}

static void serve_and_call(scene *self)
{
    Lab__V1__LabHandlers handlers = lab_held_handlers;
    handlers.upload = upload;
    handlers.download = download;
    if (self->chat != NULL)
        handlers.chat = self->chat;
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.inbox_prefix = "_INBOX.service.shop";
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    service.subject_prefix = PREFIX;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.inbox_prefix = "_INBOX.client.till";
    client.subject_prefix = PREFIX;
    void *user_data = self->chat != NULL ? (void *)self : (void *)&self->room.seen;
    lab_serve_with(&self->room, &handlers, user_data, &server, &service);
    lab_call_with(&self->room, &client);
    assert_int_equal(NATS_OK,
                     natsConnection_FlushTimeout(self->room.server_connection, LAB_PATIENCE));
}

static void scene_open_on(scene *self, broker *where)
{
    self->where = where;
    char shop[128];
    broker_url_for(self->where, "shop:one", shop, sizeof(shop));
    char till[128];
    broker_url_for(self->where, "till:two", till, sizeof(till));
    char desk[128];
    broker_url_for(self->where, "desk:three", desk, sizeof(desk));
    latch_init(&self->refused);
    lab_open_at(&self->room, shop, till);
    serve_and_call(self);
    self->shop = connect_to_url(shop);
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&self->openings, self->shop, PREFIX ".>"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->shop, LAB_PATIENCE));
    self->attacker = connect_attacker(desk, &self->refused);
}

static void scene_open(scene *self)
{
    scene_open_on(self, broker_start(&(broker_options){.config_file = CONFIG_FILE}));
}

static void scene_close(scene *self)
{
    raw_unsubscribe(self->shop, self->openings);
    natsConnection_Destroy(self->attacker);
    natsConnection_Destroy(self->shop);
    lab_close(&self->room);
    broker_stop(self->where);
    latch_destroy(&self->refused);
}

/* ---- what till may do ---- */

static void count_up(scene *self)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&self->room, 1000, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(1000, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
}

static void sum(scene *self)
{
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(self->room.client, NULL, &call));
    for (int i = 0; i < 100; i++)
        assert_ok(lab_sum_send(call, 3));
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(300, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void chat(scene *self)
{
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < 10; i++) {
        assert_ok(lab_chat_send(call, "one"));
        assert_ok(lab__v1__lab_client__chat__recv(call, &line));
        assert_string_equal("one", line->text);
    }
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
}

static void blob_up(scene *self, const uint8_t *data)
{
    sent_blob sent = {data, BLOB_SIZE, NULL, 10000};
    char hash[32];
    snprintf(hash, sizeof(hash), "%llx",
             (unsigned long long)hash_more(HASH_BEGIN, data, BLOB_SIZE));
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->room.client, NULL, &call));
    assert_ok(blob_send(call->base, SEND_BYTES, &sent));
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(BLOB_SIZE, result->size);
    assert_string_equal(hash, result->sha256);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void blob_down(scene *self, const uint8_t *data)
{
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    sent_blob sent = {data, BLOB_SIZE, NULL, 0};
    received_blob received = {.expected = &sent};
    request.size = BLOB_SIZE;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->room.client, &request, NULL, &call));
    assert_ok(blob_receive(call->base, RECV_WRITER, &received));
    assert_int_equal(BLOB_SIZE, received.length);
    assert_false(received.differs);
    lab__v1__lab_client__download__close(call);
}

static void do_all_that_a_client_does(scene *self)
{
    uint8_t *data = blob_new(BLOB_SIZE, 7);
    assert_ok(lab_ping_status(&self->room, "hello", NULL));
    count_up(self);
    sum(self);
    chat(self);
    blob_up(self, data);
    blob_down(self, data);
    free(data);
}

static void a_client_with_its_own_inboxes_can_do_everything(void **state)
{
    (void)state;
    scene here = {0};
    scene_open(&here);
    do_all_that_a_client_does(&here);
    scene_close(&here);
}

static void discovery_answers_who_may_ask(void **state)
{
    (void)state;
    scene here = {0};
    scene_open(&here);
    char url[128];
    broker_url_for(here.where, "watch:four", url, sizeof(url));
    natsConnection *watch = connect_to_url(url);
    natsSubscription *answers = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&answers, watch, "_INBOX.client.watch.1"));
    raw_send(watch, &(raw_message){.subject = "$SRV.PING", .reply = "_INBOX.client.watch.1"});
    natsMsg *answer = raw_next(answers);
    assert_non_null(strstr(natsMsg_GetData(answer), "\"lab\""));
    natsMsg_Destroy(answer);
    raw_unsubscribe(watch, answers);
    natsConnection_Destroy(watch);
    scene_close(&here);
}

/* ---- what desk tries ---- */

static int pending(natsSubscription *subscription)
{
    int messages = 0;
    int bytes = 0;
    assert_int_equal(NATS_OK, natsSubscription_GetPending(subscription, &messages, &bytes));
    return messages;
}

static void nobody_reads_the_answers_to_others(void **state)
{
    (void)state;
    static const char *const subjects[] = {
        "_INBOX.>",
        "_INBOX.client.>",
        "_INBOX.client.till.>",
        "_INBOX.client.*.*.*",
        "_INBOX.client.*.>",
        "_INBOX.service.shop.>",
        "_INBOX.service.*.*.*",
        ">",
        "*.client.till.*.*",
        PREFIX ".>",
        "_INBOX.client.watch.>",
        "$SRV.>",
    };
    enum { COUNT = sizeof(subjects) / sizeof(subjects[0]) };
    natsSubscription *subscriptions[COUNT] = {NULL};
    natsSubscription *own = NULL;
    scene here = {0};
    scene_open(&here);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(
            NATS_OK, natsConnection_SubscribeSync(&subscriptions[i], here.attacker, subjects[i]));
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&own, here.attacker, "_INBOX.client.desk.1"));
    assert_true(latch_wait_count(&here.refused, COUNT, LAB_PATIENCE));

    do_all_that_a_client_does(&here);
    raw_send(here.shop, &(raw_message){.subject = "_INBOX.client.desk.1"});
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.attacker, LAB_PATIENCE));
    assert_int_equal(1, pending(own)); /* what it may read does come */
    assert_int_equal(COUNT, latch_count(&here.refused));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(0, pending(subscriptions[i]));
        raw_unsubscribe(here.attacker, subscriptions[i]);
    }
    raw_unsubscribe(here.attacker, own);
    scene_close(&here);
}

/*
 * A message that ends a stream of either kind: a number after a gap, or a reset frame. An error
 * without the service's token would not end a plain stream.
 */
static void forge_an_end(natsConnection *connection, const char *inbox)
{
    uint8_t bytes[NM_FRAME_RESET_SIZE];
    uint8_t *end = nm_frame_write_reset(bytes, "ABORTED", "forged");
    raw_send(connection, &(raw_message){.subject = inbox,
                                        .data = bytes,
                                        .length = (size_t)(end - bytes),
                                        .seq = streams_are_plain() ? "99" : NULL});
}

/* Opens a stream that has sent one number and waits; the test learns till's inbox. */
static Lab__V1__LabClient__CountUp *open_stream(scene *self, char inbox[SUBJECT_SIZE])
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&self->room, LAB_ONE_AND_WAIT, 0, NULL, &call));
    const Lab__V1__CountUpResponse *number;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &number));
    natsMsg *opening = raw_next(self->openings);
    snprintf(inbox, SUBJECT_SIZE, "%s", natsMsg_GetReply(opening));
    natsMsg_Destroy(opening);
    assert_int_equal(0, strncmp(inbox, "_INBOX.client.till.", strlen("_INBOX.client.till.")));
    return call;
}

static void nobody_ends_a_stream_of_others(void **state)
{
    (void)state;
    scene here = {0};
    scene_open(&here);
    char inbox[SUBJECT_SIZE];
    Lab__V1__LabClient__CountUp *call = open_stream(&here, inbox);
    for (int i = 0; i < 100; i++)
        forge_an_end(here.attacker, inbox);
    assert_true(latch_wait_count(&here.refused, 100, LAB_PATIENCE));
    assert_status(NATSMICRO_OK, natsmicro_call_status(call->base));
    latch_open(&here.room.seen.release);
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(call, &number));
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

/* The forged message does harm where the permissions let it through. */
static void the_forged_end_would_have_ended_it(void **state)
{
    (void)state;
    scene here = {0};
    scene_open(&here);
    char inbox[SUBJECT_SIZE];
    Lab__V1__LabClient__CountUp *call = open_stream(&here, inbox);
    forge_an_end(here.shop, inbox);
    const Lab__V1__CountUpResponse *number;
    assert_status(streams_are_plain() ? NATSMICRO_DATA_LOSS : NATSMICRO_ABORTED,
                  lab__v1__lab_client__count_up__recv(call, &number));
    latch_open(&here.room.seen.release);
    assert_true(latch_wait(&here.room.seen.done, LAB_PATIENCE));
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

/* ---- permission for one response only ---- */

static const char one_response[] =
    "authorization { users = [\n"
    "  { user: shop, password: one, permissions: {\n"
    "      subscribe: [\"shop.v1.>\", \"$SRV.>\", \"_INBOX.service.shop.>\"]\n"
    "      publish: [\"_INBOX.service.shop.>\"], allow_responses: true } }\n"
    "  { user: till, password: two }, { user: desk, password: three } ] }\n";

/* Unary calls need no more. The caller of a stream must not take a part for the whole. */
static void one_response_is_enough_for_unary_calls_only(void **state)
{
    (void)state;
    scene here = {0};
    scene_open_on(&here, broker_start(&(broker_options){.config = one_response}));
    for (int i = 0; i < 3; i++)
        assert_ok(lab_ping_status(&here.room, "one", NULL));
    Lab__V1__LabClient__CountUp *call;
    natsmicro_status status = lab_count_up(&here.room, 1000, 0, NULL, &call);
    int32_t received = 0;
    bool in_order;
    if (status == NATSMICRO_OK)
        status = lab_count_all(call, &received, &in_order);
    assert_int_equal(1, received);
    assert_status(streams_are_plain() ? NATSMICRO_CANCELLED : NATSMICRO_UNAVAILABLE, status);
    lab__v1__lab_client__count_up__close(call);
    scene_close(&here);
}

/* Notes what its handler is told, when it cannot go on. */
static natsmicro_status chat_until_told(Lab__V1__LabServer__Chat *call, void *user_data)
{
    scene *self = user_data;
    const Lab__V1__ChatMessage *line;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK &&
           (status = lab__v1__lab_server__chat__send(call, line)) == NATSMICRO_OK)
        continue;
    snprintf(self->told, sizeof(self->told), "%s", natsmicro_call_error_message(call->base));
    latch_open(&self->room.seen.done);
    return status;
}

/*
 * With allow_responses the broker lets one message through for each request, and drops the next
 * one. Nothing else would say why the stream stands still.
 */
static void a_handler_is_told_of_permissions_that_allow_one_response(void **state)
{
    (void)state;
    scene here = {.chat = chat_until_told};
    scene_open_on(&here, broker_start(&(broker_options){.config = one_response}));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(here.room.client, NULL, &call));
    assert_ok(lab_chat_send(call, "one"));
    assert_ok(lab_chat_send(call, "two"));
    assert_ok(lab_chat_send(call, "three"));
    assert_true(latch_wait(&here.room.seen.done, LAB_AT_ONCE));
    assert_non_null(strstr(here.told, "permissions"));
    assert_non_null(strstr(here.told, "_INBOX.client.till."));
    lab__v1__lab_client__chat__close(call);
    scene_close(&here);
}

/* ---- rights that are missing: each is told to who needs it, with its subject ---- */

#define RIGHTS(subscribe, publish)                                               \
    "authorization { users = [ { user: shop, password: one }\n"                  \
    "  { user: till, password: two, permissions: { subscribe: [" subscribe "]\n" \
    "      publish: [" publish "] } } ] }\n"

static const char no_publishing[] = RIGHTS("\"_INBOX.>\"", "\"other.>\"");
static const char no_inbox[] = RIGHTS("\"other.>\"", "\"lab.>\", \"_INBOX.>\"");
static const char no_serving[] = RIGHTS("\"_INBOX.>\", \"$SRV.>\"", "\">\"");
static const char no_discovery[] = RIGHTS("\"_INBOX.>\", \"lab.>\"", "\">\"");
static const char everything[] = RIGHTS("\">\"", "\">\"");

/* A room in which shop may do all, and till what the configuration says. */
typedef struct limited {
    broker *where;
    lab room;
    char till[128];
} limited;

static void limited_open(limited *self, const char *config)
{
    self->where = broker_start(&(broker_options){.config = config});
    char shop[128];
    broker_url_for(self->where, "shop:one", shop, sizeof(shop));
    broker_url_for(self->where, "till:two", self->till, sizeof(self->till));
    lab_open_at(&self->room, shop, self->till);
}

static void limited_close(limited *self)
{
    lab_close(&self->room);
    broker_stop(self->where);
}

static void expect_denied(const char *part, natsmicro_status status, const char *text)
{
    assert_status(NATSMICRO_PERMISSION_DENIED, status);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void a_caller_that_may_not_publish_is_told(void **state)
{
    (void)state;
    limited here;
    limited_open(&here, no_publishing);
    lab_serve(&here.room, NULL, NULL);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, LAB_PATIENCE);
    expect_denied("publish to lab.v1.ping", lab_ping_status(&here.room, "", context),
                  natsmicro_last_error());
    /* The refusal is an old one now, so it counts at the end of the wait only. */
    natsmicro_context_set_timeout(context, 100);
    expect_denied("publish to lab.v1.ping", lab_ping_status(&here.room, "", context),
                  natsmicro_last_error());
    natsmicro_context_destroy(context);
    Lab__V1__LabClient__Chat *call;
    expect_denied("publish to lab.v1.chat",
                  lab__v1__lab_client__chat(here.room.client, NULL, &call), natsmicro_last_error());
    Lab__V1__LabClient__CountUp *numbers;
    assert_ok(lab_count_up(&here.room, 1, 0, NULL, &numbers));
    const Lab__V1__CountUpResponse *number;
    natsmicro_status status = lab__v1__lab_client__count_up__recv(numbers, &number);
    expect_denied("publish to lab.v1.count_up", status,
                  natsmicro_call_error_message(numbers->base));
    lab__v1__lab_client__count_up__close(numbers);
    limited_close(&here);
}

static void a_client_that_may_not_subscribe_is_told(void **state)
{
    (void)state;
    limited here;
    limited_open(&here, no_inbox);
    lab_serve(&here.room, NULL, NULL);
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_NOT_PERMITTED);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = &heard;
    options.timeout_ms = LAB_PATIENCE;
    lab_call_with(&here.room, &options);
    expect_denied("subscribe to _INBOX.", lab_ping_status(&here.room, "", NULL),
                  natsmicro_last_error());
    Lab__V1__LabClient__Chat *call;
    expect_denied("subscribe to _INBOX.", lab__v1__lab_client__chat(here.room.client, NULL, &call),
                  natsmicro_last_error());
    lab_expect_heard(&heard, heard.subject, "", "subscribe to \"_INBOX.");
    assert_int_equal(0, strncmp("_INBOX.", heard.subject, strlen("_INBOX.")));
    assert_int_equal(1, latch_count(&heard.happened));
    limited_close(&here);
    lab_heard_destroy(&heard);
}

/* Serves with till's connection, and returns what adding the service did. */
static natsmicro_status try_to_serve(limited *self, natsmicro_server **server, lab_heard *heard)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = lab_hear;
    options.on_error_data = heard;
    assert_ok(natsmicro_server_new(server, self->room.client_connection, &options));
    return lab__v1__lab_server__add(*server, &lab_handlers, NULL, NULL);
}

static void a_service_that_may_not_subscribe_is_told(void **state)
{
    (void)state;
    limited here;
    limited_open(&here, no_serving);
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_NOT_PERMITTED);
    for (int i = 0; i < 2; i++) { /* the second time the same text is there already */
        natsmicro_server *server;
        expect_denied("subscribe to \"lab.v1.", try_to_serve(&here, &server, &heard),
                      natsmicro_last_error());
        natsmicro_server_destroy(server);
    }
    assert_int_equal(0, latch_count(&heard.happened));
    limited_close(&here);
    lab_heard_destroy(&heard);
}

static void a_service_without_discovery_serves_and_is_told(void **state)
{
    (void)state;
    limited here;
    limited_open(&here, no_discovery);
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_NOT_PERMITTED);
    natsmicro_server *server;
    assert_ok(try_to_serve(&here, &server, &heard));
    lab_expect_heard(&heard, heard.subject, "", "subscribe to \"$SRV.");
    assert_ok(lab_ping_status(&here.room, "", NULL));
    natsmicro_server_destroy(server);
    limited_close(&here);
    lab_heard_destroy(&heard);
}

typedef struct attempt {
    limited *where;
    natsmicro_server *server;
    lab_heard *heard;
} attempt;

static bool serves_now(void *data)
{
    attempt *self = data;
    if (try_to_serve(self->where, &self->server, self->heard) == NATSMICRO_OK)
        return true;
    natsmicro_server_destroy(self->server);
    return false;
}

/* The old refusal is still what nats.c says of the connection. */
static void a_right_that_is_granted_later_counts(void **state)
{
    (void)state;
    limited here;
    limited_open(&here, no_serving);
    lab_heard heard;
    lab_heard_init(&heard, NATSMICRO_EVENT_NOT_PERMITTED);
    attempt self = {&here, NULL, &heard};
    assert_false(serves_now(&self));
    broker_set_config(here.where, &(broker_options){.config = everything});
    broker_reload(here.where);
    assert_true(eventually(serves_now, &self, LAB_PATIENCE));
    assert_ok(lab_ping_status(&here.room, "", NULL));
    natsmicro_server_destroy(self.server);
    assert_int_equal(0, latch_count(&heard.happened));
    limited_close(&here);
    lab_heard_destroy(&heard);
}

static bool may_call_now(void *data)
{
    limited *self = data;
    return lab_ping_status(&self->room, "", NULL) == NATSMICRO_OK;
}

/* Takes so long that its caller looks more than once what the broker has refused. */
static natsmicro_status ping_slowly(Lab__V1__LabServer__Ping *call,
                                    const Lab__V1__PingRequest *request, void *user_data)
{
    limited *self = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    if (strcmp(request->payload, "slow") == 0)
        latch_wait(&self->room.seen.release, 2500);
    return lab__v1__lab_server__ping__reply(call, &response);
}

static void an_old_refusal_does_not_end_a_slow_call(void **state)
{
    (void)state;
    static const Lab__V1__LabHandlers handlers = {.ping = ping_slowly};
    limited here;
    limited_open(&here, no_publishing);
    lab_serve_with(&here.room, &handlers, &here, NULL, NULL);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.timeout_ms = 100;
    lab_call_with(&here.room, &options);
    assert_status(NATSMICRO_PERMISSION_DENIED, lab_ping_status(&here.room, "", NULL));
    broker_set_config(here.where, &(broker_options){.config = everything});
    broker_reload(here.where);
    assert_true(eventually(may_call_now, &here, LAB_PATIENCE));
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, LAB_PATIENCE);
    assert_ok(lab_ping_status(&here.room, "slow", context));
    natsmicro_context_destroy(context);
    limited_close(&here);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_with_its_own_inboxes_can_do_everything),
        cmocka_unit_test(discovery_answers_who_may_ask),
        cmocka_unit_test(nobody_reads_the_answers_to_others),
        cmocka_unit_test(nobody_ends_a_stream_of_others),
        cmocka_unit_test(the_forged_end_would_have_ended_it),
        cmocka_unit_test(one_response_is_enough_for_unary_calls_only),
        cmocka_unit_test(a_handler_is_told_of_permissions_that_allow_one_response),
        cmocka_unit_test(a_caller_that_may_not_publish_is_told),
        cmocka_unit_test(a_client_that_may_not_subscribe_is_told),
        cmocka_unit_test(a_service_that_may_not_subscribe_is_told),
        cmocka_unit_test(a_service_without_discovery_serves_and_is_told),
        cmocka_unit_test(a_right_that_is_granted_later_counts),
        cmocka_unit_test(an_old_refusal_does_not_end_a_slow_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_on_both_streams(run_all);
}
