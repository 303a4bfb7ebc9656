/*
 * Header: see header.h.
 */
#include "emit/header.h"

#include "emit/chunked.h"
#include "emit/escape.h"
#include "emit/vars.h"
#include "request/pool.h"

/* A comment that says `title`, and behind it what the proto says. */
static void print_comment(nm_buffer *out, const gen_var *vars, const char *indent,
                          const char *title, const char *proto_comment)
{
    nm_buffer block = NM_BUFFER_INIT;
    nm_buffer_append_string(&block, indent);
    nm_buffer_append_string(&block, proto_comment == NULL ? "/* " : "/*\n");
    if (proto_comment != NULL) {
        nm_buffer_append_string(&block, indent);
        nm_buffer_append_string(&block, " * ");
    }
    nm_buffer_append_string(&block, title);
    nm_buffer_append_string(&block, proto_comment == NULL ? " */\n" : "\n");
    gen_print(out, vars, gen_string(&block));
    nm_buffer_free(&block);
    if (proto_comment == NULL)
        return;
    nm_buffer_append_string(out, indent);
    nm_buffer_append_string(out, " *\n");
    gen_add_comment(out, indent, proto_comment);
    nm_buffer_append_string(out, indent);
    nm_buffer_append_string(out, " */\n");
}

/* ---- client ---- */

static const char client_head[] =
    "/* ---- client of $service$ ---- */\n"
    "\n"
    "typedef struct $Client$ {\n"
    "    natsmicro_client *base;\n"
    "} $Client$;\n"
    "\n"
    "/*\n"
    " * Makes a client on a connection, which stays yours and must outlive it; `options` may be NULL.\n"
    " * OK; INVALID_ARGUMENT (the connection is NULL, an option out of range); UNAVAILABLE (the\n"
    " * connection is closed); RESOURCE_EXHAUSTED (memory, threads). The options' on_error hears why.\n"
    " * *client is NULL unless OK. Does not wait for a server. Any number of threads may make calls with\n"
    " * one client.\n"
    " */\n"
    "natsmicro_status $client$__new($Client$ **client, natsConnection *connection, "
    "const natsmicro_client_options *options);\n"
    "\n"
    "/*\n"
    " * Frees a client; when it returns, no callback can run any more, and the connection may go, too. A\n"
    " * stream that is open ends with UNAVAILABLE; it may still be used and must still be closed. Nobody\n"
    " * may be calling, opening or closing with the client meanwhile. NULL is allowed. Blocks for a round\n"
    " * trip to the broker.\n"
    " */\n"
    "void $client$__destroy($Client$ *client);\n"
    "\n";

static const char client_unary[] =
    "/*\n"
    " * Calls $method$ and blocks until the response is there or the deadline has passed. `context`\n"
    " * may be NULL. On OK *response is yours, to be freed with $m$__free; else it is NULL, the\n"
    " * status says why, and the context has the error's code and text. NATSMICRO_SERVICE_ERROR is a\n"
    " * code of the service's own. `response` itself must not be NULL.\n"
    " */\n"
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Response$ **response);\n"
    "\n"
    "/* Frees a response of $method$. NULL is allowed. */\n"
    "void $client$__$m$__free($Response$ *response);\n"
    "\n";

static const char client_call_type[] = "typedef struct $Client$__$Method$ {\n"
                                       "    natsmicro_call *base;\n"
                                       "} $Client$__$Method$;\n"
                                       "\n";

static const char client_open_with_request[] =
    "/*\n"
    " * Opens the stream of responses; `context` may be NULL. Waits for nothing of the service, whose\n"
    " * absence the first recv tells; may block while the request is written. On OK *call is open, and\n"
    " * must be closed; else it is NULL and the context has the error's code and text.\n"
    " */\n"
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Client$__$Method$ **call);\n"
    "\n";

static const char client_open[] =
    "/*\n"
    " * Opens the stream; `context` may be NULL. Blocks until the server has taken the call, at most\n"
    " * until the opening's deadline. On OK *call is open, and must be closed; else it is NULL and the\n"
    " * context has the error's code and text.\n"
    " */\n"
    "natsmicro_status $client$__$m$($Client$ *client, natsmicro_context *context, "
    "$Client$__$Method$ **call);\n"
    "\n";

static const char client_send[] =
    "/*\n"
    " * Sends a message, which is encoded here and stays yours. Blocks while the service has no room\n"
    " * for more (a reliable stream), and may block while it is written.\n"
    " * INVALID_ARGUMENT (a string that is not UTF-8), RESOURCE_EXHAUSTED (larger than max_payload) and\n"
    " * FAILED_PRECONDITION (the requests were ended before) leave the call as it was; END: the service\n"
    " * has ended the call, and wants no more; any other error is what the call ended with. That may be\n"
    " * one of the three, too: natsmicro_call_status(call->base) is OK only while the call goes on.\n"
    " */\n"
    "natsmicro_status $client$__$m$__send($Client$__$Method$ *call, const $Request$ *request);\n"
    "\n"
    "/* The same, but WOULD_BLOCK, and nothing is sent, where it would wait for room. */\n"
    "natsmicro_status $client$__$m$__try_send($Client$__$Method$ *call, const $Request$ *request);\n"
    "\n";

static const char client_recv[] =
    "/*\n"
    " * Waits for the next response. On OK *response is borrowed: it lives until the next recv or the\n"
    " * close. END when the stream is complete; any other status is what the call ended with, and the\n"
    " * call has the error's code and text. *response is NULL unless OK.\n"
    " */\n"
    "natsmicro_status $client$__$m$__recv($Client$__$Method$ *call, const $Response$ **response);\n"
    "\n";

static const char client_close_and_recv[] =
    "/*\n"
    " * Ends the requests and blocks until the response is there or the call has failed. On OK\n"
    " * *response is yours, to be freed with $m$__free; else it is NULL and the call has the error's\n"
    " * code and text. FAILED_PRECONDITION: it was given out before; the call is what it was.\n"
    " */\n"
    "natsmicro_status $client$__$m$__close_and_recv($Client$__$Method$ *call, "
    "$Response$ **response);\n"
    "\n"
    "/* Frees a response of $method$. NULL is allowed. */\n"
    "void $client$__$m$__free($Response$ *response);\n"
    "\n";

static const char client_close_send[] =
    "/*\n"
    " * Ends the requests; responses may go on. May block while the end is written.\n"
    " * FAILED_PRECONDITION: it was ended before; any other error is what the call ended with.\n"
    " */\n"
    "natsmicro_status $client$__$m$__close_send($Client$__$Method$ *call);\n"
    "\n";

static const char client_close[] =
    "/*\n"
    " * Frees the call, always the last thing done with it; before its end, that cancels it. NULL is\n"
    " * allowed. Blocks until functions of it in other threads have returned.\n"
    " */\n"
    "void $client$__$m$__close($Client$__$Method$ *call);\n"
    "\n";

static const char *const method_titles[] = {
    [GEN_UNARY] = "$method$: one request, one response.",
    [GEN_SERVER_STREAM] = "$method$: one request, a stream of responses.",
    [GEN_CLIENT_STREAM] = "$method$: a stream of requests, one response.",
    [GEN_BIDI_STREAM] = "$method$: a stream of requests, a stream of responses.",
};

static void print_client_method(nm_buffer *out, const gen_var *vars, const gen_service *service,
                                const gen_method *method)
{
    print_comment(out, vars, "", method_titles[method->kind], method->comment);
    nm_buffer_append_string(out, "\n");
    if (method->kind == GEN_UNARY) {
        gen_print(out, vars, client_unary);
        return;
    }
    bool streams_requests = method->kind != GEN_SERVER_STREAM;
    gen_print(out, vars, client_call_type);
    gen_print(out, vars, streams_requests ? client_open : client_open_with_request);
    if (streams_requests)
        gen_print(out, vars, client_send);
    if (method->kind == GEN_CLIENT_STREAM)
        gen_print(out, vars, client_close_and_recv);
    else
        gen_print(out, vars, client_recv);
    if (method->kind == GEN_BIDI_STREAM)
        gen_print(out, vars, client_close_send);
    gen_emit_chunked_header(out, service, method, false);
    gen_print(out, vars, client_close);
}

static void print_client_errors(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    if (service->n_error_codes == 0)
        return;
    nm_buffer_append_string(out, "/*\n"
                                 " * Whether an error code, as natsmicro_context_error_code and "
                                 "natsmicro_call_error_code give it,\n"
                                 " * is this one of the service's own. NULL is none of them.\n"
                                 " */\n");
    gen_vars vars;
    for (size_t i = 0; i < service->n_error_codes; i++) {
        gen_error_vars(&vars, file, service, i);
        gen_print(out, vars.vars, "bool $client$__is_$code$(const char *error_code);\n");
    }
    nm_buffer_append_string(out, "\n");
}

/* ---- server ---- */

static const char server_call_type[] = "typedef struct $Server$__$Method$ {\n"
                                       "    natsmicro_call *base;\n"
                                       "} $Server$__$Method$;\n"
                                       "\n";

static const char server_reply[] =
    "/*\n"
    " * Answers $method$; the response is encoded here and stays yours. FAILED_PRECONDITION: the call\n"
    " * has been answered or has failed before; INVALID_ARGUMENT: a string that is not UTF-8;\n"
    " * RESOURCE_EXHAUSTED: larger than max_payload; any other error is what the call ended with. May\n"
    " * block while it is written.\n"
    " */\n"
    "natsmicro_status $server$__$m$__reply($Server$__$Method$ *call, const $Response$ *response);\n"
    "\n";

static const char server_recv[] =
    "/*\n"
    " * Waits for the caller's next message. On OK *request is borrowed: it lives until the next recv\n"
    " * or the handler's return. END when the caller has sent all; any other status is what the call\n"
    " * ended with (CANCELLED: the caller is gone). *request is NULL unless OK.\n"
    " */\n"
    "natsmicro_status $server$__$m$__recv($Server$__$Method$ *call, const $Request$ **request);\n"
    "\n";

static const char server_send[] =
    "/*\n"
    " * Sends a message to the caller; it is encoded here and stays yours. Blocks while the caller has\n"
    " * no room for more (a reliable stream), and may block while it is written.\n"
    " * INVALID_ARGUMENT (a string that is not UTF-8) and RESOURCE_EXHAUSTED (larger than max_payload)\n"
    " * leave the call as it was; any other error is what the call ended with. That may be one of the\n"
    " * two, too: natsmicro_call_status(call->base) is OK only while the call goes on.\n"
    " */\n"
    "natsmicro_status $server$__$m$__send($Server$__$Method$ *call, const $Response$ *response);\n"
    "\n"
    "/* The same, but WOULD_BLOCK, and nothing is sent, where it would wait for room. */\n"
    "natsmicro_status $server$__$m$__try_send($Server$__$Method$ *call, const $Response$ *response);\n"
    "\n";

static void print_server_method(nm_buffer *out, const gen_var *vars, gen_kind kind)
{
    gen_print(out, vars, server_call_type);
    if (kind == GEN_CLIENT_STREAM || kind == GEN_BIDI_STREAM)
        gen_print(out, vars, server_recv);
    if (kind == GEN_UNARY || kind == GEN_CLIENT_STREAM)
        gen_print(out, vars, server_reply);
    else
        gen_print(out, vars, server_send);
}

static const char *const handler_duties[] = {
    [GEN_UNARY] = "Answers with $m$__reply.",
    [GEN_SERVER_STREAM] = "Sends with $m$__send; its return ends the stream.",
    [GEN_CLIENT_STREAM] = "Reads with $m$__recv until END, answers with $m$__reply.",
    [GEN_BIDI_STREAM] =
        "Reads with $m$__recv until END, sends with $m$__send; its return ends the stream.",
};

static void print_handler(nm_buffer *out, const gen_var *vars, const gen_method *method)
{
    bool has_request = method->kind == GEN_UNARY || method->kind == GEN_SERVER_STREAM;
    print_comment(out, vars, "    ", handler_duties[method->kind], method->comment);
    gen_print(out, vars,
              has_request ? "    natsmicro_status (*$field$)($Server$__$Method$ *call, "
                            "const $Request$ *request, void *user_data);\n"
                          : "    natsmicro_status (*$field$)($Server$__$Method$ *call, "
                            "void *user_data);\n");
}

static const char handlers_head[] =
    "/*\n"
    " * What serves each method; one that is NULL answers UNIMPLEMENTED. Handlers run in the server's\n"
    " * threads, several at once, and may block. The request lives until the handler returns, and\n"
    " * `user_data` is what the service was added with. A return other than OK fails the call\n"
    " * (END, as recv returned it, ends a stream of responses as OK does), and\n"
    " * natsmicro_call_fail(call->base, ...) gives it a text.\n"
    " */\n"
    "typedef struct $Handlers$ {\n";

static const char server_add[] =
    "} $Handlers$;\n"
    "\n"
    "/*\n"
    " * Adds the service to a server: from now on it serves. `handlers` is not copied and must outlive\n"
    " * the server; `options` may be NULL. OK; INVALID_ARGUMENT (NULL, an option that is not allowed);\n"
    " * ALREADY_EXISTS (the server serves one of its subjects already); FAILED_PRECONDITION (it is\n"
    " * stopping); UNAVAILABLE (the connection is closed); RESOURCE_EXHAUSTED (memory). The server's\n"
    " * on_error hears why.\n"
    " */\n"
    "natsmicro_status $server$__add(natsmicro_server *server, const $Handlers$ *handlers, "
    "void *user_data, const natsmicro_service_options *options);\n"
    "\n";

static void print_server_errors(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    if (service->n_error_codes == 0)
        return;
    nm_buffer_append_string(
        out, "/*\n"
             " * As natsmicro_call_fail, with an error code of the service's own. For the "
             "handler to return:\n"
             " * NATSMICRO_SERVICE_ERROR; FAILED_PRECONDITION where the call was answered or "
             "failed before.\n"
             " */\n");
    gen_vars vars;
    for (size_t i = 0; i < service->n_error_codes; i++) {
        gen_error_vars(&vars, file, service, i);
        gen_print(out, vars.vars,
                  "natsmicro_status $server$__fail_$code$(natsmicro_call *call, "
                  "const char *format, ...)\n"
                  "    NATSMICRO_PRINTF(2, 3);\n");
    }
    nm_buffer_append_string(out, "\n");
}

/* ---- the whole ---- */

static void print_service(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars of_service;
    gen_service_vars(&of_service, file, service);
    print_comment(out, of_service.vars, "", "Service $service$.", service->comment);
    nm_buffer_append_string(out, "\n");
    gen_print(out, of_service.vars, client_head);
    gen_vars of_method;
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_client_method(out, of_method.vars, service, &service->methods[i]);
    }
    print_client_errors(out, file, service);
    gen_print(out, of_service.vars, "/* ---- server of $service$ ---- */\n\n");
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_server_method(out, of_method.vars, service->methods[i].kind);
        gen_emit_chunked_header(out, service, &service->methods[i], true);
    }
    gen_print(out, of_service.vars, handlers_head);
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_handler(out, of_method.vars, &service->methods[i]);
    }
    if (service->n_methods == 0)
        nm_buffer_append_string(
            out, "    void *unused; /* the service has no methods, and C no empty struct */\n");
    gen_print(out, of_service.vars, server_add);
    print_server_errors(out, file, service);
}

static const char head[] =
    "/*\n"
    " * Generated by protoc-gen-c-natsmicro from $proto$: do not edit.\n"
    " *\n"
    " * Clients and servers on NATS for its services. A client's functions block, a server's handlers\n"
    " * run in threads of the library. A typed call is a struct with the one member `base`, which the\n"
    " * natsmicro_call_... functions take.\n"
    " */\n"
    "#ifndef NATSMICRO_$identifier$_H\n"
    "#define NATSMICRO_$identifier$_H\n"
    "\n"
    "#include \"$base$.pb-c.h\"\n"
    "\n"
    "#include <natsmicro/natsmicro.h>\n"
    "\n"
    "#ifdef __cplusplus\n"
    "extern \"C\" {\n"
    "#endif\n"
    "\n";

static const char tail[] = "#ifdef __cplusplus\n"
                           "}\n"
                           "#endif\n"
                           "\n"
                           "#endif\n";

void gen_emit_header(nm_buffer *out, const gen_file *file)
{
    gen_vars of_file;
    gen_service_vars(&of_file, file, NULL);
    gen_print(out, of_file.vars, head);
    for (size_t i = 0; i < file->n_services; i++)
        print_service(out, file, &file->services[i]);
    nm_buffer_append_string(out, tail);
}
