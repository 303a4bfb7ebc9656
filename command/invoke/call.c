/*
 * Call: see call.h.
 */
#include "invoke/call.h"

#include "invoke/interrupt.h"
#include "text/report.h"

#include <pthread.h>

/* ---- requests ---- */

int cmd_read_only_request(const cmd_session *session, cmd_input *input, nm_arena *arena,
                          ProtobufCMessage **request)
{
    const uint8_t *document = (const uint8_t *)"{}";
    size_t length = 2;
    if (cmd_input_next(input, &document, &length) == CMD_BROKEN)
        return cmd_was_interrupted() ? CMD_INTERRUPTED : CMD_WRONG_USAGE;
    int result = cmd_read_request(session, input, document, length, arena, request);
    if (result == CMD_DONE && cmd_input_next(input, &document, &length) == CMD_DOCUMENT)
        result = cmd_fail(CMD_WRONG_USAGE, "%s takes one request, and there are more",
                          session->method->full_name);
    return result;
}

/* Sends documents until there are no more, or the peer wants none: then *status is not OK. */
static int send_requests(const cmd_session *session, cmd_input *input, natsmicro_call *call,
                         natsmicro_status *status)
{
    nm_arena arena = NM_ARENA_INIT;
    int result = CMD_DONE;
    *status = NATSMICRO_OK;
    while (result == CMD_DONE && *status == NATSMICRO_OK) {
        const uint8_t *document;
        size_t length;
        cmd_next next = cmd_input_next(input, &document, &length);
        if (next == CMD_END)
            break;
        ProtobufCMessage *request = NULL;
        if (next == CMD_BROKEN)
            result = CMD_WRONG_USAGE;
        else
            result = cmd_read_request(session, input, document, length, &arena, &request);
        if (result == CMD_DONE)
            *status = natsmicro_stub_send(call, request);
    }
    nm_arena_free(&arena);
    return result;
}

/* ---- unary ---- */

static int call_unary(cmd_session *session, const ProtobufCMessage *request)
{
    void *response = NULL;
    natsmicro_status status =
        natsmicro_stub_unary(session->client, 0, request, session->context, &response);
    cmd_show_context_headers(session, session->context);
    if (status != NATSMICRO_OK)
        return cmd_tell_context(session->context, status);
    nm_buffer line = NM_BUFFER_INIT;
    int result = cmd_print_response(session, response, &line);
    nm_buffer_free(&line);
    natsmicro_stub_message_free(response);
    return result;
}

/* ---- streams ---- */

/* Sets *status to what the call ended with; OK if that was not waited for. */
static int print_responses(cmd_session *session, natsmicro_call *call, natsmicro_status *status)
{
    nm_buffer line = NM_BUFFER_INIT;
    int result = CMD_DONE;
    bool headers_shown = false;
    *status = NATSMICRO_OK;
    const void *response;
    while (result == CMD_DONE && (*status = natsmicro_stub_recv(call, &response)) == NATSMICRO_OK) {
        if (!headers_shown)
            cmd_show_headers(session, call);
        headers_shown = true;
        result = cmd_print_response(session, response, &line);
    }
    nm_buffer_free(&line);
    if (result != CMD_DONE)
        return result;
    if (!headers_shown)
        cmd_show_headers(session, call);
    cmd_show_trailers(session, call);
    return CMD_DONE;
}

static int download(cmd_session *session, natsmicro_call *call)
{
    natsmicro_status status;
    int result = print_responses(session, call, &status);
    if (result != CMD_DONE || status == NATSMICRO_END)
        return result;
    return cmd_tell_call(call, status);
}

/* Sends what the input has, and then takes the one response. */
static int upload(cmd_session *session, cmd_input *input, natsmicro_call *call)
{
    natsmicro_status status;
    int result = send_requests(session, input, call, &status);
    if (result != CMD_DONE)
        return result;
    void *response = NULL;
    status = natsmicro_stub_close_and_recv(call, &response);
    cmd_show_headers(session, call);
    if (status != NATSMICRO_OK)
        return cmd_tell_call(call, status);
    nm_buffer line = NM_BUFFER_INIT;
    result = cmd_print_response(session, response, &line);
    nm_buffer_free(&line);
    natsmicro_stub_message_free(response);
    return result;
}

/* Sends in a thread of its own, while responses are printed. */
typedef struct cmd_sender {
    cmd_session *session;
    cmd_input *input;
    natsmicro_call *call;
    int result;
} cmd_sender;

static void *run_sender(void *argument)
{
    cmd_sender *sender = argument;
    natsmicro_status status;
    sender->result = send_requests(sender->session, sender->input, sender->call, &status);
    if (sender->result != CMD_DONE)
        natsmicro_call_cancel(sender->call);
    else if (status == NATSMICRO_OK)
        natsmicro_stub_close_send(sender->call);
    return NULL;
}

static int talk(cmd_session *session, cmd_input *input, natsmicro_call *call)
{
    cmd_sender sender = {session, input, call, CMD_DONE};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_sender, &sender) != 0)
        return cmd_fail_with(NATSMICRO_RESOURCE_EXHAUSTED, "no thread can be made");
    natsmicro_status status;
    int result = print_responses(session, call, &status);
    if (result != CMD_DONE)
        natsmicro_call_cancel(call);
    cmd_stop_reading();
    pthread_join(thread, NULL);
    if (result != CMD_DONE || status == NATSMICRO_END)
        return result;
    /* A request that cannot be read was told, and has ended the call. */
    return sender.result != CMD_DONE ? sender.result : cmd_tell_call(call, status);
}

static int stream(cmd_session *session, cmd_input *input, const ProtobufCMessage *request)
{
    natsmicro_call *call = NULL;
    natsmicro_status status =
        natsmicro_stub_open(session->client, 0, request, session->context, &call);
    if (status != NATSMICRO_OK) {
        cmd_show_context_headers(session, session->context);
        return cmd_tell_context(session->context, status);
    }
    int result = CMD_DONE;
    if (session->method->kind == NATSMICRO_SERVER_STREAM)
        result = download(session, call);
    else if (session->method->kind == NATSMICRO_CLIENT_STREAM)
        result = upload(session, input, call);
    else
        result = talk(session, input, call);
    natsmicro_stub_close(call);
    return result;
}

int cmd_make_call(cmd_session *session, cmd_input *input)
{
    const natsmicro_method_kind kind = session->method->kind;
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCMessage *request = NULL;
    int result = CMD_DONE;
    if (kind == NATSMICRO_UNARY || kind == NATSMICRO_SERVER_STREAM)
        result = cmd_read_only_request(session, input, &arena, &request);
    cmd_begin_calls();
    if (result == CMD_DONE)
        cmd_show_request(session);
    if (result == CMD_DONE && kind == NATSMICRO_UNARY)
        result = call_unary(session, request);
    else if (result == CMD_DONE)
        result = stream(session, input, request);
    nm_arena_free(&arena);
    return cmd_was_interrupted() ? CMD_INTERRUPTED : result;
}
