/*
 * A service of one account that another account imports. The broker rewrites the addresses of
 * answers, and keeps each for one answer only unless the export has `response_type: Stream`. With
 * it every kind of call works; without it a stream stands still, and only the text can say why.
 */
#include "integration/nodes.h"
#include "support/proxy.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNTS(response_type)                                                       \
    "accounts {\n"                                                                    \
    "  shop { users: [ { user: shop, password: one } ]\n"                             \
    "         exports: [ { service: \"lab.v1.>\" " response_type " } ] }\n"           \
    "  till { users: [ { user: till, password: two } ]\n"                             \
    "         imports: [ { service: { account: shop, subject: \"lab.v1.>\" } } ] }\n" \
    "}\n"

static const char with_stream[] = ACCOUNTS(", response_type: Stream");
static const char by_default[] = ACCOUNTS("");

#define SHORT_IDLE_MS 2000

/* ---- a broker with both accounts ---- */

typedef struct scene {
    broker *where;
    proxy *before_service; /* so that the connection of one side alone can be lost */
    proxy *before_client;
    lab room;
} scene;

static void url_through(const proxy *way, const char *user, char *url, size_t size)
{
    snprintf(url, size, "nats://%s@%s", user, proxy_url(way) + strlen("nats://"));
}

static scene *open_scene(const char *config, const natsmicro_client_options *client)
{
    static scene self; /* not on the stack of a test that may fail */
    memset(&self, 0, sizeof(self));
    self.where = broker_start(&(broker_options){.config = config});
    self.before_service = proxy_start(self.where, NULL);
    self.before_client = proxy_start(self.where, NULL);
    char shop[128];
    url_through(self.before_service, "shop:one", shop, sizeof(shop));
    char till[128];
    url_through(self.before_client, "till:two", till, sizeof(till));
    lab_open_at(&self.room, shop, till);
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.idle_timeout_ms = client->idle_timeout_ms;
    server.gone_limit_ms = client->gone_limit_ms;
    lab_serve_with(&self.room, &lab_held_handlers, &self.room.seen, &server, NULL);
    lab_call_with(&self.room, client);
    assert_int_equal(NATS_OK,
                     natsConnection_FlushTimeout(self.room.server_connection, LAB_PATIENCE));
    return &self;
}

static void close_scene(scene *self)
{
    lab_close(&self->room);
    proxy_stop(self->before_client);
    proxy_stop(self->before_service);
    broker_stop(self->where);
}

static natsmicro_client_options limits(int64_t idle_timeout_ms, int64_t gone_limit_ms)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.idle_timeout_ms = idle_timeout_ms;
    options.gone_limit_ms = gone_limit_ms;
    return options;
}

static void assert_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("the text does not say '%s': %s", what, text);
}

/* ---- with response_type: Stream ---- */

/* Blobs and small messages in both directions, with service and caller at two nodes. */
static void streams_cross_an_import(void **state)
{
    (void)state;
    cluster *brokers = cluster_start(&(cluster_options){.nodes = 2, .config = with_stream});
    char shop[128];
    broker_url_for(cluster_node(brokers, 0), "shop:one", shop, sizeof(shop));
    char till[128];
    broker_url_for(cluster_node(brokers, 1), "till:two", till, sizeof(till));
    nodes *here = nodes_connect(brokers, shop, till, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    for (int i = 0; i < 3; i++)
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* Receives a line, whatever it says. */
static natsmicro_status receive(Lab__V1__LabClient__Chat *call)
{
    const Lab__V1__ChatMessage *line;
    return lab__v1__lab_client__chat__recv(call, &line);
}

static void assert_line(Lab__V1__LabClient__Chat *call, const char *text)
{
    assert_ok(lab_chat_send(call, text));
    const Lab__V1__ChatMessage *line;
    natsmicro_status status = lab__v1__lab_client__chat__recv(call, &line);
    if (status != NATSMICRO_OK)
        fail_msg("instead of '%s': %s", text, natsmicro_call_error_message(call->base));
    assert_string_equal(text, line->text);
}

/* An answer, an error of the handler, and a stream in both directions at once. */
static void calls_and_errors_cross_an_import(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(30000, 0);
    scene *self = open_scene(with_stream, &options);
    Lab__V1__PingResponse *response = NULL;
    assert_ok(lab_ping(&self->room, "over there", NULL, &response));
    assert_string_equal("over there", response->payload);
    lab__v1__lab_client__ping__free(response);
    Lab__V1__PingRequest failing = LAB__V1__PING_REQUEST__INIT;
    failing.fail = 1;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(self->room.client, &failing, NULL, &response));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    for (int i = 0; i < 50; i++)
        assert_line(call, "a line");
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, receive(call));
    lab__v1__lab_client__chat__close(call);
    close_scene(self);
}

/* A reconnect of one side invalidates the addresses that lead to it: it makes new ones known. */
static void a_stream_outlives_a_reconnect_of_either_side(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(30000, 0);
    scene *self = open_scene(with_stream, &options);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    assert_line(call, "before");
    proxy_cut_connections(self->before_client);
    assert_line(call, "after the caller's");
    proxy_cut_connections(self->before_service);
    assert_line(call, "after the service's");
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, receive(call));
    lab__v1__lab_client__chat__close(call);
    close_scene(self);
}

/* The broker keeps the addresses of answers in memory only, so both sides' are lost. */
static void a_restart_of_the_broker_ends_a_stream_within_the_gone_limit(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(30000, 1000);
    scene *self = open_scene(with_stream, &options);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    assert_line(call, "before");
    broker_restart(self->where);
    natsmicro_status status = lab_chat_send(call, "after");
    if (status == NATSMICRO_OK)
        status = receive(call);
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_says(natsmicro_call_error_message(call->base), "the service is gone");
    lab__v1__lab_client__chat__close(call);
    close_scene(self);
}

/* ---- without it ---- */

/* One answer comes back, which is all that a unary call needs. */
static void a_unary_call_crosses_an_import_for_one_response(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(SHORT_IDLE_MS, 0);
    scene *self = open_scene(by_default, &options);
    assert_ok(lab_ping_status(&self->room, "over there", NULL));
    close_scene(self);
}

/* The second message of the service is dropped without a word. */
static void a_stream_over_an_import_for_one_response_says_what_is_missing(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(SHORT_IDLE_MS, 0);
    scene *self = open_scene(by_default, &options);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    natsmicro_status status = lab_chat_send(call, "one");
    while (status == NATSMICRO_OK)
        status = receive(call);
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_says(natsmicro_call_error_message(call->base),
                "it is in another account: its export needs response_type Stream");
    lab__v1__lab_client__chat__close(call);
    close_scene(self);
}

/* Plain streams name their inboxes in headers, which no broker rewrites. */
static void a_plain_stream_does_not_cross_an_import(void **state)
{
    (void)state;
    natsmicro_client_options options = limits(SHORT_IDLE_MS, 0);
    options.plain_streams = true;
    scene *self = open_scene(with_stream, &options);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->room.client, NULL, &call));
    natsmicro_status status = lab_chat_send(call, "one");
    if (status == NATSMICRO_OK)
        status = receive(call);
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_says(natsmicro_call_error_message(call->base),
                "out of reach, and what was sent after message 0 may be lost");
    lab__v1__lab_client__chat__close(call);
    close_scene(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_cross_an_import),
        cmocka_unit_test(calls_and_errors_cross_an_import),
        cmocka_unit_test(a_stream_outlives_a_reconnect_of_either_side),
        cmocka_unit_test(a_plain_stream_does_not_cross_an_import),
        cmocka_unit_test(a_restart_of_the_broker_ends_a_stream_within_the_gone_limit),
        cmocka_unit_test(a_unary_call_crosses_an_import_for_one_response),
        cmocka_unit_test(a_stream_over_an_import_for_one_response_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
