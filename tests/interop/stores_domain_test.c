/*
 * Buckets of a hub that is reached through a leaf node with JetStream of its own: the option
 * jetstream_domain means what nats.go's jetstream.NewWithDomain does.
 */
#include "interop/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct room {
    depot leaf; /* owns its broker; the clients' domain is the hub's */
    depot hub;
} room;

static bool is_linked(void *data)
{
    return broker_figure(data, "/varz", NULL, "\"leafnodes\":") > 0;
}

static void open_room(room *self)
{
    char config[256];
    depot_open_at(&self->hub,
                  broker_start(&(broker_options){
                      .jetstream = true,
                      .domain = "hub",
                      .config = "server_name: hub\nleafnodes { listen: \"127.0.0.1:-1\" }"}),
                  NULL);
    snprintf(config, sizeof(config),
             "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: "
             "\"nats-leaf://127.0.0.1:%ld\" } ] }",
             broker_figure(self->hub.nats, "/varz", "\"leaf\":", "\"port\":"));
    depot_open_at(
        &self->leaf,
        broker_start(&(broker_options){.jetstream = true, .domain = "leaf", .config = config}),
        "hub");
    assert_true(eventually(is_linked, self->leaf.nats, PEER_PATIENCE_MS));
}

static void close_room(room *self)
{
    depot_close(&self->leaf);
    depot_close(&self->hub);
}

/* Connected to the leaf, with the hub's domain. */
static const char *go_with_domain(room *self, const char *verb, const char *method, const char *key)
{
    setenv("STORES_DOMAIN", "hub", 1);
    const char *printed = depot_peer(&self->leaf, GO, (char *)(uintptr_t)verb,
                                     (char *)(uintptr_t)method, (char *)(uintptr_t)key);
    unsetenv("STORES_DOMAIN");
    return printed;
}

static void a_domain_leads_to_the_hubs_buckets(void **state)
{
    (void)state;
    Depot__V1__Kept value = DEPOT__V1__KEPT__INIT;
    room self;
    open_room(&self);
    depot *leaf = &self.leaf;
    assert_string_equal("", depot_peer(&self.hub, GO, "kv-make", "depot_mark", "1"));
    assert_string_equal("", depot_peer(&self.hub, GO, "object-make", "depot_marks"));
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_NOT_FOUND, depot__v1__depot_client__mark__get_from_kv(
                                           leaf->client, "key", leaf->context, &kept));
    /* What the leaf writes lies at the hub. */
    value.text = (char *)"ours";
    assert_ok(depot__v1__depot_client__mark__put_to_kv(leaf->client, "key", &value, NULL));
    assert_ok(
        depot__v1__depot_client__mark__put_to_object_store(leaf->client, "name", &value, NULL));
    assert_kept("ours",
                depot__v1__depot_client__mark__get_from_kv(self.hub.client, "key", NULL, &kept),
                &kept);
    assert_kept(
        "ours",
        depot__v1__depot_client__mark__get_from_object_store(self.hub.client, "name", NULL, &kept),
        &kept);
    assert_memory_equal("ours 0 ", go_with_domain(&self, "get", "Mark", "key"), 7);
    assert_memory_equal("ours 0 ", go_with_domain(&self, "get-object", "Mark", "name"), 7);
    /* And the reverse. */
    assert_string_equal("", go_with_domain(&self, "put", "Mark", "key"));
    assert_string_equal("", go_with_domain(&self, "put-object", "Mark", "name"));
    assert_kept("theirs",
                depot__v1__depot_client__mark__get_from_kv(leaf->client, "key", NULL, &kept),
                &kept);
    assert_kept(
        "theirs",
        depot__v1__depot_client__mark__get_from_object_store(leaf->client, "name", NULL, &kept),
        &kept);
    assert_ok(depot__v1__depot_client__mark__purge_from_kv(leaf->client, "key", NULL));
    assert_string_equal("error: not found", go_with_domain(&self, "get", "Mark", "key"));
    /* The leaf itself has none of it. */
    assert_string_equal("error: no bucket", depot_peer(leaf, GO, "kv-get", "depot_mark", "key"));
    close_room(&self);
}

static void a_domain_that_nobody_has_is_told(void **state)
{
    (void)state;
    depot self;
    depot_open_at(&self, broker_start(&(broker_options){.jetstream = true, .domain = "here"}),
                  "nowhere");
    Depot__V1__Kept *kept;
    assert_status(NATSMICRO_FAILED_PRECONDITION, depot__v1__depot_client__mark__get_from_kv(
                                                     self.client, "key", self.context, &kept));
    assert_non_null(strstr(natsmicro_context_error_message(self.context), "depot_mark"));
    depot_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_leads_to_the_hubs_buckets),
        cmocka_unit_test(a_domain_that_nobody_has_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
