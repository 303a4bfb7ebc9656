/*
 * What only newer brokers know (values and markers that expire, compression, metadata) on the
 * newest one, where other programs see it, too; and how a broker that is too old for it is told.
 */
#include "attic/v1/attic.nats-c.h"
#include "interop/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET "depot_lend"
#define STREAM "KV_depot_lend"

static depot shared;

static int open_newest(void **state)
{
    (void)state;
    depot_open(&shared, newest_broker());
    depot_serve(&shared);
    assert_string_equal("", shared.failure);
    return 0;
}

static int close_newest(void **state)
{
    (void)state;
    depot_close(&shared);
    return 0;
}

static void buckets_have_what_was_asked(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\"compression\":\"s2\"",      "\"max_age\":3600000000000",
        "\"allow_msg_ttl\":true",      "\"subject_delete_marker_ttl\":3600000000000",
        "\"owner\":\"depot\"",         "\"description\":\"what is lent\"",
        "\"max_msgs_per_subject\":1,",
    };
    const char *config = depot_peer(&shared, GO, "config", STREAM);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_non_null(strstr(config, parts[i]));
    assert_non_null(
        strstr(depot_peer(&shared, GO, "config", "OBJ_depot_files"), "\"compression\":\"s2\""));
}

static bool is_gone(void *data)
{
    Depot__V1__Kept *kept;
    natsmicro_status status =
        depot__v1__depot_client__lend__get_from_kv(shared.client, data, shared.context, &kept);
    depot__v1__depot_client__lend__free(kept);
    return status == NATSMICRO_NOT_FOUND;
}

/* key_ttl: the broker puts a marker in the place of the value, and tells watchers. */
static void a_value_expires(void **state)
{
    (void)state;
    Depot__V1__Item item = depot_item("thing", "lent");
    Depot__V1__Kept *kept;
    assert_kept("lent", depot__v1__depot_client__lend(shared.client, &item, NULL, &kept), &kept);
    assert_string_equal("purge", depot_peer(&shared, GO, "kv-await-gone", BUCKET, "lend.thing"));
    assert_true(is_gone("lend.thing"));
    assert_string_equal("2 purge ", depot_peer(&shared, GO, "kv-history", BUCKET, "lend.thing"));
    /* It can be created again, and the new value expires as well. */
    assert_kept("lent", depot__v1__depot_client__lend(shared.client, &item, NULL, &kept), &kept);
    assert_true(eventually(is_gone, "lend.thing", PEER_PATIENCE_MS));
}

static void a_value_that_a_client_puts_expires(void **state)
{
    (void)state;
    Depot__V1__Kept value = DEPOT__V1__KEPT__INIT;
    assert_ok(depot__v1__depot_client__lend__put_to_kv(shared.client, "lend.by.us", &value, NULL));
    assert_string_equal("", depot_peer(&shared, GO, "put", "Lend", "lend.by.them"));
    assert_true(eventually(is_gone, "lend.by.us", PEER_PATIENCE_MS));
    assert_true(eventually(is_gone, "lend.by.them", PEER_PATIENCE_MS));
}

/* purge_ttl: nothing is left, not even the marker. */
static void a_marker_of_a_purge_expires(void **state)
{
    (void)state;
    assert_string_equal("1", depot_peer(&shared, GO, "kv-put", BUCKET, "lend.thing", ""));
    assert_ok(depot__v1__depot_client__lend__purge_from_kv(shared.client, "lend.thing", NULL));
    assert_true(is_gone("lend.thing"));
    assert_string_equal("", depot_peer(&shared, GO, "await-empty", STREAM));
    assert_true(is_gone("lend.thing"));
}

/* ---- what only C asks for ---- */

static natsmicro_status pile(Attic__V1__AtticServer__Pile *call, const Attic__V1__Note *note,
                             void *user_data)
{
    (void)user_data;
    return attic__v1__attic_server__pile__reply(call, note);
}

static natsmicro_status fade(Attic__V1__AtticServer__Fade *call, const Attic__V1__Note *note,
                             void *user_data)
{
    (void)user_data;
    return attic__v1__attic_server__fade__reply(call, note);
}

static const Attic__V1__AtticHandlers attic = {.pile = pile, .fade = fade};

static void a_bucket_keeps_as_many_values_as_it_is_to(void **state)
{
    (void)state;
    Attic__V1__Note note = ATTIC__V1__NOTE__INIT;
    note.name = (char *)"a";
    assert_ok(attic__v1__attic_server__add(shared.server, &attic, NULL, NULL));
    Attic__V1__AtticClient *client;
    assert_ok(attic__v1__attic_client__new(&client, shared.connection, NULL));
    for (int i = 0; i < 5; i++) {
        Attic__V1__Note *response;
        assert_ok(attic__v1__attic_client__pile(client, &note, NULL, &response));
        attic__v1__attic_client__pile__free(response);
    }
    assert_string_equal("3 put 0a0161\n4 put 0a0161\n5 put 0a0161",
                        depot_peer(&shared, GO, "kv-history", "attic_pile", "a"));
    attic__v1__attic_client__destroy(client);
}

/* ttl, and limit_marker_ttl: a marker takes the place of the value, and goes as well. */
static void a_buckets_values_expire(void **state)
{
    (void)state;
    Attic__V1__Note note = ATTIC__V1__NOTE__INIT;
    note.name = (char *)"a";
    assert_ok(attic__v1__attic_server__add(shared.server, &attic, NULL, NULL));
    Attic__V1__AtticClient *client;
    assert_ok(attic__v1__attic_client__new(&client, shared.connection, NULL));
    Attic__V1__Note *response;
    assert_ok(attic__v1__attic_client__fade(client, &note, NULL, &response));
    attic__v1__attic_client__fade__free(response);
    assert_string_equal("", depot_peer(&shared, GO, "await-empty", "KV_attic_fade"));
    assert_status(NATSMICRO_NOT_FOUND,
                  attic__v1__attic_client__fade__get_from_kv(client, "a", NULL, &response));
    /* The marker was a message of its own. */
    assert_string_equal("2", depot_peer(&shared, GO, "last", "KV_attic_fade"));
    attic__v1__attic_client__destroy(client);
}

/* ---- a broker that is too old ---- */

static void a_broker_that_is_too_old_is_told(void **state)
{
    (void)state;
    Depot__V1__Kept value = DEPOT__V1__KEPT__INIT;
    Depot__V1__Item item = depot_item("thing", "lent");
    depot self;
    depot_open(&self, NULL);
    if (!broker_is_older(self.nats, 2, 11)) {
        depot_close(&self);
        skip();
    }
    depot_serve(&self);
    assert_true(latch_wait(&self.failures, PEER_PATIENCE_MS));
    assert_non_null(strstr(self.failure, BUCKET));
    /* The service serves all the same. */
    Depot__V1__Kept *kept;
    assert_kept("lent", depot__v1__depot_client__note(self.client, &item, NULL, &kept), &kept);
    assert_status(NATSMICRO_INTERNAL,
                  depot__v1__depot_client__lend(self.client, &item, self.context, &kept));
    const char *text = natsmicro_context_error_message(self.context);
    assert_non_null(strstr(text, BUCKET));
    assert_non_null(strstr(text, "2.11"));
    assert_status(
        NATSMICRO_FAILED_PRECONDITION,
        depot__v1__depot_client__lend__put_to_kv(self.client, "lend.thing", &value, self.context));
    assert_non_null(strstr(natsmicro_context_error_message(self.context), BUCKET));
    /* Nothing was stored that would never expire. */
    const char *stored = depot_peer(&self, GO, "kv-get", BUCKET, "lend.thing");
    assert_memory_equal("error: ", stored, strlen("error: "));
    depot_close(&self);
}

int main(void)
{
#define ON_NEWEST(test) cmocka_unit_test_setup_teardown(test, open_newest, close_newest)
    const struct CMUnitTest tests[] = {
        ON_NEWEST(buckets_have_what_was_asked),
        ON_NEWEST(a_value_expires),
        ON_NEWEST(a_value_that_a_client_puts_expires),
        ON_NEWEST(a_marker_of_a_purge_expires),
        ON_NEWEST(a_bucket_keeps_as_many_values_as_it_is_to),
        ON_NEWEST(a_buckets_values_expire),
        cmocka_unit_test(a_broker_that_is_too_old_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
