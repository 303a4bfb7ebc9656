/*
 * Optional fields of proto3 from a client to a server and back, in calls and streams: unset, zero
 * and set are three things. The service's methods have names of C and C++, one of its fields a name
 * that protoc-gen-c would break on.
 */
#include "integration/presence.h"
#include "support/scenario.h"

typedef struct room {
    broker *nats;
    natsConnection *connection;
    natsmicro_server *server;
    Presence__V1__PresenceClient *client;
} room;

static int open_room(void **state)
{
    static room self;
    self.nats = broker_start(NULL);
    self.connection = connect_to(self.nats);
    *state = &self;
    return natsmicro_server_new(&self.server, self.connection, NULL) != NATSMICRO_OK ||
           presence__v1__presence_server__add(self.server, &presence_service, NULL, NULL) !=
               NATSMICRO_OK ||
           presence__v1__presence_client__new(&self.client, self.connection, NULL) != NATSMICRO_OK;
}

static int close_room(void **state)
{
    room *self = *state;
    presence__v1__presence_client__destroy(self->client);
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->connection);
    broker_stop(self->nats);
    return 0;
}

static void assert_described(const presence_example *example, const Presence__V1__Things *things)
{
    char text[512];
    presence_describe(things, text, sizeof(text));
    assert_string_equal(text, example->description);
}

static void what_is_sent_is_what_was_set(void **state)
{
    room *self = *state;
    for (int i = 0; i < PRESENCE_EXAMPLES; i++) {
        presence_example example;
        presence_fill(&example, i);
        assert_described(&example, &example.things);
        Presence__V1__Seen *seen;
        assert_ok(presence__v1__presence_client__new_(self->client, &example.things, NULL, &seen));
        assert_string_equal(seen->text, example.description);
        presence__v1__presence_client__new___free(seen);
    }
}

static void unset_zero_and_set_come_back_from_a_call(void **state)
{
    room *self = *state;
    for (int i = 0; i < PRESENCE_EXAMPLES; i++) {
        presence_example example;
        presence_fill(&example, i);
        Presence__V1__Things *things;
        assert_ok(
            presence__v1__presence_client__register(self->client, &example.things, NULL, &things));
        assert_described(&example, things);
        presence__v1__presence_client__register__free(things);
    }
}

static void they_come_back_from_a_stream(void **state)
{
    room *self = *state;
    Presence__V1__PresenceClient__Delete *call;
    assert_ok(presence__v1__presence_client__delete(self->client, NULL, &call));
    for (int i = 0; i < PRESENCE_EXAMPLES; i++) {
        presence_example example;
        presence_fill(&example, i);
        assert_ok(presence__v1__presence_client__delete__send(call, &example.things));
        const Presence__V1__Things *things;
        assert_ok(presence__v1__presence_client__delete__recv(call, &things));
        assert_described(&example, things);
    }
    assert_ok(presence__v1__presence_client__delete__close_send(call));
    const Presence__V1__Things *nothing;
    assert_status(NATSMICRO_END, presence__v1__presence_client__delete__recv(call, &nothing));
    presence__v1__presence_client__delete__close(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_what_was_set),
        cmocka_unit_test(unset_zero_and_set_come_back_from_a_call),
        cmocka_unit_test(they_come_back_from_a_stream),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
