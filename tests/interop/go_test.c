/*
 * The Go program in go/, which knows nats.go and docs/wire-protocol.md and nothing of this library, calls a
 * service of ours, and serves calls of ours. INTEROP_GO names the program; `make interop` builds it.
 */
#include "lab/v1/lab.nats-c.h"
#include "support/scenario.h"
#include "vectors/lab.h"
#include "vectors/sha256.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 120000
#define MANY        100000
#define LARGE       (64 << 20)
#define CHUNK       131072

static broker *nats;

static const char *program(void)
{
    const char *path = getenv("INTEROP_GO");
    if (path == NULL)
        support_die("INTEROP_GO names no program: make interop");
    return path;
}

static int start(void **state)
{
    (void)state;
    nats = broker_start(NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    broker_stop(nats);
    return 0;
}

/* ---- Go calls C ---- */

static void a_go_program_calls_a_c_service(void **state)
{
    natsConnection *connection = connect_to(nats);
    natsmicro_server *server;
    char *arguments[] = {"go-peer", "call", (char *)(uintptr_t)broker_url(nats), NULL};
    int wait_status = -1;
    (void)state;
    assert_ok(natsmicro_server_new(&server, connection, NULL));
    assert_ok(lab__v1__lab_server__add(server, &lab_as_recorded, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_Flush(connection));
    pid_t pid = process_start(program(), arguments, STDERR_FILENO, STDERR_FILENO);
    assert_true(process_wait(pid, PATIENCE_MS, &wait_status));
    assert_int_equal(0, wait_status);
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
}

/* ---- C calls Go ---- */

typedef struct room {
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

static int serve(void **state)
{
    static room self;
    char *arguments[] = {"go-peer", "serve", (char *)(uintptr_t)broker_url(nats), NULL};
    self.service = process_start(program(), arguments, STDERR_FILENO, STDERR_FILENO);
    self.connection = connect_to(nats);
    *state = &self;
    if (lab__v1__lab_client__new(&self.lab, self.connection, NULL) != NATSMICRO_OK ||
        natsmicro_context_new(&self.context) != NATSMICRO_OK)
        return -1;
    return eventually(is_served, self.lab, PATIENCE_MS) ? 0 : -1;
}

static int leave(void **state)
{
    room *self = *state;
    int wait_status;
    natsmicro_context_destroy(self->context);
    lab__v1__lab_client__destroy(self->lab);
    natsConnection_Destroy(self->connection);
    process_signal(self->service, SIGKILL);
    process_wait(self->service, PATIENCE_MS, &wait_status);
    return 0;
}

static void errors_keep_code_text_and_data(void **state)
{
    room *self = *state;
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response;
    size_t length;
    request.fail = 1;
    assert_status(NATSMICRO_NOT_FOUND,
                  lab__v1__lab_client__ping(self->lab, &request, self->context, &response));
    assert_string_equal("no such thing", natsmicro_context_error_message(self->context));
    assert_memory_equal("\1\2\3", natsmicro_context_error_data(self->context, &length), 3);
    request.fail = 3;
    assert_status(NATSMICRO_SERVICE_ERROR,
                  lab__v1__lab_client__ping(self->lab, &request, self->context, &response));
    assert_true(
        lab__v1__lab_client__is_quota_exceeded(natsmicro_context_error_code(self->context)));
}

static void a_server_stream_of_many_messages_is_complete(void **state)
{
    room *self = *state;
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call;
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status;
    int32_t count = 0;
    request.count = MANY;
    assert_ok(lab__v1__lab_client__count_up(self->lab, &request, NULL, &call));
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK)
        assert_int_equal(count++, response->number);
    assert_int_equal(NATSMICRO_END, status);
    assert_int_equal(MANY, count);
    lab__v1__lab_client__count_up__close(call);
}

static void a_client_stream_of_many_messages_is_complete(void **state)
{
    room *self = *state;
    Lab__V1__LabClient__Sum *call;
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum(self->lab, NULL, &call));
    for (int64_t i = 0; i < MANY; i++) {
        Lab__V1__SumRequest request = LAB__V1__SUM_REQUEST__INIT;
        request.value = i;
        assert_ok(lab__v1__lab_client__sum__send(call, &request));
    }
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(MANY, response->count);
    assert_int_equal((int64_t)MANY * (MANY - 1) / 2, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void a_failure_ends_a_bidirectional_stream(void **state)
{
    room *self = *state;
    static const char *const lines[] = {"one", "two", "fail"};
    Lab__V1__LabClient__Chat *call;
    const Lab__V1__ChatMessage *answer;
    assert_ok(lab__v1__lab_client__chat(self->lab, NULL, &call));
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
    Lab__V1__LabClient__Upload *call;
    Lab__V1__UploadResult *result;
    sha256 hash;
    char hex[65];
    for (size_t i = 0; i < CHUNK; i++)
        bytes[i] = (uint8_t)i;
    sha256_init(&hash);
    assert_ok(lab__v1__lab_client__upload(self->lab, NULL, &call));
    for (size_t sent = 0; sent < LARGE; sent += CHUNK) {
        Lab__V1__Chunk chunk = LAB__V1__CHUNK__INIT;
        chunk.data.data = bytes;
        chunk.data.len = CHUNK;
        sha256_add(&hash, bytes, CHUNK);
        assert_ok(lab__v1__lab_client__upload__send(call, &chunk));
    }
    sha256_hex(&hash, hex);
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
    Lab__V1__LabClient__Download *call;
    const Lab__V1__Chunk *chunk;
    natsmicro_status status;
    size_t received = 0;
    request.size = LARGE;
    request.chunk = CHUNK;
    assert_ok(lab__v1__lab_client__download(self->lab, &request, NULL, &call));
    while ((status = lab__v1__lab_client__download__recv(call, &chunk)) == NATSMICRO_OK)
        for (size_t i = 0; i < chunk->data.len; i++, received++)
            if (chunk->data.data[i] != (uint8_t)received)
                fail_msg("another byte at %zu", received);
    assert_int_equal(NATSMICRO_END, status);
    assert_int_equal(LARGE, received);
    lab__v1__lab_client__download__close(call);
}

#define with_go_service(function) cmocka_unit_test_setup_teardown(function, serve, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_go_program_calls_a_c_service),
        with_go_service(errors_keep_code_text_and_data),
        with_go_service(a_server_stream_of_many_messages_is_complete),
        with_go_service(a_client_stream_of_many_messages_is_complete),
        with_go_service(a_failure_ends_a_bidirectional_stream),
        with_go_service(a_large_blob_arrives_as_it_was),
        with_go_service(a_large_blob_comes_as_it_is),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
