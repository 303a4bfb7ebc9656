/*
 * Shelf: see shelf.h.
 */
#include "integration/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_TIMEOUT_MS 10000

/* ---- the service ---- */

natsmicro_status shelf_reply(natsmicro_call *call, const char *payload)
{
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = (char *)(uintptr_t)payload;
    return natsmicro_stub_reply(call, &response);
}

static natsmicro_status dispatch(natsmicro_call *call, void *handle, const void *handlers,
                                 const void *request, void *user_data)
{
    shelf *self = user_data;
    const Lab__V1__PingRequest *ping = request;
    (void)handle;
    (void)handlers;
    if (self->handler != NULL)
        return self->handler(self, call, ping);
    return shelf_reply(call, ping->payload);
}

static natsmicro_stub_method method_of(const char *name, const char *subject)
{
    return (natsmicro_stub_method){.name = name,
                                   .subject = subject,
                                   .request = &lab__v1__ping_request__descriptor,
                                   .response = &lab__v1__ping_response__descriptor,
                                   .dispatch = dispatch};
}

static natsmicro_stub_store store_of(size_t method, natsmicro_stub_bucket_kind kind)
{
    static const natsmicro_stub_key_part key[] = {{"ping.", 0}, {"payload", 1}};
    return (natsmicro_stub_store){.method_index = method,
                                  .bucket = {.kind = kind, .name = "things"},
                                  .key = key,
                                  .n_key = 2,
                                  .write_mode = NATSMICRO_STORE_LAST_WRITE_WINS};
}

static void fill_tables(shelf *self)
{
    self->methods[SHELF_KEEP] = method_of("Keep", "keep");
    self->methods[SHELF_FILE] = method_of("File", "file");
    self->methods[SHELF_BOTH] = method_of("Both", "both");
    self->methods[SHELF_PLAIN] = method_of("Plain", "plain");
    self->stores[SHELF_KV_OF_KEEP] = store_of(SHELF_KEEP, NATSMICRO_STORE_KV);
    self->stores[SHELF_OBJECT_OF_FILE] = store_of(SHELF_FILE, NATSMICRO_STORE_OBJECT);
    self->stores[SHELF_KV_OF_BOTH] = store_of(SHELF_BOTH, NATSMICRO_STORE_KV);
    self->stores[SHELF_OBJECT_OF_BOTH] = store_of(SHELF_BOTH, NATSMICRO_STORE_OBJECT);
    self->service = (natsmicro_stub_service){.stub_version = NATSMICRO_STUB_VERSION,
                                             .full_name = "shelf.v1.Shelf",
                                             .subject_prefix = "shelf.v1",
                                             .name = "shelf",
                                             .version = "1.0.0",
                                             .description = "",
                                             .methods = self->methods,
                                             .n_methods = SHELF_METHODS,
                                             .stores = self->stores,
                                             .n_stores = SHELF_STORES};
}

/* ---- opening and closing ---- */

static natsConnection *connect_as(const shelf *self, const char *user)
{
    if (user == NULL)
        return connect_to(self->nats);
    char url[128];
    broker_url_for(self->nats, user, url, sizeof(url));
    return connect_to_url(url);
}

void shelf_open_as(shelf *self, const broker_options *options, const char *server,
                   const char *client, const char *peer)
{
    static const broker_options usual = {.jetstream = true};
    *self = (shelf){.nats = broker_start(options != NULL ? options : &usual)};
    fill_tables(self);
    lab_heard_init(&self->heard, NATSMICRO_EVENT_STORE_FAILED);
    latch_init(&self->entered);
    latch_init(&self->release);
    self->server_connection = connect_as(self, server);
    self->client_connection = connect_as(self, client);
    self->peer = connect_as(self, peer);
}

void shelf_open(shelf *self, const broker_options *options)
{
    shelf_open_as(self, options, NULL, NULL, NULL);
}

void shelf_close(shelf *self)
{
    latch_open(&self->release);
    natsmicro_stub_client_destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->peer);
    natsConnection_Destroy(self->client_connection);
    natsConnection_Destroy(self->server_connection);
    broker_stop(self->nats);
    latch_destroy(&self->release);
    latch_destroy(&self->entered);
    lab_heard_destroy(&self->heard);
}

void shelf_serve(shelf *self, const natsmicro_server_options *given)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    if (given != NULL)
        options = *given;
    if (options.drain_timeout_ms == 0)
        options.drain_timeout_ms = DRAIN_TIMEOUT_MS;
    options.on_error = lab_hear;
    options.on_error_data = &self->heard;
    assert_ok(natsmicro_server_new(&self->server, self->server_connection, &options));
    assert_ok(natsmicro_stub_server_add(self->server, &self->service, &self->service, self, NULL));
}

void shelf_call(shelf *self, const natsmicro_client_options *options)
{
    natsmicro_stub_client_destroy(self->client);
    assert_ok(
        natsmicro_stub_client_new(&self->client, &self->service, self->client_connection, options));
}

/* ---- calling ---- */

natsmicro_status shelf_ask(shelf *self, size_t method, const char *payload,
                           natsmicro_context *context)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.payload = (char *)(uintptr_t)payload;
    void *response;
    natsmicro_status status =
        natsmicro_stub_unary(self->client, method, &request, context, &response);
    natsmicro_stub_message_free(response);
    return status;
}

void shelf_assert_says(const char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        if (strstr(text, *parts) == NULL)
            fail_msg("'%s' is not in '%s'", *parts, text);
}

void shelf_assert_fails_with(shelf *self, size_t method, const char *payload, int64_t timeout_ms,
                             const char *const *parts)
{
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, timeout_ms);
    natsmicro_status status = shelf_ask(self, method, payload, context);
    if (status != NATSMICRO_INTERNAL)
        fail_msg("%s: %s", natsmicro_status_name(status), natsmicro_context_error_message(context));
    shelf_assert_says(natsmicro_context_error_message(context), parts);
    natsmicro_context_destroy(context);
}

/* ---- what lies in the broker ---- */

static jsCtx *jetstream(shelf *self)
{
    jsCtx *js = NULL;
    assert_int_equal(NATS_OK, natsConnection_JetStream(&js, self->peer, NULL));
    return js;
}

static void unpack_payload(kvEntry *entry, char *payload, size_t size)
{
    Lab__V1__PingResponse *response =
        lab__v1__ping_response__unpack(NULL, (size_t)kvEntry_ValueLen(entry), kvEntry_Value(entry));
    assert_non_null(response);
    snprintf(payload, size, "%s", response->payload);
    lab__v1__ping_response__free_unpacked(response, NULL);
}

void shelf_read(shelf *self, const char *key, char *payload, size_t size)
{
    jsCtx *js = jetstream(self);
    kvStore *store = NULL;
    kvEntry *entry = NULL;
    payload[0] = '\0';
    assert_int_equal(NATS_OK, js_KeyValue(&store, js, "things"));
    natsStatus status = kvStore_Get(&entry, store, key);
    if (status == NATS_OK)
        unpack_payload(entry, payload, size);
    else
        assert_int_equal(NATS_NOT_FOUND, status);
    kvEntry_Destroy(entry);
    kvStore_Destroy(store);
    jsCtx_Destroy(js);
}

void shelf_assert_stored(shelf *self, const char *key, const char *payload)
{
    char stored[256];
    shelf_read(self, key, stored, sizeof(stored));
    assert_string_equal(payload, stored);
}

void shelf_make_bucket(shelf *self, const kvConfig *config)
{
    jsCtx *js = jetstream(self);
    kvStore *store = NULL;
    kvConfig copy = *config;
    assert_int_equal(NATS_OK, js_CreateKeyValue(&store, js, &copy));
    kvStore_Destroy(store);
    jsCtx_Destroy(js);
}

void shelf_delete_bucket(shelf *self, const char *bucket)
{
    jsCtx *js = jetstream(self);
    assert_int_equal(NATS_OK, js_DeleteKeyValue(js, bucket));
    jsCtx_Destroy(js);
}

bool shelf_has_stream(shelf *self, const char *stream)
{
    jsCtx *js = jetstream(self);
    jsStreamInfo *info = NULL;
    natsStatus status = js_GetStreamInfo(&info, js, stream, NULL, NULL);
    jsStreamInfo_Destroy(info);
    jsCtx_Destroy(js);
    return status == NATS_OK;
}

int shelf_count_messages(shelf *self, const char *stream)
{
    jsCtx *js = jetstream(self);
    jsStreamInfo *info = NULL;
    assert_int_equal(NATS_OK, js_GetStreamInfo(&info, js, stream, NULL, NULL));
    int count = (int)info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    jsCtx_Destroy(js);
    return count;
}

void shelf_assert_object(shelf *self, const char *name, const char *payload)
{
    void *value = NULL;
    natsmicro_status status =
        natsmicro_stub_object_get(self->client, SHELF_FILE, name, NULL, &value);
    assert_status(payload[0] != '\0' ? NATSMICRO_OK : NATSMICRO_NOT_FOUND, status);
    const Lab__V1__PingResponse *response = value;
    if (response != NULL)
        assert_string_equal(payload, response->payload);
    natsmicro_stub_message_free(value);
}
