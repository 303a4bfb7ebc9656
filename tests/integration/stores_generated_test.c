/*
 * What a user writes: generated services and clients with stores, with messages in the binary form
 * and as JSON.
 */
#include "stores/v1/stores.nats-c.h"
#include "support/scenario.h"

#include <stdio.h>
#include <string.h>

/* ---- the services ---- */

static natsmicro_status describe(Stores__V1__CatalogServer__Describe *call,
                                 const Stores__V1__Wish *wish, void *user_data)
{
    (void)user_data;
    Stores__V1__Product product = STORES__V1__PRODUCT__INIT;
    product.full_name = wish->name;
    product.price = wish->id * 10;
    return stores__v1__catalog_server__describe__reply(call, &product);
}

static natsmicro_status describe_in_json(Stores__V1__JsonCatalogServer__Describe *call,
                                         const Stores__V1__Wish *wish, void *user_data)
{
    (void)user_data;
    Stores__V1__Product product = STORES__V1__PRODUCT__INIT;
    product.full_name = wish->name;
    product.price = wish->id * 10;
    return stores__v1__json_catalog_server__describe__reply(call, &product);
}

static const Stores__V1__CatalogHandlers handlers = {.describe = describe};
static const Stores__V1__JsonCatalogHandlers json_handlers = {.describe = describe_in_json};

typedef struct scene {
    broker *nats;
    natsConnection *connection;
    natsmicro_server *server;
    Stores__V1__CatalogClient *client;
    Stores__V1__JsonCatalogClient *json;
} scene;

static void count_event(const natsmicro_event *event, void *user_data)
{
    (void)user_data;
    fprintf(stderr, "%s: %s\n", natsmicro_event_kind_name(event->kind), event->text);
    latch_open(user_data);
}

static latch events;

static void scene_open(scene *self)
{
    latch_init(&events);
    self->nats = broker_start(&(broker_options){.jetstream = true});
    self->connection = connect_to(self->nats);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = count_event;
    options.on_error_data = &events;
    assert_ok(natsmicro_server_new(&self->server, self->connection, &options));
    assert_ok(stores__v1__catalog_server__add(self->server, &handlers, NULL, NULL));
    assert_ok(stores__v1__json_catalog_server__add(self->server, &json_handlers, NULL, NULL));
    assert_ok(stores__v1__catalog_client__new(&self->client, self->connection, NULL));
    assert_ok(stores__v1__json_catalog_client__new(&self->json, self->connection, NULL));
}

static void scene_close(scene *self)
{
    stores__v1__json_catalog_client__destroy(self->json);
    stores__v1__catalog_client__destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->connection);
    broker_stop(self->nats);
    assert_int_equal(0, latch_count(&events));
    latch_destroy(&events);
}

static Stores__V1__Wish wish_of(uint64_t id, char *name)
{
    Stores__V1__Wish wish = STORES__V1__WISH__INIT;
    wish.id = id;
    wish.name = name;
    wish.kind = STORES__V1__KIND__KIND_BOOK;
    return wish;
}

static void assert_product(const Stores__V1__Product *product, const char *name, uint64_t price)
{
    assert_non_null(product);
    assert_string_equal(name, product->full_name);
    assert_int_equal(price, product->price);
}

/* ---- the tests ---- */

static void a_response_is_got_by_the_key_of_its_request(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    const Stores__V1__Wish wish = wish_of(7, "emma");
    Stores__V1__Product *product;
    assert_ok(stores__v1__catalog_client__describe(here.client, &wish, NULL, &product));
    assert_product(product, "emma", 70);
    stores__v1__catalog_client__describe__free(product);

    char key[NATSMICRO_KEY_SIZE];
    assert_ok(stores__v1__catalog_client__describe__kv_key(&wish, key, sizeof(key)));
    assert_string_equal("KIND_BOOK.7.emma", key);
    assert_ok(stores__v1__catalog_client__describe__get_from_kv(here.client, key, NULL, &product));
    assert_product(product, "emma", 70);
    stores__v1__catalog_client__describe__free(product);

    assert_ok(stores__v1__catalog_client__describe__object_store_key(&wish, key, sizeof(key)));
    assert_string_equal("emma (7)", key);
    assert_ok(stores__v1__catalog_client__describe__get_from_object_store(here.client, key, NULL,
                                                                          &product));
    assert_product(product, "emma", 70);
    stores__v1__catalog_client__describe__free(product);
    scene_close(&here);
}

static void what_a_client_puts_it_gets_and_purges(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    Stores__V1__Product mine = STORES__V1__PRODUCT__INIT;
    mine.full_name = "mine";
    assert_ok(stores__v1__catalog_client__describe__put_to_kv(here.client, "a.b", &mine, NULL));
    Stores__V1__Product *product;
    assert_ok(
        stores__v1__catalog_client__describe__get_from_kv(here.client, "a.b", NULL, &product));
    assert_product(product, "mine", 0);
    stores__v1__catalog_client__describe__free(product);
    assert_ok(stores__v1__catalog_client__describe__purge_from_kv(here.client, "a.b", NULL));
    assert_status(NATSMICRO_NOT_FOUND, stores__v1__catalog_client__describe__get_from_kv(
                                           here.client, "a.b", NULL, &product));
    assert_ok(
        stores__v1__catalog_client__describe__put_to_object_store(here.client, "a b", &mine, NULL));
    assert_ok(stores__v1__catalog_client__describe__get_from_object_store(here.client, "a b", NULL,
                                                                          &product));
    assert_product(product, "mine", 0);
    stores__v1__catalog_client__describe__free(product);
    scene_close(&here);
}

/* Other programs read the values of a JSON service as JSON. */
static void values_of_a_json_service_are_json(void **state)
{
    (void)state;
    scene here;
    scene_open(&here);
    const Stores__V1__Wish wish = wish_of(7, "emma");
    Stores__V1__Product *product;
    assert_ok(stores__v1__json_catalog_client__describe(here.json, &wish, NULL, &product));
    stores__v1__json_catalog_client__describe__free(product);
    jsCtx *js = NULL;
    kvStore *store = NULL;
    kvEntry *entry = NULL;
    assert_int_equal(NATS_OK, natsConnection_JetStream(&js, here.connection, NULL));
    assert_int_equal(NATS_OK, js_KeyValue(&store, js, "json-products"));
    assert_int_equal(NATS_OK, kvStore_Get(&entry, store, "7"));
    assert_string_equal("{\"fullName\":\"emma\",\"price\":\"70\"}", kvEntry_ValueString(entry));
    kvEntry_Destroy(entry);
    kvStore_Destroy(store);
    jsCtx_Destroy(js);
    assert_ok(
        stores__v1__json_catalog_client__describe__get_from_kv(here.json, "7", NULL, &product));
    assert_product(product, "emma", 70);
    stores__v1__json_catalog_client__describe__free(product);
    assert_ok(stores__v1__json_catalog_client__describe__get_from_object_store(here.json, "7", NULL,
                                                                               &product));
    assert_product(product, "emma", 70);
    stores__v1__json_catalog_client__describe__free(product);
    scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_got_by_the_key_of_its_request),
        cmocka_unit_test(what_a_client_puts_it_gets_and_purges),
        cmocka_unit_test(values_of_a_json_service_are_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
