/*
 * Session: see session.h.
 */
#include "invoke/session.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "invoke/headers.h"
#include "invoke/interrupt.h"
#include "text/report.h"
#include "text/show.h"

#include <stdio.h>

/* ---- contexts ---- */

int cmd_make_context(const cmd_session *session, natsmicro_context **context)
{
    natsmicro_status status = natsmicro_context_new(context);
    if (status != NATSMICRO_OK)
        return cmd_fail_with(status, "%s", natsmicro_last_error());
    natsmicro_context_set_timeout(*context, session->settings->timeout_ms);
    return cmd_set_headers(session->settings, *context);
}

/* ---- messages ---- */

int cmd_read_request(const cmd_session *session, const cmd_input *input, const uint8_t *document,
                     size_t length, nm_arena *arena, ProtobufCMessage **request)
{
    const nm_json_options options = {.ignore_unknown = session->settings->allow_unknown_fields};
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_json_read(session->request_type, document, length, &options, NULL,
                                           arena, request, &error);
    int result = CMD_DONE;
    if (status != NATSMICRO_OK && input->fd >= 0)
        result = cmd_fail_with(status, "%s, document in line %zu: %s", input->name, input->line,
                               nm_error_text(&error));
    else if (status != NATSMICRO_OK)
        result = cmd_fail_with(status, "the request: %s", nm_error_text(&error));
    nm_error_free(&error);
    return result;
}

int cmd_print_response(const cmd_session *session, const void *response, nm_buffer *line)
{
    const nm_json_options options = {.emit_defaults = session->settings->emit_defaults};
    nm_error error = NM_ERROR_INIT;
    nm_buffer_reset(line);
    natsmicro_status status =
        nm_json_write(session->response_type, response, &options, line, &error);
    int result = CMD_DONE;
    if (status != NATSMICRO_OK)
        result = cmd_fail_with(status, "the response cannot be shown as JSON: %s",
                               nm_error_text(&error));
    nm_error_free(&error);
    if (result != CMD_DONE)
        return result;
    nm_buffer shown = NM_BUFFER_INIT;
    cmd_show_json_text(&shown, line->data, line->length);
    nm_buffer_append(&shown, "\n", 1);
    bool written = !shown.failed && fwrite(shown.data, 1, shown.length, stdout) == shown.length &&
                   fflush(stdout) == 0;
    nm_buffer_free(&shown);
    return written ? CMD_DONE : cmd_fail_output();
}

/* ---- errors ---- */

/* Text as it is, other bytes as base64. */
static void tell_data(const void *data, size_t length)
{
    if (length == 0)
        return;
    if (nm_utf8_is_valid(data, length)) {
        cmd_say("error data: %.*s", (int)(length < 2048 ? length : 2048), (const char *)data);
        return;
    }
    nm_buffer text = NM_BUFFER_INIT;
    uint8_t *room = nm_buffer_reserve(&text, nm_base64_length(length));
    if (room != NULL)
        cmd_say("error data, base64: %.*s", (int)(nm_base64_write(room, data, length) - room),
                (const char *)room);
    nm_buffer_free(&text);
}

static int tell(natsmicro_status status, const char *code, const char *text, const void *data,
                size_t length)
{
    if (cmd_was_interrupted())
        return CMD_INTERRUPTED;
    int result = cmd_fail_with(status, "%s: %s", code, text);
    tell_data(data, length);
    return result;
}

int cmd_tell_context(natsmicro_context *context, natsmicro_status status)
{
    size_t length;
    const void *data = natsmicro_context_error_data(context, &length);
    return tell(status, natsmicro_context_error_code(context),
                natsmicro_context_error_message(context), data, length);
}

int cmd_tell_call(natsmicro_call *call, natsmicro_status status)
{
    size_t length;
    const void *data = natsmicro_call_error_data(call, &length);
    return tell(status, natsmicro_call_error_code(call), natsmicro_call_error_message(call), data,
                length);
}

/* ---- what goes out and comes ---- */

static void show_line(const char *mark, const char *name, const char *value)
{
    nm_buffer line = NM_BUFFER_INIT;
    nm_buffer_append_string(&line, mark);
    cmd_show(&line, name);
    nm_buffer_append_string(&line, ": ");
    cmd_show(&line, value);
    const char *text = nm_buffer_string(&line);
    if (text != NULL)
        fprintf(stderr, "%s\n", text);
    nm_buffer_free(&line);
}

void cmd_show_request(const cmd_session *session)
{
    const cmd_settings *settings = session->settings;
    if (!settings->verbose)
        return;
    fprintf(stderr, "> %s.%s\n", session->stub.subject_prefix, session->stub_method.subject);
    for (size_t i = 0; i < settings->headers.count; i++) {
        const char *name;
        const char *value;
        if (cmd_split_header(settings->pool, settings->headers.items[i], &name, &value))
            show_line("> ", name, value);
    }
}

void cmd_show_headers(const cmd_session *session, natsmicro_call *call)
{
    const char *name;
    const char *value;
    for (size_t i = 0;
         session->settings->verbose && natsmicro_call_header_at(call, i, &name, &value); i++)
        show_line("< ", name, value);
}

void cmd_show_trailers(const cmd_session *session, natsmicro_call *call)
{
    const char *name;
    const char *value;
    for (size_t i = 0;
         session->settings->verbose && natsmicro_call_trailer_at(call, i, &name, &value); i++)
        show_line("<< ", name, value);
}

void cmd_show_context_headers(const cmd_session *session, natsmicro_context *context)
{
    const char *name;
    const char *value;
    for (size_t i = 0; session->settings->verbose &&
                       natsmicro_context_response_header_at(context, i, &name, &value);
         i++)
        show_line("< ", name, value);
}
