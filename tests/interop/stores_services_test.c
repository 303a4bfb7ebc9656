/*
 * A service and a client of depot.proto that store as the Go generator's do, and this library's, on
 * the same buckets: calls of either store what the other one reads, and buckets are the same
 * whoever makes them.
 */
#include "interop/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* A depot whose service is in C or in Go. */
typedef struct served {
    const char *program;
    void (*serve)(depot *self);
} served;

static depot shared;

static int open_served(void **state)
{
    served *with = *state;
    depot_open(&shared, with->program);
    with->serve(&shared);
    return 0;
}

static int close_served(void **state)
{
    (void)state;
    depot_close(&shared);
    return 0;
}

static const char *go(const char *verb, const char *method, const char *key)
{
    return depot_peer(&shared, GO, verb, (char *)(uintptr_t)method, (char *)(uintptr_t)key);
}

/* ---- whoever serves ---- */

static void both_read_what_a_call_stored(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("a-b/c=d", "kept");
    item.number = INT32_MIN;
    item.big = UINT64_MAX;
    item.fragile = true;
    item.color = DEPOT__V1__COLOR__COLOR_RED;
    item.weight = 0.1;
    static const char as_go_has_it[] =
        "keep.a-b/c=d.-2147483648.18446744073709551615.true.COLOR_RED.0.1";
    char key[1025];
    assert_ok(depot__v1__depot_client__keep__kv_key(&item, key, sizeof(key)));
    assert_string_equal(as_go_has_it, key);
    Depot__V1__Kept *kept;
    assert_kept("kept", depot__v1__depot_client__keep(self->client, &item, NULL, &kept), &kept);
    assert_kept("kept", depot__v1__depot_client__keep__get_from_kv(self->client, key, NULL, &kept),
                &kept);
    assert_string_equal("kept 0 " SHA_OF_NOTHING, go("get", "Keep", key));
    assert_string_equal("later 0 " SHA_OF_NOTHING,
                        go("call", "Keep", "{\"name\":\"thing\",\"text\":\"later\"}"));
    assert_kept("later",
                depot__v1__depot_client__keep__get_from_kv(
                    self->client, "keep.thing.0.0.false.COLOR_NONE.0", NULL, &kept),
                &kept);
    assert_string_equal("", go("purge", "Keep", key));
    assert_status(NATSMICRO_NOT_FOUND,
                  depot__v1__depot_client__keep__get_from_kv(self->client, key, NULL, &kept));
}

/* Go prints 1e+21 for a number, but "+" is in no key; a space and an empty part are not, either. */
static void values_that_make_no_key_fail_the_call(void **state)
{
    (void)state;
    static const char text[] = "failed to persist Keep response to KV: ";
    Depot__V1__Item items[] = {depot_item("plus", ""), depot_item("a b", ""), depot_item("", ""),
                               depot_item("a.", "")};
    items[0].weight = 1e21;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        char key[1025];
        assert_status(NATSMICRO_INVALID_ARGUMENT,
                      depot__v1__depot_client__keep__kv_key(&items[i], key, sizeof(key)));
        if (i > 1)
            continue; /* nats.go's client takes some of these */
        Depot__V1__Kept *kept;
        assert_status(NATSMICRO_INTERNAL, depot__v1__depot_client__keep(shared.client, &items[i],
                                                                        shared.context, &kept));
        assert_memory_equal(text, natsmicro_context_error_message(shared.context), strlen(text));
    }
}

static void both_read_objects_that_a_call_stored(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("name with spaces/gr\xc3\xbc\xc3\x9f\x65", "large");
    item.size = 1 << 19;
    Depot__V1__Kept *kept;
    assert_kept("large", depot__v1__depot_client__store(self->client, &item, NULL, &kept), &kept);
    assert_ok(depot__v1__depot_client__store__get_from_object_store(self->client, item.name, NULL,
                                                                    &kept));
    uint8_t *expected = depot_bytes(1 << 19);
    assert_int_equal(1 << 19, kept->data.len);
    assert_memory_equal(expected, kept->data.data, 1 << 19);
    free(expected);
    depot__v1__depot_client__store__free(kept);
    char called[256];
    snprintf(called, sizeof(called), "%s",
             go("call", "Store", "{\"name\":\"theirs\",\"text\":\"large\",\"size\":524288}"));
    assert_string_equal(called, go("get-object", "Store", item.name));
    assert_string_equal(called, go("get-object", "Store", "theirs"));
    assert_string_equal("error: not found", go("get-object", "Store", "nobody's"));
}

static void values_of_json_services_are_json(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("thing", "gr\xc3\xbc\xc3\x9f\x65 \"");
    item.size = 3;
    Depot__V1__Kept *kept;
    assert_kept(item.text,
                depot__v1__json_depot_client__keep(self->json_client, &item, NULL, &kept), &kept);
    assert_kept(
        item.text,
        depot__v1__json_depot_client__keep__get_from_kv(self->json_client, "thing", NULL, &kept),
        &kept);
    assert_non_null(strstr(go("get", "Json.Keep", "thing"), item.text));
    assert_non_null(strstr(go("call", "Json.Keep", "{\"name\":\"theirs\",\"text\":\"x\"}"), "x 0"));
    assert_kept(
        "x",
        depot__v1__json_depot_client__keep__get_from_kv(self->json_client, "theirs", NULL, &kept),
        &kept);
    /* As it lies in the bucket: '{' and not a tag. */
    assert_memory_equal("1 7b", depot_peer(self, GO, "kv-get", "jsondepot_keep", "thing"), 4);
    kept = NULL;
    assert_kept(item.text,
                depot__v1__json_depot_client__store(self->json_client, &item, NULL, &kept), &kept);
    assert_non_null(strstr(go("get-object", "Json.Store", "thing"), item.text));
}

static void a_method_with_both_stores_both(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("thing", "both");
    Depot__V1__Kept *kept;
    assert_kept("both", depot__v1__depot_client__file(self->client, &item, NULL, &kept), &kept);
    assert_string_equal("both 0 " SHA_OF_NOTHING, go("get", "File", "file.thing"));
    assert_string_equal("both 0 " SHA_OF_NOTHING, go("get-object", "File", "file thing"));
}

static void an_error_stores_nothing(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("thing", "");
    item.fail = (char *)"NOT_FOUND";
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_NOT_FOUND,
                  depot__v1__depot_client__file(self->client, &item, NULL, &kept));
    assert_string_equal("error: not found", go("get", "File", "file.thing"));
    assert_string_equal("error: not found", go("get-object", "File", "file thing"));
}

static void write_modes_and_policies_are_gos(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Item item = depot_item("thing", "first");
    Depot__V1__Kept *kept;
    assert_kept("first", depot__v1__depot_client__found(self->client, &item, NULL, &kept), &kept);
    assert_kept("first", depot__v1__depot_client__note(self->client, &item, NULL, &kept), &kept);
    assert_kept("first", depot__v1__depot_client__swap(self->client, &item, NULL, &kept), &kept);
    assert_kept("first", depot__v1__depot_client__keep(self->client, &item, NULL, &kept), &kept);
    item.text = (char *)"second";
    static const char text[] = "failed to persist Found response to KV: ";
    assert_status(NATSMICRO_INTERNAL,
                  depot__v1__depot_client__found(self->client, &item, self->context, &kept));
    assert_memory_equal(text, natsmicro_context_error_message(self->context), strlen(text));
    assert_kept("second", depot__v1__depot_client__note(self->client, &item, NULL, &kept), &kept);
    assert_kept("second", depot__v1__depot_client__swap(self->client, &item, NULL, &kept), &kept);
    assert_kept("second", depot__v1__depot_client__keep(self->client, &item, NULL, &kept), &kept);
    assert_string_equal("first 0 " SHA_OF_NOTHING, go("get", "Found", "found/thing"));
    assert_string_equal("first 0 " SHA_OF_NOTHING, go("get", "Note", "thing"));
    assert_string_equal("second 0 " SHA_OF_NOTHING, go("get", "Swap", "swap.thing"));
    assert_string_equal("second 0 " SHA_OF_NOTHING,
                        go("get", "Keep", "keep.thing.0.0.false.COLOR_NONE.0"));
    assert_non_null(strstr(go("call", "Found", "{\"name\":\"thing\"}"),
                           "[INTERNAL] Found: failed to persist Found response to KV: "));
    assert_string_equal(" 0 " SHA_OF_NOTHING, go("call", "Note", "{\"name\":\"thing\"}"));
}

static void clients_put_as_the_option_says(void **state)
{
    (void)state;
    depot *self = &shared;
    Depot__V1__Kept value = DEPOT__V1__KEPT__INIT;
    assert_string_equal("", go("put", "Found", "key"));
    assert_status(NATSMICRO_ALREADY_EXISTS, depot__v1__depot_client__found__put_to_kv(
                                                self->client, "key", &value, self->context));
    value.text = (char *)"ours";
    assert_ok(depot__v1__depot_client__note__put_to_kv(self->client, "key", &value, NULL));
    assert_string_equal("error: exists", go("put", "Note", "key"));
    assert_string_equal("ours 0 " SHA_OF_NOTHING, go("get", "Note", "key"));
    assert_ok(depot__v1__depot_client__keep__put_to_kv(self->client, "key", &value, NULL));
    assert_string_equal("", go("put", "Keep", "key"));
    Depot__V1__Kept *kept;
    assert_kept("theirs",
                depot__v1__depot_client__keep__get_from_kv(self->client, "key", NULL, &kept),
                &kept);
    assert_string_equal("", go("put-object", "Store", "key"));
    assert_kept(
        "theirs",
        depot__v1__depot_client__store__get_from_object_store(self->client, "key", NULL, &kept),
        &kept);
}

/* ---- buckets ---- */

static const char *const streams[] = {
    "KV_depot_keep",     "KV_depot_swap",       "KV_depot_found",  "KV_depot_note",
    "KV_depot_lend",     "KV_depot_file",       "OBJ_depot_files", "OBJ_depot_store",
    "KV_jsondepot_keep", "OBJ_jsondepot_store",
};
#define N_STREAMS   (sizeof(streams) / sizeof(streams[0]))
#define CONFIG_SIZE 2048

typedef char configs[N_STREAMS][CONFIG_SIZE];

static void read_configs(depot *self, configs into)
{
    for (size_t i = 0; i < N_STREAMS; i++)
        snprintf(into[i], CONFIG_SIZE, "%s",
                 depot_peer(self, GO, "config", (char *)(uintptr_t)streams[i]));
}

static void assert_same(configs expected, configs seen)
{
    for (size_t i = 0; i < N_STREAMS; i++)
        assert_string_equal(expected[i], seen[i]);
}

/* Whoever comes second changes nothing, and neither says that anything differs. */
static void buckets_are_the_same_whoever_makes_them(void **state)
{
    static configs of_go;
    static configs of_c;
    static configs after;
    (void)state;
    depot self;
    depot_open(&self, newest_broker());
    depot_serve_in_go(&self);
    depot_stop_serving(&self);
    read_configs(&self, of_go);
    depot_serve(&self);
    read_configs(&self, after);
    assert_same(of_go, after);
    assert_string_equal("", self.failure);
    depot_close(&self);

    depot_open(&self, newest_broker());
    depot_serve(&self);
    assert_string_equal("", self.failure);
    read_configs(&self, of_c);
    assert_same(of_go, of_c);
    depot_stop_serving(&self);
    depot_serve_in_go(&self);
    read_configs(&self, after);
    assert_same(of_c, after);
    depot_close(&self);
}

/* C changes what an option names, and leaves the rest. */
static void what_the_options_leave_out_stays(void **state)
{
    (void)state;
    depot self;
    depot_open(&self, newest_broker());
    assert_string_equal("", depot_peer(&self, GO, "kv-make", "depot_file", "7"));
    assert_string_equal("1", depot_peer(&self, GO, "kv-put", "depot_file", "old", "00"));
    depot_serve(&self);
    assert_string_equal("", self.failure);
    const char *config = depot_peer(&self, GO, "config", "KV_depot_file");
    assert_non_null(strstr(config, "\"max_msgs_per_subject\":7,"));
    assert_non_null(strstr(config, "\"max_age\":3600000000000,"));
    assert_string_equal("1 00", depot_peer(&self, GO, "kv-get", "depot_file", "old"));
    depot_close(&self);
}

/* ---- all ---- */

static int run_with(const char *program, void (*serve)(depot *self))
{
    served with = {program, serve};
#define SERVED(test) \
    cmocka_unit_test_prestate_setup_teardown(test, open_served, close_served, &with)
    const struct CMUnitTest tests[] = {
        SERVED(both_read_what_a_call_stored),         SERVED(values_that_make_no_key_fail_the_call),
        SERVED(both_read_objects_that_a_call_stored), SERVED(values_of_json_services_are_json),
        SERVED(a_method_with_both_stores_both),       SERVED(an_error_stores_nothing),
        SERVED(write_modes_and_policies_are_gos),     SERVED(clients_put_as_the_option_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest buckets[] = {
        cmocka_unit_test(buckets_are_the_same_whoever_makes_them),
        cmocka_unit_test(what_the_options_leave_out_stays),
    };
    return run_with(NULL, depot_serve) + run_with(NULL, depot_serve_in_go) +
           run_with(newest_broker(), depot_serve) + run_with(newest_broker(), depot_serve_in_go) +
           cmocka_run_group_tests(buckets, NULL, NULL);
}
