/*
 * Depot: see depot.h.
 */
#include "interop/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DECODED ((size_t)256 << 20) /* the largest object is 64 MiB, and its decoded form */

/* ---- the services ---- */

uint8_t *depot_bytes(size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        support_die("no memory");
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    return bytes;
}

static natsmicro_status keep(natsmicro_call *call, const Depot__V1__Item *item,
                             Depot__V1__Kept *kept)
{
    depot__v1__kept__init(kept);
    if (item->fail[0] != '\0')
        return natsmicro_call_fail(call, natsmicro_status_from_code(item->fail), "as asked");
    kept->text = item->text;
    kept->data.len = (size_t)item->size;
    kept->data.data = depot_bytes(kept->data.len);
    return NATSMICRO_OK;
}

#define SERVES(service, Service, method, Method)                                             \
    static natsmicro_status service##_##method(Depot__V1__##Service##Server__##Method *call, \
                                               const Depot__V1__Item *item, void *user_data) \
    {                                                                                        \
        Depot__V1__Kept kept;                                                                \
        (void)user_data;                                                                     \
        natsmicro_status status = keep(call->base, item, &kept);                             \
        if (status == NATSMICRO_OK)                                                          \
            status = depot__v1__##service##_server__##method##__reply(call, &kept);          \
        free(kept.data.data);                                                                \
        return status;                                                                       \
    }

SERVES(depot, Depot, keep, Keep)
SERVES(depot, Depot, swap, Swap)
SERVES(depot, Depot, found, Found)
SERVES(depot, Depot, note, Note)
SERVES(depot, Depot, lend, Lend)
SERVES(depot, Depot, store, Store)
SERVES(depot, Depot, file, File)
SERVES(depot, Depot, mark, Mark)
SERVES(json_depot, JsonDepot, keep, Keep)
SERVES(json_depot, JsonDepot, store, Store)

static const Depot__V1__DepotHandlers handlers = {.keep = depot_keep,
                                                  .swap = depot_swap,
                                                  .found = depot_found,
                                                  .note = depot_note,
                                                  .lend = depot_lend,
                                                  .store = depot_store,
                                                  .file = depot_file,
                                                  .mark = depot_mark};
static const Depot__V1__JsonDepotHandlers json_handlers = {.keep = json_depot_keep,
                                                           .store = json_depot_store};

/* ---- a test's begin and end ---- */

static void note_failure(const natsmicro_event *event, void *user_data)
{
    depot *self = user_data;
    if (event->kind != NATSMICRO_EVENT_STORE_FAILED)
        return;
    pthread_mutex_lock(&self->failures.lock);
    if (self->failure[0] == '\0')
        snprintf(self->failure, sizeof(self->failure), "%s", event->text);
    pthread_mutex_unlock(&self->failures.lock);
    latch_open(&self->failures);
}

void depot_open(depot *self, const char *program)
{
    depot_open_at(self, broker_start(&(broker_options){.jetstream = true, .program = program}),
                  NULL);
}

void depot_open_at(depot *self, broker *nats, const char *domain)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.timeout_ms = PEER_PATIENCE_MS;
    options.jetstream_domain = domain;
    options.max_decode_bytes = MOST_DECODED;
    *self = (depot){.nats = nats, .connection = connect_to(nats)};
    latch_init(&self->failures);
    assert_ok(depot__v1__depot_client__new(&self->client, self->connection, &options));
    assert_ok(depot__v1__json_depot_client__new(&self->json_client, self->connection, &options));
    assert_ok(natsmicro_context_new(&self->context));
}

void depot_close(depot *self)
{
    depot_stop_serving(self);
    natsmicro_context_destroy(self->context);
    depot__v1__depot_client__destroy(self->client);
    depot__v1__json_depot_client__destroy(self->json_client);
    natsConnection_Destroy(self->connection);
    latch_destroy(&self->failures);
    broker_stop(self->nats);
}

void depot_serve(depot *self)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = note_failure;
    options.on_error_data = self;
    assert_ok(natsmicro_server_new(&self->server, self->connection, &options));
    assert_ok(depot__v1__depot_server__add(self->server, &handlers, NULL, NULL));
    assert_ok(depot__v1__json_depot_server__add(self->server, &json_handlers, NULL, NULL));
}

static bool is_served(void *data)
{
    depot *self = data;
    Depot__V1__Item item = depot_item("ready", "");
    Depot__V1__Kept *kept;
    natsmicro_status status =
        depot__v1__json_depot_client__store(self->json_client, &item, NULL, &kept);
    depot__v1__json_depot_client__store__free(kept);
    return status == NATSMICRO_OK;
}

void depot_serve_in_go(depot *self)
{
    self->peer = peer_start(GO, "serve", self->nats);
    assert_true(eventually(is_served, self, PEER_PATIENCE_MS));
}

void depot_stop_serving(depot *self)
{
    natsmicro_server_destroy(self->server);
    self->server = NULL;
    if (self->peer != 0)
        peer_kill(self->peer);
    self->peer = 0;
}

/* ---- values ---- */

Depot__V1__Item depot_item(const char *name, const char *text)
{
    Depot__V1__Item item = DEPOT__V1__ITEM__INIT;
    item.name = (char *)(uintptr_t)name;
    item.text = (char *)(uintptr_t)text;
    return item;
}

void depot_hex(const char *text, char *hex, size_t size)
{
    Depot__V1__Kept kept = DEPOT__V1__KEPT__INIT;
    kept.text = (char *)(uintptr_t)text;
    size_t length = depot__v1__kept__get_packed_size(&kept);
    uint8_t packed[256];
    if (length > sizeof(packed) || size < 2 * length + 1)
        support_die("%s is too long", text);
    depot__v1__kept__pack(&kept, packed);
    hex[0] = '\0';
    for (size_t i = 0; i < length; i++)
        snprintf(hex + 2 * i, size - 2 * i, "%02x", packed[i]);
}

void assert_kept_at(const char *text, natsmicro_status status, Depot__V1__Kept **kept,
                    const char *file, int line)
{
    assert_status_at(NATSMICRO_OK, status, text, file, line);
    _assert_string_equal((*kept)->text, text, file, line);
    depot__v1__depot_client__keep__free(*kept);
}
