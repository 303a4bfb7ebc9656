/*
 * JSON: see json.h.
 */
#include "interop/json.h"

#include "integration/json_handlers.h"
#include "interop/peer.h"

#include <stdlib.h>
#include <string.h>

#define BLOB 1000000

static const char *peer;

/* ---- the peer calls C ---- */

static void a_peer_calls_a_c_service(void **state)
{
    (void)state;
    broker *nats = patient_broker();
    natsConnection *connection = connect_to(nats);
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, connection, NULL));
    assert_ok(jsonlab__v1__json_lab_server__add(server, &json_handlers, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_Flush(connection));
    peer_succeeds(peer_start(peer, "call-json", nats));
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
    broker_stop(nats);
}

/* ---- C calls the peer ---- */

typedef struct room {
    broker *nats;
    pid_t service;
    natsConnection *connection;
    Jsonlab__V1__JsonLabClient *client;
} room;

static bool is_served(void *data)
{
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    Jsonlab__V1__Thing *response;
    natsmicro_status status = jsonlab__v1__json_lab_client__echo(data, &request, NULL, &response);
    jsonlab__v1__json_lab_client__echo__free(response);
    return status == NATSMICRO_OK;
}

static int start_service(void **state)
{
    static room self;
    self.nats = patient_broker();
    self.service = peer_start(peer, "serve-json", self.nats);
    self.connection = connect_to(self.nats);
    *state = &self;
    if (jsonlab__v1__json_lab_client__new(&self.client, self.connection, NULL) != NATSMICRO_OK)
        return -1;
    return eventually(is_served, self.client, PEER_PATIENCE_MS) ? 0 : -1;
}

static int end_service(void **state)
{
    room *self = *state;
    jsonlab__v1__json_lab_client__destroy(self->client);
    natsConnection_Destroy(self->connection);
    peer_kill(self->service);
    broker_stop(self->nats);
    return 0;
}

static void a_message_comes_back_as_it_was(void **state)
{
    room *self = *state;
    Google__Protobuf__Timestamp made_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    made_at.seconds = 1700000000;
    made_at.nanos = 120000000;
    Jsonlab__V1__Thing part = JSONLAB__V1__THING__INIT;
    part.full_name = (char *)"part";
    Jsonlab__V1__Thing *parts[] = {&part};
    Jsonlab__V1__Thing__CountsEntry entry = JSONLAB__V1__THING__COUNTS_ENTRY__INIT;
    entry.key = (char *)"key";
    Jsonlab__V1__Thing__CountsEntry *counts[] = {&entry};
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    request.full_name = (char *)"gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80 \"\\\x01";
    request.big_number = INT64_MIN;
    request.mood = (Jsonlab__V1__Mood)77;
    request.raw = (ProtobufCBinaryData){4, (uint8_t *)"\xfb\xff\xfe\x00"};
    request.n_parts = 1;
    request.parts = parts;
    request.n_counts = 1;
    request.counts = counts;
    request.made_at = &made_at;
    request._maybe_case = JSONLAB__V1__THING___MAYBE_MAYBE;
    request.renamed = (char *)"renamed";
    Jsonlab__V1__Thing *response;
    assert_ok(jsonlab__v1__json_lab_client__echo(self->client, &request, NULL, &response));
    size_t length = jsonlab__v1__thing__get_packed_size(&request);
    assert_int_equal(jsonlab__v1__thing__get_packed_size(response), length);
    uint8_t *sent = malloc(length);
    uint8_t *received = malloc(length);
    jsonlab__v1__thing__pack(&request, sent);
    jsonlab__v1__thing__pack(response, received);
    assert_memory_equal(sent, received, length);
    free(sent);
    free(received);
    jsonlab__v1__json_lab_client__echo__free(response);
}

static void an_error_keeps_code_text_and_data(void **state)
{
    room *self = *state;
    natsmicro_context *context;
    assert_ok(natsmicro_context_new(&context));
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    request.fail = NATSMICRO_NOT_FOUND;
    Jsonlab__V1__Thing *response;
    assert_status(NATSMICRO_NOT_FOUND,
                  jsonlab__v1__json_lab_client__echo(self->client, &request, context, &response));
    assert_string_equal("as asked", natsmicro_context_error_message(context));
    size_t length;
    assert_memory_equal("{\x01\xff", natsmicro_context_error_data(context, &length), 3);
    natsmicro_context_destroy(context);
}

static void a_server_stream_is_complete(void **state)
{
    room *self = *state;
    Jsonlab__V1__CountRequest request = JSONLAB__V1__COUNT_REQUEST__INIT;
    request.how_many = 1000;
    Jsonlab__V1__JsonLabClient__CountUp *call;
    assert_ok(jsonlab__v1__json_lab_client__count_up(self->client, &request, NULL, &call));
    int64_t count = 0;
    const Jsonlab__V1__Number *number;
    natsmicro_status status;
    while ((status = jsonlab__v1__json_lab_client__count_up__recv(call, &number)) == NATSMICRO_OK)
        assert_int_equal(count++, number->value);
    assert_status(NATSMICRO_END, status);
    assert_int_equal(1000, count);
    jsonlab__v1__json_lab_client__count_up__close(call);
}

static void a_client_stream_is_complete(void **state)
{
    room *self = *state;
    Jsonlab__V1__JsonLabClient__Sum *call;
    assert_ok(jsonlab__v1__json_lab_client__sum(self->client, NULL, &call));
    Jsonlab__V1__Number number = JSONLAB__V1__NUMBER__INIT;
    for (; number.value < 1000; number.value++)
        assert_ok(jsonlab__v1__json_lab_client__sum__send(call, &number));
    Jsonlab__V1__Total *total;
    assert_ok(jsonlab__v1__json_lab_client__sum__close_and_recv(call, &total));
    assert_int_equal(total->count, 1000);
    assert_int_equal(total->total, 499500);
    jsonlab__v1__json_lab_client__sum__free(total);
    jsonlab__v1__json_lab_client__sum__close(call);
}

static void a_bidirectional_stream_ends_when_both_are_done(void **state)
{
    room *self = *state;
    Jsonlab__V1__JsonLabClient__Chat *call;
    assert_ok(jsonlab__v1__json_lab_client__chat(self->client, NULL, &call));
    Jsonlab__V1__Thing thing = JSONLAB__V1__THING__INIT;
    const Jsonlab__V1__Thing *seen;
    for (thing.big_number = 0; thing.big_number < 20; thing.big_number++) {
        assert_ok(jsonlab__v1__json_lab_client__chat__send(call, &thing));
        assert_ok(jsonlab__v1__json_lab_client__chat__recv(call, &seen));
        assert_int_equal(thing.big_number, seen->big_number);
    }
    assert_ok(jsonlab__v1__json_lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, jsonlab__v1__json_lab_client__chat__recv(call, &seen));
    jsonlab__v1__json_lab_client__chat__close(call);
}

static void a_blob_arrives_as_it_was(void **state)
{
    room *self = *state;
    uint8_t *bytes = json_bytes(BLOB);
    int64_t sum = 0;
    for (size_t i = 0; i < BLOB; i++)
        sum += bytes[i];
    Jsonlab__V1__JsonLabClient__Upload *call;
    assert_ok(jsonlab__v1__json_lab_client__upload(self->client, NULL, &call));
    assert_ok(natsmicro_chunked_send_bytes(call->base, bytes, BLOB, 65536, NULL, NULL));
    free(bytes);
    Jsonlab__V1__Total *total;
    assert_ok(jsonlab__v1__json_lab_client__upload__close_and_recv(call, &total));
    assert_int_equal(total->count, BLOB);
    assert_int_equal(total->total, sum);
    jsonlab__v1__json_lab_client__upload__free(total);
    jsonlab__v1__json_lab_client__upload__close(call);
}

static void a_blob_comes_as_it_is(void **state)
{
    room *self = *state;
    Jsonlab__V1__CountRequest request = JSONLAB__V1__COUNT_REQUEST__INIT;
    request.how_many = BLOB;
    Jsonlab__V1__JsonLabClient__Download *call;
    assert_ok(jsonlab__v1__json_lab_client__download(self->client, &request, NULL, &call));
    uint8_t *data;
    size_t length;
    assert_ok(natsmicro_chunked_recv_bytes(call->base, 2 * BLOB, &data, &length, NULL, NULL));
    assert_int_equal(length, BLOB);
    uint8_t *expected = json_bytes(BLOB);
    assert_memory_equal(data, expected, BLOB);
    free(expected);
    free(data);
    jsonlab__v1__json_lab_client__download__close(call);
}

int json_with_peer(const char *name)
{
    const struct CMUnitTest to_us[] = {cmocka_unit_test(a_peer_calls_a_c_service)};
    const struct CMUnitTest from_us[] = {
        cmocka_unit_test(a_message_comes_back_as_it_was),
        cmocka_unit_test(an_error_keeps_code_text_and_data),
        cmocka_unit_test(a_server_stream_is_complete),
        cmocka_unit_test(a_client_stream_is_complete),
        cmocka_unit_test(a_bidirectional_stream_ends_when_both_are_done),
        cmocka_unit_test(a_blob_arrives_as_it_was),
        cmocka_unit_test(a_blob_comes_as_it_is),
    };
    peer = name;
    return cmocka_run_group_tests(to_us, NULL, NULL) +
           cmocka_run_group_tests(from_us, start_service, end_service);
}
