/*
 * What a peer may send where JSON is expected, by mistake or on purpose. Each ends its own call
 * with a text that says what is wrong, and the next call works.
 */
#include "integration/frames.h"
#include "integration/json_service.h"
#include "integration/lab_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_TEXT  "an empty message is {}"
#define BINARY_TEXT "this looks like binary protobuf"

typedef struct bad_text {
    const char *text;
    size_t length; /* 0: of the text */
    const char *why;
} bad_text;

static size_t length_of(const bad_text *bad)
{
    return bad->length != 0 ? bad->length : strlen(bad->text);
}

/* No Thing. */
static const bad_text bad_things[] = {
    {"", 0, EMPTY_TEXT},
    {" ", 0, ""},
    {"{", 0, ""},
    {"[]", 0, ""},
    {"{}x", 0, ""},
    {"null", 0, ""},
    {"{\"noSuchField\":1}", 0, "noSuchField"},
    {"{\"bigNumber\":\"x\"}", 0, "bigNumber"},
    {"{\"bigNumber\":1.5}", 0, "bigNumber"},
    {"{\"mood\":\"MOOD_OF_NOBODY\"}", 0, "mood"},
    {"{\"raw\":\"!!\"}", 0, "raw"},
    {"{\"parts\":[{},{\"maybe\":true}]}", 0, "parts[1].maybe"},
    {"{\"madeAt\":\"yesterday\"}", 0, "madeAt"},
    {"{\"fullName\":\"a\",\"full_name\":\"b\"}", 0, "fullName"},
    {"{\"fullName\":\"\xff\"}", 0, ""},
    {"{\"fullName\":\"\\u0000\"}", 0, "fullName"},
    {"\x0a\x04name", 6, BINARY_TEXT},
    {"\x10\x05", 2, BINARY_TEXT},
    {"\x00\x01\x02", 3, ""},
};

#define BAD_THINGS (sizeof(bad_things) / sizeof(bad_things[0]))

static void assert_says(const char *text, const bad_text *bad)
{
    if (strstr(text, bad->why) == NULL)
        fail_msg("'%s' is not in '%s'", bad->why, text);
}

/* ---- callers ---- */

static natsMsg *request(json_room *room, const char *subject, const char *data, size_t length)
{
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsConnection_Request(&answer, room->raw, subject, data, (int)length,
                                                     RAW_TIMEOUT_MS));
    return answer;
}

static void a_unary_request_that_is_no_message_is_refused(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < BAD_THINGS; i++) {
        natsMsg *answer =
            request(room, "jsonlab.v1.echo", bad_things[i].text, length_of(&bad_things[i]));
        raw_assert_error(answer, "INVALID_ARGUMENT");
        assert_says(raw_header(answer, "Nats-Service-Error"), &bad_things[i]);
        natsMsg_Destroy(answer);
    }
    assert_ok(json_echo(room, "next", NULL));
}

static void expect_error(raw_call *call, const char *code, const bad_text *bad)
{
    natsMsg *answer = raw_next(call->answers);
    while (strcmp(raw_header(answer, "Nats-Service-Error-Code"), "") == 0) {
        natsMsg_Destroy(answer); /* an answer to what came before */
        answer = raw_next(call->answers);
    }
    raw_assert_error(answer, code);
    assert_says(raw_header(answer, "Nats-Service-Error"), bad);
    natsMsg_Destroy(answer);
    raw_close(call);
}

static void a_bad_item_in_the_middle_of_a_stream_ends_it(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < BAD_THINGS; i++) {
        raw_call call;
        raw_open(&call, room->raw, "jsonlab.v1.chat");
        raw_item(&call, "1", "{}", 2);
        raw_item(&call, "2", bad_things[i].text, length_of(&bad_things[i]));
        raw_item(&call, "3", "{}", 2);
        expect_error(&call, "INVALID_ARGUMENT", &bad_things[i]);
    }
    assert_ok(json_echo(room, "next", NULL));
}

/* The service ends its direction with an error, or the whole call. */
static void expect_failure(frame_peer *peer, const bad_text *bad)
{
    do
        peer_next(peer);
    while (!peer->frame.has_reset && !peer->frame.has_end);
    const nm_frame *frame = &peer->frame;
    nm_bytes status = frame->has_reset ? frame->reset.status : frame->end.status;
    nm_bytes words = frame->has_reset ? frame->reset.text : frame->end.text;
    assert_int_equal(status.length, strlen("INVALID_ARGUMENT"));
    assert_memory_equal(status.data, "INVALID_ARGUMENT", status.length);
    char text[1024];
    snprintf(text, sizeof(text), "%.*s", (int)words.length, (const char *)words.data);
    assert_says(text, bad);
    frame_begin(peer); /* it is acknowledged: the call is over */
    frame_put_control(peer, (nm_frame_control){.ack = nm_frame_last_number(frame)});
    frame_send(peer, false);
}

static void a_bad_message_in_a_reliable_frame_ends_the_stream(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < BAD_THINGS; i++) {
        frame_peer *peer = calloc(1, sizeof(*peer));
        assert_non_null(peer);
        peer_open(peer, room->raw, "jsonlab.v1.chat", AN_OFFER, "", 0);
        frame_begin(peer);
        frame_put_message(peer, "{\"fail\":5}", 10);
        frame_put_message(peer, bad_things[i].text, length_of(&bad_things[i]));
        frame_put_message(peer, "{}", 2);
        frame_put_control(peer, (nm_frame_control){.seq = 1});
        frame_send(peer, true);
        expect_failure(peer, &bad_things[i]);
        peer_close(peer);
        free(peer);
    }
    assert_ok(json_echo(room, "next", NULL));
}

/* ---- chunks ---- */

static const bad_text bad_chunks[] = {
    {"", 0, EMPTY_TEXT},
    {"{\"raw \\\"data\\\"\":\"!\"}", 0, "raw \"data\""},
    {"{\"raw \\\"data\\\"\":\"AAA\"AA\"}", 0, ""},
    {"{\"raw \\\"data\\\"\":\"AAAA\"", 0, ""},
    {"{\"raw \\\"data\\\"\":\"AAAA\",\"raw_data\":\"AAAA\"}", 0, "raw \"data\""},
    {"{\"raw \\\"data\\\"\":5}", 0, "raw \"data\""},
    {"{\"data\":\"AAAA\"}", 0, "data"},
    {"\x0a\x03"
     "abc",
     5, BINARY_TEXT},
};

static void a_chunk_that_is_none_ends_the_upload(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    for (size_t i = 0; i < sizeof(bad_chunks) / sizeof(bad_chunks[0]); i++) {
        raw_call call;
        raw_open(&call, room->raw, "jsonlab.v1.upload");
        raw_item(&call, "1", bad_chunks[i].text, length_of(&bad_chunks[i]));
        raw_end(&call, "1");
        expect_error(&call, "INVALID_ARGUMENT", &bad_chunks[i]);
    }
}

/* As other implementations write them; each brings the bytes 251, 255 and 254, or none. */
static void a_chunk_of_unusual_shape_is_read(void **state)
{
    static const char *const items[] = {"{\"raw \\\"data\\\"\":\"+//+\"}",
                                        "{\n  \"raw \\\"data\\\"\": \"+//+\"\n}",
                                        "{\"raw_data\":\"-__-\"}",
                                        "{\"raw \\\"data\\\"\":\"+\\/\\/+\"}",
                                        "{\"raw \\\"data\\\"\":\"\"}",
                                        "{\"raw_data\":null}",
                                        "{}"};
    json_room *room = *state;
    json_serve(room, NULL);
    raw_call call;
    raw_open(&call, room->raw, "jsonlab.v1.upload");
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        char seq[16];
        snprintf(seq, sizeof(seq), "%zu", i + 1);
        raw_item(&call, seq, items[i], strlen(items[i]));
    }
    raw_end(&call, "7");
    natsMsg *answer = raw_next(call.answers);
    static const char total[] = "{\"total\":\"3040\",\"count\":12}";
    assert_int_equal(natsMsg_GetDataLength(answer), strlen(total));
    assert_memory_equal(natsMsg_GetData(answer), total, strlen(total));
    natsMsg_Destroy(answer);
    raw_close(&call);
}

/* ---- limits ---- */

static void assert_refused(json_room *room, const char *text, const char *code)
{
    natsMsg *answer = request(room, "jsonlab.v1.echo", text, strlen(text));
    raw_assert_error(answer, code);
    natsMsg_Destroy(answer);
}

static void limits_of_decoding_hold_for_json(void **state)
{
    json_room *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_depth = 3;
    options.max_decode_bytes = 4096;
    json_serve(room, &options);
    natsMsg *answer = request(room, "jsonlab.v1.echo", "{\"parts\":[{\"parts\":[{}]}]}", 26);
    assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
    natsMsg_Destroy(answer);
    assert_refused(room, "{\"parts\":[{\"parts\":[{\"parts\":[{}]}]}]}", "INVALID_ARGUMENT");
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof(text), "{\"parts\":[{}");
    while (used < 4000)
        used += (size_t)snprintf(text + used, sizeof(text) - used, ",{}");
    snprintf(text + used, sizeof(text) - used, "]}");
    assert_refused(room, text, "RESOURCE_EXHAUSTED");
    raw_call call;
    raw_open(&call, room->raw, "jsonlab.v1.upload");
    memset(text, 'A', sizeof(text));
    memcpy(text, "{\"raw \\\"data\\\"\":\"", 17);
    memcpy(text + 17 + 6000, "\"}", 2);
    raw_item(&call, "1", text, 17 + 6000 + 2);
    expect_error(&call, "RESOURCE_EXHAUSTED", &(bad_text){.why = "max_decode_bytes"});
    assert_ok(json_echo(room, "next", NULL));
}

/* A text of 60 kB that nests as deep as it can must not use up a thread's stack. */
static void the_deepest_text_is_refused(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    char *text = lab_text(60000);
    memset(text, '[', 60000);
    assert_refused(room, text, "INVALID_ARGUMENT");
    for (size_t i = 0; i + 10 <= 60000; i += 10)
        memcpy(text + i, "{\"parts\":[", 10);
    assert_refused(room, text, "INVALID_ARGUMENT");
    free(text);
    assert_ok(json_echo(room, "next", NULL));
}

/* ---- services ---- */

/* A service that answers a unary call, or streams, with what its test says. */
static void answer(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                   void *closure)
{
    const bad_text *bad = closure;
    (void)subscription;
    const char *reply_to = raw_header(message, "Reply-To");
    bool streams = reply_to[0] != '\0';
    raw_publish(connection,
                &(raw_message){.subject = streams ? reply_to : natsMsg_GetReply(message),
                               .seq = streams ? "1" : NULL,
                               .data = bad->text,
                               .length = length_of(bad)});
    natsMsg_Destroy(message);
}

static natsSubscription *answer_with(json_room *room, const char *subject, const bad_text *bad)
{
    natsSubscription *service = NULL;
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&service, room->raw, subject, answer,
                                                       (void *)(uintptr_t)bad));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->raw, RAW_TIMEOUT_MS));
    return service;
}

static void an_answer_that_is_no_message_is_internal(void **state)
{
    json_room *room = *state;
    natsmicro_context *context = lab_context();
    for (size_t i = 0; i < BAD_THINGS; i++) {
        natsSubscription *service = answer_with(room, "jsonlab.v1.echo", &bad_things[i]);
        assert_status(NATSMICRO_INTERNAL, json_echo(room, "x", context));
        assert_says(natsmicro_context_error_message(context), &bad_things[i]);
        raw_unsubscribe(room->raw, service);
    }
    natsmicro_context_destroy(context);
}

static const bad_text bad_numbers[] = {
    {"", 0, EMPTY_TEXT},
    {"{\"value\":\"five\"}", 0, "value"},
    {"\x08\x05", 2, BINARY_TEXT},
};

static void a_streamed_message_that_is_none_is_internal(void **state)
{
    json_room *room = *state;
    for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(bad_numbers[0]); i++) {
        natsSubscription *service = answer_with(room, "jsonlab.v1.count_up", &bad_numbers[i]);
        Jsonlab__V1__CountRequest request = JSONLAB__V1__COUNT_REQUEST__INIT;
        Jsonlab__V1__JsonLabClient__CountUp *call;
        assert_ok(jsonlab__v1__json_lab_client__count_up(room->client, &request, NULL, &call));
        const Jsonlab__V1__Number *number;
        assert_status(NATSMICRO_INTERNAL,
                      jsonlab__v1__json_lab_client__count_up__recv(call, &number));
        assert_says(natsmicro_call_error_message(call->base), &bad_numbers[i]);
        jsonlab__v1__json_lab_client__count_up__close(call);
        raw_unsubscribe(room->raw, service);
    }
}

/* ---- two sides that disagree ---- */

static void a_json_caller_of_a_binary_service_is_told_so(void **state)
{
    json_room *room = *state;
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    options.subject_prefix = JSON_SUBJECTS;
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, NULL));
    assert_ok(jsonlab__v1__binary_lab_server__add(room->server, &binary_handlers, NULL, &options));
    natsmicro_context *context = lab_context();
    assert_status(NATSMICRO_INVALID_ARGUMENT, json_echo(room, "x", context));
    assert_says(natsmicro_context_error_message(context), &(bad_text){.why = "looks like JSON"});
    natsmicro_context_destroy(context);
}

static void a_binary_caller_of_a_json_service_is_told_so(void **state)
{
    json_room *room = *state;
    json_serve(room, NULL);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.subject_prefix = JSON_SUBJECTS;
    Jsonlab__V1__BinaryLabClient *client;
    assert_ok(jsonlab__v1__binary_lab_client__new(&client, room->client_connection, &options));
    natsmicro_context *context = lab_context();
    Jsonlab__V1__Thing request = JSONLAB__V1__THING__INIT;
    Jsonlab__V1__Thing *response;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  jsonlab__v1__binary_lab_client__echo(client, &request, context, &response));
    assert_says(natsmicro_context_error_message(context), &(bad_text){.why = EMPTY_TEXT});
    request.full_name = (char *)"x";
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  jsonlab__v1__binary_lab_client__echo(client, &request, context, &response));
    assert_says(natsmicro_context_error_message(context), &(bad_text){.why = BINARY_TEXT});
    natsmicro_context_destroy(context);
    jsonlab__v1__binary_lab_client__destroy(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        json_test(a_unary_request_that_is_no_message_is_refused),
        json_test(a_bad_item_in_the_middle_of_a_stream_ends_it),
        json_test(a_bad_message_in_a_reliable_frame_ends_the_stream),
        json_test(a_chunk_that_is_none_ends_the_upload),
        json_test(a_chunk_of_unusual_shape_is_read),
        json_test(limits_of_decoding_hold_for_json),
        json_test(the_deepest_text_is_refused),
        json_test(an_answer_that_is_no_message_is_internal),
        json_test(a_streamed_message_that_is_none_is_internal),
        json_test(a_json_caller_of_a_binary_service_is_told_so),
        json_test(a_binary_caller_of_a_json_service_is_told_so),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
