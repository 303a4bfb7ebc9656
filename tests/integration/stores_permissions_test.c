/*
 * The permissions that the guide lists for a service and a client with stores are enough, on a
 * broker with that very configuration.
 */
#include "integration/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "docs/guide/stores-permissions.conf"

static const broker_options guided = {.jetstream = true, .config_file = CONFIG_FILE};

/* As the guide names them. */
static void open_guided(shelf *self, const broker_options *options)
{
    shelf_open_as(self, options, "shop:one", "till:two", "shop:one");
    for (size_t i = 0; i < SHELF_STORES; i++) {
        natsmicro_stub_store *store = &self->stores[i];
        bool is_kv = store->bucket.kind == NATSMICRO_STORE_KV;
        store->bucket.name = is_kv ? "stock" : "reports";
        store->required = true;
    }
    self->service.subject_prefix = "shop.v1";
}

static void serve_and_call(shelf *self)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.inbox_prefix = "_INBOX.service.shop";
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.inbox_prefix = "_INBOX.client.till";
    shelf_serve(self, &server);
    shelf_call(self, &client);
}

static void put_both(shelf *self, const char *payload)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)payload;
    assert_ok(natsmicro_stub_kv_put(self->client, SHELF_BOTH, "mine", &response, NULL));
    assert_ok(natsmicro_stub_object_put(self->client, SHELF_BOTH, "mine", &response, NULL));
}

static void assert_both(shelf *self, const char *key, const char *payload)
{
    void *value;
    assert_ok(natsmicro_stub_kv_get(self->client, SHELF_BOTH, key, NULL, &value));
    assert_string_equal(payload, ((Lab__V1__PingResponse *)value)->payload);
    natsmicro_stub_message_free(value);
    shelf_assert_object(self, key, payload);
}

static void use_everything(shelf *self)
{
    for (int twice = 0; twice < 2; twice++) {
        assert_ok(shelf_ask(self, SHELF_BOTH, "ada", NULL));
        put_both(self, "mine");
    }
    assert_both(self, "ping.ada", "ada");
    assert_both(self, "mine", "mine");
    assert_ok(natsmicro_stub_kv_purge(self->client, SHELF_BOTH, "mine", NULL));
    void *value;
    assert_status(NATSMICRO_NOT_FOUND,
                  natsmicro_stub_kv_get(self->client, SHELF_BOTH, "mine", NULL, &value));
}

static void what_the_guide_lists_is_enough(void **state)
{
    (void)state;
    static const natsmicro_stub_write_mode modes[] = {NATSMICRO_STORE_LAST_WRITE_WINS,
                                                      NATSMICRO_STORE_COMPARE_AND_SET};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        shelf here;
        open_guided(&here, &guided);
        here.stores[SHELF_KV_OF_BOTH].write_mode = modes[i];
        serve_and_call(&here);
        use_everything(&here);
        assert_int_equal(0, latch_count(&here.heard.happened));
        shelf_close(&here);
    }
}

/* A bucket whose settings have changed in the proto since. */
static void a_bucket_may_be_changed(void **state)
{
    (void)state;
    shelf here;
    open_guided(&here, &guided);
    serve_and_call(&here);
    natsmicro_server_destroy(here.server);
    for (size_t i = 0; i < SHELF_STORES; i++)
        here.stores[i].bucket.description = "of the shop";
    serve_and_call(&here);
    assert_ok(shelf_ask(&here, SHELF_BOTH, "ada", NULL));
    assert_int_equal(0, latch_count(&here.heard.happened));
    shelf_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_guide_lists_is_enough),
        cmocka_unit_test(a_bucket_may_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
