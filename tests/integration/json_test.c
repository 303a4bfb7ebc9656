/*
 * Services whose messages travel as JSON, from generated clients to generated servers: all kinds of
 * methods, over both kinds of streams, and what goes over the wire.
 */
#include "integration/json_service.h"
#include "integration/lab_service.h"

#include <natsmicro/stub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- unary calls ---- */

static const char thing_text[] =
    "{\"fullName\":\"gr\xc3\xbc\xc3\x9f\xc3\xa9\",\"bigNumber\":\"-9007199254740993\","
    "\"mood\":\"MOOD_VERY_GOOD\",\"raw\":\"AP8=\",\"parts\":[{},{\"fullName\":\"part\"}],"
    "\"counts\":{\"a\":1,\"b\":0},\"madeAt\":\"1970-01-01T00:01:00Z\",\"maybe\":0,"
    "\"other name\":\"\\\"quoted\\\"\"}";

typedef struct thing {
    Jsonlab__V1__Thing all;
    Jsonlab__V1__Thing first;
    Jsonlab__V1__Thing second;
    Jsonlab__V1__Thing *parts[2];
    Jsonlab__V1__Thing__CountsEntry a;
    Jsonlab__V1__Thing__CountsEntry b;
    Jsonlab__V1__Thing__CountsEntry *counts[2];
    Google__Protobuf__Timestamp made_at;
} thing;

/* A message with a value in each field. */
static const Jsonlab__V1__Thing *fill(thing *self)
{
    *self = (thing){.all = JSONLAB__V1__THING__INIT,
                    .first = JSONLAB__V1__THING__INIT,
                    .second = JSONLAB__V1__THING__INIT,
                    .parts = {&self->first, &self->second},
                    .a = JSONLAB__V1__THING__COUNTS_ENTRY__INIT,
                    .b = JSONLAB__V1__THING__COUNTS_ENTRY__INIT,
                    .counts = {&self->b, &self->a},
                    .made_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT};
    self->second.full_name = (char *)"part";
    self->a.key = (char *)"a";
    self->a.value = 1;
    self->b.key = (char *)"b";
    self->made_at.seconds = 60;
    Jsonlab__V1__Thing *all = &self->all;
    all->full_name = (char *)"gr\xc3\xbc\xc3\x9f\xc3\xa9";
    all->big_number = -9007199254740993;
    all->mood = JSONLAB__V1__MOOD__MOOD_VERY_GOOD;
    all->raw = (ProtobufCBinaryData){2, (uint8_t *)"\x00\xff"};
    all->n_parts = 2;
    all->parts = self->parts;
    all->n_counts = 2;
    all->counts = self->counts;
    all->made_at = &self->made_at;
    all->_maybe_case = JSONLAB__V1__THING___MAYBE_MAYBE;
    all->renamed = (char *)"\"quoted\"";
    return all;
}

static void assert_filled(const Jsonlab__V1__Thing *seen)
{
    assert_string_equal(seen->full_name, "gr\xc3\xbc\xc3\x9f\xc3\xa9");
    assert_int_equal(seen->big_number, -9007199254740993);
    assert_int_equal(seen->mood, JSONLAB__V1__MOOD__MOOD_VERY_GOOD);
    assert_int_equal(seen->raw.len, 2);
    assert_memory_equal(seen->raw.data, "\x00\xff", 2);
    assert_int_equal(seen->n_parts, 2);
    assert_string_equal(seen->parts[1]->full_name, "part");
    assert_int_equal(seen->n_counts, 2);
    assert_string_equal(seen->counts[0]->key, "a");
    assert_int_equal(seen->counts[0]->value, 1);
    assert_int_equal(seen->made_at->seconds, 60);
    assert_int_equal(seen->_maybe_case, JSONLAB__V1__THING___MAYBE_MAYBE);
    assert_string_equal(seen->renamed, "\"quoted\"");
}

static void a_message_is_one_line_of_json_on_the_wire(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    thing sent;
    Jsonlab__V1__Thing *response;
    assert_ok(jsonlab__v1__json_lab_client__echo(room->client, fill(&sent), NULL, &response));
    assert_filled(response);
    jsonlab__v1__json_lab_client__echo__free(response);
    json_assert_sent(room, thing_text);
}

static void an_empty_message_is_two_braces(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    assert_ok(json_echo(room, "", NULL));
    json_assert_sent(room, "{}");
}

static void data_of_an_error_stays_raw(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    natsmicro_context *context = lab_context();
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    request.fail = NATSMICRO_NOT_FOUND;
    Jsonlab__V1__Thing *response;
    assert_status(NATSMICRO_NOT_FOUND,
                  jsonlab__v1__json_lab_client__echo(room->client, &request, context, &response));
    assert_null(response);
    assert_string_equal(natsmicro_context_error_message(context), "as asked");
    size_t length;
    const void *data = natsmicro_context_error_data(context, &length);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "{\x01\xff", 3);
    natsmicro_context_destroy(context);
}

static void a_message_that_cannot_be_json_is_not_sent(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    thing sent;
    fill(&sent);
    sent.made_at.seconds = INT64_MAX;
    natsmicro_context *context = lab_context();
    Jsonlab__V1__Thing *response;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  jsonlab__v1__json_lab_client__echo(room->client, &sent.all, context, &response));
    assert_non_null(strstr(natsmicro_context_error_message(context), "made_at"));
    assert_status(NATSMICRO_INVALID_ARGUMENT, json_echo(room, "\xff", NULL));
    assert_ok(json_echo(room, "fine", NULL));
    json_assert_sent(room, "{\"fullName\":\"fine\"}");
    natsmicro_context_destroy(context);
}

static void the_largest_messages_pass_and_larger_ones_are_refused(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    char *text = lab_text(LAB_MAX_PAYLOAD - strlen("{\"fullName\":\"\"}"));
    assert_ok(json_echo(room, text, NULL));
    free(text);
    text = lab_text(LAB_MAX_PAYLOAD);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, json_echo(room, text, NULL));
    free(text);
}

/* ---- streams ---- */

static natsmicro_status count(json_room *room, int32_t how_many, int32_t fail_at, int64_t *received)
{
    Jsonlab__V1__CountRequest request = JSONLAB__V1__COUNT_REQUEST__INIT;
    request.how_many = how_many;
    request.fail_at = fail_at;
    Jsonlab__V1__JsonLabClient__CountUp *call;
    assert_ok(jsonlab__v1__json_lab_client__count_up(room->client, &request, NULL, &call));
    *received = 0;
    const Jsonlab__V1__Number *number;
    natsmicro_status status;
    while ((status = jsonlab__v1__json_lab_client__count_up__recv(call, &number)) == NATSMICRO_OK) {
        assert_int_equal(number->value, *received);
        ++*received;
    }
    jsonlab__v1__json_lab_client__count_up__close(call);
    return status;
}

static void a_service_streams_json(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    int64_t received;
    assert_status(NATSMICRO_END, count(room, 5000, 0, &received));
    assert_int_equal(received, 5000);
    json_assert_sent(room, "{\"howMany\":5000}");
    assert_status(NATSMICRO_END, count(room, 0, 0, &received));
    assert_status(NATSMICRO_OUT_OF_RANGE, count(room, 5, 3, &received));
    assert_int_equal(received, 2);
}

static Jsonlab__V1__Total *sum_up_to(json_room *room, int64_t last)
{
    Jsonlab__V1__JsonLabClient__Sum *call;
    assert_ok(jsonlab__v1__json_lab_client__sum(room->client, NULL, &call));
    Jsonlab__V1__Number number = JSONLAB__V1__NUMBER__INIT;
    for (; number.value <= last; number.value++)
        assert_ok(jsonlab__v1__json_lab_client__sum__send(call, &number));
    Jsonlab__V1__Total *total;
    assert_ok(jsonlab__v1__json_lab_client__sum__close_and_recv(call, &total));
    jsonlab__v1__json_lab_client__sum__close(call);
    return total;
}

static void a_caller_streams_json_and_its_opening_is_empty(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    Jsonlab__V1__Total *total = sum_up_to(room, 2000);
    assert_int_equal(total->count, 2001);
    assert_int_equal(total->total, 2001000);
    jsonlab__v1__json_lab_client__sum__free(total);
    json_assert_sent(room, "");
    total = sum_up_to(room, -1);
    assert_int_equal(total->count, 0);
    jsonlab__v1__json_lab_client__sum__free(total);
}

static void assert_turn(Jsonlab__V1__JsonLabClient__Chat *call, const Jsonlab__V1__Thing *sent,
                        const char *name)
{
    assert_ok(jsonlab__v1__json_lab_client__chat__send(call, sent));
    const Jsonlab__V1__Thing *seen;
    assert_ok(jsonlab__v1__json_lab_client__chat__recv(call, &seen));
    assert_string_equal(seen->full_name, name);
}

static void both_sides_stream_messages_of_all_sizes(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    Jsonlab__V1__JsonLabClient__Chat *call;
    assert_ok(jsonlab__v1__json_lab_client__chat(room->client, NULL, &call));
    thing filled;
    assert_ok(jsonlab__v1__json_lab_client__chat__send(call, fill(&filled)));
    const Jsonlab__V1__Thing *seen;
    assert_ok(jsonlab__v1__json_lab_client__chat__recv(call, &seen));
    assert_filled(seen);
    for (size_t length = 0; length < 50000; length = length * 3 + 1) {
        Jsonlab__V1__Thing sent = JSONLAB__V1__THING__INIT;
        sent.full_name = lab_text(length);
        assert_turn(call, &sent, sent.full_name);
        free(sent.full_name);
    }
    assert_ok(jsonlab__v1__json_lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, jsonlab__v1__json_lab_client__chat__recv(call, &seen));
    jsonlab__v1__json_lab_client__chat__close(call);
}

static void a_message_that_is_too_large_leaves_the_stream_as_it_was(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    Jsonlab__V1__JsonLabClient__Chat *call;
    assert_ok(jsonlab__v1__json_lab_client__chat(room->client, NULL, &call));
    Jsonlab__V1__Thing sent = JSONLAB__V1__THING__INIT;
    sent.raw.len = LAB_MAX_PAYLOAD / 4 * 3 + 1; /* would fit, were it binary */
    sent.raw.data = json_bytes(sent.raw.len);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  jsonlab__v1__json_lab_client__chat__send(call, &sent));
    free(sent.raw.data);
    Jsonlab__V1__Thing small = JSONLAB__V1__THING__INIT;
    small.full_name = (char *)"small";
    assert_turn(call, &small, "small");
    jsonlab__v1__json_lab_client__chat__close(call);
}

/* ---- chunked methods ---- */

static void upload(json_room *room, size_t length, size_t chunk_size)
{
    uint8_t *bytes = json_bytes(length);
    int64_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += bytes[i];
    Jsonlab__V1__JsonLabClient__Upload *call;
    assert_ok(jsonlab__v1__json_lab_client__upload(room->client, NULL, &call));
    assert_ok(natsmicro_chunked_send_bytes(call->base, bytes, length, chunk_size, NULL, NULL));
    Jsonlab__V1__Total *total;
    assert_ok(jsonlab__v1__json_lab_client__upload__close_and_recv(call, &total));
    assert_int_equal(total->count, length);
    assert_int_equal(total->total, sum);
    jsonlab__v1__json_lab_client__upload__free(total);
    jsonlab__v1__json_lab_client__upload__close(call);
    free(bytes);
}

static void blobs_of_all_sizes_are_uploaded_in_base64(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 3, 999, 1000, 1001, 50000, 300000};
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        upload(room, lengths[i], 0);
        upload(room, lengths[i], 7 + lengths[i] / 10);
    }
}

/* A chunk size that no message can hold is cut to what fits, as base64 needs more. */
static void a_chunk_is_never_larger_than_a_message(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    upload(room, 200000, 10 * LAB_MAX_PAYLOAD);
}

static natsmicro_status download(json_room *room, int32_t how_many, uint8_t **data, size_t *length)
{
    Jsonlab__V1__CountRequest request = JSONLAB__V1__COUNT_REQUEST__INIT;
    request.how_many = how_many;
    Jsonlab__V1__JsonLabClient__Download *call;
    assert_ok(jsonlab__v1__json_lab_client__download(room->client, &request, NULL, &call));
    natsmicro_status status =
        natsmicro_chunked_recv_bytes(call->base, SIZE_MAX / 2, data, length, NULL, NULL);
    jsonlab__v1__json_lab_client__download__close(call);
    return status;
}

static void a_blob_is_downloaded_in_base64(void **state)
{
    static const int32_t lengths[] = {0, 1, 65535, 65536, 200000};
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t *data;
        size_t length;
        assert_ok(download(room, lengths[i], &data, &length));
        uint8_t *expected = json_bytes(length);
        assert_int_equal(length, lengths[i]);
        assert_memory_equal(data, expected, length);
        free(expected);
        free(data);
    }
}

static void pieces_of_a_chunk_may_end_anywhere(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    Jsonlab__V1__JsonLabClient__Upload *call;
    assert_ok(jsonlab__v1__json_lab_client__upload(room->client, NULL, &call));
    natsmicro_blob_writer *writer;
    assert_ok(natsmicro_blob_writer_new(&writer, call->base, 10));
    assert_ok(natsmicro_blob_writer_begin(writer, 45));
    for (size_t length = 0; length < 10; length++)
        assert_ok(natsmicro_blob_writer_write(writer, "\1\1\1\1\1\1\1\1\1", length));
    assert_ok(natsmicro_blob_writer_end(writer));
    assert_ok(natsmicro_blob_writer_flush(writer));
    natsmicro_blob_writer_free(writer);
    Jsonlab__V1__Total *total;
    assert_ok(jsonlab__v1__json_lab_client__upload__close_and_recv(call, &total));
    assert_int_equal(total->count, 46);
    assert_int_equal(total->total, 45 + 45);
    jsonlab__v1__json_lab_client__upload__free(total);
    jsonlab__v1__json_lab_client__upload__close(call);
}

/* ---- interceptors ---- */

typedef struct seen {
    atomic_int sent;
    atomic_int received;
    atomic_int bytes; /* in chunks */
} seen;

static void look(const ProtobufCMessage *message, atomic_int *count, atomic_int *bytes)
{
    atomic_fetch_add(count, 1);
    if (message->descriptor == &jsonlab__v1__piece__descriptor)
        atomic_fetch_add(bytes, (int)((const Jsonlab__V1__Piece *)message)->raw_data.len);
}

static natsmicro_status see_send(natsmicro_call *call, const ProtobufCMessage *message,
                                 natsmicro_next *next, void *user_data)
{
    seen *self = user_data;
    (void)call;
    look(message, &self->sent, &self->bytes);
    return natsmicro_next_run(next, message);
}

static natsmicro_status see_recv(natsmicro_call *call, const ProtobufCMessage **message,
                                 natsmicro_next *next, void *user_data)
{
    seen *self = user_data;
    (void)call;
    natsmicro_status status = natsmicro_next_recv(next, message);
    if (status == NATSMICRO_OK)
        look(*message, &self->received, &self->bytes);
    return status;
}

/* Replaces the name in the request and in the response. */
static natsmicro_status rename_both(natsmicro_call *call, const ProtobufCMessage *request,
                                    ProtobufCMessage **response, natsmicro_next *next,
                                    void *user_data)
{
    Jsonlab__V1__Thing other = *(const Jsonlab__V1__Thing *)request;
    (void)call;
    (void)user_data;
    other.full_name = (char *)"another";
    natsmicro_status status = natsmicro_next_call(next, &other.base, response);
    if (status == NATSMICRO_OK) {
        free(((Jsonlab__V1__Thing *)*response)->full_name);
        ((Jsonlab__V1__Thing *)*response)->full_name = strdup("a third");
    }
    return status;
}

static void interceptors_see_messages_and_may_replace_them(void **state)
{
    json_room *room = *state;
    seen all = {0};
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.user_data = &all;
    interceptor.send = see_send;
    interceptor.recv = see_recv;
    interceptor.call = rename_both;
    const natsmicro_interceptor *list[] = {&interceptor, NULL};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = list;
    json_serve(room, NULL);
    json_call_with(room, &options);
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    Jsonlab__V1__Thing *response;
    assert_ok(jsonlab__v1__json_lab_client__echo(room->client, &request, NULL, &response));
    assert_string_equal(response->full_name, "a third");
    jsonlab__v1__json_lab_client__echo__free(response);
    json_assert_sent(room, "{\"fullName\":\"another\"}");
    upload(room, 5000, 1000);
    assert_int_equal(atomic_load(&all.sent), 5);
    assert_int_equal(atomic_load(&all.bytes), 5000);
    int64_t received;
    assert_status(NATSMICRO_END, count(room, 20, 0, &received));
    assert_int_equal(atomic_load(&all.received), 21); /* and the response of the upload */
}

static void a_server_s_interceptors_see_chunks(void **state)
{
    json_room *room = *state;
    seen all = {0};
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.user_data = &all;
    interceptor.send = see_send;
    interceptor.recv = see_recv;
    const natsmicro_interceptor *list[] = {&interceptor, NULL};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.interceptors = list;
    json_serve(room, &options);
    upload(room, 2500, 1000);
    assert_int_equal(atomic_load(&all.received), 3);
    assert_int_equal(atomic_load(&all.bytes), 2500);
}

/* ---- tables ---- */

static void assert_refused(json_room *room, const natsmicro_stub_service *stub, const char *part)
{
    natsmicro_client *client;
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_client_new(&client, stub, room->client_connection, NULL));
    assert_null(client);
    if (strstr(natsmicro_last_error(), part) == NULL)
        fail_msg("'%s' is not in '%s'", part, natsmicro_last_error());
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, room->server_connection, NULL));
    assert_status(NATSMICRO_FAILED_PRECONDITION,
                  natsmicro_stub_server_add(server, stub, &json_handlers, NULL, NULL));
    natsmicro_server_destroy(server);
}

static void tables_without_their_files_are_refused(void **state)
{
    static const natsmicro_stub_method methods[] = {{.name = "Echo",
                                                     .subject = "echo",
                                                     .request = &jsonlab__v1__thing__descriptor,
                                                     .response = &jsonlab__v1__thing__descriptor}};
    static const uint8_t broken[] = {0xff, 0xff};
    static const natsmicro_stub_file no_file = {broken, sizeof(broken)};
    static const uint8_t other[] = "\x0a\x07other.p";
    static const natsmicro_stub_file another = {other, sizeof(other) - 1};
    natsmicro_stub_service stub = {.stub_version = NATSMICRO_STUB_VERSION,
                                   .full_name = "jsonlab.v1.JsonLab",
                                   .subject_prefix = "tables",
                                   .name = "tables",
                                   .version = "1.0.0",
                                   .description = "",
                                   .methods = methods,
                                   .n_methods = 1,
                                   .json = true};
    json_room *room = *state;
    assert_refused(room, &stub, "descriptors=none");
    stub.files = &no_file;
    stub.n_files = 1;
    assert_refused(room, &stub, ".proto files in its tables");
    stub.files = &another;
    assert_refused(room, &stub, ".proto files in its tables");
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        json_test(a_message_is_one_line_of_json_on_the_wire),
        json_test(an_empty_message_is_two_braces),
        json_test(data_of_an_error_stays_raw),
        json_test(a_message_that_cannot_be_json_is_not_sent),
        json_test(the_largest_messages_pass_and_larger_ones_are_refused),
        json_test(a_service_streams_json),
        json_test(a_caller_streams_json_and_its_opening_is_empty),
        json_test(both_sides_stream_messages_of_all_sizes),
        json_test(a_message_that_is_too_large_leaves_the_stream_as_it_was),
        json_test(blobs_of_all_sizes_are_uploaded_in_base64),
        json_test(a_chunk_is_never_larger_than_a_message),
        json_test(a_blob_is_downloaded_in_base64),
        json_test(pieces_of_a_chunk_may_end_anywhere),
        json_test(interceptors_see_messages_and_may_replace_them),
        json_test(a_server_s_interceptors_see_chunks),
        json_test(tables_without_their_files_are_refused),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
