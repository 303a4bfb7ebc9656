/*
 * What a program reads and writes in the stores of a client's methods: without the service, by a
 * finished key, in time, and with a text that says what is wrong.
 */
#include "integration/raw.h"
#include "integration/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the vocabulary ---- */

static natsmicro_status put(shelf *self, size_t method, const char *key, const char *payload)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)payload;
    return natsmicro_stub_kv_put(self->client, method, key, &response, NULL);
}

static void assert_got(shelf *self, const char *key, const char *payload)
{
    void *value = NULL;
    assert_ok(natsmicro_stub_kv_get(self->client, SHELF_KEEP, key, NULL, &value));
    const Lab__V1__PingResponse *response = value;
    assert_string_equal(payload, response->payload);
    natsmicro_stub_message_free(value);
}

/* Of the context, which the thread's last error repeats. */
static void assert_context_says(natsmicro_context *context, natsmicro_status status,
                                const char *const *parts)
{
    assert_status(status, natsmicro_context_status(context));
    shelf_assert_says(natsmicro_context_error_message(context), parts);
    assert_string_equal(natsmicro_context_error_message(context), natsmicro_last_error());
}

#define assert_says(context, status, ...) \
    assert_context_says(context, status, (const char *const[]){__VA_ARGS__, NULL})

static void assert_not_got(shelf *self, const char *key, natsmicro_status status, const char *part)
{
    natsmicro_context *context = lab_context();
    void *value = self;
    assert_status(status, natsmicro_stub_kv_get(self->client, SHELF_KEEP, key, context, &value));
    assert_null(value);
    assert_says(context, status, "shelf.v1.Shelf.Keep: bucket \"things\", key \"", key, part);
    natsmicro_context_destroy(context);
}

/* A bucket is the service's to make; here nobody serves. */
static void open_with_bucket(shelf *self)
{
    shelf_open(self, NULL);
    shelf_make_bucket(self, &(kvConfig){.Bucket = "things"});
    shelf_call(self, NULL);
}

/* ---- key-value ---- */

static void a_value_is_read_while_its_service_is_down(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    assert_ok(shelf_ask(&here, SHELF_KEEP, "ada", NULL));
    natsmicro_server_destroy(here.server);
    here.server = NULL;
    assert_got(&here, "ping.ada", "ada");
    shelf_close(&here);
}

static void a_value_is_put_and_purged(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    assert_not_got(&here, "mine", NATSMICRO_NOT_FOUND, "");
    assert_ok(put(&here, SHELF_KEEP, "mine", "first"));
    shelf_assert_stored(&here, "mine", "first");
    assert_ok(put(&here, SHELF_KEEP, "mine", "second"));
    assert_got(&here, "mine", "second");
    assert_ok(natsmicro_stub_kv_purge(here.client, SHELF_KEEP, "mine", NULL));
    assert_not_got(&here, "mine", NATSMICRO_NOT_FOUND, "deleted");
    shelf_assert_stored(&here, "mine", "");
    shelf_close(&here);
}

/* The option's mode is the client's, too. */
static void a_put_follows_the_write_mode(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    here.stores[SHELF_KV_OF_KEEP].write_mode = NATSMICRO_STORE_CREATE;
    here.stores[SHELF_KV_OF_BOTH].write_mode = NATSMICRO_STORE_COMPARE_AND_SET;
    shelf_make_bucket(&here, &(kvConfig){.Bucket = "things"});
    shelf_call(&here, NULL);
    assert_ok(put(&here, SHELF_KEEP, "mine", "first"));
    assert_status(NATSMICRO_ALREADY_EXISTS, put(&here, SHELF_KEEP, "mine", "second"));
    assert_non_null(strstr(natsmicro_last_error(), "bucket \"things\", key \"mine\""));
    assert_ok(put(&here, SHELF_BOTH, "mine", "third"));
    assert_got(&here, "mine", "third");
    shelf_close(&here);
}

static void a_key_that_cannot_be_is_refused(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    assert_not_got(&here, "a b", NATSMICRO_INVALID_ARGUMENT, "letters");
    assert_status(NATSMICRO_INVALID_ARGUMENT, put(&here, SHELF_KEEP, "", "x"));
    assert_status(NATSMICRO_INVALID_ARGUMENT, put(&here, SHELF_KEEP, NULL, "x"));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_purge(here.client, SHELF_KEEP, "a..b", NULL));
    shelf_close(&here);
}

static void a_method_without_such_a_store_says_so(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    assert_status(NATSMICRO_FAILED_PRECONDITION, put(&here, SHELF_PLAIN, "mine", "x"));
    assert_string_equal("shelf.v1.Shelf.Plain: it has no kv_store", natsmicro_last_error());
    void *value;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_object_get(here.client, SHELF_KEEP, "mine", NULL, &value));
    assert_string_equal("shelf.v1.Shelf.Keep: it has no object_store", natsmicro_last_error());
    shelf_close(&here);
}

static void null_is_refused(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    natsmicro_context *context = lab_context();
    void *value;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_get(NULL, SHELF_KEEP, "mine", context, &value));
    assert_says(context, NATSMICRO_INVALID_ARGUMENT, "client is NULL");
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_get(here.client, SHELF_KEEP, "mine", context, NULL));
    assert_says(context, NATSMICRO_INVALID_ARGUMENT, "value is NULL");
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_put(here.client, SHELF_KEEP, "mine", NULL, context));
    assert_says(context, NATSMICRO_INVALID_ARGUMENT, "shelf.v1.Shelf.Keep: ");
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_put(NULL, SHELF_KEEP, "mine", NULL, NULL));
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_stub_kv_purge(NULL, SHELF_KEEP, "mine", NULL));
    natsmicro_context_destroy(context);
    shelf_close(&here);
}

static void without_jetstream_or_a_bucket_the_text_says_so(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, &(broker_options){.jetstream = false});
    shelf_call(&here, NULL);
    assert_not_got(&here, "mine", NATSMICRO_FAILED_PRECONDITION, "there is no JetStream");
    shelf_close(&here);
    shelf_open(&here, NULL);
    shelf_call(&here, NULL);
    assert_not_got(&here, "mine", NATSMICRO_FAILED_PRECONDITION, "there is no such bucket");
    assert_false(shelf_has_stream(&here, "KV_things")); /* a client makes none */
    shelf_close(&here);
}

/* ---- what lies there ---- */

static void put_raw(shelf *self, const char *key, const void *data, int length)
{
    jsCtx *js = NULL;
    char subject[64];
    snprintf(subject, sizeof(subject), "$KV.things.%s", key);
    assert_int_equal(NATS_OK, natsConnection_JetStream(&js, self->peer, NULL));
    assert_int_equal(NATS_OK, js_Publish(NULL, js, subject, data, length, NULL, NULL));
    jsCtx_Destroy(js);
}

static void a_value_that_is_no_response_is_told(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    put_raw(&here, "broken", "\x0a\x7fxx", 4);
    assert_not_got(&here, "broken", NATSMICRO_INTERNAL, "the value cannot be decoded: ");
    put_raw(&here, "empty", "", 0); /* all fields have their zeros */
    assert_got(&here, "empty", "");
    shelf_close(&here);
}

/* Whoever may write into a bucket must not exhaust the memory of who reads it. */
static void a_value_has_the_limits_of_a_response(void **state)
{
    (void)state;
    shelf here;
    open_with_bucket(&here);
    char *payload = lab_text(5000);
    assert_ok(put(&here, SHELF_KEEP, "large", payload));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_decode_bytes = 4000;
    shelf_call(&here, &options);
    assert_not_got(&here, "large", NATSMICRO_RESOURCE_EXHAUSTED, "decode");
    free(payload);
    shelf_close(&here);
}

/* ---- time ---- */

static void answer_nothing(natsConnection *connection, natsSubscription *subscription,
                           natsMsg *message, void *closure)
{
    (void)connection;
    (void)subscription;
    natsMsg_Destroy(message);
    latch_open(closure);
}

/* JetStream is there, but does not answer. */
static natsSubscription *open_dead(shelf *self)
{
    natsSubscription *api = NULL;
    shelf_open(self, &(broker_options){.jetstream = false});
    shelf_call(self, NULL);
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&api, self->peer, "$JS.API.>",
                                                       answer_nothing, &self->entered));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(self->peer, LAB_PATIENCE));
    return api;
}

static void the_contexts_or_the_clients_timeout_bounds_it(void **state)
{
    (void)state;
    shelf here;
    natsSubscription *api = open_dead(&here);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 50);
    void *value;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  natsmicro_stub_kv_get(here.client, SHELF_KEEP, "mine", context, &value));
    assert_says(context, NATSMICRO_DEADLINE_EXCEEDED, "\"things\"", "\"mine\"",
                "no answer in time");
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.timeout_ms = 50;
    shelf_call(&here, &options);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, put(&here, SHELF_KEEP, "mine", "x"));
    int asked = latch_count(&here.entered);
    natsmicro_context_set_timeout(context, -1);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  natsmicro_stub_kv_purge(here.client, SHELF_KEEP, "mine", context));
    assert_says(context, NATSMICRO_DEADLINE_EXCEEDED, "had passed before");
    assert_int_equal(asked, latch_count(&here.entered));
    natsmicro_context_destroy(context);
    raw_unsubscribe(here.peer, api);
    shelf_close(&here);
}

typedef struct getter {
    natsmicro_client *client;
    natsmicro_status status;
    char text[256];
} getter;

static void *get(void *data)
{
    getter *self = data;
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 60000);
    void *value;
    self->status = natsmicro_stub_kv_get(self->client, SHELF_KEEP, "mine", context, &value);
    snprintf(self->text, sizeof(self->text), "%s", natsmicro_context_error_message(context));
    natsmicro_context_destroy(context);
    return NULL;
}

/* Its thread may still be in the function when the client is gone. */
static void a_client_that_is_destroyed_ends_what_waits(void **state)
{
    (void)state;
    shelf here;
    natsSubscription *api = open_dead(&here);
    getter self = {.client = here.client};
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, get, &self));
    assert_true(latch_wait(&here.entered, LAB_PATIENCE));
    natsmicro_stub_client_destroy(here.client);
    here.client = NULL;
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, self.status);
    shelf_assert_says(self.text, (const char *const[]){"\"things\"", "\"mine\"", NULL});
    raw_unsubscribe(here.peer, api);
    shelf_close(&here);
}

/* ---- objects ---- */

static void an_object_is_put_and_got(void **state)
{
    (void)state;
    shelf here;
    shelf_open(&here, NULL);
    shelf_serve(&here, NULL);
    shelf_call(&here, NULL);
    shelf_assert_object(&here, "any name/with spaces", "");
    char *payload = lab_text(300000); /* more than two chunks */
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = payload;
    assert_ok(natsmicro_stub_object_put(here.client, SHELF_FILE, "any name/with spaces", &response,
                                        NULL));
    shelf_assert_object(&here, "any name/with spaces", payload);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_decode_bytes = 200000;
    shelf_call(&here, &options);
    void *value;
    assert_status(
        NATSMICRO_RESOURCE_EXHAUSTED,
        natsmicro_stub_object_get(here.client, SHELF_FILE, "any name/with spaces", NULL, &value));
    assert_null(value);
    free(payload);
    shelf_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_read_while_its_service_is_down),
        cmocka_unit_test(a_value_is_put_and_purged),
        cmocka_unit_test(a_put_follows_the_write_mode),
        cmocka_unit_test(a_key_that_cannot_be_is_refused),
        cmocka_unit_test(a_method_without_such_a_store_says_so),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(without_jetstream_or_a_bucket_the_text_says_so),
        cmocka_unit_test(a_value_that_is_no_response_is_told),
        cmocka_unit_test(a_value_has_the_limits_of_a_response),
        cmocka_unit_test(the_contexts_or_the_clients_timeout_bounds_it),
        cmocka_unit_test(a_client_that_is_destroyed_ends_what_waits),
        cmocka_unit_test(an_object_is_put_and_got),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
