/*
 * Header: see header.h.
 */
#include "emit/header.h"

#include "emit/chunked.h"
#include "emit/escape.h"
#include "emit/stores.h"
#include "emit/vars.h"
#include "request/pool.h"

/*
 * Prints a comment: a first paragraph, the comment from the .proto file, and last paragraphs.
 * Either of the latter two may be NULL.
 */
static void print_comment(nm_buffer *out, const gen_var *vars, const char *indent,
                          const char *first, const char *proto_comment, const char *last)
{
    bool one_line = proto_comment == NULL && last == NULL;
    nm_buffer opening = NM_BUFFER_INIT;
    if (one_line)
        nm_buffer_append_format(&opening, "%s/* %s */\n", indent, first);
    else
        nm_buffer_append_format(&opening, "%s/*\n%s * %s\n", indent, indent, first);
    gen_print(out, vars, gen_string(&opening));
    nm_buffer_free(&opening);
    if (proto_comment != NULL) {
        nm_buffer_append_format(out, "%s *\n", indent);
        gen_add_comment(out, indent, proto_comment);
    }
    if (last != NULL) {
        nm_buffer_append_format(out, "%s *\n", indent);
        gen_print(out, vars, last);
    }
    if (!one_line)
        nm_buffer_append_format(out, "%s */\n", indent);
}

/* ---- client ---- */

static const char client_head[] =
    "/* ---- client of $service$ ---- */\n"
    "\n"
    "/* A client. Any number of threads may make calls with it at the same time. */\n"
    "typedef struct $Client$ {\n"
    "    natsmicro_client *base;\n"
    "} $Client$;\n"
    "\n"
    "/*\n"
    " * Makes a client in *client, on a connection that stays yours and must outlive the client. Free\n"
    " * the client with the function below. `options` may be NULL. Does not wait for the broker or for\n"
    " * a service; any thread.\n"
    " *\n"
    " * Returns OK; INVALID_ARGUMENT: the connection is NULL, or an option is out of range;\n"
    " * FAILED_PRECONDITION: the library is of another version than this code, or the connection's\n"
    " * subscriptions share threads (see natsmicro_options_prepare); UNAVAILABLE: the connection is\n"
    " * closed; RESOURCE_EXHAUSTED: no memory or no thread. *client is NULL unless OK, and on_error of\n"
    " * the options and natsmicro_last_error have the reason.\n"
    " */\n"
    "natsmicro_status $client$__new($Client$ **client, natsConnection *connection, "
    "const natsmicro_client_options *options)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/*\n"
    " * Frees a client. Calls that are open end with UNAVAILABLE; they may still be used, and must\n"
    " * still be closed. When this returns, no hook or on_error runs any more, and the connection may\n"
    " * be destroyed. NULL is allowed.\n"
    " *\n"
    " * Blocks for a round trip to the broker. No other thread may be calling, opening or closing with\n"
    " * the client meanwhile.\n"
    " */\n"
    "void $client$__destroy($Client$ *client);\n"
    "\n";

static const char *const method_titles[] = {
    [GEN_UNARY] = "$method$: one request, one response.",
    [GEN_SERVER_STREAM] = "$method$: one request, a stream of responses.",
    [GEN_CLIENT_STREAM] = "$method$: a stream of requests, one response.",
    [GEN_BIDI_STREAM] = "$method$: a stream of requests, a stream of responses.",
};

/* The paragraph that says which threads may use a call. */
#define ANY_THREAD_CANCELS " any thread may call\n * natsmicro_call_cancel(call->base).\n"

static const char *const client_threads[] = {
    [GEN_SERVER_STREAM] = " * One thread at a time may receive;" ANY_THREAD_CANCELS,
    [GEN_CLIENT_STREAM] = " * Any number of threads may send;" ANY_THREAD_CANCELS,
    [GEN_BIDI_STREAM] = " * Any number of threads may send while one receives;" ANY_THREAD_CANCELS,
};
static const char *const server_threads[] = {
    [GEN_UNARY] = " * One thread at a time may reply;" ANY_THREAD_CANCELS,
    [GEN_SERVER_STREAM] = " * Any number of threads may send;" ANY_THREAD_CANCELS,
    [GEN_CLIENT_STREAM] = " * One thread at a time may receive or reply;" ANY_THREAD_CANCELS,
    [GEN_BIDI_STREAM] = " * Any number of threads may send while one receives;" ANY_THREAD_CANCELS,
};

/* Follows the title of a unary method. */
static const char client_unary_comment[] =
    " * Sends the request and blocks until the response is there or the deadline has passed. The\n"
    " * request stays yours. `context` may be NULL. Any number of threads.\n"
    " *\n"
    " * On OK *response is yours; free it with $m$__free. Any other status is the call's error:\n"
    " * *response is NULL, and the context has the error's code and text. Among the errors are\n"
    " * INVALID_ARGUMENT: a string of the request is not UTF-8; RESOURCE_EXHAUSTED: the request is\n"
    " * larger than max_payload; UNAVAILABLE: no service listens; DEADLINE_EXCEEDED; SERVICE_ERROR: an\n"
    " * error code of the service's own.\n";

static const char client_unary[] =
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Response$ **response);\n"
    "\n"
    "/* Frees a response of $method$. NULL is allowed. Never blocks; any thread. */\n"
    "void $client$__$m$__free($Response$ *response);\n"
    "\n";

static const char client_call_type[] = "typedef struct $Client$__$Method$ {\n"
                                       "    natsmicro_call *base;\n"
                                       "} $Client$__$Method$;\n"
                                       "\n";

static const char client_open_with_request[] =
    "/*\n"
    " * Opens a call: sends the request, and does not wait for the service; the first recv tells if\n"
    " * none listens. May block while the request is written. The request stays yours. `context` may\n"
    " * be NULL. Any number of threads.\n"
    " *\n"
    " * On OK *call is open; close it with $m$__close. Any other status is the call's error: *call is\n"
    " * NULL, and the context has the error's code and text. Among the errors are INVALID_ARGUMENT: a\n"
    " * string of the request is not UTF-8; RESOURCE_EXHAUSTED: the request is larger than\n"
    " * max_payload; UNAVAILABLE: the connection is closed.\n"
    " */\n"
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Client$__$Method$ **call)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char client_open[] =
    "/*\n"
    " * Opens a call. Blocks until a server has accepted it, at most until the deadline of the\n"
    " * opening. `context` may be NULL. Any number of threads.\n"
    " *\n"
    " * On OK *call is open; close it with $m$__close. Any other status is the call's error: *call is\n"
    " * NULL, and the context has the error's code and text. Among the errors are UNAVAILABLE: no\n"
    " * service listens; DEADLINE_EXCEEDED: no server accepted the call in time.\n"
    " */\n"
    "natsmicro_status $client$__$m$($Client$ *client, natsmicro_context *context, "
    "$Client$__$Method$ **call)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char client_send[] =
    "/*\n"
    " * Sends a message. It is encoded before this returns, and stays yours. Blocks while the service\n"
    " * has no room for more messages (on a reliable stream), and may block while the message is\n"
    " * written.\n"
    " *\n"
    " * Returns OK. INVALID_ARGUMENT (a string is not UTF-8), RESOURCE_EXHAUSTED (the message is\n"
    " * larger than max_payload) and FAILED_PRECONDITION (the requests have been ended) leave the call\n"
    " * as it was. END: the service has ended the call and wants no more messages. Any other status is\n"
    " * the error that ended the call. That error may also be one of the first three:\n"
    " * natsmicro_call_status(call->base) is OK only while the call goes on.\n"
    " */\n"
    "natsmicro_status $client$__$m$__send($Client$__$Method$ *call, const $Request$ *request)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Does the same, but returns WOULD_BLOCK, and sends nothing, where it would wait for room. */\n"
    "natsmicro_status $client$__$m$__try_send($Client$__$Method$ *call, const $Request$ *request)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char client_recv[] =
    "/*\n"
    " * Receives the next response. Blocks until it is there or the call has ended.\n"
    " *\n"
    " * On OK *response is borrowed: it lives until the next recv or close. END: the stream is\n"
    " * complete. Any other status is the error that ended the call;\n"
    " * natsmicro_call_error_message(call->base) has its text. *response is NULL unless OK.\n"
    " */\n"
    "natsmicro_status $client$__$m$__recv($Client$__$Method$ *call, const $Response$ **response)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char client_close_and_recv[] =
    "/*\n"
    " * Ends the requests and receives the response. Blocks until it is there or the call has ended.\n"
    " *\n"
    " * On OK *response is yours; free it with $m$__free. FAILED_PRECONDITION: the response was\n"
    " * returned before; the call stays as it was. Any other status is the error that ended the call;\n"
    " * natsmicro_call_error_message(call->base) has its text. *response is NULL unless OK.\n"
    " */\n"
    "natsmicro_status $client$__$m$__close_and_recv($Client$__$Method$ *call, "
    "$Response$ **response)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Frees a response of $method$. NULL is allowed. Never blocks; any thread. */\n"
    "void $client$__$m$__free($Response$ *response);\n"
    "\n";

static const char client_close_send[] =
    "/*\n"
    " * Ends the requests; responses may still come. May block while the end is written.\n"
    " *\n"
    " * Returns OK. FAILED_PRECONDITION: the requests have been ended before. END: the service has\n"
    " * ended the call. Any other status is the error that ended the call.\n"
    " */\n"
    "natsmicro_status $client$__$m$__close_send($Client$__$Method$ *call);\n"
    "\n";

static const char client_close[] =
    "/*\n"
    " * Frees the call, and cancels it if it has not ended. Every open call must be closed, and\n"
    " * nothing may use it afterwards. NULL is allowed. Blocks until a send, a recv or a function for\n"
    " * blobs in another thread has returned, and may block while the service is told. No other\n"
    " * function may be using the call.\n"
    " */\n"
    "void $client$__$m$__close($Client$__$Method$ *call);\n"
    "\n";

static void print_client_method(nm_buffer *out, const gen_var *vars, const gen_service *service,
                                const gen_method *method)
{
    const char *title = method_titles[method->kind];
    if (method->kind == GEN_UNARY) {
        print_comment(out, vars, "", title, method->comment, client_unary_comment);
        gen_print(out, vars, client_unary);
        return;
    }
    print_comment(out, vars, "", title, method->comment, client_threads[method->kind]);
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

static const char client_errors_comment[] =
    "/*\n"
    " * Return whether `error_code`, which natsmicro_context_error_code or natsmicro_call_error_code\n"
    " * returned, is this one of the service's own. NULL is none. Never block; any thread.\n"
    " */\n";

static void print_client_errors(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars vars;
    for (size_t i = 0; i < service->n_error_codes; i++) {
        gen_error_vars(&vars, file, service, i);
        if (i == 0)
            gen_print(out, vars.vars, client_errors_comment);
        gen_print(out, vars.vars, "bool $client$__is_$code$(const char *error_code);\n");
    }
    if (service->n_error_codes != 0)
        nm_buffer_append_string(out, "\n");
}

/* ---- server ---- */

static const char server_call_type[] = "typedef struct $Server$__$Method$ {\n"
                                       "    natsmicro_call *base;\n"
                                       "} $Server$__$Method$;\n"
                                       "\n";

static const char server_reply_comment[] =
    "/*\n"
    " * Answers the call. The response is encoded before this returns, and stays yours. May block\n"
    " * while it is written.\n"
    " *\n"
    " * Returns OK. FAILED_PRECONDITION: the call was answered or failed before. INVALID_ARGUMENT: a\n"
    " * string is not UTF-8. RESOURCE_EXHAUSTED: the response is larger than max_payload. After the\n"
    " * last two the call can still be answered. Any other status is the error that ended the call.\n";

static const char server_reply[] =
    " */\n"
    "natsmicro_status $server$__$m$__reply($Server$__$Method$ *call, const $Response$ *response);\n"
    "\n";

static const char server_recv[] =
    "/*\n"
    " * Receives the caller's next message. Blocks until it is there or the call has ended.\n"
    " *\n"
    " * On OK *request is borrowed: it lives until the next recv or the end of the call. END: the\n"
    " * caller has sent all. CANCELLED: the caller is gone. UNAVAILABLE while natsmicro_call_status is\n"
    " * OK: the server drains, and the caller has been silent for a second; comes once, and the call\n"
    " * goes on. Any other status is the error that ended the call. *request is NULL unless OK.\n"
    " */\n"
    "natsmicro_status $server$__$m$__recv($Server$__$Method$ *call, const $Request$ **request)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char server_send[] =
    "/*\n"
    " * Sends a message to the caller. It is encoded before this returns, and stays yours. Blocks\n"
    " * while the caller has no room for more messages (on a reliable stream), and may block while the\n"
    " * message is written.\n"
    " *\n"
    " * Returns OK. INVALID_ARGUMENT (a string is not UTF-8) and RESOURCE_EXHAUSTED (the message is\n"
    " * larger than max_payload) leave the call as it was. Any other status is the error that ended\n"
    " * the call. That error may also be one of the first two: natsmicro_call_status(call->base) is OK\n"
    " * only while the call goes on.\n"
    " */\n"
    "natsmicro_status $server$__$m$__send($Server$__$Method$ *call, const $Response$ *response)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Does the same, but returns WOULD_BLOCK, and sends nothing, where it would wait for room. */\n"
    "natsmicro_status $server$__$m$__try_send($Server$__$Method$ *call, const $Response$ *response)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static void print_server_method(nm_buffer *out, const gen_file *file, const gen_service *service,
                                size_t index)
{
    gen_kind kind = service->methods[index].kind;
    gen_vars of_method;
    gen_method_vars(&of_method, file, service, index);
    const gen_var *vars = of_method.vars;
    print_comment(out, vars, "", "A call of $method$, as its handler sees it.", NULL,
                  server_threads[kind]);
    gen_print(out, vars, server_call_type);
    if (kind == GEN_CLIENT_STREAM || kind == GEN_BIDI_STREAM)
        gen_print(out, vars, server_recv);
    if (kind == GEN_UNARY || kind == GEN_CLIENT_STREAM) {
        gen_print(out, vars, server_reply_comment);
        gen_emit_reply_stores(out, file, service, index);
        gen_print(out, vars, server_reply);
    } else {
        gen_print(out, vars, server_send);
    }
}

static const char *const handler_duties[] = {
    [GEN_UNARY] = "Serves $method$: answers with $m$__reply.",
    [GEN_SERVER_STREAM] = "Serves $method$: sends with $m$__send. Its return ends the stream.",
    [GEN_CLIENT_STREAM] =
        "Serves $method$: receives with $m$__recv until END, then answers with $m$__reply.",
    [GEN_BIDI_STREAM] =
        "Serves $method$: receives with $m$__recv until END, and sends with $m$__send. Its return ends the stream.",
};

static void print_handler(nm_buffer *out, const gen_var *vars, const gen_method *method)
{
    bool has_request = method->kind == GEN_UNARY || method->kind == GEN_SERVER_STREAM;
    print_comment(out, vars, "    ", handler_duties[method->kind], method->comment, NULL);
    gen_print(out, vars,
              has_request ? "    natsmicro_status (*$field$)($Server$__$Method$ *call, "
                            "const $Request$ *request, void *user_data);\n"
                          : "    natsmicro_status (*$field$)($Server$__$Method$ *call, "
                            "void *user_data);\n");
}

static const char handlers_head[] =
    "/*\n"
    " * The handlers of the methods. A method whose handler is NULL answers UNIMPLEMENTED. Handlers\n"
    " * run in threads of the server, several at once, and may block. The call and the request are\n"
    " * borrowed: they live until the handler returns, or, after natsmicro_call_detach, until\n"
    " * natsmicro_call_finish. `user_data` is what the service was added with.\n"
    " *\n"
    " * A handler returns OK when it has done its work. Any other status fails the call, and\n"
    " * natsmicro_call_fail(call->base, ...) gives the failure a text. END counts as OK where\n"
    " * responses are streamed, so that a handler can return what recv returned.\n"
    " */\n"
    "typedef struct $Handlers$ {\n";

static const char server_add_comment[] =
    "} $Handlers$;\n"
    "\n"
    "/*\n"
    " * Adds the service to a server, which serves it from then on. `handlers` is not copied: the\n"
    " * table, and what `user_data` points to, must outlive the server. `options` may be NULL. Blocks\n"
    " * until the broker knows of the service, at most 1 s. Any thread, also while the server serves\n"
    " * others; but one thread at a time may add services to a server.\n"
    " *\n"
    " * Returns OK; INVALID_ARGUMENT: a pointer is NULL, or an option is not allowed; ALREADY_EXISTS:\n"
    " * the server serves one of the subjects already; PERMISSION_DENIED: the broker does not let this\n"
    " * user subscribe to one of them; FAILED_PRECONDITION: the server is stopping, or the library is of\n"
    " * another version than this code; UNAVAILABLE: the connection is closed; RESOURCE_EXHAUSTED: no\n"
    " * memory. on_error of the server's options and natsmicro_last_error have the reason. Without a\n"
    " * broker the rights are known later, and on_error alone hears of them (NOT_PERMITTED).\n";

static const char server_add[] =
    " */\n"
    "natsmicro_status $server$__add(natsmicro_server *server, const $Handlers$ *handlers, "
    "void *user_data, const natsmicro_service_options *options)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char server_errors_comment[] =
    "/*\n"
    " * Do what natsmicro_call_fail does, with an error code of the service's own. Return\n"
    " * SERVICE_ERROR, for the handler to return, or FAILED_PRECONDITION: the call was answered or\n"
    " * failed before. Never block.\n"
    " */\n";

static void print_server_errors(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars vars;
    for (size_t i = 0; i < service->n_error_codes; i++) {
        gen_error_vars(&vars, file, service, i);
        if (i == 0)
            gen_print(out, vars.vars, server_errors_comment);
        gen_print(out, vars.vars,
                  "natsmicro_status $server$__fail_$code$(natsmicro_call *call, "
                  "const char *format, ...)\n"
                  "    NATSMICRO_PRINTF(2, 3);\n");
    }
    if (service->n_error_codes != 0)
        nm_buffer_append_string(out, "\n");
}

/* ---- the whole header ---- */

static void print_handlers(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars vars;
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&vars, file, service, i);
        print_handler(out, vars.vars, &service->methods[i]);
    }
    if (service->n_methods == 0)
        nm_buffer_append_string(
            out, "    void *unused; /* the service has no methods, and C no empty struct */\n");
}

static void print_service(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars of_service;
    gen_service_vars(&of_service, file, service);
    print_comment(out, of_service.vars, "", "Service $service$.", service->comment, NULL);
    nm_buffer_append_string(out, "\n");
    gen_print(out, of_service.vars, client_head);
    gen_vars of_method;
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_client_method(out, of_method.vars, service, &service->methods[i]);
        gen_emit_stores_header(out, file, service, i);
    }
    print_client_errors(out, file, service);
    gen_print(out, of_service.vars, "/* ---- server of $service$ ---- */\n\n");
    for (size_t i = 0; i < service->n_methods; i++) {
        print_server_method(out, file, service, i);
        gen_emit_chunked_header(out, service, &service->methods[i], true);
    }
    gen_print(out, of_service.vars, handlers_head);
    print_handlers(out, file, service);
    gen_print(out, of_service.vars, server_add_comment);
    gen_emit_add_stores(out, file, service);
    gen_print(out, of_service.vars, server_add);
    print_server_errors(out, file, service);
}

static const char head[] =
    "/*\n"
    " * Generated by protoc-gen-c-natsmicro from $proto$: do not edit.\n"
    " *\n"
    " * Typed clients and servers on NATS for the services of that file. Each client and each call is\n"
    " * a struct with the one member `base`, which the natsmicro_call_... functions take.\n"
    " *\n"
    " * The comments name statuses without NATSMICRO_; natsmicro/status.h explains them. What may block\n"
    " * while something is written does so at most for the write deadline of the connection, which\n"
    " * natsmicro_options_prepare sets.\n"
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

/* Build rules know the same four files for every .proto, so that one without services has these. */
static const char no_services[] =
    "/*\n"
    " * Generated by protoc-gen-c-natsmicro from $proto$: do not edit.\n"
    " *\n"
    " * That file has no service to generate code for.\n"
    " */\n"
    "#ifndef NATSMICRO_$identifier$_H\n"
    "#define NATSMICRO_$identifier$_H\n"
    "\n"
    "#include \"$base$.pb-c.h\"\n"
    "\n"
    "#endif\n";

void gen_emit_header(nm_buffer *out, const gen_file *file)
{
    gen_vars of_file;
    gen_service_vars(&of_file, file, NULL);
    if (file->n_services == 0) {
        gen_print(out, of_file.vars, no_services);
        return;
    }
    gen_print(out, of_file.vars, head);
    for (size_t i = 0; i < file->n_services; i++)
        print_service(out, file, &file->services[i]);
    nm_buffer_append_string(out, tail);
}
