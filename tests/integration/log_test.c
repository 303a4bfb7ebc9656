/*
 * The log on stderr: who asks for it can follow a call from side to side, and who does not gets no
 * line. What a user would lose is the only trace of a fault in a program without an on_error.
 */
#include "integration/lab_service.h"
#include "support/captured.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static captured log_lines; /* large, so not on a stack */

/* Fails with a text in French. */
static natsmicro_status fail_in_french(Lab__V1__LabServer__Ping *call,
                                       const Lab__V1__PingRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "caf\xc3\xa9\nferm\xc3\xa9");
}

static void serve_with(lab *self, natsmicro_log_level level, const Lab__V1__LabHandlers *handlers)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    server.log = level;
    lab_serve_with(self, handlers != NULL ? handlers : &lab_handlers, NULL, &server, NULL);
}

static void call_with(lab *self, natsmicro_log_level level, bool plain_streams)
{
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    client.log = level;
    client.plain_streams = plain_streams;
    lab_call_with(self, &client);
}

static void chat_once(lab *self)
{
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(self->client, NULL, &call));
    assert_ok(lab_chat_send(call, "one"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
}

static void expect_lines(const char *part, size_t count)
{
    if (captured_count(&log_lines, part) != count)
        fail_msg("not %zu times \"%s\" in:\n%s", count, part, log_lines.text);
}

static void nothing_is_logged_unless_asked_for(void **state)
{
    lab *self = *state;
    captured_begin(&log_lines);
    serve_with(self, NATSMICRO_LOG_DEFAULT, NULL);
    natsmicro_status status = lab_ping_status(self, "", NULL);
    captured_end(&log_lines);
    assert_ok(status);
    assert_string_equal("", log_lines.text);
}

/* The call's id of the first line with this part: the word after the subject. */
static void id_of(const char *part, char id[16])
{
    const char *line = strstr(log_lines.text, part);
    assert_non_null(line);
    while (line > log_lines.text && line[-1] != '\n')
        line--;
    assert_int_equal(1, sscanf(line, "%*s info lab.v1.ping %15s", id));
}

static void both_sides_of_a_call_have_one_id(void **state)
{
    lab *self = *state;
    serve_with(self, NATSMICRO_LOG_INFO, NULL);
    call_with(self, NATSMICRO_LOG_INFO, false);
    captured_begin(&log_lines);
    natsmicro_status status = lab_ping_status(self, "", NULL);
    bool ended = captured_wait(&log_lines, "server: lab.v1.Lab.Ping ended with OK", LAB_PATIENCE);
    captured_end(&log_lines);
    assert_ok(status);
    assert_true(ended);
    expect_lines("client: lab.v1.Lab.Ping begins", 1);
    expect_lines("client: lab.v1.Lab.Ping ended with OK after ", 1);
    expect_lines("server: lab.v1.Lab.Ping begins", 1);
    char here[16];
    id_of("client: lab.v1.Lab.Ping begins", here);
    char there[16];
    id_of("server: lab.v1.Lab.Ping ended", there);
    assert_int_equal(8, strlen(here));
    assert_string_equal(here, there);
}

static void a_peers_text_is_shown_as_ascii(void **state)
{
    lab *self = *state;
    static const Lab__V1__LabHandlers handlers = {.ping = fail_in_french};
    serve_with(self, NATSMICRO_LOG_OFF, &handlers);
    call_with(self, NATSMICRO_LOG_INFO, false);
    captured_begin(&log_lines);
    natsmicro_status status = lab_ping_status(self, "", NULL);
    captured_end(&log_lines);
    assert_status(NATSMICRO_NOT_FOUND, status);
    expect_lines("ended with NOT_FOUND", 1);
    expect_lines("caf\\xc3\\xa9", 1);
    expect_lines("\xc3", 0);
    expect_lines("\n", 2);
}

static void an_event_is_logged_without_an_on_error(void **state)
{
    lab *self = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.subject_prefix = "a b";
    options.log = NATSMICRO_LOG_ERROR;
    captured_begin(&log_lines);
    Lab__V1__LabClient *client;
    natsmicro_status status = lab__v1__lab_client__new(&client, self->client_connection, &options);
    captured_end(&log_lines);
    assert_status(NATSMICRO_INVALID_ARGUMENT, status);
    expect_lines("error - - SETUP_FAILED: lab.v1.Lab: subject_prefix \"a b\"", 1);
}

static void a_refused_request_is_logged(void **state)
{
    lab *self = *state;
    serve_with(self, NATSMICRO_LOG_INFO, NULL);
    captured_begin(&log_lines);
    natsConnection_PublishRequestString(self->client_connection, "lab.v1.ping", "_INBOX.a.caller",
                                        "no protobuf");
    bool refused = captured_wait(
        &log_lines, "info lab.v1.ping caller server: lab.v1.Lab.Ping is refused with INVALID_ARG",
        LAB_PATIENCE);
    captured_end(&log_lines);
    if (!refused)
        fail_msg("not refused in:\n%s", log_lines.text);
}

static void debug_says_which_kind_a_stream_is(void **state)
{
    lab *self = *state;
    serve_with(self, NATSMICRO_LOG_DEBUG, NULL);
    for (int plain = 0; plain <= 1; plain++) {
        call_with(self, NATSMICRO_LOG_DEBUG, plain != 0);
        captured_begin(&log_lines);
        chat_once(self);
        captured_end(&log_lines);
        const char *kind =
            plain ? "Chat: the stream is a plain one" : "Chat: the stream is a reliable one";
        expect_lines(kind, 2); /* one for each side */
    }
}

static void debug_says_that_nobody_listens(void **state)
{
    lab *self = *state;
    call_with(self, NATSMICRO_LOG_DEBUG, false);
    captured_begin(&log_lines);
    natsmicro_status status = lab_ping_status(self, "", NULL);
    captured_end(&log_lines);
    assert_status(NATSMICRO_UNAVAILABLE, status);
    expect_lines("503 from the broker", 1);
}

static void debug_says_what_is_sent_again_after_a_reconnect(void **state)
{
    (void)state;
    lab room;
    lab_open(&room);
    serve_with(&room, NATSMICRO_LOG_OFF, NULL);
    call_with(&room, NATSMICRO_LOG_DEBUG, false);
    captured_begin(&log_lines);
    Lab__V1__LabClient__Chat *call;
    natsmicro_status opened = lab__v1__lab_client__chat(room.client, NULL, &call);
    broker_kill(room.nats);
    natsmicro_status sent = lab_chat_send(call, "one");
    broker_restart(room.nats);
    const Lab__V1__ChatMessage *line;
    natsmicro_status received = lab__v1__lab_client__chat__recv(call, &line);
    bool reconnected = captured_wait(&log_lines, "made again, 1 times", LAB_PATIENCE);
    captured_end(&log_lines);
    lab__v1__lab_client__chat__close(call);
    lab_close(&room);
    assert_ok(opened);
    assert_ok(sent);
    assert_ok(received);
    assert_true(reconnected);
    if (captured_count(&log_lines, "Chat: sends again from message 1 on") == 0)
        fail_msg("nothing was sent again in:\n%s", log_lines.text);
}

/* ---- the environment ---- */

static void the_environment_turns_the_log_on(void **state)
{
    lab *self = *state;
    assert_int_equal(0, setenv("NATSMICRO_LOG", "info", 1));
    call_with(self, NATSMICRO_LOG_DEFAULT, false);
    captured_begin(&log_lines);
    natsmicro_status first = lab_ping_status(self, "", NULL);
    call_with(self, NATSMICRO_LOG_OFF, false); /* the option goes before the environment */
    natsmicro_status second = lab_ping_status(self, "", NULL);
    captured_end(&log_lines);
    assert_int_equal(0, unsetenv("NATSMICRO_LOG"));
    assert_status(NATSMICRO_UNAVAILABLE, first);
    assert_status(NATSMICRO_UNAVAILABLE, second);
    expect_lines("ended with UNAVAILABLE", 1);
    expect_lines("nobody serves lab.v1.ping", 1);
}

static void a_wrong_value_is_told_once(void **state)
{
    lab *self = *state;
    assert_int_equal(0, setenv("NATSMICRO_LOG", "loud", 1));
    captured_begin(&log_lines);
    call_with(self, NATSMICRO_LOG_DEFAULT, false);
    call_with(self, NATSMICRO_LOG_DEFAULT, false);
    natsmicro_status status = lab_ping_status(self, "", NULL);
    captured_end(&log_lines);
    assert_int_equal(0, unsetenv("NATSMICRO_LOG"));
    assert_status(NATSMICRO_UNAVAILABLE, status);
    expect_lines("NATSMICRO_LOG is \"loud\", and must be error, info or debug\n", 1);
    expect_lines("\n", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(nothing_is_logged_unless_asked_for),
        lab_test(both_sides_of_a_call_have_one_id),
        lab_test(a_peers_text_is_shown_as_ascii),
        lab_test(an_event_is_logged_without_an_on_error),
        lab_test(a_refused_request_is_logged),
        lab_test(debug_says_which_kind_a_stream_is),
        lab_test(debug_says_that_nobody_listens),
        cmocka_unit_test(debug_says_what_is_sent_again_after_a_reconnect),
        lab_test(the_environment_turns_the_log_on),
        lab_test(a_wrong_value_is_told_once),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
