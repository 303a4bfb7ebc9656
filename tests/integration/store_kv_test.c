/*
 * Values of key-value buckets: what is written is read, by others too; what is not there is not
 * read; and of many writers each learns what became of its value.
 */
#include "base/base64.h"
#include "integration/store_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST   NATSMICRO_STORE_LAST_WRITE_WINS
#define CAS    NATSMICRO_STORE_COMPARE_AND_SET
#define CREATE NATSMICRO_STORE_CREATE

typedef struct scene {
    store_scene base;
    natsmicro_stub_bucket settings;
    natsmicro_stub_bucket other; /* one that the peer has made */
    nm_bucket *bucket;
} scene;

static void begin(scene *self, const char *config)
{
    store_scene_open(&self->base, config);
    self->settings = store_settings(NATSMICRO_STORE_KV, "prices");
    self->bucket = store_make(&self->base, &self->settings);
}

/* Another bucket, as the peer makes it; verbs use that one from now on. */
static void make_stream(scene *self, const char *more)
{
    char config[512];
    snprintf(config, sizeof(config), "{\"name\":\"KV_other\",\"subjects\":[\"$KV.other.>\"]%s}",
             more);
    free(store_api(&self->base, "STREAM.CREATE", "KV_other", config));
    self->other = store_settings(NATSMICRO_STORE_KV, "other");
    self->bucket = nm_store_bucket(self->base.store, &self->other);
}

static void end(scene *self)
{
    store_scene_close(&self->base);
}

/* ---- what is there ---- */

static void what_is_put_is_read(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    assert_ok(store_put(&here.base, here.bucket, "a/b.C-1_=", "five", LAST));
    store_assert_value(&here.base, here.bucket, "a/b.C-1_=", "five");
    assert_ok(store_put(&here.base, here.bucket, "a/b.C-1_=", "", LAST));
    store_assert_value(&here.base, here.bucket, "a/b.C-1_=", "");
    end(&here);
}

/* A value holds any bytes, and as many as a message. */
static void bytes_are_as_they_were(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    enum { SIZE = 1000000 };
    char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    const nm_kv_write write = {.mode = LAST};
    assert_ok(nm_kv_put(here.bucket, "large", (nm_bytes){bytes, SIZE}, &write, store_patience(),
                        &here.base.error));
    nm_buffer got = NM_BUFFER_INIT;
    assert_ok(nm_kv_get(here.bucket, "large", store_patience(), &got, &here.base.error));
    assert_int_equal(SIZE, got.length);
    assert_memory_equal(bytes, got.data, SIZE);
    nm_buffer_free(&got);
    free(bytes);
    end(&here);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    store_assert_no_value(&here.base, here.bucket, "absent", NATSMICRO_NOT_FOUND);
    store_assert_says(&here.base.error, "bucket \"prices\", key \"absent\"");
    assert_ok(store_put(&here.base, here.bucket, "k", "v", LAST));
    assert_ok(nm_kv_purge(here.bucket, "k", 0, store_patience(), &here.base.error));
    store_assert_no_value(&here.base, here.bucket, "k", NATSMICRO_NOT_FOUND);
    end(&here);
}

/* Markers of other clients: of a deletion, and of the broker, when a value has expired. */
static void markers_are_no_values(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
    } markers[] = {{"KV-Operation", "DEL"},
                   {"KV-Operation", "PURGE"},
                   {"Nats-Marker-Reason", "MaxAge"},
                   {"Nats-Marker-Reason", "Purge"},
                   {"Nats-Marker-Reason", "Remove"}};
    scene here;
    begin(&here, NULL);
    for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
        natsMsg *marker = NULL;
        assert_int_equal(NATS_OK, natsMsg_Create(&marker, "$KV.prices.k", NULL, NULL, 0));
        assert_int_equal(NATS_OK, natsMsgHeader_Set(marker, markers[i].name, markers[i].value));
        natsMsg *ack = NULL;
        assert_int_equal(
            NATS_OK, natsConnection_RequestMsg(&ack, here.base.peer, marker, STORE_PATIENCE_MS));
        natsMsg_Destroy(ack);
        natsMsg_Destroy(marker);
        store_assert_no_value(&here.base, here.bucket, "k", NATSMICRO_NOT_FOUND);
        assert_ok(store_put(&here.base, here.bucket, "k", "anew", CREATE));
        store_assert_value(&here.base, here.bucket, "k", "anew");
    }
    end(&here);
}

static void keys_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"", ".a", "a.", "a..b", "a b", "a*", ">", "\xc3\xa4"};
    scene here;
    begin(&here, NULL);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      store_put(&here.base, here.bucket, keys[i], "v", LAST));
        store_assert_says(&here.base.error, "bucket \"prices\", key \"");
        store_assert_no_value(&here.base, here.bucket, keys[i], NATSMICRO_INVALID_ARGUMENT);
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      nm_kv_purge(here.bucket, keys[i], 0, store_patience(), &here.base.error));
    }
    end(&here);
}

/* ---- how it is written ---- */

static void a_creation_finds_what_is_there(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    assert_ok(store_put(&here.base, here.bucket, "k", "first", CREATE));
    assert_status(NATSMICRO_ALREADY_EXISTS,
                  store_put(&here.base, here.bucket, "k", "second", CREATE));
    store_assert_says(&here.base.error, "bucket \"prices\", key \"k\"");
    store_assert_value(&here.base, here.bucket, "k", "first");
    assert_ok(nm_kv_purge(here.bucket, "k", 0, store_patience(), &here.base.error));
    assert_ok(store_put(&here.base, here.bucket, "k", "third", CREATE));
    store_assert_value(&here.base, here.bucket, "k", "third");
    end(&here);
}

static void compare_and_set_creates_and_updates(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    assert_ok(store_put(&here.base, here.bucket, "k", "first", CAS));
    assert_ok(store_put(&here.base, here.bucket, "k", "second", CAS));
    assert_int_equal(NATSMICRO_OK, here.base.error.status); /* of the creation that was refused */
    store_assert_value(&here.base, here.bucket, "k", "second");
    assert_ok(nm_kv_purge(here.bucket, "k", 0, store_patience(), &here.base.error));
    assert_ok(store_put(&here.base, here.bucket, "k", "third", CAS));
    store_assert_value(&here.base, here.bucket, "k", "third");
    end(&here);
}

/* ---- many writers of one key ---- */

enum { WRITERS = 32, ROUNDS = 4 };

typedef struct writer {
    scene *scene;
    natsmicro_stub_write_mode mode;
    int number;
    int won;
    int refused; /* as the mode has it */
    int failed;  /* in any other way */
    char failure[256];
    pthread_t thread;
} writer;

static void *write_rounds(void *data)
{
    writer *self = data;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status refusal = self->mode == CREATE ? NATSMICRO_ALREADY_EXISTS : NATSMICRO_ABORTED;
    for (int i = 0; i < ROUNDS; i++) {
        char value[32];
        snprintf(value, sizeof(value), "%d.%d", self->number, i);
        const nm_kv_write write = {.mode = self->mode};
        natsmicro_status status =
            nm_kv_put(self->scene->bucket, "k", (nm_bytes){value, strlen(value)}, &write,
                      store_patience(), &error);
        self->won += status == NATSMICRO_OK;
        self->refused += status == refusal;
        if (status != NATSMICRO_OK && status != refusal) {
            self->failed++;
            snprintf(self->failure, sizeof(self->failure), "%s", nm_error_text(&error));
        }
    }
    nm_error_clear(&error);
    return NULL;
}

/* Returns how many writes went through; `refused` gets the others. */
static int write_at_once(scene *self, natsmicro_stub_write_mode mode, int *refused)
{
    writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){.scene = self, .mode = mode, .number = i};
        assert_int_equal(0, pthread_create(&writers[i].thread, NULL, write_rounds, &writers[i]));
    }
    int won = 0;
    *refused = 0;
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (int i = 0; i < WRITERS; i++) {
        if (writers[i].failed > 0)
            fail_msg("a writer failed: %s", writers[i].failure);
        won += writers[i].won;
        *refused += writers[i].refused;
    }
    assert_int_equal(WRITERS * ROUNDS, won + *refused);
    return won;
}

/* How many messages the stream has taken so far, which history would not show. */
static long stored(scene *self, const char *stream)
{
    char *info = store_api(&self->base, "STREAM.INFO", stream, "");
    const char *last = strstr(info, "\"last_seq\":");
    assert_non_null(last);
    long count = strtol(last + strlen("\"last_seq\":"), NULL, 10);
    free(info);
    return count;
}

static void of_many_creators_one_wins(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    int refused;
    assert_int_equal(1, write_at_once(&here, CREATE, &refused));
    assert_int_equal(1, stored(&here, "KV_prices"));
    end(&here);
}

/* Writes the headers of a message of the stream of other's. */
static void read_headers(scene *self, long sequence, char *headers, size_t size)
{
    char question[64];
    snprintf(question, sizeof(question), "{\"seq\":%ld}", sequence);
    char *answer = store_api(&self->base, "STREAM.MSG.GET", "KV_other", question);
    const char *text = strstr(answer, "\"hdrs\":\"");
    assert_non_null(text);
    text += strlen("\"hdrs\":\"");
    size_t length = strcspn(text, "\"");
    assert_true(nm_base64_room(length) < size);
    assert_true(nm_base64_read(text, length, (uint8_t *)headers, &length));
    headers[length] = '\0';
    free(answer);
}

/* Each write that went through followed the very one that it had seen. */
static void no_comparing_writer_loses_its_update_silently(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    make_stream(&here, ",\"allow_direct\":true"); /* keeps them all */
    int refused;
    long won = write_at_once(&here, CAS, &refused);
    assert_true(won >= 1);
    assert_int_equal(won, stored(&here, "KV_other"));
    for (long i = 1; i <= won; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "Nats-Expected-Last-Subject-Sequence: %ld\r\n", i - 1);
        char headers[512];
        read_headers(&here, i, headers, sizeof(headers));
        if (strstr(headers, expected) == NULL)
            fail_msg("message %ld is written over another than the one before: %s", i, headers);
    }
    end(&here);
}

static void last_write_wins_never_fails(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    int refused;
    assert_int_equal(WRITERS * ROUNDS, write_at_once(&here, LAST, &refused));
    assert_int_equal(0, refused);
    assert_int_equal(WRITERS * ROUNDS, stored(&here, "KV_prices"));
    end(&here);
}

/* ---- buckets as others have made them ---- */

static void a_bucket_without_direct_gets_is_read(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    make_stream(&here, ",\"allow_direct\":false,\"max_msgs_per_subject\":1");
    store_assert_no_value(&here.base, here.bucket, "k", NATSMICRO_NOT_FOUND);
    assert_ok(store_put(&here.base, here.bucket, "k", "v", CREATE));
    store_assert_value(&here.base, here.bucket, "k", "v");
    assert_ok(store_put(&here.base, here.bucket, "k", "", CAS));
    store_assert_value(&here.base, here.bucket, "k", "");
    natsMsg *marker = NULL;
    assert_int_equal(NATS_OK, natsMsg_Create(&marker, "$KV.other.k", NULL, NULL, 0));
    assert_int_equal(NATS_OK, natsMsgHeader_Set(marker, "KV-Operation", "DEL"));
    natsMsg *ack = NULL;
    assert_int_equal(NATS_OK,
                     natsConnection_RequestMsg(&ack, here.base.peer, marker, STORE_PATIENCE_MS));
    natsMsg_Destroy(ack);
    natsMsg_Destroy(marker);
    store_assert_no_value(&here.base, here.bucket, "k", NATSMICRO_NOT_FOUND);
    end(&here);
}

/* Direct gets are not answered any more, and old brokers say nothing of that. */
static void direct_gets_that_are_turned_off_later_are_noticed(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    make_stream(&here, ",\"allow_direct\":true");
    assert_ok(store_put(&here.base, here.bucket, "k", "v", LAST));
    store_assert_value(&here.base, here.bucket, "k", "v");
    free(
        store_api(&here.base, "STREAM.UPDATE", "KV_other",
                  "{\"name\":\"KV_other\",\"subjects\":[\"$KV.other.>\"],\"allow_direct\":false}"));
    store_assert_value(&here.base, here.bucket, "k", "v");
    end(&here);
}

static void a_bucket_that_is_gone_is_noticed(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    assert_ok(store_put(&here.base, here.bucket, "k", "v", LAST));
    assert_false(nm_bucket_is_missing(here.bucket));
    free(store_api(&here.base, "STREAM.DELETE", "KV_prices", ""));
    store_assert_no_value(&here.base, here.bucket, "k", NATSMICRO_FAILED_PRECONDITION);
    store_assert_says(&here.base.error, "bucket \"prices\", key \"k\": there is no such bucket");
    assert_true(nm_bucket_is_missing(here.bucket));
    here.bucket = store_make(&here.base, &here.settings);
    assert_false(nm_bucket_is_missing(here.bucket));
    assert_ok(store_put(&here.base, here.bucket, "k", "v", LAST));
    free(store_api(&here.base, "STREAM.DELETE", "KV_prices", ""));
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  store_put(&here.base, here.bucket, "k", "v", LAST));
    assert_true(nm_bucket_is_missing(here.bucket));
    end(&here);
}

static void a_full_bucket_says_so(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    make_stream(&here, ",\"max_msgs\":1,\"discard\":\"new\"");
    assert_ok(store_put(&here.base, here.bucket, "a", "v", LAST));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, store_put(&here.base, here.bucket, "b", "v", LAST));
    store_assert_says(&here.base.error, "bucket \"other\", key \"b\": the bucket is full");
    store_assert_says(&here.base.error, "10077");
    end(&here);
}

static void a_value_too_large_for_the_bucket_says_so(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    make_stream(&here, ",\"max_msg_size\":64");
    char value[128];
    memset(value, 'x', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  store_put(&here.base, here.bucket, "k", value, LAST));
    store_assert_says(&here.base.error, "bucket \"other\", key \"k\": the value is too large");
    end(&here);
}

static void a_value_larger_than_max_payload_is_not_published(void **state)
{
    (void)state;
    scene here;
    begin(&here, "max_payload: 1024\n");
    char value[1026];
    memset(value, 'x', sizeof(value));
    value[1025] = '\0';
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  store_put(&here.base, here.bucket, "k", value, LAST));
    store_assert_says(&here.base.error, "bucket \"prices\", key \"k\": 1025 bytes");
    value[1024] = '\0';
    assert_ok(store_put(&here.base, here.bucket, "k", value, LAST));
    end(&here);
}

/* An event's text has 511 bytes, of which a key may be twice as many. */
static void a_long_key_leaves_room_for_the_reason(void **state)
{
    (void)state;
    scene here;
    begin(&here, NULL);
    char key[1001];
    memset(key, 'k', sizeof(key));
    key[1000] = '\0';
    store_assert_no_value(&here.base, here.bucket, key, NATSMICRO_NOT_FOUND);
    store_assert_says(&here.base.error, "kkk…\": nothing is stored");
    assert_true(strlen(nm_error_text(&here.base.error)) < 300);
    end(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read),
        cmocka_unit_test(bytes_are_as_they_were),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(markers_are_no_values),
        cmocka_unit_test(keys_that_cannot_be_are_refused),
        cmocka_unit_test(a_creation_finds_what_is_there),
        cmocka_unit_test(compare_and_set_creates_and_updates),
        cmocka_unit_test(of_many_creators_one_wins),
        cmocka_unit_test(no_comparing_writer_loses_its_update_silently),
        cmocka_unit_test(last_write_wins_never_fails),
        cmocka_unit_test(a_bucket_without_direct_gets_is_read),
        cmocka_unit_test(direct_gets_that_are_turned_off_later_are_noticed),
        cmocka_unit_test(a_bucket_that_is_gone_is_noticed),
        cmocka_unit_test(a_full_bucket_says_so),
        cmocka_unit_test(a_value_too_large_for_the_bucket_says_so),
        cmocka_unit_test(a_value_larger_than_max_payload_is_not_published),
        cmocka_unit_test(a_long_key_leaves_room_for_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
