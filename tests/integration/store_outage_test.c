/*
 * Stores where JetStream is not, does not answer, answers nonsense, or is elsewhere: a verb ends in
 * time, with a text that says what to do, and never says that something is not stored that may be.
 */
#include "integration/store_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST NATSMICRO_STORE_LAST_WRITE_WINS

static const natsmicro_stub_bucket prices = {.kind = NATSMICRO_STORE_KV, .name = "prices"};

static nm_bucket *bucket_of(const store_scene *self)
{
    nm_bucket *bucket = nm_store_bucket(self->store, &prices);
    assert_non_null(bucket);
    return bucket;
}

/* Opens a scene on a broker of any kind, as a user of it, or as none. */
static void open_on(store_scene *self, broker *where, const char *user,
                    const nm_store_options *options)
{
    *self = (store_scene){.where = where, .error = NM_ERROR_INIT};
    char url[128];
    snprintf(url, sizeof(url), "%s", broker_url(where));
    if (user != NULL)
        broker_url_for(where, user, url, sizeof(url));
    store_scene_open_at(self, url, options);
}

static natsmicro_status put_until(store_scene *self, int64_t deadline)
{
    return nm_kv_put(bucket_of(self), "k", (nm_bytes){"v", 1}, &(nm_kv_write){.mode = LAST},
                     deadline, &self->error);
}

static natsmicro_status get_until(store_scene *self, int64_t deadline)
{
    nm_buffer value = NM_BUFFER_INIT;
    natsmicro_status status = nm_kv_get(bucket_of(self), "k", deadline, &value, &self->error);
    nm_buffer_free(&value);
    return status;
}

static natsmicro_status make_until(store_scene *self, int64_t deadline)
{
    nm_buffer differs = NM_BUFFER_INIT;
    natsmicro_status status = nm_bucket_make(bucket_of(self), deadline, &differs, &self->error);
    nm_buffer_free(&differs);
    return status;
}

/* All verbs end so, soon, with these words. */
static void assert_all(store_scene *self, natsmicro_status status, const char *words)
{
    assert_status(status, make_until(self, store_patience()));
    store_assert_says(&self->error, "bucket \"prices\": ");
    store_assert_says(&self->error, words);
    assert_status(status, put_until(self, store_patience()));
    store_assert_says(&self->error, "bucket \"prices\", key \"k\": ");
    store_assert_says(&self->error, words);
    assert_status(status, get_until(self, store_patience()));
    store_assert_says(&self->error, words);
    assert_status(status, nm_kv_purge(bucket_of(self), "k", 0, store_patience(), &self->error));
    store_assert_says(&self->error, words);
}

/* ---- no JetStream ---- */

static void a_server_without_jetstream_says_so(void **state)
{
    (void)state;
    store_scene here;
    open_on(&here, broker_start(NULL), NULL, NULL);
    assert_all(&here, NATSMICRO_FAILED_PRECONDITION, "there is no JetStream here");
    store_scene_close(&here);
}

static const char accounts[] =
    "accounts {\n"
    "  WITH { jetstream: enabled, users: [ { user: with, password: p } ],\n"
    "    exports: [ { service: \"$JS.API.>\" }, { service: \"$KV.>\" } ] }\n"
    "  WITHOUT { users: [ { user: without, password: p } ] }\n"
    "  IMPORTS { users: [ { user: imports, password: p } ],\n"
    "    imports: [\n"
    "      { service: { account: WITH, subject: \"$JS.API.>\" }, to: \"their.js.>\" },\n"
    "      { service: { account: WITH, subject: \"$KV.>\" }, to: \"their.js.$KV.>\" } ] }\n"
    "}\n";

static void an_account_without_jetstream_says_so(void **state)
{
    (void)state;
    store_scene here;
    open_on(&here, broker_start(&(broker_options){.jetstream = true, .config = accounts}),
            "without:p", NULL);
    assert_all(&here, NATSMICRO_FAILED_PRECONDITION, "JetStream");
    store_scene_close(&here);
}

static void a_bucket_that_is_not_there_says_so(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    assert_status(NATSMICRO_FAILED_PRECONDITION, put_until(&here, store_patience()));
    store_assert_says(&here.error, "bucket \"prices\", key \"k\": there is no such bucket");
    assert_true(nm_bucket_is_missing(bucket_of(&here)));
    assert_status(NATSMICRO_FAILED_PRECONDITION, get_until(&here, store_patience()));
    assert_ok(make_until(&here, store_patience()));
    assert_ok(put_until(&here, store_patience()));
    store_scene_close(&here);
}

/* ---- elsewhere ---- */

static void use_all(store_scene *self)
{
    if (make_until(self, store_patience()) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->error));
    if (put_until(self, store_patience()) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->error));
    store_assert_value(self, bucket_of(self), "k", "v");
    assert_ok(nm_kv_purge(bucket_of(self), "k", 0, store_patience(), &self->error));
    store_assert_no_value(self, bucket_of(self), "k", NATSMICRO_NOT_FOUND);
    assert_ok(store_put(self, bucket_of(self), "k", "w", NATSMICRO_STORE_CREATE));
}

static void another_account_is_reached_by_its_prefix(void **state)
{
    (void)state;
    const nm_store_options options = {.prefix = "their.js"};
    store_scene here;
    open_on(&here, broker_start(&(broker_options){.jetstream = true, .config = accounts}),
            "imports:p", &options);
    use_all(&here);
    store_scene_close(&here);
}

/* The leaf has JetStream of its own, which must not get what is meant for the other one. */
static void another_domain_is_reached_through_a_leaf_node(void **state)
{
    (void)state;
    broker *hub = broker_start(
        &(broker_options){.jetstream = true,
                          .domain = "hub",
                          .config = "server_name: hub\nleafnodes { listen: \"127.0.0.1:-1\" }\n"});
    char config[256];
    snprintf(config, sizeof(config),
             "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: "
             "\"nats-leaf://127.0.0.1:%ld\" } ] }\n",
             broker_figure(hub, "/varz", "\"leaf\":", "\"port\":"));
    store_scene there;
    open_on(&there, hub, NULL, NULL);
    const nm_store_options options = {.domain = "hub"};
    store_scene here;
    open_on(&here,
            broker_start(&(broker_options){.jetstream = true, .domain = "leaf", .config = config}),
            NULL, &options);
    int64_t patience = now_ms() + STORE_PATIENCE_MS;
    while (make_until(&here, store_patience()) == NATSMICRO_FAILED_PRECONDITION)
        assert_true(now_ms() < patience); /* until the leaf is linked */
    use_all(&here);
    store_assert_value(&there, bucket_of(&there), "k", "w");
    store_scene own = {.error = NM_ERROR_INIT};
    store_scene_open_at(&own, broker_url(here.where), NULL);
    assert_status(NATSMICRO_FAILED_PRECONDITION, get_until(&own, store_patience()));
    store_scene_close(&own);
    store_scene_close(&here);
    store_scene_close(&there);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const nm_store_options wrong[] = {
        {"hub", "their.js"}, {"a.b", NULL}, {"", NULL}, {NULL, "js."}, {NULL, "js.>"}};
    store_scene here;
    store_scene_open(&here, NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        nm_store *store;
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      nm_store_new(&store, here.link, &wrong[i], &here.error));
        assert_null(store);
    }
    store_scene_close(&here);
}

/* ---- permissions ---- */

/* With these alone every verb of a key-value bucket works. */
static void few_subjects_are_enough(void **state)
{
    (void)state;
    static const char config[] =
        "authorization { users: [ { user: shop, password: p, permissions: {\n"
        "  subscribe: \"_INBOX.>\"\n"
        "  publish: [ \"$JS.API.STREAM.INFO.KV_prices\", \"$JS.API.STREAM.CREATE.KV_prices\",\n"
        "    \"$JS.API.STREAM.UPDATE.KV_prices\", \"$JS.API.DIRECT.GET.KV_prices.>\",\n"
        "    \"$JS.API.STREAM.MSG.GET.KV_prices\", \"$KV.prices.>\" ] } } ] }\n";
    store_scene here;
    open_on(&here, broker_start(&(broker_options){.jetstream = true, .config = config}), "shop:p",
            NULL);
    use_all(&here);
    natsmicro_stub_bucket changed = prices;
    changed.max_history = 2;
    nm_store *store;
    assert_ok(nm_store_new(&store, here.link, NULL, &here.error));
    nm_buffer differs = NM_BUFFER_INIT;
    assert_ok(
        nm_bucket_make(nm_store_bucket(store, &changed), store_patience(), &differs, &here.error));
    assert_int_equal(0, differs.length);
    nm_buffer_free(&differs);
    nm_store_end(store);
    nm_store_destroy(store);
    store_scene_close(&here);
}

static void refused_subjects_are_told(void **state)
{
    (void)state;
    static const char config[] =
        "authorization { users: [\n"
        "  { user: all, password: p },\n"
        "  { user: info, password: p, permissions: { publish: { deny: \"$JS.API.>\" } } },\n"
        "  { user: put, password: p, permissions: { publish: { deny: \"$KV.>\" } } },\n"
        "  { user: get, password: p, permissions: { publish: { deny: \"$JS.API.DIRECT.>\" } } }\n"
        "] }\n";
    broker *where = broker_start(&(broker_options){.jetstream = true, .config = config});
    store_scene all;
    open_on(&all, where, "all:p", NULL);
    use_all(&all);
    static const char *const users[] = {"info:p", "put:p", "get:p"};
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        store_scene here;
        open_on(&here, where, users[i], NULL);
        here.where = NULL;
        for (int time = 0; time < 2; time++) /* the second refusal looks like the first */
            if (i < 2)
                assert_status(NATSMICRO_PERMISSION_DENIED, put_until(&here, NM_NEVER));
            else
                assert_status(NATSMICRO_PERMISSION_DENIED, get_until(&here, NM_NEVER));
        store_assert_says(&here.error, "bucket \"prices\", key \"k\": ");
        store_scene_close(&here);
    }
    store_scene_close(&all);
}

/* ---- outages ---- */

typedef struct waiting {
    store_scene *scene;
    natsmicro_status (*verb)(store_scene *scene, int64_t deadline);
    int64_t deadline;
    natsmicro_status status;
    pthread_t thread;
} waiting;

static void *run(void *data)
{
    waiting *self = data;
    self->status = self->verb(self->scene, self->deadline);
    return NULL;
}

static void begin_waiting(waiting *self)
{
    assert_int_equal(0, pthread_create(&self->thread, NULL, run, self));
}

static void a_read_outlives_the_broker(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    assert_ok(make_until(&here, store_patience()));
    assert_ok(put_until(&here, store_patience()));
    broker_pause(here.where);
    waiting self = {&here, get_until, store_patience(), NATSMICRO_OK, 0};
    begin_waiting(&self);
    pass_ms(100); /* an outage */
    broker_kill(here.where);
    broker_restart(here.where);
    pthread_join(self.thread, NULL);
    if (self.status != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&here.error));
    store_scene_close(&here);
}

/* It may have been stored before the broker died, and nobody knows. */
static void a_write_across_the_brokers_death_is_not_repeated(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    assert_ok(make_until(&here, store_patience()));
    assert_ok(put_until(&here, store_patience()));
    broker_pause(here.where);
    waiting self = {&here, put_until, nm_deadline_in(3000), NATSMICRO_OK, 0};
    begin_waiting(&self);
    pass_ms(100); /* an outage */
    broker_kill(here.where);
    broker_restart(here.where);
    pthread_join(self.thread, NULL);
    if (self.status != NATSMICRO_OK) { /* nats.c may have sent it after the restart */
        assert_status(NATSMICRO_DEADLINE_EXCEEDED, self.status);
        store_assert_says(&here.error, "it may have been stored");
    }
    store_assert_value(&here, bucket_of(&here), "k", "v");
    char *info = store_api(&here, "STREAM.INFO", "KV_prices", "");
    const char *last = strstr(info, "\"last_seq\":");
    assert_non_null(last);
    assert_between(strtol(last + strlen("\"last_seq\":"), NULL, 10), 1, 2);
    free(info);
    store_scene_close(&here);
}

static void the_end_of_the_store_ends_verbs(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    assert_ok(make_until(&here, store_patience()));
    assert_ok(put_until(&here, store_patience()));
    broker_pause(here.where);
    waiting self = {&here, get_until, NM_NEVER, NATSMICRO_OK, 0};
    begin_waiting(&self);
    nm_store_end(here.store);
    pthread_join(self.thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, self.status);
    assert_status(NATSMICRO_UNAVAILABLE, get_until(&here, NM_NEVER));
    assert_status(NATSMICRO_UNAVAILABLE, put_until(&here, NM_NEVER));
    assert_status(NATSMICRO_UNAVAILABLE, make_until(&here, NM_NEVER));
    broker_resume(here.where);
    store_scene_close(&here);
}

/* ---- a peer that plays JetStream ---- */

#define INFO_ANSWER                                                        \
    "{\"config\":{\"name\":\"KV_prices\",\"subjects\":[\"$KV.prices.>\"]," \
    "\"allow_direct\":true}}"

/* What it answers; NULL: nothing. `busy`: so often there is no leader. */
typedef struct fake {
    store_scene scene;
    _Atomic(const char *) info;
    _Atomic(const char *) ack;
    const char *message; /* to a STREAM.MSG.GET */
    atomic_int busy;
    atomic_int values; /* that were published */
    natsSubscription *subscription;
} fake;

static void play(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                 void *closure)
{
    fake *self = closure;
    (void)subscription;
    bool is_value = strncmp(natsMsg_GetSubject(message), "$KV.", 4) == 0;
    bool is_info = strstr(natsMsg_GetSubject(message), ".STREAM.INFO.") != NULL;
    bool is_get = strstr(natsMsg_GetSubject(message), ".STREAM.MSG.GET.") != NULL;
    const char *answer = is_value  ? atomic_load(&self->ack)
                         : is_info ? atomic_load(&self->info)
                         : is_get  ? self->message
                                   : NULL;
    if (is_value)
        atomic_fetch_add(&self->values, 1);
    if (is_info && atomic_fetch_sub(&self->busy, 1) > 0)
        answer = "{\"error\":{\"code\":503,\"err_code\":10008,\"description\":\"unavailable\"}}";
    if (answer != NULL && natsMsg_GetReply(message) != NULL)
        natsConnection_PublishString(connection, natsMsg_GetReply(message), answer);
    natsMsg_Destroy(message);
}

static void fake_begin(fake *self)
{
    open_on(&self->scene, broker_start(NULL), NULL, NULL);
    assert_int_equal(
        NATS_OK, natsConnection_Subscribe(&self->subscription, self->scene.peer, ">", play, self));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->scene.peer, STORE_PATIENCE_MS));
}

static void fake_end(fake *self)
{
    natsSubscription_Unsubscribe(self->subscription);
    natsConnection_FlushTimeout(self->scene.peer, STORE_PATIENCE_MS);
    natsSubscription_Destroy(self->subscription);
    store_scene_close(&self->scene);
}

static bool has_two_values(void *data)
{
    fake *self = data;
    return atomic_load(&self->values) == 2;
}

static void an_acknowledgement_that_never_comes_leaves_it_open(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER, .ack = "{\"stream\":\"KV_prices\",\"seq\":1}"};
    fake_begin(&here);
    assert_ok(put_until(&here.scene, store_patience()));
    atomic_store(&here.ack, NULL);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, put_until(&here.scene, nm_deadline_in(500)));
    store_assert_says(&here.scene.error, "bucket \"prices\", key \"k\": no answer in time, and it "
                                         "may have been stored");
    assert_true(eventually(has_two_values, &here, STORE_PATIENCE_MS));
    fake_end(&here);
}

static void a_read_that_nobody_answers_ends_in_time(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER};
    fake_begin(&here);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, get_until(&here.scene, nm_deadline_in(1200)));
    assert_null(strstr(nm_error_text(&here.scene.error), "stored"));
    fake_end(&here);
}

static void a_leader_that_is_not_there_yet_is_waited_for(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER, .ack = "{\"stream\":\"KV_prices\",\"seq\":1}"};
    atomic_store(&here.busy, 2);
    fake_begin(&here);
    assert_ok(put_until(&here.scene, store_patience()));
    assert_int_equal(1, atomic_load(&here.values));
    fake_end(&here);
}

static void no_leader_at_all_is_unavailable(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER};
    atomic_store(&here.busy, 1000);
    fake_begin(&here);
    assert_status(NATSMICRO_UNAVAILABLE, put_until(&here.scene, nm_deadline_in(3000)));
    store_assert_says(&here.scene.error, "10008");
    assert_int_equal(0, atomic_load(&here.values));
    fake_end(&here);
}

/* A replicated stream says it with another number; nothing that was refused is stored by itself. */
static void a_lost_race_at_a_replicated_stream_is_one(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER,
                 .ack = "{\"error\":{\"code\":400,\"err_code\":10164,\"description\":\"wrong\"}}",
                 .message =
                     "{\"message\":{\"subject\":\"$KV.prices.k\",\"seq\":4,\"data\":\"dg==\"}}"};
    fake_begin(&here);
    assert_status(NATSMICRO_ALREADY_EXISTS,
                  store_put(&here.scene, bucket_of(&here.scene), "k", "v", NATSMICRO_STORE_CREATE));
    assert_int_equal(1, atomic_load(&here.values));
    assert_status(NATSMICRO_ABORTED, store_put(&here.scene, bucket_of(&here.scene), "k", "v",
                                               NATSMICRO_STORE_COMPARE_AND_SET));
    assert_int_equal(3, atomic_load(&here.values));
    fake_end(&here);
}

/* A writer in between is gone again each time it is looked for. */
static void a_creation_does_not_try_for_ever(void **state)
{
    (void)state;
    fake here = {.info = INFO_ANSWER,
                 .ack = "{\"error\":{\"code\":400,\"err_code\":10071,\"description\":\"wrong\"}}",
                 .message =
                     "{\"error\":{\"code\":404,\"err_code\":10037,\"description\":\"none\"}}"};
    fake_begin(&here);
    assert_status(NATSMICRO_ALREADY_EXISTS,
                  store_put(&here.scene, bucket_of(&here.scene), "k", "v", NATSMICRO_STORE_CREATE));
    fake_end(&here);
}

static void answers_that_cannot_be_read_are_errors(void **state)
{
    (void)state;
    static const char *const infos[] = {"",  "[]",   "{\"config\":7}",
                                        "{", "null", "{\"error\":{\"code\":500}}"};
    static const char *const acks[] = {"-ERR", "{}", "{\"seq\":0}", "{\"seq\":\"1\"}"};
    fake here = {.info = ""};
    fake_begin(&here);
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        atomic_store(&here.info, infos[i]);
        assert_status(NATSMICRO_INTERNAL, put_until(&here.scene, store_patience()));
        store_assert_says(&here.scene.error, "bucket \"prices\", key \"k\": ");
    }
    atomic_store(&here.info, INFO_ANSWER);
    for (size_t i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
        atomic_store(&here.ack, acks[i]);
        assert_status(NATSMICRO_INTERNAL, put_until(&here.scene, store_patience()));
        store_assert_says(&here.scene.error, "it may have been stored");
    }
    fake_end(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_without_jetstream_says_so),
        cmocka_unit_test(an_account_without_jetstream_says_so),
        cmocka_unit_test(a_bucket_that_is_not_there_says_so),
        cmocka_unit_test(another_account_is_reached_by_its_prefix),
        cmocka_unit_test(another_domain_is_reached_through_a_leaf_node),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(few_subjects_are_enough),
        cmocka_unit_test(refused_subjects_are_told),
        cmocka_unit_test(a_read_outlives_the_broker),
        cmocka_unit_test(a_write_across_the_brokers_death_is_not_repeated),
        cmocka_unit_test(the_end_of_the_store_ends_verbs),
        cmocka_unit_test(an_acknowledgement_that_never_comes_leaves_it_open),
        cmocka_unit_test(a_read_that_nobody_answers_ends_in_time),
        cmocka_unit_test(a_leader_that_is_not_there_yet_is_waited_for),
        cmocka_unit_test(no_leader_at_all_is_unavailable),
        cmocka_unit_test(a_lost_race_at_a_replicated_stream_is_one),
        cmocka_unit_test(a_creation_does_not_try_for_ever),
        cmocka_unit_test(answers_that_cannot_be_read_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
