/*
 * NATS's command `nats` and this library on the same buckets. Values are JSON, which people write.
 */
#include "interop/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static depot shared;

static int open_depot(void **state)
{
    (void)state;
    /* A user's contexts count for nothing. */
    setenv("XDG_CONFIG_HOME", getenv("INTEROP_PEERS"), 1);
    depot_open(&shared, newest_broker());
    depot_serve(&shared);
    return 0;
}

static int close_depot(void **state)
{
    (void)state;
    depot_close(&shared);
    return 0;
}

#define nats(...)                                                                             \
    program_prints("stores/bin/nats",                                                         \
                   (char *[]){"nats", "--server", (char *)(uintptr_t)broker_url(shared.nats), \
                              __VA_ARGS__, NULL})

static void values_are_the_commands(void **state)
{
    (void)state;
    Depot__V1__Item item = depot_item("thing", "ours");
    Depot__V1__Kept *kept;
    assert_kept("ours", depot__v1__json_depot_client__keep(shared.json_client, &item, NULL, &kept),
                &kept);
    assert_string_equal("{\"text\":\"ours\"}",
                        nats("kv", "get", "jsondepot_keep", "thing", "--raw"));
    nats("kv", "put", "jsondepot_keep", "thing", "{\"text\":\"by the command\"}");
    assert_kept(
        "by the command",
        depot__v1__json_depot_client__keep__get_from_kv(shared.json_client, "thing", NULL, &kept),
        &kept);
    nats("kv", "purge", "jsondepot_keep", "thing", "-f");
    assert_status(NATSMICRO_NOT_FOUND, depot__v1__json_depot_client__keep__get_from_kv(
                                           shared.json_client, "thing", NULL, &kept));
    nats("kv", "create", "jsondepot_keep", "thing", "{}");
    assert_kept(
        "",
        depot__v1__json_depot_client__keep__get_from_kv(shared.json_client, "thing", NULL, &kept),
        &kept);
}

static void objects_are_the_commands(void **state)
{
    (void)state;
    Depot__V1__Item item = depot_item("our thing", "ours");
    char text[64] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), fileno(file));
    Depot__V1__Kept *kept;
    assert_kept("ours", depot__v1__json_depot_client__store(shared.json_client, &item, NULL, &kept),
                &kept);
    nats("object", "get", "jsondepot_store", "our thing", "--output", path, "-f", "--no-progress");
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    assert_string_equal("{\"text\":\"ours\"}", text);
    rewind(file);
    fputs("{\"text\":\"by the command\"}", file);
    fflush(file);
    nats("object", "put", "jsondepot_store", path, "--name", "our thing", "-f", "--no-progress");
    fclose(file);
    assert_kept("by the command",
                depot__v1__json_depot_client__store__get_from_object_store(
                    shared.json_client, "our thing", NULL, &kept),
                &kept);
    nats("object", "rm", "jsondepot_store", "our thing", "-f");
    assert_status(NATSMICRO_NOT_FOUND, depot__v1__json_depot_client__store__get_from_object_store(
                                           shared.json_client, "our thing", NULL, &kept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_the_commands, open_depot, close_depot),
        cmocka_unit_test_setup_teardown(objects_are_the_commands, open_depot, close_depot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
