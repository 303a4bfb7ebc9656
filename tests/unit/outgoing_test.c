/*
 * The headers of a message must say what it means, as every peer reads it, and nothing else.
 */
#include "unit/cmocka_test.h"
#include "unit/raw_message.h"
#include "unit/with_nats.h"

#include "wire/incoming.h"
#include "wire/names.h"
#include "wire/outgoing.h"

#include <string.h>

/* What a publish will count. nats.c exports this function, but declares it in no public header. */
int natsMsgHeader_encodedLen(natsMsg *message);

static natsMsg *compose(const nm_outgoing *outgoing)
{
    natsMsg *message = NULL;

    assert_int_equal(nm_outgoing_compose(&message, outgoing), NATS_OK);
    assert_non_null(message);
    assert_int_equal(nm_outgoing_headers_length(outgoing),
                     (size_t)natsMsgHeader_encodedLen(message));
    assert_int_equal(nm_outgoing_has_headers(outgoing), natsMsgHeader_encodedLen(message) > 0);
    return message;
}

static void assert_header(natsMsg *message, const char *name, const char *expected)
{
    const char *value = NULL;

    assert_int_equal(natsMsgHeader_Get(message, name, &value), NATS_OK);
    assert_string_equal(value, expected);
}

static void assert_header_count(natsMsg *message, int expected)
{
    const char **keys = NULL;
    int count = 0;

    natsMsgHeader_Keys(message, &keys, &count);
    free(keys);
    assert_int_equal(count, expected);
}

static void a_bare_message_has_no_headers(void **state)
{
    const nm_outgoing outgoing = {.subject = "s", .reply = "r", .data = "data", .length = 4};
    natsMsg *message = compose(&outgoing);

    (void)state;
    assert_header_count(message, 0);
    assert_string_equal(natsMsg_GetSubject(message), "s");
    assert_string_equal(natsMsg_GetReply(message), "r");
    assert_int_equal(natsMsg_GetDataLength(message), 4);
    assert_memory_equal(natsMsg_GetData(message), "data", 4);
    natsMsg_Destroy(message);
}

/* nats.c allocates room for a payload that it is not given; the pieces are joined there. */
static void pieces_are_one_payload(void **state)
{
    static const nm_bytes pieces[] = {{"\x0a\x05", 2}, {NULL, 0}, {"bytes", 5}};
    static const nm_bytes nothing[] = {{NULL, 0}};
    const nm_outgoing outgoing = {.subject = "s",
                                  .length = 7,
                                  .pieces = pieces,
                                  .n_pieces = 3,
                                  .has_sequence = true,
                                  .sequence = 1};
    const nm_outgoing empty = {.subject = "s", .pieces = nothing, .n_pieces = 1};

    (void)state;
    natsMsg *message = compose(&outgoing);
    assert_int_equal(natsMsg_GetDataLength(message), 7);
    assert_memory_equal(natsMsg_GetData(message),
                        "\x0a\x05"
                        "bytes",
                        7);
    natsMsg_Destroy(message);
    message = compose(&empty);
    assert_int_equal(natsMsg_GetDataLength(message), 0);
    natsMsg_Destroy(message);
}

static void an_item_has_its_number(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {1, "1"}, {10, "10"}, {UINT64_MAX, "18446744073709551615"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const nm_outgoing outgoing = {
            .subject = "s", .has_sequence = true, .sequence = cases[i].number};
        natsMsg *message = compose(&outgoing);

        assert_header(message, NM_HEADER_STREAM_SEQ, cases[i].text);
        assert_header_count(message, 1);
        natsMsg_Destroy(message);
    }
}

static void every_part_is_a_header(void **state)
{
    const nm_outgoing outgoing = {.subject = "s",
                                  .has_sequence = true,
                                  .sequence = 3,
                                  .end = true,
                                  .reply_to = "_INBOX.a",
                                  .stream_inbox = "_INBOX.b",
                                  .control = NM_CONTROL_PROBE,
                                  .timeout_ms = 250};
    natsMsg *message = compose(&outgoing);

    (void)state;
    assert_header(message, "Nats-Stream-Seq", "3");
    assert_header(message, "Nats-Stream-End", "true");
    assert_header(message, "Reply-To", "_INBOX.a");
    assert_header(message, "Nats-Stream-Inbox", "_INBOX.b");
    assert_header(message, "Natsmicro-Control", "probe");
    assert_header(message, "Natsmicro-Timeout", "250");
    assert_header_count(message, 6);
    natsMsg_Destroy(message);
}

static void an_error_has_code_text_and_data(void **state)
{
    nm_error error = NM_ERROR_INIT;
    const nm_outgoing outgoing = {.subject = "s", .data = "x", .length = 1, .error = &error};

    (void)state;
    nm_error_set(&error, NATSMICRO_NOT_FOUND, "no gr\xc3\xbc\xc3\x9f");
    assert_true(nm_error_set_data(&error, "details", 7));
    natsMsg *message = compose(&outgoing);
    assert_header(message, "Nats-Service-Error-Code", "NOT_FOUND");
    assert_header(message, "Nats-Service-Error", "no gr\xc3\xbc\xc3\x9f");
    assert_int_equal(natsMsg_GetDataLength(message), 7);
    assert_memory_equal(natsMsg_GetData(message), "details", 7);
    natsMsg_Destroy(message);
    nm_error_clear(&error);
}

static void assert_error_headers(const char *code, const char *text, const char *expected_code,
                                 const char *expected_text)
{
    nm_error error = NM_ERROR_INIT;
    const nm_outgoing outgoing = {.subject = "s", .error = &error};

    nm_error_set_code(&error, code, text);
    natsMsg *message = compose(&outgoing);
    assert_header(message, "Nats-Service-Error-Code", expected_code);
    assert_header(message, "Nats-Service-Error", expected_text);
    natsMsg_Destroy(message);
    nm_error_clear(&error);
}

/* Some peers do not answer to an empty text, and nats.c cannot read a blank header. */
static void an_empty_text_is_the_code(void **state)
{
    (void)state;
    assert_error_headers("QUOTA", "", "QUOTA", "QUOTA");
    assert_error_headers("QUOTA", NULL, "QUOTA", "QUOTA");
    assert_error_headers("QUOTA", " \t", "QUOTA", "QUOTA");
    assert_error_headers("QUOTA", "\r\n", "QUOTA", "QUOTA");
    assert_error_headers("\r\n", "\r\n", "SERVICE_ERROR", "SERVICE_ERROR");
}

static void nothing_gets_out_of_an_errors_header(void **state)
{
    (void)state;
    assert_error_headers("A\r\nNats-Stream-End: true", "b\r\n\r\nc\xff", "A  Nats-Stream-End: true",
                         "b    c?");
}

static void a_long_error_text_is_cut(void **state)
{
    nm_error error = NM_ERROR_INIT;
    const nm_outgoing outgoing = {.subject = "s", .error = &error};
    const char *value = NULL;

    (void)state;
    nm_error_set(&error, NATSMICRO_INTERNAL, "%02000d", 1);
    natsMsg *message = compose(&outgoing);
    assert_int_equal(natsMsgHeader_Get(message, NM_HEADER_ERROR, &value), NATS_OK);
    assert_int_equal(strlen(value), NM_ERROR_TEXT_LIMIT);
    natsMsg_Destroy(message);
    nm_error_clear(&error);
}

static void no_error_has_no_headers(void **state)
{
    nm_error error = NM_ERROR_INIT;
    const nm_outgoing outgoing = {.subject = "s", .error = &error};
    natsMsg *message = compose(&outgoing);

    (void)state;
    assert_header_count(message, 0);
    natsMsg_Destroy(message);
}

static void users_headers_come_with_all_their_values(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;
    nm_headers trailers = NM_HEADERS_INIT;
    nm_headers got = NM_HEADERS_INIT;
    const nm_outgoing outgoing = {.subject = "s", .headers = &headers, .trailers = &trailers};

    (void)state;
    assert_true(nm_headers_add(&headers, "Trace", "1"));
    assert_true(nm_headers_add(&headers, "Trace", "2"));
    assert_true(nm_headers_add(&headers, "Lang", "de"));
    assert_true(nm_headers_add(&trailers, "Trace", "3"));
    natsMsg *sent = compose(&outgoing);
    natsMsg *message = as_received(sent);
    natsMsg_Destroy(sent);
    assert_true(nm_incoming_user_headers(message, NM_HEADER_LIMIT, &got));
    assert_int_equal(got.count, 4);
    assert_string_equal(nm_headers_get(&got, "trace"), "1");
    assert_string_equal(nm_headers_get(&got, "lang"), "de");
    natsMsg_Destroy(message);
    nm_headers_clear(&headers);
    nm_headers_clear(&trailers);
    nm_headers_clear(&got);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    natsMsg *message = NULL;
    const nm_outgoing no_subject = {.subject = ""};
    const nm_outgoing too_long = {.subject = "s", .data = "x", .length = (size_t)INT32_MAX + 1};

    (void)state;
    assert_int_equal(nm_outgoing_compose(&message, &no_subject), NATS_INVALID_ARG);
    assert_int_equal(nm_outgoing_compose(&message, &too_long), NATS_INVALID_ARG);
    assert_null(message);
}

static void what_we_send_we_read(void **state)
{
    nm_error error = NM_ERROR_INIT;
    const nm_outgoing outgoing = {
        .subject = "s", .has_sequence = true, .sequence = 7, .end = true, .error = &error};

    (void)state;
    nm_error_set_code(&error, "QUOTA", "5 of 5");
    natsMsg *sent = compose(&outgoing);
    natsMsg *message = as_received(sent);
    natsMsg_Destroy(sent);
    nm_incoming in;
    nm_incoming_read(&in, message, NM_HEADER_LIMIT);
    assert_true(in.end && in.has_sequence);
    assert_int_equal(in.sequence, 7);
    nm_error_clear(&error);
    assert_int_equal(nm_incoming_error(&in, &error), NATSMICRO_SERVICE_ERROR);
    assert_string_equal(nm_error_code(&error), "QUOTA");
    assert_string_equal(nm_error_text(&error), "5 of 5");
    natsMsg_Destroy(message);
    nm_error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_message_has_no_headers),
        cmocka_unit_test(pieces_are_one_payload),
        cmocka_unit_test(an_item_has_its_number),
        cmocka_unit_test(every_part_is_a_header),
        cmocka_unit_test(an_error_has_code_text_and_data),
        cmocka_unit_test(an_empty_text_is_the_code),
        cmocka_unit_test(nothing_gets_out_of_an_errors_header),
        cmocka_unit_test(a_long_error_text_is_cut),
        cmocka_unit_test(no_error_has_no_headers),
        cmocka_unit_test(users_headers_come_with_all_their_values),
        cmocka_unit_test(what_cannot_be_sent_is_refused),
        cmocka_unit_test(what_we_send_we_read),
    };

    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
