/*
 * Session: all that calls of one method need: the connection, its types, a client of the library
 * with tables that are made from them, and its messages as JSON.
 */
#ifndef CMD_INVOKE_SESSION_H
#define CMD_INVOKE_SESSION_H

#include "codec/arena.h"
#include "connect/connect.h"
#include "invoke/input.h"
#include "types/types.h"
#include "json/json.h"

typedef struct cmd_session {
    const cmd_settings *settings;
    cmd_connection connection;
    cmd_types types;
    const cmd_method *method;
    nm_dynamic *dynamic;
    nm_json *json;
    const nm_json_type *request_type;
    const nm_json_type *response_type;
    natsmicro_stub_method stub_method;
    natsmicro_stub_service stub;
    natsmicro_client *client;
    natsmicro_context *context;
} cmd_session;

/*
 * Makes a context with headers and timeout; to be destroyed. Returns CMD_DONE, or an exit status
 * after it was told what is wrong.
 */
int cmd_make_context(const cmd_session *session, natsmicro_context **context);

/*
 * Reads a request. It lives in the arena. Returns CMD_DONE, or an exit status after it was told
 * what is wrong.
 */
int cmd_read_request(const cmd_session *session, const cmd_input *input, const uint8_t *document,
                     size_t length, nm_arena *arena, ProtobufCMessage **request);

/* Prints a response to stdout as a line. Returns CMD_DONE, or an exit status after it was told. */
int cmd_print_response(const cmd_session *session, const void *response, nm_buffer *line);

/*
 * Tell what a call that could not be opened, or an open one, ended with: code, text and data.
 * Return the exit status: that of an interrupt if there was one, which is not told.
 */
int cmd_tell_context(natsmicro_context *context, natsmicro_status status);
int cmd_tell_call(natsmicro_call *call, natsmicro_status status);

/* With --verbose: show what goes out, and what has come, on stderr. */
void cmd_show_request(const cmd_session *session);
void cmd_show_headers(const cmd_session *session, natsmicro_call *call);
void cmd_show_trailers(const cmd_session *session, natsmicro_call *call);
void cmd_show_context_headers(const cmd_session *session, natsmicro_context *context);

#endif
