/*
 * Calls: see calls.h.
 */
#include "interop/calls.h"

#include "integration/presence.h"
#include "interop/peer.h"
#include "lab/v1/lab.nats-c.h"
#include "support/sha256.h"
#include "vectors/lab.h"

#define MANY    100000
#define LARGE   (64 << 20)
#define CHUNK   131072
#define PENDING ((size_t)4 * LARGE) /* plain streams have no flow control: room for a whole blob */

static const char *peer;

/* ---- the peer calls C ---- */

static void a_peer_calls_a_c_service(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    broker *nats = patient_broker();
    natsConnection *connection = connect_to(nats);
    (void)state;
    options.max_pending_bytes = PENDING;
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, connection, &options));
    assert_ok(lab__v1__lab_server__add(server, &lab_as_recorded, NULL, NULL));
    assert_ok(presence__v1__presence_server__add(server, &presence_service, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_Flush(connection));
    peer_succeeds(peer_start(peer, "call", nats));
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
    broker_stop(nats);
}

/* ---- C calls the peer ---- */

typedef struct room {
    broker *nats;
    pid_t service;
    natsConnection *connection;
    Lab__V1__LabClient *lab;
    natsmicro_context *context;
} room;

static bool is_served(void *data)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response;
    natsmicro_status status = lab__v1__lab_client__ping(data, &request, NULL, &response);
    lab__v1__lab_client__ping__free(response);
    return status == NATSMICRO_OK;
}

static int start_service(void **state)
{
    static room self;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_pending_bytes = PENDING;
    options.idle_timeout_ms = PEER_PATIENCE_MS; /* it sees a probe behind all it has not read */
    self.nats = patient_broker();
    self.service = peer_start(peer, "serve", self.nats);
    self.connection = connect_to(self.nats);
    *state = &self;
    if (lab__v1__lab_client__new(&self.lab, self.connection, &options) != NATSMICRO_OK ||
        natsmicro_context_new(&self.context) != NATSMICRO_OK)
        return -1;
    return eventually(is_served, self.lab, PEER_PATIENCE_MS) ? 0 : -1;
}

static int end_service(void **state)
{
    room *self = *state;
    natsmicro_context_destroy(self->context);
    lab__v1__lab_client__destroy(self->lab);
    natsConnection_Destroy(self->connection);
    peer_kill(self->service);
    broker_stop(self->nats);
    return 0;
}

static void errors_keep_code_text_and_data(void **state)
{
    room *self = *state;
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.fail = 1;
    Lab__V1__PingResponse *response;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(self->lab, &request, self->context, &response));
    assert_string_equal("no such thing", natsmicro_context_error_message(self->context));
    size_t length;
    assert_memory_equal("\1\2\3", natsmicro_context_error_data(self->context, &length), 3);
    request.fail = 3;
    assert_status(NATSMICRO_SERVICE_ERROR,
                  lab__v1__lab_client__ping(self->lab, &request, self->context, &response));
    assert_true(
        lab__v1__lab_client__is_quota_exceeded(natsmicro_context_error_code(self->context)));
    request.fail = 9;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(self->lab, &request, self->context, &response));
    assert_string_equal("not here", natsmicro_context_error_message(self->context));
}

static void a_unary_call_is_answered(void **state)
{
    room *self = *state;
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.payload = (char *)(uintptr_t) "gr\xc3\xbc\xc3\x9f"
                                          "e";
    Lab__V1__PingResponse *response;
    assert_ok(lab__v1__lab_client__ping(self->lab, &request, NULL, &response));
    assert_string_equal(request.payload, response->payload);
    lab__v1__lab_client__ping__free(response);
}

static void a_server_stream_of_many_messages_is_complete(void **state)
{
    room *self = *state;
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    int32_t count = 0;
    request.count = MANY;
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab__v1__lab_client__count_up(self->lab, &request, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK)
        assert_int_equal(count++, response->number);
    assert_int_equal(NATSMICRO_END, status);
    assert_int_equal(MANY, count);
    lab__v1__lab_client__count_up__close(call);
}

static void a_failure_ends_a_server_stream(void **state)
{
    room *self = *state;
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    request.count = 5;
    request.fail_at = 2;
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab__v1__lab_client__count_up(self->lab, &request, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    for (int32_t i = 0; i < 2; i++) {
        assert_ok(lab__v1__lab_client__count_up__recv(call, &response));
        assert_int_equal(i, response->number);
    }
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__count_up__recv(call, &response));
    assert_string_equal("no more numbers", natsmicro_call_error_message(call->base));
    lab__v1__lab_client__count_up__close(call);
}

static void a_client_stream_of_many_messages_is_complete(void **state)
{
    room *self = *state;
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(self->lab, NULL, &call));
    for (int64_t i = 0; i < MANY; i++) {
        Lab__V1__SumRequest request = LAB__V1__SUM_REQUEST__INIT;
        request.value = i;
        assert_ok(lab__v1__lab_client__sum__send(call, &request));
    }
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(MANY, response->count);
    assert_int_equal((int64_t)MANY * (MANY - 1) / 2, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void a_failure_ends_a_client_stream(void **state)
{
    room *self = *state;
    Lab__V1__SumRequest request = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(self->lab, NULL, &call));
    request.value = -1;
    assert_ok(lab__v1__lab_client__sum__send(call, &request));
    Lab__V1__SumResponse *response;
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_string_equal("negative value", natsmicro_call_error_message(call->base));
    lab__v1__lab_client__sum__close(call);
}

static void a_bidirectional_stream_ends_when_both_are_done(void **state)
{
    room *self = *state;
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    line.text = (char *)(uintptr_t) "one";
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->lab, NULL, &call));
    assert_ok(lab__v1__lab_client__chat__send(call, &line));
    const Lab__V1__ChatMessage *answer;
    assert_ok(lab__v1__lab_client__chat__recv(call, &answer));
    assert_string_equal("one", answer->text);
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &answer));
    lab__v1__lab_client__chat__close(call);
}

static void a_failure_ends_a_bidirectional_stream(void **state)
{
    room *self = *state;
    static const char *const lines[] = {"one", "two", "fail"};
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->lab, NULL, &call));
    const Lab__V1__ChatMessage *answer;
    for (size_t i = 0; i < 3; i++) {
        Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
        line.text = (char *)(uintptr_t)lines[i];
        assert_ok(lab__v1__lab_client__chat__send(call, &line));
        if (i == 2)
            break;
        assert_ok(lab__v1__lab_client__chat__recv(call, &answer));
        assert_string_equal(lines[i], answer->text);
    }
    assert_status(NATSMICRO_NOT_FOUND, lab__v1__lab_client__chat__recv(call, &answer));
    assert_string_equal("no such user", natsmicro_call_error_message(call->base));
    lab__v1__lab_client__chat__close(call);
}

static void a_large_blob_arrives_as_it_was(void **state)
{
    room *self = *state;
    static uint8_t bytes[CHUNK];
    for (size_t i = 0; i < CHUNK; i++)
        bytes[i] = (uint8_t)i;
    sha256 hash;
    sha256_begin(&hash);
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(self->lab, NULL, &call));
    for (size_t sent = 0; sent < LARGE; sent += CHUNK) {
        Lab__V1__Chunk chunk = LAB__V1__CHUNK__INIT;
        chunk.data.data = bytes;
        chunk.data.len = CHUNK;
        sha256_add(&hash, bytes, CHUNK);
        assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    }
    sha256_hex hex;
    sha256_end(&hash, hex);
    Lab__V1__UploadResult *result;
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(LARGE, result->size);
    assert_string_equal(hex, result->sha256);
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
}

static void a_large_blob_comes_as_it_is(void **state)
{
    room *self = *state;
    Lab__V1__DownloadRequest request = LAB__V1__DOWNLOAD_REQUEST__INIT;
    size_t received = 0;
    request.size = LARGE;
    const Lab__V1__Chunk *chunk;
    request.chunk = CHUNK;
    Lab__V1__LabClient__Download *call;
    assert_ok(lab__v1__lab_client__download(self->lab, &request, NULL, &call));
    natsmicro_status status;
    while ((status = lab__v1__lab_client__download__recv(call, &chunk)) == NATSMICRO_OK)
        for (size_t i = 0; i < chunk->data.len; i++, received++)
            if (chunk->data.data[i] != (uint8_t)received)
                fail_msg("another byte at %zu", received);
    assert_int_equal(NATSMICRO_END, status);
    assert_int_equal(LARGE, received);
    lab__v1__lab_client__download__close(call);
}

/* The peer's own protobuf says which fields are set; what it sends back must say the same here. */
static void unset_zero_and_set_are_three_things(void **state)
{
    room *self = *state;
    Presence__V1__PresenceClient *client;
    assert_ok(presence__v1__presence_client__new(&client, self->connection, NULL));
    for (int i = 0; i < PRESENCE_EXAMPLES; i++) {
        presence_example example;
        presence_fill(&example, i);
        Presence__V1__Seen *seen;
        assert_ok(presence__v1__presence_client__new_(client, &example.things, NULL, &seen));
        assert_string_equal(seen->text, example.description);
        presence__v1__presence_client__new___free(seen);
        Presence__V1__Things *things;
        assert_ok(presence__v1__presence_client__register(client, &example.things, NULL, &things));
        char text[512];
        presence_describe(things, text, sizeof(text));
        assert_string_equal(text, example.description);
        presence__v1__presence_client__register__free(things);
    }
    presence__v1__presence_client__destroy(client);
}

int calls_with_peer(const char *name, bool knows_presence)
{
    const struct CMUnitTest to_us[] = {cmocka_unit_test(a_peer_calls_a_c_service)};
    const struct CMUnitTest from_us[] = {
        cmocka_unit_test(a_unary_call_is_answered),
        cmocka_unit_test(errors_keep_code_text_and_data),
        cmocka_unit_test(a_server_stream_of_many_messages_is_complete),
        cmocka_unit_test(a_failure_ends_a_server_stream),
        cmocka_unit_test(a_client_stream_of_many_messages_is_complete),
        cmocka_unit_test(a_failure_ends_a_client_stream),
        cmocka_unit_test(a_bidirectional_stream_ends_when_both_are_done),
        cmocka_unit_test(a_failure_ends_a_bidirectional_stream),
        cmocka_unit_test(a_large_blob_arrives_as_it_was),
        cmocka_unit_test(a_large_blob_comes_as_it_is),
    };
    const struct CMUnitTest presence[] = {cmocka_unit_test(unset_zero_and_set_are_three_things)};
    peer = name;
    int failed = cmocka_run_group_tests(to_us, NULL, NULL) +
                 cmocka_run_group_tests(from_us, start_service, end_service);
    if (knows_presence)
        failed += cmocka_run_group_tests(presence, start_service, end_service);
    return failed;
}
