/*
 * A handle or an output that is NULL, as after a failure that nobody looked at, is told and crashes
 * nothing. What a user would lose is the process.
 */
#include "integration/lab_service.h"

#include <string.h>

/* The function refuses, and the thread's last error says that something is NULL. */
static void assert_refused_at(natsmicro_status status, const char *expression, int line)
{
    assert_status_at(NATSMICRO_INVALID_ARGUMENT, status, expression, __FILE__, line);
    if (strstr(natsmicro_last_error(), " is NULL") == NULL)
        fail_msg("%s: \"%s\" does not say what is NULL", expression, natsmicro_last_error());
}

#define assert_refused(expression) assert_refused_at((expression), #expression, __LINE__)

static void making_and_ending(void **state)
{
    lab *self = *state;
    assert_refused(lab__v1__lab_client__new(NULL, self->client_connection, NULL));
    assert_refused(natsmicro_server_new(NULL, self->server_connection, NULL));
    assert_refused(lab__v1__lab_server__add(NULL, &lab_handlers, NULL, NULL));
    assert_refused(natsmicro_server_run(NULL));
    assert_refused(natsmicro_context_new(NULL));
    lab__v1__lab_client__destroy(NULL);
    natsmicro_server_stop(NULL);
    natsmicro_server_destroy(NULL);
    natsmicro_context_destroy(NULL);
    natsmicro_server_counters counters = {.calls = 1};
    natsmicro_server_get_counters(NULL, &counters);
    assert_int_equal(0, counters.calls);
}

static void a_unary_method(void **state)
{
    lab *self = *state;
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = (Lab__V1__PingResponse *)&request;
    assert_refused(lab__v1__lab_client__ping(NULL, &request, NULL, &response));
    assert_null(response);
    assert_refused(lab__v1__lab_client__ping(self->client, &request, NULL, NULL));
    lab__v1__lab_client__ping__free(NULL);
    natsmicro_context *context = lab_context();
    assert_refused(lab__v1__lab_client__ping(NULL, &request, context, &response));
    assert_status(NATSMICRO_INVALID_ARGUMENT, natsmicro_context_status(context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "client is NULL"));
    natsmicro_context_destroy(context);
    Lab__V1__PingResponse answer = LAB__V1__PING_RESPONSE__INIT;
    assert_refused(lab__v1__lab_server__ping__reply(NULL, &answer));
}

static void a_server_stream(void **state)
{
    lab *self = *state;
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call;
    assert_refused(lab__v1__lab_client__count_up(NULL, &request, NULL, &call));
    assert_null(call);
    assert_refused(lab__v1__lab_client__count_up(self->client, &request, NULL, NULL));
    const Lab__V1__CountUpResponse *number;
    assert_refused(lab__v1__lab_client__count_up__recv(NULL, &number));
    assert_null(number);
    lab__v1__lab_client__count_up__close(NULL);
    Lab__V1__CountUpResponse answer = LAB__V1__COUNT_UP_RESPONSE__INIT;
    assert_refused(lab__v1__lab_server__count_up__send(NULL, &answer));
    assert_refused(lab__v1__lab_server__count_up__try_send(NULL, &answer));
}

static void a_client_stream(void **state)
{
    lab *self = *state;
    Lab__V1__LabClient__Sum *call;
    assert_refused(lab__v1__lab_client__sum(NULL, NULL, &call));
    assert_null(call);
    assert_refused(lab__v1__lab_client__sum(self->client, NULL, NULL));
    Lab__V1__SumRequest value = LAB__V1__SUM_REQUEST__INIT;
    assert_refused(lab__v1__lab_client__sum__send(NULL, &value));
    assert_refused(lab__v1__lab_client__sum__try_send(NULL, &value));
    Lab__V1__SumResponse *total;
    assert_refused(lab__v1__lab_client__sum__close_and_recv(NULL, &total));
    assert_null(total);
    lab__v1__lab_client__sum__close(NULL);
    const Lab__V1__SumRequest *item;
    assert_refused(lab__v1__lab_server__sum__recv(NULL, &item));
    Lab__V1__SumResponse answer = LAB__V1__SUM_RESPONSE__INIT;
    assert_refused(lab__v1__lab_server__sum__reply(NULL, &answer));
}

static void a_bidirectional_stream(void **state)
{
    lab *self = *state;
    lab_serve(self, NULL, NULL);
    Lab__V1__LabClient__Chat *call;
    assert_refused(lab__v1__lab_client__chat(NULL, NULL, &call));
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    assert_refused(lab__v1__lab_client__chat__send(NULL, &line));
    assert_refused(lab__v1__lab_client__chat__close_send(NULL));
    assert_refused(lab__v1__lab_server__chat__send(NULL, &line));
    assert_ok(lab__v1__lab_client__chat(self->client, NULL, &call));
    assert_refused(lab__v1__lab_client__chat__recv(call, NULL));
    assert_ok(natsmicro_call_status(call->base)); /* the call has taken no harm */
    lab__v1__lab_client__chat__close(call);
}

static void a_chunked_method(void **state)
{
    (void)state;
    uint8_t *data = NULL;
    size_t length = 1;
    assert_refused(lab__v1__lab_client__upload__send_bytes(NULL, "x", 1, 0, NULL, NULL));
    assert_refused(lab__v1__lab_client__upload__send_file(NULL, "/dev/null", 0, NULL, NULL));
    assert_refused(lab__v1__lab_client__upload__send_chunk(NULL, "x", 1));
    assert_refused(lab__v1__lab_client__download__recv_bytes(NULL, 1, &data, &length, NULL, NULL));
    assert_refused(lab__v1__lab_client__download__recv_to_file(NULL, "/tmp/x", NULL, NULL));
    assert_refused(lab__v1__lab_client__download__read(NULL, &length, 1, &length));
    natsmicro_blob_writer *writer;
    assert_refused(natsmicro_blob_writer_new(&writer, NULL, 0));
    assert_refused(natsmicro_blob_writer_begin(NULL, 1));
    natsmicro_blob_writer_free(NULL);
    natsmicro_blob_reader_free(NULL);
    natsmicro_chunked_set_max_size(NULL, 1);
    natsmicro_chunked_watch(NULL, NULL, NULL);
}

static void what_interceptors_use(void **state)
{
    (void)state;
    ProtobufCMessage *response = (ProtobufCMessage *)&response;
    const ProtobufCMessage *message = (const ProtobufCMessage *)&message;
    assert_refused(natsmicro_next_run(NULL, NULL));
    assert_refused(natsmicro_next_call(NULL, NULL, &response));
    assert_null(response);
    assert_refused(natsmicro_next_recv(NULL, &message));
    assert_null(message);
    natsmicro_next_set_timeout(NULL, 1);
    assert_refused(natsmicro_call_reply(NULL, NULL));
    natsmicro_call_set_user(NULL, NULL, NULL);
    assert_null(natsmicro_call_user(NULL));
    assert_refused(natsmicro_call_set_value(NULL, NULL, NULL, NULL));
    assert_null(natsmicro_call_value(NULL, NULL));
    assert_refused(natsmicro_call_set_trace(NULL, NULL, NULL));
    natsmicro_context *context = lab_context();
    assert_refused(natsmicro_context_follow(NULL, NULL, 0));
    assert_refused(natsmicro_context_follow(context, NULL, 0));
    natsmicro_context_destroy(context);
}

static void what_is_read_of_a_call(void **state)
{
    (void)state;
    size_t length = 1;
    const char *name = NULL;
    natsmicro_stream_metrics metrics = {.messages_sent = 1};
    assert_refused(natsmicro_call_status(NULL));
    assert_refused(natsmicro_call_set_header(NULL, "a", "b"));
    assert_refused(natsmicro_call_set_trailer(NULL, "a", "b"));
    assert_refused(natsmicro_call_fail(NULL, NATSMICRO_ABORTED, "no call"));
    assert_refused(natsmicro_call_set_error_data(NULL, "x", 1));
    assert_refused(natsmicro_call_detach(NULL));
    assert_string_equal("", natsmicro_call_error_message(NULL));
    assert_null(natsmicro_call_error_data(NULL, &length));
    assert_int_equal(0, length);
    assert_null(natsmicro_call_header(NULL, "a"));
    assert_false(natsmicro_call_header_at(NULL, 0, &name, &name));
    assert_string_equal("", natsmicro_call_method(NULL));
    assert_int_equal(-1, natsmicro_call_remaining_ms(NULL));
    natsmicro_call_get_metrics(NULL, &metrics);
    assert_int_equal(0, metrics.messages_sent);
    natsmicro_call_cancel(NULL);
    natsmicro_call_finish(NULL, NATSMICRO_OK);
    assert_refused(natsmicro_context_set_header(NULL, "a", "b"));
    assert_string_equal("", natsmicro_context_error_message(NULL));
    natsmicro_context_set_timeout(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(making_and_ending),
        lab_test(a_unary_method),
        lab_test(a_server_stream),
        lab_test(a_client_stream),
        lab_test(a_bidirectional_stream),
        cmocka_unit_test(a_chunked_method),
        cmocka_unit_test(what_interceptors_use),
        cmocka_unit_test(what_is_read_of_a_call),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
