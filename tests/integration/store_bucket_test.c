/*
 * Making buckets: as NATS's own clients make them, so that these find their way in ours; and what
 * somebody else has made is not changed where nobody asked for it.
 */
#include "integration/store_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static void assert_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("there is no %s in %s", words, text);
}

static void assert_config(const store_scene *self, const char *stream, const char *const *words)
{
    char *info = store_api(self, "STREAM.INFO", stream, "");
    for (; *words != NULL; words++)
        assert_has(info, *words);
    free(info);
}

/* Makes a stream as somebody else does. */
static void make_stream(const store_scene *self, const char *name, const char *more)
{
    char config[1024];
    snprintf(config, sizeof(config), "{\"name\":\"%s\"%s}", name, more);
    free(store_api(self, "STREAM.CREATE", name, config));
}

static natsmicro_status make(store_scene *self, const natsmicro_stub_bucket *settings,
                             nm_buffer *differs)
{
    nm_bucket *bucket = nm_store_bucket(self->store, settings);
    assert_non_null(bucket);
    return nm_bucket_make(bucket, store_patience(), differs, &self->error);
}

/* ---- new ones ---- */

static void a_key_value_bucket_is_as_clients_expect_it(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    store_make(&here, &settings);
    assert_config(&here, "KV_prices",
                  (const char *const[]){"\"subjects\":[\"$KV.prices.\\u003e\"]",
                                        "\"retention\":\"limits\"", "\"discard\":\"new\"",
                                        "\"max_msgs_per_subject\":1", "\"storage\":\"file\"",
                                        "\"num_replicas\":1", "\"duplicate_window\":120000000000",
                                        "\"deny_delete\":true", "\"allow_rollup_hdrs\":true",
                                        "\"allow_direct\":true", "\"max_age\":0", NULL});
    store_make(&here, &settings); /* again: all is there */
    store_scene_close(&here);
}

static void an_object_bucket_is_as_clients_expect_it(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_OBJECT, "files");
    store_make(&here, &settings);
    assert_config(&here, "OBJ_files",
                  (const char *const[]){
                      "\"subjects\":[\"$O.files.C.\\u003e\",\"$O.files.M.\\u003e\"]",
                      "\"discard\":\"new\"", "\"allow_rollup_hdrs\":true", "\"allow_direct\":true",
                      "\"deny_delete\":false", "\"max_msgs_per_subject\":-1", NULL});
    store_scene_close(&here);
}

static void a_new_bucket_has_its_settings(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    settings.description = "what things \"cost\"";
    settings.max_history = 5;
    settings.ttl_ns = 60 * SECOND;
    store_make(&here, &settings);
    assert_config(&here, "KV_prices",
                  (const char *const[]){"what things \\\"cost\\\"", "\"max_msgs_per_subject\":5",
                                        "\"max_age\":60000000000",
                                        "\"duplicate_window\":60000000000", NULL});
    store_scene_close(&here);
}

/* ---- those that are there ---- */

static void a_bucket_that_is_there_keeps_what_is_left_out(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    make_stream(&here, "KV_prices",
                ",\"subjects\":[\"$KV.prices.>\"],\"max_msgs_per_subject\":7,\"max_bytes\":100000,"
                "\"description\":\"theirs\",\"storage\":\"memory\",\"max_age\":3600000000000");
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    store_make(&here, &settings);
    settings.ttl_ns = 30 * SECOND;
    store_make(&here, &settings);
    assert_config(&here, "KV_prices",
                  (const char *const[]){"\"max_msgs_per_subject\":7", "\"max_bytes\":100000",
                                        "theirs", "\"storage\":\"memory\"",
                                        "\"max_age\":30000000000", NULL});
    store_scene_close(&here);
}

/* One that the broker refuses does not hold up the others. */
static void what_cannot_be_changed_is_told(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    make_stream(
        &here, "KV_prices",
        ",\"subjects\":[\"$KV.prices.>\"],\"max_msgs_per_subject\":7,\"description\":\"d\"");
    static char description[5000];
    memset(description, 'x', sizeof(description) - 1);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    settings.description = description;
    settings.max_history = 3;
    nm_buffer differs = NM_BUFFER_INIT;
    assert_ok(make(&here, &settings, &differs));
    const char *text = nm_buffer_string(&differs);
    assert_has(text, "description is \"d\" in the broker, and not \"xxx");
    assert_has(text, "description is too long");
    assert_null(strstr(text, "max_history"));
    assert_config(&here, "KV_prices", (const char *const[]){"\"max_msgs_per_subject\":3", NULL});
    nm_buffer_free(&differs);
    store_scene_close(&here);
}

static void a_new_bucket_that_cannot_be_says_why(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    settings.ttl_ns = 1; /* brokers take no less than 100 ms */
    nm_buffer differs = NM_BUFFER_INIT;
    assert_status(NATSMICRO_INTERNAL, make(&here, &settings, &differs));
    store_assert_says(&here.error, "bucket \"prices\": ");
    store_assert_says(&here.error, "max age");
    nm_buffer_free(&differs);
    store_scene_close(&here);
}

/* ---- streams that are no buckets of this kind ---- */

static void assert_refused(store_scene *self, const char *name, const char *member)
{
    /* It must outlive the store. */
    static natsmicro_stub_bucket all[8];
    static int used;
    natsmicro_stub_bucket *settings = &all[used++ % 8];
    *settings = store_settings(NATSMICRO_STORE_KV, name);
    nm_buffer differs = NM_BUFFER_INIT;
    assert_status(NATSMICRO_FAILED_PRECONDITION, make(self, settings, &differs));
    store_assert_says(&self->error, member);
    nm_bucket *bucket = nm_store_bucket(self->store, settings);
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  store_put(self, bucket, "k", "v", NATSMICRO_STORE_LAST_WRITE_WINS));
    store_assert_says(&self->error, member);
    store_assert_no_value(self, bucket, "k", NATSMICRO_FAILED_PRECONDITION);
    nm_buffer_free(&differs);
}

static void buckets_of_other_kinds_are_refused(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    make_stream(&here, "KV_origin", ",\"subjects\":[\"$KV.origin.>\"]");
    make_stream(&here, "KV_mirrored", ",\"mirror\":{\"name\":\"KV_origin\"}");
    assert_refused(&here, "mirrored", "\"mirror\"");
    make_stream(&here, "KV_fed",
                ",\"subjects\":[\"$KV.fed.>\"],\"sources\":[{\"name\":\"KV_origin\"}]");
    assert_refused(&here, "fed", "\"sources\"");
    make_stream(&here, "KV_odd", ",\"subjects\":[\"odd.>\"]");
    assert_refused(&here, "odd", "\"subjects\"");
    make_stream(&here, "KV_mute", ",\"subjects\":[\"$KV.mute.>\"],\"no_ack\":true");
    assert_refused(&here, "mute", "\"no_ack\"");
    make_stream(&here, "KV_shut", ",\"subjects\":[\"$KV.shut.>\"]");
    free(store_api(&here, "STREAM.UPDATE", "KV_shut",
                   "{\"name\":\"KV_shut\",\"subjects\":[\"$KV.shut.>\"],\"discard\":\"new\","
                   "\"sealed\":true}"));
    assert_refused(&here, "shut", "\"sealed\"");
    store_scene_close(&here);
}

/* ---- brokers of different ages ---- */

static const natsmicro_metadata metadata[] = {{"owner", "shop"}};

/* An old broker says OK to all of these, and does nothing. */
static void an_old_broker_is_told_apart(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    bool has_210 = !store_broker_is_older(&here, 2, 10);
    bool has_211 = !store_broker_is_older(&here, 2, 11);
    const char *const names[] = {"compression", "metadata", "limit_marker_ttl"};
    natsmicro_stub_bucket settings[3];
    for (int i = 0; i < 3; i++)
        settings[i] = store_settings(NATSMICRO_STORE_KV, names[i]);
    settings[0].compression = true;
    settings[1].metadata = metadata;
    settings[1].n_metadata = 1;
    settings[2].limit_marker_ttl_ns = 5 * SECOND;
    nm_buffer differs = NM_BUFFER_INIT;
    for (int i = 0; i < 3; i++) {
        bool has = i < 2 ? has_210 : has_211;
        for (int time = 0; time < 2; time++) { /* new, and there already */
            assert_status(has ? NATSMICRO_OK : NATSMICRO_FAILED_PRECONDITION,
                          make(&here, &settings[i], &differs));
            if (!has)
                store_assert_says(&here.error, "the broker is too old for");
            if (!has)
                store_assert_says(&here.error, names[i]);
        }
    }
    if (has_211) {
        assert_config(&here, "KV_compression",
                      (const char *const[]){"\"compression\":\"s2\"", NULL});
        assert_config(&here, "KV_metadata", (const char *const[]){"\"owner\":\"shop\"", NULL});
        assert_config(&here, "KV_limit_marker_ttl",
                      (const char *const[]){"\"allow_msg_ttl\":true",
                                            "\"subject_delete_marker_ttl\":5000000000", NULL});
    }
    nm_buffer_free(&differs);
    store_scene_close(&here);
}

static void a_bucket_that_is_there_gets_what_new_brokers_have(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    if (store_broker_is_older(&here, 2, 11)) {
        store_scene_close(&here);
        skip();
    }
    make_stream(&here, "KV_prices",
                ",\"subjects\":[\"$KV.prices.>\"],\"allow_rollup_hdrs\":true,"
                "\"metadata\":{\"theirs\":\"stays\"}");
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    settings.metadata = metadata;
    settings.n_metadata = 1;
    settings.limit_marker_ttl_ns = 5 * SECOND;
    settings.compression = true;
    store_make(&here, &settings);
    store_make(&here, &settings);
    assert_config(&here, "KV_prices",
                  (const char *const[]){"\"owner\":\"shop\"", "\"theirs\":\"stays\"",
                                        "\"allow_msg_ttl\":true", "\"compression\":\"s2\"", NULL});
    store_scene_close(&here);
}

/* ---- many at once ---- */

enum { INSTANCES = 8 };

typedef struct instance {
    store_scene *scene;
    nm_store *store;
    natsmicro_stub_bucket settings;
    natsmicro_status status;
    char failure[256];
    pthread_t thread;
} instance;

static void *make_one(void *data)
{
    instance *self = data;
    nm_error error = NM_ERROR_INIT;
    nm_buffer differs = NM_BUFFER_INIT;
    nm_bucket *bucket = nm_store_bucket(self->store, &self->settings);
    self->status = nm_bucket_make(bucket, store_patience(), &differs, &error);
    snprintf(self->failure, sizeof(self->failure), "%s", nm_error_text(&error));
    nm_buffer_free(&differs);
    nm_error_clear(&error);
    return NULL;
}

/* Even where they ask for different things; the last one's wins. */
static void instances_that_start_at_once_all_get_the_bucket(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    instance all[INSTANCES];
    for (int i = 0; i < INSTANCES; i++) {
        all[i] =
            (instance){.scene = &here, .settings = store_settings(NATSMICRO_STORE_KV, "prices")};
        all[i].settings.max_history = 1 + i % 2;
        assert_ok(nm_store_new(&all[i].store, here.link, NULL, &here.error));
        assert_int_equal(0, pthread_create(&all[i].thread, NULL, make_one, &all[i]));
    }
    for (int i = 0; i < INSTANCES; i++)
        pthread_join(all[i].thread, NULL);
    for (int i = 0; i < INSTANCES; i++) {
        if (all[i].status != NATSMICRO_OK)
            fail_msg("%s", all[i].failure);
        nm_store_end(all[i].store);
        nm_store_destroy(all[i].store);
    }
    store_scene_close(&here);
}

/* ---- times to live ---- */

static void times_to_live_need_a_bucket_that_allows_them(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    nm_bucket *bucket = store_make(&here, &settings);
    const nm_kv_write write = {.mode = NATSMICRO_STORE_CREATE, .ttl_ns = SECOND};
    assert_status(NATSMICRO_FAILED_PRECONDITION, nm_kv_put(bucket, "k", (nm_bytes){"v", 1}, &write,
                                                           store_patience(), &here.error));
    store_assert_says(&here.error, "bucket \"prices\", key \"k\": key_ttl needs");
    store_assert_says(&here.error, "nats-server 2.11");
    store_assert_no_value(&here, bucket, "k", NATSMICRO_NOT_FOUND);
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  nm_kv_purge(bucket, "k", SECOND, store_patience(), &here.error));
    store_assert_says(&here.error, "purge_ttl needs");
    store_scene_close(&here);
}

typedef struct key {
    store_scene *scene;
    nm_bucket *bucket;
    const char *name;
} key;

static bool is_gone(void *data)
{
    key *self = data;
    nm_buffer value = NM_BUFFER_INIT;
    natsmicro_status status =
        nm_kv_get(self->bucket, self->name, store_patience(), &value, &self->scene->error);
    nm_buffer_free(&value);
    return status == NATSMICRO_NOT_FOUND;
}

static bool has_no_messages(void *data)
{
    char *info = store_api(data, "STREAM.INFO", "KV_prices", "");
    bool empty = strstr(info, "\"messages\":0,") != NULL;
    free(info);
    return empty;
}

static void keys_and_markers_expire(void **state)
{
    (void)state;
    store_scene here;
    store_scene_open(&here, NULL);
    if (store_broker_is_older(&here, 2, 11)) {
        store_scene_close(&here);
        skip();
    }
    natsmicro_stub_bucket settings = store_settings(NATSMICRO_STORE_KV, "prices");
    settings.limit_marker_ttl_ns = SECOND;
    nm_bucket *bucket = store_make(&here, &settings);
    const nm_kv_write create = {.mode = NATSMICRO_STORE_CREATE, .ttl_ns = SECOND};
    const nm_kv_write last = {.mode = NATSMICRO_STORE_LAST_WRITE_WINS, .ttl_ns = SECOND * 3 / 2};
    assert_ok(nm_kv_put(bucket, "k", (nm_bytes){"v", 1}, &create, store_patience(), &here.error));
    key self = {&here, bucket, "k"};
    assert_true(eventually(is_gone, &self, STORE_PATIENCE_MS));
    /* Over the marker that the broker has left, or after it. */
    assert_ok(nm_kv_put(bucket, "k", (nm_bytes){"w", 1}, &last, store_patience(), &here.error));
    assert_true(eventually(is_gone, &self, STORE_PATIENCE_MS));
    assert_ok(nm_kv_put(bucket, "k", (nm_bytes){"x", 1}, &create, store_patience(), &here.error));
    assert_ok(nm_kv_purge(bucket, "k", SECOND, store_patience(), &here.error));
    assert_true(eventually(has_no_messages, &here, STORE_PATIENCE_MS));
    store_scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_value_bucket_is_as_clients_expect_it),
        cmocka_unit_test(an_object_bucket_is_as_clients_expect_it),
        cmocka_unit_test(a_new_bucket_has_its_settings),
        cmocka_unit_test(a_bucket_that_is_there_keeps_what_is_left_out),
        cmocka_unit_test(what_cannot_be_changed_is_told),
        cmocka_unit_test(a_new_bucket_that_cannot_be_says_why),
        cmocka_unit_test(buckets_of_other_kinds_are_refused),
        cmocka_unit_test(an_old_broker_is_told_apart),
        cmocka_unit_test(a_bucket_that_is_there_gets_what_new_brokers_have),
        cmocka_unit_test(instances_that_start_at_once_all_get_the_bucket),
        cmocka_unit_test(times_to_live_need_a_bucket_that_allows_them),
        cmocka_unit_test(keys_and_markers_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
