/*
 * The headers of every kind of peer must be understood, and an error must never be taken for
 * success.
 */
#include "unit/cmocka_test.h"
#include "unit/raw_message.h"
#include "unit/with_nats.h"

#include "wire/incoming.h"

/* Makes a message with these header lines ("Name: value\r\n"…; NULL: none) and this payload. */
static natsMsg *message(const char *lines, const char *payload)
{
    char headers[2048] = "";

    if (lines != NULL)
        snprintf(headers, sizeof(headers), "NATS/1.0\r\n%s\r\n", lines);
    natsMsg *m = raw_message("_INBOX.x", headers, strlen(headers), payload, strlen(payload));
    assert_non_null(m);
    return m;
}

/* Makes the same message with this text after "NATS/1.0" in the first line. */
static natsMsg *status_message(const char *inline_status, const char *payload)
{
    char headers[256];

    snprintf(headers, sizeof(headers), "NATS/1.0%s\r\n\r\n", inline_status);
    natsMsg *m = raw_message("_INBOX.x", headers, strlen(headers), payload, strlen(payload));
    assert_non_null(m);
    return m;
}

static void a_message_without_headers_is_its_payload(void **state)
{
    natsMsg *m = message(NULL, "payload");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_string_equal(in.subject, "_INBOX.x");
    assert_null(in.reply);
    assert_int_equal(in.length, 7);
    assert_memory_equal(in.data, "payload", 7);
    assert_false(in.end || in.has_sequence || in.bad_sequence || in.no_responders);
    assert_null(in.malformed);
    assert_null(in.error_code);
    assert_null(in.reply_to);
    natsMsg_Destroy(m);
}

static void every_header_of_the_protocol_is_read(void **state)
{
    natsMsg *m = message("Nats-Stream-Seq: 42\r\nNats-Stream-End: true\r\nReply-To: _INBOX.a\r\n"
                         "Nats-Stream-Inbox: _INBOX.b\r\nNatsmicro-Control: probe\r\n"
                         "Natsmicro-Service: abc\r\n"
                         "Nats-Service-Error-Code: NOT_FOUND\r\nNats-Service-Error: none\r\n"
                         "Trace: 1\r\n",
                         "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_true(in.has_sequence);
    assert_int_equal(in.sequence, 42);
    assert_true(in.end);
    assert_string_equal(in.reply_to, "_INBOX.a");
    assert_string_equal(in.stream_inbox, "_INBOX.b");
    assert_string_equal(in.control, "probe");
    assert_string_equal(in.service, "abc");
    assert_string_equal(in.error_code, "NOT_FOUND");
    assert_int_equal(in.error_text.length, 4);
    assert_memory_equal(in.error_text.data, "none", 4);
    natsMsg_Destroy(m);
}

static void names_are_read_whatever_their_case(void **state)
{
    natsMsg *m = message("nats-stream-seq: 1\r\nNATS-STREAM-END: true\r\nreply-to: _INBOX.a\r\n"
                         "nats-stream-inbox: _INBOX.b\r\nSTATUS: NOT_FOUND\r\ndescription: d\r\n",
                         "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_int_equal(in.sequence, 1);
    assert_true(in.has_sequence && in.end);
    assert_string_equal(in.reply_to, "_INBOX.a");
    assert_string_equal(in.stream_inbox, "_INBOX.b");
    assert_string_equal(in.error_code, "NOT_FOUND");
    assert_int_equal(in.error_text.length, 1);
    assert_memory_equal(in.error_text.data, "d", 1);
    natsMsg_Destroy(m);
}

static void the_first_value_counts_and_the_usual_spelling_before_others(void **state)
{
    natsMsg *m = message("reply-to: _INBOX.other\r\nReply-To: _INBOX.a\r\nReply-To: _INBOX.b\r\n"
                         "REPLY-TO: _INBOX.more\r\n",
                         "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_string_equal(in.reply_to, "_INBOX.a");
    natsMsg_Destroy(m);
}

static void names_of_the_same_length_are_not_mistaken(void **state)
{
    natsMsg *m = message("Nats-Stream-Eng: true\r\nNats-Stream-Sxx: 1\r\nReply-Xx: a\r\n"
                         "Natsxxxxx-Control: x\r\nStatux: x\r\nNats-Service-Errox: x\r\n",
                         "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_false(in.end || in.has_sequence || in.bad_sequence);
    assert_null(in.reply_to);
    assert_null(in.control);
    assert_null(in.stream_inbox);
    assert_null(in.error_code);
    natsMsg_Destroy(m);
}

static void assert_sequence(const char *value, bool is_good, uint64_t number)
{
    char line[128];

    snprintf(line, sizeof(line), "Nats-Stream-Seq: %s\r\n", value);
    natsMsg *m = message(line, "");
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_int_equal(in.has_sequence, is_good);
    assert_int_equal(in.bad_sequence, !is_good);
    if (is_good)
        assert_true(in.sequence == number);
    natsMsg_Destroy(m);
}

static void sequences_are_numbers(void **state)
{
    (void)state;
    assert_sequence("0", true, 0);
    assert_sequence("1", true, 1);
    assert_sequence("007", true, 7);
    assert_sequence("9223372036854775807", true, INT64_MAX);
    assert_sequence("9223372036854775808", false, 0);
    assert_sequence("18446744073709551617", false, 0);
    assert_sequence("99999999999999999999999999999", false, 0);
    assert_sequence("-1", false, 0);
    assert_sequence("+1", false, 0);
    assert_sequence("1.5", false, 0);
    assert_sequence("1 2", false, 0);
    assert_sequence("0x10", false, 0);
    assert_sequence("one", false, 0);
}

/* `ms` 0: the value is no time that a caller may wait. */
static void assert_timeout(const char *value, int64_t ms)
{
    char line[128];

    snprintf(line, sizeof(line), "natsmicro-TIMEOUT: %s\r\nNatsmicro-Control: probe\r\n", value);
    natsMsg *m = message(line, "");
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_string_equal(value, in.timeout);
    assert_int_equal(ms, in.timeout_ms);
    assert_string_equal("probe", in.control);
    natsMsg_Destroy(m);
}

static void timeouts_are_numbers_of_milliseconds(void **state)
{
    (void)state;
    assert_timeout("1", 1);
    assert_timeout("0250", 250);
    assert_timeout("2147483648", INT64_C(2147483648));
    assert_timeout("2147483649", 0);
    assert_timeout("9223372036854775808", 0);
    assert_timeout("0", 0);
    assert_timeout("-1", 0);
    assert_timeout("1.5", 0);
    assert_timeout("1s", 0);
}

static void only_true_is_an_end(void **state)
{
    static const char *const others[] = {"false", "True", "1", "true1"};

    (void)state;
    nm_incoming in;
    char line[64];
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(line, sizeof(line), "Nats-Stream-End: %s\r\n", others[i]);
        natsMsg *m = message(line, "");
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        assert_false(in.end);
        natsMsg_Destroy(m);
    }
}

static void assert_no_responders(natsMsg *m)
{
    nm_error error = NM_ERROR_INIT;

    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_true(in.no_responders);
    assert_null(in.error_code);
    assert_int_equal(nm_incoming_error(&in, &error), NATSMICRO_UNAVAILABLE);
    nm_error_clear(&error);
    natsMsg_Destroy(m);
}

static void the_brokers_503_is_no_responders(void **state)
{
    (void)state;
    assert_no_responders(status_message(" 503", ""));
    assert_no_responders(status_message(" 503 No Responders", ""));
    assert_no_responders(status_message(" 503\r\nNats-Subject: a.b", "")); /* as newer ones do */
}

static void assert_error(natsMsg *m, natsmicro_status status, const char *code, const char *text)
{
    nm_error error = NM_ERROR_INIT;

    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_false(in.no_responders);
    assert_non_null(in.error_code);
    assert_int_equal(nm_incoming_error(&in, &error), status);
    assert_string_equal(nm_error_code(&error), code);
    assert_string_equal(nm_error_text(&error), text);
    nm_error_clear(&error);
    natsMsg_Destroy(m);
}

static void both_spellings_of_an_error_are_read(void **state)
{
    (void)state;
    assert_error(message("Nats-Service-Error-Code: NOT_FOUND\r\nNats-Service-Error: no\r\n", ""),
                 NATSMICRO_NOT_FOUND, "NOT_FOUND", "no");
    assert_error(message("Status: NOT_FOUND\r\nDescription: no\r\n", ""), NATSMICRO_NOT_FOUND,
                 "NOT_FOUND", "no");
    assert_error(message("Status: QUOTA\r\n", ""), NATSMICRO_SERVICE_ERROR, "QUOTA", "QUOTA");
    assert_error(message("Nats-Service-Error-Code: 400\r\n", ""), NATSMICRO_INVALID_ARGUMENT, "400",
                 "400");
    assert_error(message("Nats-Service-Error: just text\r\n", ""), NATSMICRO_UNKNOWN, "UNKNOWN",
                 "just text");
    assert_error(message("Nats-Service-Error-Code: OK\r\n", ""), NATSMICRO_SERVICE_ERROR, "OK",
                 "OK");
}

static void the_services_pair_goes_before_a_status(void **state)
{
    (void)state;
    assert_error(message("Status: shipped\r\nDescription: d\r\nNats-Service-Error-Code: ABORTED\r\n"
                         "Nats-Service-Error: text\r\n",
                         ""),
                 NATSMICRO_ABORTED, "ABORTED", "text");
    assert_error(message("Status: 503\r\nNats-Service-Error-Code: INTERNAL\r\n", ""),
                 NATSMICRO_INTERNAL, "INTERNAL", "INTERNAL");
}

static void a_status_with_payload_is_the_services(void **state)
{
    (void)state;
    assert_error(message("Status: 503\r\nDescription: busy\r\n", "data"), NATSMICRO_UNAVAILABLE,
                 "503", "busy");
    assert_error(status_message(" 404 No Messages", ""), NATSMICRO_NOT_FOUND, "404", "No Messages");
}

static void assert_no_error(natsMsg *m)
{
    nm_error error = NM_ERROR_INIT;

    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_false(in.no_responders);
    assert_null(in.error_code);
    assert_int_equal(nm_incoming_error(&in, &error), NATSMICRO_OK);
    natsMsg_Destroy(m);
}

static void a_status_that_is_no_error(void **state)
{
    (void)state;
    assert_no_error(status_message(" 100 Idle Heartbeat", ""));
    assert_no_error(message("Status: 200\r\n", "data"));
    assert_no_error(message("Status: OK\r\n", "data"));
    assert_no_error(message("Description: a header of the user's\r\n", "data"));
    assert_no_error(message("Trace: 1\r\n", ""));
}

static void error_data_comes_along(void **state)
{
    nm_error error = NM_ERROR_INIT;
    natsMsg *m = message("Nats-Service-Error-Code: QUOTA\r\n", "details");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_int_equal(nm_incoming_error(&in, &error), NATSMICRO_SERVICE_ERROR);
    natsMsg_Destroy(m);
    assert_int_equal(error.data_length, 7);
    assert_memory_equal(error.data, "details", 7);
    nm_error_clear(&error);
}

/* TypeScript and Python services send errors like this. */
static void an_error_with_an_empty_text_is_one(void **state)
{
    (void)state;
    assert_error(message("Status: NOT_FOUND\r\nDescription: \r\n", ""), NATSMICRO_NOT_FOUND,
                 "NOT_FOUND", "NOT_FOUND");
}

static void headers_that_cannot_be_read_are_an_error(void **state)
{
    static const char *const unreadable[] = {
        "no colon\r\n",
        " begins with a space: x\r\n",
        "Reply-To: _INBOX.a\r\nNats-Service-Error-Code: NOT_FOUND\r\nno colon\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        natsMsg *m = message(unreadable[i], "");

        nm_incoming in;
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        assert_string_equal(in.malformed, "the message's headers cannot be read");
        natsMsg_Destroy(m);
        assert_error(message(unreadable[i], ""), NATSMICRO_INTERNAL, "INTERNAL",
                     "the message's headers cannot be read");
    }
}

static void an_error_of_an_empty_text_alone_is_one(void **state)
{
    nm_error error = NM_ERROR_INIT;
    natsMsg *m = message("Nats-Stream-Seq: 1\r\nNats-Service-Error: \r\n", "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_int_not_equal(nm_incoming_error(&in, &error), NATSMICRO_OK);
    assert_string_not_equal(nm_error_code(&error), "");
    assert_string_not_equal(nm_error_text(&error), "");
    nm_error_clear(&error);
    natsMsg_Destroy(m);
}

/* Go sends blank headers as they are. nats.c before 3.11 would lose the header after each. */
static void a_header_without_a_value_takes_no_other_along(void **state)
{
    static const char *const blocks[] = {
        "Trace: \r\nEmpty: \r\nMore:\r\nReply-To: _INBOX.a\r\nLang: de\r\n",
        "Reply-To: _INBOX.a\r\nLang: de\r\nMore: \t \r\nEmpty:\r\nTrace: \r\n",
        "Trace: \r\nReply-To: _INBOX.a\r\nLang: de\r\n",
        "Lang: de\r\nTrace:\r\nreply-to:_INBOX.a\r\n",
        "Trace: 1\r\nTrace: \r\nLang: de\r\nReply-To: _INBOX.a\r\n",
        "Empty: \r\nTrace: \r\nReply-To: _INBOX.a\r\nLang: de\r\n",
        "Reply-To: _INBOX.a\r\nLang: de\r\nTrace: \r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        nm_headers headers = NM_HEADERS_INIT;
        natsMsg *m = message(blocks[i], "data");

        nm_incoming in;
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        assert_null(in.malformed);
        assert_null(in.error_code);
        assert_string_equal(in.reply_to, "_INBOX.a");
        assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
        assert_string_equal(nm_headers_get(&headers, "Lang"), "de");
        assert_non_null(nm_headers_get(&headers, "Trace"));
        nm_headers_clear(&headers);
        natsMsg_Destroy(m);
    }
}

static void three_blank_headers_are_three_headers(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;
    natsMsg *m = message("A: \r\nB: \r\nC: \r\n", "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_null(in.malformed);
    assert_null(in.error_code);
    assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
    assert_int_equal(headers.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(headers.items[i].value, "");
    assert_string_equal(headers.items[2].name, "C");
    nm_headers_clear(&headers);
    natsMsg_Destroy(m);
}

static void an_error_behind_a_header_without_a_value_is_one(void **state)
{
    (void)state;
    assert_error(message("Trace: \r\nNats-Service-Error-Code: NOT_FOUND\r\n", ""),
                 NATSMICRO_NOT_FOUND, "NOT_FOUND", "NOT_FOUND");
}

static void users_headers_leave_out_the_protocols(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;
    natsMsg *m =
        message("Nats-Stream-Seq: 1\r\nTrace: a\r\nreply-to: x\r\nTrace: b\r\nStatus: OK\r\n"
                "Natsmicro-Control: probe\r\nlang: de\r\nNats-Msg-Id: 1\r\n",
                "");
    bool first = true;

    (void)state;
    assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
    natsMsg_Destroy(m);
    assert_int_equal(headers.count, 3);
    assert_string_equal(nm_headers_get(&headers, "Lang"), "de");
    for (size_t i = 0; i < headers.count; i++) {
        if (strcmp(headers.items[i].name, "Trace") != 0)
            continue;
        assert_string_equal(headers.items[i].value, first ? "a" : "b");
        first = false;
    }
    nm_headers_clear(&headers);
}

static void values_over_several_lines_are_joined(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;
    natsMsg *m = message("Reply-To: _INBOX.a\r\n _INBOX.b\r\nNats-Stream-Seq: 1\r\n 2\r\n"
                         "Long: one \r\n\ttwo\r\n  \r\n three\r\n"
                         "Nats-Service-Error: no\r\n such thing\r\n",
                         "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_string_equal(in.reply_to, "_INBOX.a _INBOX.b");
    assert_true(in.bad_sequence);
    assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
    assert_int_equal(headers.count, 1);
    assert_string_equal(nm_headers_get(&headers, "Long"), "one two three");
    nm_headers_clear(&headers);
    assert_error(m, NATSMICRO_UNKNOWN, "UNKNOWN", "no such thing");
}

/* Makes a message with a request's reply and headers that end up this many bytes long. */
static natsMsg *message_with_headers_of(size_t length, const char *payload)
{
    static const char begin[] = "NATS/1.0\r\nNats-Stream-End: true\r\nX: ";
    char *block = malloc(length);

    assert_non_null(block);
    memset(block, 'x', length);
    memcpy(block, begin, sizeof(begin) - 1);
    memcpy(block + length - 4, "\r\n\r\n", 4);
    natsMsg *m = raw_request("a.b", "_INBOX.x", block, length, payload, strlen(payload));
    free(block);
    assert_non_null(m);
    return m;
}

static void headers_over_the_limit_are_refused(void **state)
{
    static const char *const payloads[] = {"", "payload"};
    nm_error error = NM_ERROR_INIT;
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    nm_incoming in;
    for (size_t i = 0; i < 2; i++) {
        natsMsg *m = message_with_headers_of(NM_HEADER_LIMIT, payloads[i]);
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        assert_null(in.malformed);
        assert_true(in.end);
        natsMsg_Destroy(m);

        m = message_with_headers_of(NM_HEADER_LIMIT + 1, payloads[i]);
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        assert_string_equal(in.malformed,
                            "the message's headers are longer than max_header_bytes, 16384");
        assert_false(in.end);
        assert_string_equal(in.reply, "_INBOX.x");
        assert_int_equal(nm_incoming_error(&in, &error), NATSMICRO_INTERNAL);
        assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
        assert_int_equal(headers.count, 0);
        natsMsg_Destroy(m);
    }
    nm_error_clear(&error);
}

/* A subject that no broker would take: the message is refused, and nothing of it is believed. */
static void words_that_have_no_room_are_refused(void **state)
{
    (void)state;
    for (int length = NM_INCOMING_WORDS - 1; length <= NM_INCOMING_WORDS; length++) {
        char lines[2 * NM_INCOMING_WORDS];
        memset(lines, 'x', sizeof(lines));
        lines[length] = '\0';
        char block[3 * NM_INCOMING_WORDS];
        snprintf(block, sizeof(block), "NATS/1.0\r\nNats-Stream-Seq: 1\r\nReply-To: %s\r\n\r\n",
                 lines);
        natsMsg *m = raw_message("a", block, strlen(block), "", 0);
        nm_incoming in;
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        if (length < NM_INCOMING_WORDS) {
            assert_null(in.malformed);
            assert_string_equal(in.reply_to, lines);
        } else {
            assert_string_equal(in.malformed, "the message's headers of the protocol are too long");
            assert_null(in.reply_to);
            assert_false(in.has_sequence);
        }
        natsMsg_Destroy(m);
    }
}

static void nothing_comes_from_a_malformed_message(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;
    natsMsg *m = message("Trace: 1\r\nReply-To: _INBOX.a\r\nno colon\r\n", "");

    (void)state;
    nm_incoming in;
    nm_incoming_read(&in, m, NM_HEADER_LIMIT);
    assert_non_null(in.malformed);
    assert_null(in.reply_to);
    assert_true(nm_incoming_user_headers(m, NM_HEADER_LIMIT, &headers));
    assert_int_equal(headers.count, 0);
    natsMsg_Destroy(m);
}

static void only_a_503_without_payload_is_no_responders(void **state)
{
    static const struct {
        const char *status;
        const char *payload;
        bool is;
    } cases[] = {{" 503", "", true},
                 {" 503 No Responders", "", true},
                 {" 503", "x", false},
                 {" 404", "", false},
                 {"", "", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsMsg *m = status_message(cases[i].status, cases[i].payload);
        assert_int_equal(nm_incoming_is_no_responders(m), cases[i].is);
        natsMsg_Destroy(m);
    }
    natsMsg *m = message(NULL, "");
    assert_false(nm_incoming_is_no_responders(m));
    natsMsg_Destroy(m);
}

/* A caller must not show users the words of a decoder for it. */
static void an_answer_of_jetstream_is_known(void **state)
{
    static const struct {
        const char *headers;
        const char *payload;
        const char *stream; /* NULL: it is none */
    } cases[] = {
        {NULL, "{\"stream\":\"ORDERS\",\"seq\":1}", "ORDERS"},
        {NULL, "{\"stream\":\"ORDERS\", \"domain\":\"hub\", \"seq\":18446744073709551615}",
         "ORDERS"},
        {NULL, "{\"error\":{\"code\":503},\"stream\":\"S\",\"seq\":0}", "S"},
        {NULL, "{\"stream\":\"ORDERS\"}", NULL},
        {NULL, "{\"error\":{\"code\":503}}", NULL},
        {NULL, "{\"seq\":1,\"stream\":\"ORDERS\"}", NULL},
        {NULL, "\x0a\x03{\"s", NULL},
        {NULL, "{", NULL},
        {NULL, "", NULL},
        {"Nats-Stream-Seq: 1\r\n", "{\"stream\":\"ORDERS\",\"seq\":1}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsMsg *m = message(cases[i].headers, cases[i].payload);
        nm_incoming in;
        nm_incoming_read(&in, m, NM_HEADER_LIMIT);
        nm_bytes stream = {NULL, 0};
        bool is = nm_incoming_is_of_jetstream(&in, &stream);
        if (is != (cases[i].stream != NULL))
            fail_msg("%s", cases[i].payload);
        if (is) {
            assert_int_equal(strlen(cases[i].stream), stream.length);
            assert_memory_equal(cases[i].stream, stream.data, stream.length);
        }
        natsMsg_Destroy(m);
    }
}

static void the_front_counts_subject_reply_and_headers(void **state)
{
    static const char block[] = "NATS/1.0\r\nA: b\r\n\r\n";
    static const char *const payloads[] = {"", "payload"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(payloads[i]);
        natsMsg *m = raw_request("a.b", "_INBOX.x", block, sizeof(block) - 1, payloads[i], length);
        assert_int_equal(nm_message_front(m), sizeof("a.b") + sizeof("_INBOX.x") + sizeof(block));
        natsMsg_Destroy(m);
        m = raw_request("a.b", NULL, "", 0, payloads[i], length);
        assert_int_equal(nm_message_front(m), sizeof("a.b"));
        natsMsg_Destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_headers_is_its_payload),
        cmocka_unit_test(every_header_of_the_protocol_is_read),
        cmocka_unit_test(names_are_read_whatever_their_case),
        cmocka_unit_test(the_first_value_counts_and_the_usual_spelling_before_others),
        cmocka_unit_test(names_of_the_same_length_are_not_mistaken),
        cmocka_unit_test(sequences_are_numbers),
        cmocka_unit_test(timeouts_are_numbers_of_milliseconds),
        cmocka_unit_test(only_true_is_an_end),
        cmocka_unit_test(the_brokers_503_is_no_responders),
        cmocka_unit_test(both_spellings_of_an_error_are_read),
        cmocka_unit_test(the_services_pair_goes_before_a_status),
        cmocka_unit_test(a_status_with_payload_is_the_services),
        cmocka_unit_test(a_status_that_is_no_error),
        cmocka_unit_test(error_data_comes_along),
        cmocka_unit_test(an_error_with_an_empty_text_is_one),
        cmocka_unit_test(an_error_of_an_empty_text_alone_is_one),
        cmocka_unit_test(headers_that_cannot_be_read_are_an_error),
        cmocka_unit_test(a_header_without_a_value_takes_no_other_along),
        cmocka_unit_test(an_error_behind_a_header_without_a_value_is_one),
        cmocka_unit_test(users_headers_leave_out_the_protocols),
        cmocka_unit_test(three_blank_headers_are_three_headers),
        cmocka_unit_test(values_over_several_lines_are_joined),
        cmocka_unit_test(headers_over_the_limit_are_refused),
        cmocka_unit_test(words_that_have_no_room_are_refused),
        cmocka_unit_test(nothing_comes_from_a_malformed_message),
        cmocka_unit_test(only_a_503_without_payload_is_no_responders),
        cmocka_unit_test(an_answer_of_jetstream_is_known),
        cmocka_unit_test(the_front_counts_subject_reply_and_headers),
    };

    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
