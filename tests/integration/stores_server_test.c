/*
 * What a service does with its responses: they are stored before they go out, and where they cannot
 * be, the caller or on_error is told which bucket and key it is, as the option says.
 */
#include "integration/raw.h"
#include "integration/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- storing ---- */

/* Whoever has the response may look it up at once. */
static void a_response_is_stored_before_it_goes_out(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    shelf_assert_stored(&here, "ping.ada", "ada");
    assert_ok(shelf_ask(&here, SHELF_PLAIN, "bob", NULL));
    shelf_assert_stored(&here, "ping.bob", "");
    assert_int_equal(0, latch_count(&here.heard.happened));
    shelf_close(&here);
}

static natsmicro_status fail_always(shelf *self, natsmicro_call *call,
                                    const Lab__V1__PingRequest *request)
{
    (void)self;
    return natsmicro_call_fail(call, NATSMICRO_NOT_FOUND, "no %s", request->payload);
}

static void a_failure_stores_nothing(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.handler = fail_always;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_status(NATSMICRO_NOT_FOUND, shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    shelf_assert_stored(&here, "ping.ada", "");
    shelf_close(&here);
}

/* ---- what can go wrong ---- */

/* A broker, and what a test does before the service is added, so that nothing can be stored. */
typedef struct trouble {
    const char *name;
    broker_options broker;
    const char *user; /* of the service; NULL: the broker has no users */
    void (*prepare)(shelf *self);
    const char *says[4]; /* parts of the text; it names bucket and key in any case */
} trouble;

static void make_mirror(shelf *self)
{
    jsCtx *js = NULL;
    assert_int_equal(NATS_OK, natsConnection_JetStream(&js, self->peer, NULL));
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = "elsewhere";
    config.Subjects = (const char *[]){"elsewhere"};
    config.SubjectsLen = 1;
    assert_int_equal(NATS_OK, js_AddStream(NULL, js, &config, NULL, NULL));
    jsStreamSource mirror;
    jsStreamSource_Init(&mirror);
    mirror.Name = "elsewhere";
    jsStreamConfig_Init(&config);
    config.Name = "KV_things";
    config.Mirror = &mirror;
    assert_int_equal(NATS_OK, js_AddStream(NULL, js, &config, NULL, NULL));
    jsCtx_Destroy(js);
}

static void make_full_bucket(shelf *self)
{
    jsCtx *js = NULL;
    natsStatus status = NATS_OK;
    shelf_make_bucket(self, &(kvConfig){.Bucket = "things", .MaxBytes = 1000});
    assert_int_equal(NATS_OK, natsConnection_JetStream(&js, self->peer, NULL));
    for (int i = 0; i < 1000 && status == NATS_OK; i++) {
        char subject[64];
        snprintf(subject, sizeof(subject), "$KV.things.filler.%d", i);
        status = js_Publish(NULL, js, subject, "filler", 6, NULL, NULL);
    }
    assert_int_equal(NATS_ERR, status);
    jsCtx_Destroy(js);
}

static void make_small_bucket(shelf *self)
{
    shelf_make_bucket(self, &(kvConfig){.Bucket = "things", .MaxValueSize = 10});
}

static void ask_for_key_ttl(shelf *self)
{
    self->stores[SHELF_KV_OF_KEEP].key_ttl_ns = INT64_C(2000000000);
    shelf_make_bucket(self, &(kvConfig){.Bucket = "things"});
}

static const char users[] =
    "accounts {\n"
    "  A { jetstream: enabled, users: [\n"
    "    { user: peer, password: p }\n"
    "    { user: no_values, password: p, permissions: { publish: { deny: \"$KV.>\" } } }\n"
    "    { user: no_bucket, password: p,\n"
    "      permissions: { publish: { deny: \"$JS.API.STREAM.CREATE.>\" } } }\n"
    "  ] }\n"
    "  B { users: [ { user: outsider, password: p } ] }\n"
    "}";

static const trouble troubles[] = {
    {.name = "the broker has no JetStream", .says = {"KV persistence requires JetStream: "}},
    {.name = "the account has no JetStream",
     .broker = {.jetstream = true, .config = users},
     .user = "outsider:p",
     .says = {"KV persistence requires JetStream: ", "10039"}},
    {.name = "the bucket is a mirror",
     .broker = {.jetstream = true},
     .prepare = make_mirror,
     .says = {"failed to persist Keep response to KV: ", "mirror"}},
    {.name = "the bucket is full",
     .broker = {.jetstream = true},
     .prepare = make_full_bucket,
     .says = {"failed to persist Keep response to KV: ", "maximum bytes"}},
    {.name = "the value is too large",
     .broker = {.jetstream = true},
     .prepare = make_small_bucket,
     .says = {"failed to persist Keep response to KV: ", "message size exceeds"}},
    {.name = "the broker is too old, or the bucket",
     .broker = {.jetstream = true},
     .prepare = ask_for_key_ttl,
     .says = {"failed to persist Keep response to KV: ", "key_ttl", "nats-server 2.11"}},
    {.name = "values may not be published",
     .broker = {.jetstream = true, .config = users},
     .user = "no_values:p",
     .says = {"failed to persist Keep response to KV: ", "$KV.things.ping."}},
    {.name = "the bucket is missing and may not be made",
     .broker = {.jetstream = true, .config = users},
     .user = "no_bucket:p",
     .says = {"failed to open KV bucket \"things\": ", "$JS.API.STREAM.CREATE.KV_things"}},
};

/* Longer than make_small_bucket allows. */
#define PAYLOAD "a-longer-payload"
#define KEY     "key \"ping.a-longer-payload\""

static void open_trouble(shelf *self, const trouble *what, bool required)
{
    const char *caller = what->user != NULL ? what->user : NULL;
    const char *peer = what->user != NULL ? "peer:p" : NULL;
    shelf_open_as(self, &what->broker, what->user, caller, peer);
    if (what->prepare != NULL)
        what->prepare(self);
    self->stores[SHELF_KV_OF_KEEP].required = required;
    self->service.n_methods = 1;
    self->service.n_stores = 1;
    shelf_serve(self, NULL);
    shelf_call(self, NULL);
}

/* What was said of the bucket's making is not of interest here. */
static void forget_heard(shelf *self)
{
    lab_heard_destroy(&self->heard);
    lab_heard_init(&self->heard, NATSMICRO_EVENT_STORE_FAILED);
}

static void a_required_store_fails_its_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        shelf here;
        open_trouble(&here, &troubles[i], true);
        print_message("%s\n", troubles[i].name);
        shelf_assert_fails(&here, SHELF_KEEP, PAYLOAD, LAB_PATIENCE, "\"things\"", KEY);
        shelf_assert_fails_with(&here, SHELF_KEEP, PAYLOAD, LAB_PATIENCE, troubles[i].says);
        shelf_close(&here);
    }
}

static void any_other_store_fails_and_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        shelf here;
        open_trouble(&here, &troubles[i], false);
        forget_heard(&here);
        print_message("%s\n", troubles[i].name);
        natsmicro_context *context = lab_context();
        natsmicro_context_set_timeout(context, LAB_PATIENCE);
        assert_ok(shelf_ask(&here, SHELF_KEEP, PAYLOAD, context));
        natsmicro_context_destroy(context);
        lab_expect_heard(&here.heard, "shelf.v1.keep", "shelf.v1.Shelf.Keep", KEY);
        shelf_assert_says(here.heard.text, (const char *const[]){"\"things\"", NULL});
        shelf_assert_says(here.heard.text, troubles[i].says);
        shelf_close(&here);
    }
}

/* A value of a field that no key can have is the caller's to know. */
static void a_key_that_cannot_be_is_a_failure_to_store(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.stores[SHELF_KV_OF_KEEP].required = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    shelf_assert_fails(&here, SHELF_KEEP, "a b", LAB_PATIENCE,
                       "failed to persist Keep response to KV: the request's payload \"a b\" makes "
                       "no key of the bucket \"things\": it must have");
    shelf_close(&here);
}

/* ---- a JetStream that is dead, or slow ---- */

static const char info_of_things[] =
    "{\"type\":\"io.nats.jetstream.api.v1.stream_info_response\",\"config\":{\"name\":\"KV_things\","
    "\"subjects\":[\"$KV.things.>\"],\"retention\":\"limits\",\"max_consumers\":-1,\"max_msgs\":-1,"
    "\"max_bytes\":-1,\"max_age\":0,\"max_msgs_per_subject\":1,\"max_msg_size\":-1,"
    "\"discard\":\"new\",\"storage\":\"file\",\"num_replicas\":1,\"deny_delete\":true,"
    "\"allow_rollup_hdrs\":true,\"allow_direct\":true},\"state\":{},\"created\":"
    "\"2024-01-01T00:00:00Z\"}";

static void answer_info(natsConnection *connection, natsSubscription *subscription,
                        natsMsg *message, void *closure)
{
    (void)subscription;
    (void)closure;
    natsConnection_PublishString(connection, natsMsg_GetReply(message), info_of_things);
    natsMsg_Destroy(message);
}

static void answer_nothing(natsConnection *connection, natsSubscription *subscription,
                           natsMsg *message, void *closure)
{
    (void)connection;
    (void)subscription;
    latch_open(closure);
    natsMsg_Destroy(message);
}

/* In place of JetStream, on a broker without it. */
typedef struct fake {
    natsSubscription *api;
    natsSubscription *values;
    latch asked;
    latch published;
} fake;

/* `answers`: it says that the bucket is there; what is published is never acknowledged. */
static void fake_open(fake *self, shelf *here, bool answers)
{
    latch_init(&self->asked);
    latch_init(&self->published);
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&self->api, here->peer, "$JS.API.>",
                                                       answers ? answer_info : answer_nothing,
                                                       &self->asked));
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&self->values, here->peer, "$KV.>",
                                                       answer_nothing, &self->published));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here->peer, LAB_PATIENCE));
}

static void fake_close(fake *self, shelf *here)
{
    raw_unsubscribe(here->peer, self->api);
    raw_unsubscribe(here->peer, self->values);
    latch_destroy(&self->asked);
    latch_destroy(&self->published);
}

static void open_fake(shelf *here, fake *jetstream, bool answers, bool required)
{
    shelf_open(here, &(broker_options){.jetstream = false});
    fake_open(jetstream, here, answers);
    here->stores[SHELF_KV_OF_KEEP].required = required;
    here->service.n_stores = 1;
    shelf_serve(here, NULL);
    shelf_call(here, NULL);
}

static void an_acknowledgement_that_never_comes_leaves_a_doubt(void **state)
{
    (void)state;
    shelf here;
    fake jetstream;
    open_fake(&here, &jetstream, true, true);
    shelf_assert_fails(&here, SHELF_KEEP, "ada", 2000,
                       "failed to persist Keep response to KV: bucket \"things\", key \"ping.ada\"",
                       "may have been stored");
    assert_int_equal(1, latch_count(&jetstream.published)); /* nothing is sent again */
    natsmicro_server_destroy(here.server);
    here.server = NULL;
    fake_close(&jetstream, &here);
    shelf_close(&here);
}

/* It may take half of the caller's time, and the rest is for the response. */
static void a_dead_jetstream_does_not_cost_the_response(void **state)
{
    (void)state;
    for (int answers = 0; answers < 2; answers++) {
        shelf here;
        fake jetstream;
        open_fake(&here, &jetstream, answers != 0, false);
        forget_heard(&here);
        natsmicro_context *context = lab_context();
        natsmicro_context_set_timeout(context, 8000);
        assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", context));
        natsmicro_context_destroy(context);
        lab_expect_heard(&here.heard, "shelf.v1.keep", "shelf.v1.Shelf.Keep", "key \"ping.ada\"");
        assert_ok(shelf_ask(&here, SHELF_KEEP, "bob", NULL)); /* who has the default timeout, too */
        natsmicro_server_destroy(here.server);
        here.server = NULL;
        fake_close(&jetstream, &here);
        shelf_close(&here);
    }
}

/* Else the caller would only know that its time was over. */
static void a_required_store_tells_why_before_the_deadline(void **state)
{
    (void)state;
    shelf here;
    fake jetstream;
    open_fake(&here, &jetstream, false, true);
    shelf_assert_fails(&here, SHELF_KEEP, "ada", 3000, "bucket \"things\"", "key \"ping.ada\"",
                       "no answer in time");
    natsmicro_server_destroy(here.server);
    here.server = NULL;
    fake_close(&jetstream, &here);
    shelf_close(&here);
}

/* ---- a server that stops meanwhile ---- */

typedef struct asker {
    shelf *where;
    size_t method;
    char payload[32];
    pthread_t thread;
    natsmicro_status status;
} asker;

static void *ask(void *data)
{
    asker *self = data;
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 60000);
    self->status = shelf_ask(self->where, self->method, self->payload, context);
    natsmicro_context_destroy(context);
    return NULL;
}

static void asker_start(asker *self, shelf *where, size_t method, const char *payload)
{
    *self = (asker){.where = where, .method = method};
    snprintf(self->payload, sizeof(self->payload), "%s", payload);
    assert_int_equal(0, pthread_create(&self->thread, NULL, ask, self));
}

static natsmicro_status asker_join(asker *self)
{
    pthread_join(self->thread, NULL);
    return self->status;
}

/* Its time for a drain is shorter than the caller's: no caller waits for nothing. */
static void a_drain_ends_what_waits_for_jetstream(void **state)
{
    (void)state;
    for (int required = 0; required < 2; required++) {
        shelf here;
        fake jetstream;
        shelf_open(&here, &(broker_options){.jetstream = false});
        fake_open(&jetstream, &here, true);
        here.stores[SHELF_KV_OF_KEEP].required = required != 0;
        here.service.n_stores = 1;
        natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
        options.drain_timeout_ms = 100;
        shelf_serve(&here, &options);
        shelf_call(&here, NULL);
        asker caller;
        asker_start(&caller, &here, SHELF_KEEP, "ada");
        assert_true(latch_wait(&jetstream.published, LAB_PATIENCE));
        natsmicro_server_destroy(here.server);
        here.server = NULL;
        natsmicro_status status = asker_join(&caller);
        if (required)
            assert_true(status == NATSMICRO_INTERNAL || status == NATSMICRO_UNAVAILABLE);
        else
            assert_true(status == NATSMICRO_OK || status == NATSMICRO_UNAVAILABLE);
        fake_close(&jetstream, &here);
        shelf_close(&here);
    }
}

/* ---- buckets ---- */

static void a_bucket_that_is_gone_is_made_again(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.stores[SHELF_KV_OF_KEEP].required = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    shelf_delete_bucket(&here, "things");
    assert_ok(shelf_ask(&here, SHELF_KEEP, "bob", NULL));
    shelf_assert_stored(&here, "ping.ada", "");
    shelf_assert_stored(&here, "ping.bob", "bob");
    shelf_close(&here);
}

/* The broker of another release may be newer, and does what is asked: see store_bucket_test. */
static void a_bucket_with_another_setting_is_told(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    if (!broker_is_older(here.nats, 2, 10)) {
        shelf_close(&here);
        skip();
    }
    shelf_make_bucket(&here, &(kvConfig){.Bucket = "things", .History = 3, .MaxValueSize = 1000});
    here.stores[SHELF_KV_OF_KEEP].bucket.compression = true; /* of nats-server 2.10 */
    here.stores[SHELF_KV_OF_BOTH].bucket.compression = true;
    shelf_serve(&here, NULL);
    lab_expect_heard(&here.heard, "shelf.v1.keep", "shelf.v1.Shelf.Keep", "compression");
    shelf_assert_says(here.heard.text, (const char *const[]){"\"things\"", NULL});
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL)); /* it serves all the same */
    shelf_assert_stored(&here, "ping.ada", "ada");
    shelf_close(&here);
}

/* Whoever has no store, or leaves it to clients, needs no JetStream. */
static void a_store_of_clients_alone_is_not_the_servers(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    natsSubscription *requests = NULL;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&requests, here.peer, "$JS.>"));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.peer, LAB_PATIENCE));
    for (size_t i = 0; i < SHELF_STORES; i++)
        here.stores[i].client_only = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    for (size_t method = 0; method < SHELF_METHODS; method++)
        assert_ok(shelf_ask(&here, method, "ada", NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.peer, LAB_PATIENCE));
    uint64_t pending = 0;
    assert_int_equal(NATS_OK, natsSubscription_QueuedMsgs(requests, &pending));
    assert_int_equal(0, pending);
    raw_unsubscribe(here.peer, requests);
    assert_false(shelf_has_stream(&here, "KV_things"));
    shelf_close(&here);
}

/* ---- a broker that is restarted ---- */

static bool is_back(void *data)
{
    return natsConnection_FlushTimeout(data, LAB_PATIENCE) == NATS_OK;
}

static natsmicro_status restart_and_reply(shelf *self, natsmicro_call *call,
                                          const Lab__V1__PingRequest *request)
{
    if (strcmp(request->payload, "restart") == 0) {
        broker_restart(self->nats);
        /* Else nobody would listen to the response. */
        assert_true(eventually(is_back, self->client_connection, LAB_PATIENCE));
    }
    return shelf_reply(call, request->payload);
}

/* A response that its caller gets is stored, whatever happens to the broker. */
static void a_broker_that_restarts_loses_no_value(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.handler = restart_and_reply;
    here.stores[SHELF_KV_OF_KEEP].required = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 30000);
    natsmicro_status status = shelf_ask(&here, SHELF_KEEP, "restart", context);
    if (status == NATSMICRO_OK)
        shelf_assert_stored(&here, "ping.restart", "restart");
    else
        shelf_assert_says(natsmicro_context_error_message(context),
                          (const char *const[]){"\"things\"", "\"ping.restart\"", NULL});
    natsmicro_context_destroy(context);
    shelf_assert_stored(&here, "ping.ada", "ada");
    shelf_close(&here);
}

/* ---- how a reply and its storing go together ---- */

static natsmicro_status detach(shelf *self, natsmicro_call *call,
                               const Lab__V1__PingRequest *request)
{
    (void)request;
    self->call = call;
    assert_ok(natsmicro_call_detach(call));
    latch_open(&self->entered);
    return NATSMICRO_OK;
}

/* The request, of which the key is made, lives as long as the call. */
static void a_detached_call_stores_its_response(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.handler = detach;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    asker caller;
    asker_start(&caller, &here, SHELF_KEEP, "ada");
    assert_true(latch_wait(&here.entered, LAB_PATIENCE));
    assert_ok(shelf_reply(here.call, "later"));
    natsmicro_call_finish(here.call, NATSMICRO_OK);
    assert_ok(asker_join(&caller));
    shelf_assert_stored(&here, "ping.ada", "later");
    shelf_close(&here);
}

static natsmicro_status reply_twice(shelf *self, natsmicro_call *call,
                                    const Lab__V1__PingRequest *request)
{
    natsmicro_status first = shelf_reply(call, request->payload);
    natsmicro_status second = shelf_reply(call, "second");
    if (first == NATSMICRO_INTERNAL && second == NATSMICRO_FAILED_PRECONDITION)
        latch_open(&self->release);
    return NATSMICRO_OK; /* as if nothing had happened */
}

static bool figures_have_it(void *data)
{
    const shelf *self = data;
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsConnection_RequestString(&answer, self->peer, "$SRV.STATS.shelf",
                                                           "", LAB_PATIENCE));
    bool have =
        strstr(natsMsg_GetData(answer), "INTERNAL:KV persistence requires JetStream") != NULL;
    natsMsg_Destroy(answer);
    return have;
}

static void the_failure_of_a_reply_is_the_calls(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, &(broker_options){.jetstream = false});
    here.handler = reply_twice;
    here.stores[SHELF_KV_OF_KEEP].required = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    shelf_assert_fails(&here, SHELF_KEEP, "ada", LAB_PATIENCE, "KV persistence requires JetStream");
    assert_int_equal(1, latch_count(&here.release));
    assert_true(eventually(figures_have_it, &here, LAB_PATIENCE)); /* the caller is told first */
    shelf_close(&here);
}

/* ---- several stores, several callers ---- */

static natsmicro_status say_it_louder(natsmicro_call *call, const ProtobufCMessage *message,
                                      natsmicro_next *next, void *user_data)
{
    (void)call;
    (void)message;
    (void)user_data;
    Lab__V1__PingResponse louder = LAB__V1__PING_RESPONSE__INIT;
    louder.payload = "LOUDER";
    return natsmicro_next_run(next, &louder.base);
}

/* What lies in the store is what callers have got, which may be another than the handler's. */
static void what_goes_out_is_what_is_stored(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.send = say_it_louder;
    const natsmicro_interceptor *const list[] = {&interceptor, NULL};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.interceptors = list;
    shelf_serve(&here, &options);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    shelf_assert_stored(&here, "ping.ada", "LOUDER");
    shelf_close(&here);
}

/* Of all tests that ask from many threads. */
#define CALLERS 32

static natsmicro_status reply_number(shelf *self, natsmicro_call *call,
                                     const Lab__V1__PingRequest *request)
{
    (void)request;
    latch_open(&self->entered);
    char payload[32];
    snprintf(payload, sizeof(payload), "%d", latch_count(&self->entered));
    return shelf_reply(call, payload);
}

/* How many of so many callers at once, with one key, have got a response. */
static int ask_at_once(shelf *self)
{
    int succeeded = 0;
    asker callers[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        asker_start(&callers[i], self, SHELF_KEEP, "one");
    for (int i = 0; i < CALLERS; i++) {
        natsmicro_status status = asker_join(&callers[i]);
        succeeded += status == NATSMICRO_OK;
        assert_true(status == NATSMICRO_OK || status == NATSMICRO_INTERNAL);
    }
    return succeeded;
}

static void open_for_many(shelf *self, natsmicro_stub_write_mode mode)
{
    shelf_open(self, NULL);
    self->handler = reply_number;
    self->stores[SHELF_KV_OF_KEEP].required = true;
    self->stores[SHELF_KV_OF_KEEP].write_mode = mode;
    shelf_serve(self, NULL);
    shelf_call(self, NULL);
}

static void only_one_caller_creates(void **state)
{
    (void)state;
    shelf here;
    open_for_many(&here, NATSMICRO_STORE_CREATE);
    assert_int_equal(1, ask_at_once(&here));
    shelf_assert_fails(&here, SHELF_KEEP, "one", LAB_PATIENCE,
                       "failed to persist Keep response to KV: bucket \"things\", key \"ping.one\"",
                       "is there already");
    shelf_close(&here);
}

static void the_last_write_wins_and_none_fails(void **state)
{
    (void)state;
    shelf here;
    open_for_many(&here, NATSMICRO_STORE_LAST_WRITE_WINS);
    assert_int_equal(CALLERS, ask_at_once(&here));
    shelf_close(&here);
}

/* Each response that was given out took the place of one that its service had seen. */
static void a_compare_and_set_that_is_lost_is_told(void **state)
{
    (void)state;
    shelf here;
    open_for_many(&here, NATSMICRO_STORE_COMPARE_AND_SET);
    int succeeded = ask_at_once(&here);
    assert_between(succeeded, 1, CALLERS);
    assert_int_equal(succeeded, shelf_count_messages(&here, "KV_things"));
    shelf_close(&here);
}

static void the_object_is_stored_after_the_value(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_BOTH, "ada", NULL));
    shelf_assert_stored(&here, "ping.ada", "ada");
    shelf_assert_object(&here, "ping.ada", "ada");
    assert_ok(shelf_ask(&here, SHELF_FILE, "bob", NULL));
    shelf_assert_stored(&here, "ping.bob", "");
    shelf_assert_object(&here, "ping.bob", "bob");
    assert_int_equal(0, latch_count(&here.heard.happened));
    shelf_close(&here);
}

/* A call that fails leaves nothing behind. */
static void no_object_is_stored_where_the_value_is_required(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    make_small_bucket(&here);
    here.stores[SHELF_KV_OF_BOTH].required = true;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    shelf_assert_fails(&here, SHELF_BOTH, "a-longer-payload", LAB_PATIENCE,
                       "failed to persist Both response to KV: ");
    shelf_assert_object(&here, "ping.a-longer-payload", "");
    shelf_close(&here);
}

static natsmicro_status reply_too_much(shelf *self, natsmicro_call *call,
                                       const Lab__V1__PingRequest *request)
{
    char *payload = lab_text(70000);
    natsmicro_status status = shelf_reply(call, payload);
    (void)self;
    (void)request;
    free(payload);
    return status;
}

/* Chunks would take it; its caller never gets it. */
static void what_is_too_large_to_be_sent_is_not_stored(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, &(broker_options){.jetstream = true, .max_payload = 65536});
    here.handler = reply_too_much;
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, shelf_ask(&here, SHELF_FILE, "ada", NULL));
    shelf_assert_object(&here, "ping.ada", "");
    shelf_close(&here);
}

static void a_domain_or_a_prefix_leads_to_jetstream(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, &(broker_options){.jetstream = true, .domain = "hub"});
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.jetstream_domain = "hub";
    here.stores[SHELF_KV_OF_KEEP].required = true;
    shelf_serve(&here, &options);
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.jetstream_prefix = "$JS.hub.API";
    shelf_call(&here, &client);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    void *value;
    assert_ok(natsmicro_stub_kv_get(here.client, SHELF_KEEP, "ping.ada", NULL, &value));
    natsmicro_stub_message_free(value);
    shelf_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_stored_before_it_goes_out),
        cmocka_unit_test(a_failure_stores_nothing),
        cmocka_unit_test(a_required_store_fails_its_call),
        cmocka_unit_test(any_other_store_fails_and_is_told),
        cmocka_unit_test(a_key_that_cannot_be_is_a_failure_to_store),
        cmocka_unit_test(an_acknowledgement_that_never_comes_leaves_a_doubt),
        cmocka_unit_test(a_dead_jetstream_does_not_cost_the_response),
        cmocka_unit_test(a_required_store_tells_why_before_the_deadline),
        cmocka_unit_test(a_drain_ends_what_waits_for_jetstream),
        cmocka_unit_test(a_bucket_that_is_gone_is_made_again),
        cmocka_unit_test(a_bucket_with_another_setting_is_told),
        cmocka_unit_test(a_store_of_clients_alone_is_not_the_servers),
        cmocka_unit_test(a_broker_that_restarts_loses_no_value),
        cmocka_unit_test(a_detached_call_stores_its_response),
        cmocka_unit_test(the_failure_of_a_reply_is_the_calls),
        cmocka_unit_test(what_goes_out_is_what_is_stored),
        cmocka_unit_test(only_one_caller_creates),
        cmocka_unit_test(the_last_write_wins_and_none_fails),
        cmocka_unit_test(a_compare_and_set_that_is_lost_is_told),
        cmocka_unit_test(the_object_is_stored_after_the_value),
        cmocka_unit_test(no_object_is_stored_where_the_value_is_required),
        cmocka_unit_test(what_is_too_large_to_be_sent_is_not_stored),
        cmocka_unit_test(a_domain_or_a_prefix_leads_to_jetstream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
