/*
 * Source: see source.h.
 */
#include "emit/source.h"

#include "emit/chunked.h"
#include "emit/descriptors.h"
#include "emit/members.h"
#include "emit/store_tables.h"
#include "emit/stores.h"
#include "emit/vars.h"

/* ---- tables ---- */

/*
 * The names of tables and of dispatch functions begin with a small letter, unlike the types of
 * protoc-gen-c, and go on with a capital one, unlike its functions, so that they clash with none.
 * A handler is called in parentheses, because a macro may have its name (va_end).
 */

static void print_dispatch(nm_buffer *out, const gen_var *vars, gen_kind kind)
{
    bool has_request = kind == GEN_UNARY || kind == GEN_SERVER_STREAM;
    gen_print(out, vars,
              "static natsmicro_status dispatch_$Server$__$Method$(natsmicro_call *call, "
              "void *handle, const void *handlers, const void *request, void *user_data)\n"
              "{\n"
              "    const $Handlers$ *table = handlers;\n");
    gen_print(out, vars,
              has_request ? "    if (table->$field$ == NULL)\n"
                            "        return natsmicro_stub_unimplemented(call);\n"
                            "    return (table->$field$)(handle, request, user_data);\n"
                            "}\n\n"
                          : "    (void)request;\n"
                            "    if (table->$field$ == NULL)\n"
                            "        return natsmicro_stub_unimplemented(call);\n"
                            "    return (table->$field$)(handle, user_data);\n"
                            "}\n\n");
}

static void print_method_entry(nm_buffer *out, const gen_var *vars, const gen_method *method)
{
    static const char *const kinds[] = {
        [GEN_UNARY] = "NATSMICRO_UNARY",
        [GEN_SERVER_STREAM] = "NATSMICRO_SERVER_STREAM",
        [GEN_CLIENT_STREAM] = "NATSMICRO_CLIENT_STREAM",
        [GEN_BIDI_STREAM] = "NATSMICRO_BIDI_STREAM",
    };
    const char *indent = "        ";
    nm_buffer_append_string(out, "    {\n");
    gen_add_string_member(out, indent, ".name", method->name);
    gen_add_string_member(out, indent, ".subject", method->subject);
    nm_buffer_append_string(out, "        .kind = ");
    nm_buffer_append_string(out, kinds[method->kind]);
    gen_print(out, vars,
              ",\n"
              "        .request = &$request$,\n"
              "        .response = &$response$,\n"
              "        .dispatch = dispatch_$Server$__$Method$,\n");
    gen_add_number_member(out, indent, ".timeout_ms", method->timeout_ms);
    if (method->queue_group_disabled)
        nm_buffer_append_string(out, "        .queue_group_disabled = true,\n");
    gen_add_number_member(out, indent, ".pending_msg_limit", method->pending_msg_limit);
    gen_add_number_member(out, indent, ".pending_bytes_limit", method->pending_bytes_limit);
    gen_add_number_member(out, indent, ".max_inflight", method->max_inflight);
    if (method->chunk_field != NULL)
        gen_add_string_member(out, indent, ".chunk_field", method->chunk_field);
    gen_add_number_member(out, indent, ".default_chunk_size", method->default_chunk_size);
    gen_add_number_member(out, indent, ".max_size", method->max_size);
    if (method->metadata.count != 0)
        gen_print(out, vars, "        .metadata = metadata_of_$Server$__$Method$,\n");
    gen_add_number_member(out, indent, ".n_metadata", (int64_t)method->metadata.count);
    nm_buffer_append_string(out, "    },\n");
}

static void print_service_table(nm_buffer *out, const gen_var *vars, const gen_file *file,
                                const gen_service *service)
{
    const char *indent = "    ";
    gen_print(out, vars,
              "static const natsmicro_stub_service service_$Server$ = {\n"
              "    .stub_version = NATSMICRO_STUB_VERSION,\n");
    gen_add_string_member(out, indent, ".full_name", service->full_name);
    gen_add_string_member(out, indent, ".subject_prefix", service->subject_prefix);
    gen_add_string_member(out, indent, ".name", service->name);
    gen_add_string_member(out, indent, ".version", service->version);
    gen_add_string_member(out, indent, ".description", service->description);
    gen_add_number_member(out, indent, ".timeout_ms", service->timeout_ms);
    if (service->metadata.count != 0)
        gen_print(out, vars, "    .metadata = metadata_$Server$,\n");
    gen_add_number_member(out, indent, ".n_metadata", (int64_t)service->metadata.count);
    if (service->n_methods != 0)
        gen_print(out, vars, "    .methods = methods_$Server$,\n");
    gen_add_number_member(out, indent, ".n_methods", (int64_t)service->n_methods);
    if (file->n_descriptors != 0)
        gen_print(out, vars, "    .files = files_$identifier$,\n");
    gen_add_number_member(out, indent, ".n_files", (int64_t)file->n_descriptors);
    if (service->json)
        nm_buffer_append_string(out, "    .json = true,\n");
    size_t n_stores = gen_count_stores(service);
    if (n_stores != 0)
        gen_print(out, vars, "    .stores = stores_$Server$,\n");
    gen_add_number_member(out, indent, ".n_stores", (int64_t)n_stores);
    nm_buffer_append_string(out, "};\n\n");
}

static void print_tables(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars vars;
    gen_service_vars(&vars, file, service);
    gen_print_metadata(out, vars.vars, "static const natsmicro_metadata metadata_$Server$[]",
                       &service->metadata);
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&vars, file, service, i);
        gen_print_metadata(out, vars.vars,
                           "static const natsmicro_metadata metadata_of_$Server$__$Method$[]",
                           &service->methods[i].metadata);
        print_dispatch(out, vars.vars, service->methods[i].kind);
    }
    if (service->n_methods != 0)
        gen_print(out, vars.vars, "static const natsmicro_stub_method methods_$Server$[] = {\n");
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&vars, file, service, i);
        print_method_entry(out, vars.vars, &service->methods[i]);
    }
    if (service->n_methods != 0)
        nm_buffer_append_string(out, "};\n\n");
    gen_emit_store_tables(out, file, service);
    gen_service_vars(&vars, file, service);
    print_service_table(out, vars.vars, file, service);
}

/* ---- client ---- */

static const char client_life[] =
    "natsmicro_status $client$__new($Client$ **client, natsConnection *connection, "
    "const natsmicro_client_options *options)\n"
    "{\n"
    "    natsmicro_client *base = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_client_new(client != NULL ? &base : NULL, "
    "&service_$Server$, connection, options);\n"
    "    if (client != NULL)\n"
    "        *client = status == NATSMICRO_OK ? natsmicro_stub_client_handle(base) : NULL;\n"
    "    return status;\n"
    "}\n"
    "\n"
    "void $client$__destroy($Client$ *client)\n"
    "{\n"
    "    natsmicro_stub_client_destroy(NATSMICRO_STUB_BASE(client));\n"
    "}\n"
    "\n";

static const char client_unary[] =
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Response$ **response)\n"
    "{\n"
    "    void *message = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_unary(NATSMICRO_STUB_BASE(client), "
    "$index$, request, context, "
    "response != NULL ? &message : NULL);\n"
    "    if (response != NULL)\n"
    "        *response = message;\n"
    "    return status;\n"
    "}\n"
    "\n";

static const char client_free[] = "void $client$__$m$__free($Response$ *response)\n"
                                  "{\n"
                                  "    natsmicro_stub_message_free(response);\n"
                                  "}\n"
                                  "\n";

static const char client_open_head[] =
    "natsmicro_status $client$__$m$($Client$ *client, natsmicro_context *context, "
    "$Client$__$Method$ **call)\n"
    "{\n"
    "    natsmicro_call *base = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_open(NATSMICRO_STUB_BASE(client), "
    "$index$, NULL, context, "
    "call != NULL ? &base : NULL);\n";

static const char client_open_with_request_head[] =
    "natsmicro_status $client$__$m$($Client$ *client, const $Request$ *request, "
    "natsmicro_context *context, $Client$__$Method$ **call)\n"
    "{\n"
    "    natsmicro_call *base = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_open(NATSMICRO_STUB_BASE(client), "
    "$index$, request, context, "
    "call != NULL ? &base : NULL);\n";

static const char client_open_tail[] =
    "    if (call != NULL)\n"
    "        *call = status == NATSMICRO_OK ? natsmicro_stub_call_handle(base) : NULL;\n"
    "    return status;\n"
    "}\n"
    "\n";

static const char client_send[] =
    "natsmicro_status $client$__$m$__send($Client$__$Method$ *call, const $Request$ *request)\n"
    "{\n"
    "    return natsmicro_stub_send(NATSMICRO_STUB_BASE(call), request);\n"
    "}\n"
    "\n"
    "natsmicro_status $client$__$m$__try_send($Client$__$Method$ *call, const $Request$ *request)\n"
    "{\n"
    "    return natsmicro_stub_try_send(NATSMICRO_STUB_BASE(call), request);\n"
    "}\n"
    "\n";

static const char client_recv[] =
    "natsmicro_status $client$__$m$__recv($Client$__$Method$ *call, const $Response$ **response)\n"
    "{\n"
    "    const void *message = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_recv(NATSMICRO_STUB_BASE(call), "
    "response != NULL ? &message : NULL);\n"
    "    if (response != NULL)\n"
    "        *response = message;\n"
    "    return status;\n"
    "}\n"
    "\n";

static const char client_close_and_recv[] =
    "natsmicro_status $client$__$m$__close_and_recv($Client$__$Method$ *call, "
    "$Response$ **response)\n"
    "{\n"
    "    void *message = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_close_and_recv(NATSMICRO_STUB_BASE(call), "
    "response != NULL ? &message : NULL);\n"
    "    if (response != NULL)\n"
    "        *response = message;\n"
    "    return status;\n"
    "}\n"
    "\n";

static const char client_close_send[] =
    "natsmicro_status $client$__$m$__close_send($Client$__$Method$ *call)\n"
    "{\n"
    "    return natsmicro_stub_close_send(NATSMICRO_STUB_BASE(call));\n"
    "}\n"
    "\n";

static const char client_close[] = "void $client$__$m$__close($Client$__$Method$ *call)\n"
                                   "{\n"
                                   "    natsmicro_stub_close(NATSMICRO_STUB_BASE(call));\n"
                                   "}\n"
                                   "\n";

static void print_client_method(nm_buffer *out, const gen_var *vars, const gen_service *service,
                                const gen_method *method)
{
    gen_kind kind = method->kind;
    if (kind == GEN_UNARY) {
        gen_print(out, vars, client_unary);
        gen_print(out, vars, client_free);
        return;
    }
    bool streams_requests = kind != GEN_SERVER_STREAM;
    gen_print(out, vars, streams_requests ? client_open_head : client_open_with_request_head);
    gen_print(out, vars, client_open_tail);
    if (streams_requests)
        gen_print(out, vars, client_send);
    if (kind == GEN_CLIENT_STREAM) {
        gen_print(out, vars, client_close_and_recv);
        gen_print(out, vars, client_free);
    } else {
        gen_print(out, vars, client_recv);
    }
    if (kind == GEN_BIDI_STREAM)
        gen_print(out, vars, client_close_send);
    gen_emit_chunked_source(out, service, method, false);
    gen_print(out, vars, client_close);
}

static const char client_is_error[] =
    "bool $client$__is_$code$(const char *error_code)\n"
    "{\n"
    "    return error_code != NULL && strcmp(error_code, \"$CODE$\") == 0;\n"
    "}\n"
    "\n";

/* ---- server ---- */

static const char server_reply[] =
    "natsmicro_status $server$__$m$__reply($Server$__$Method$ *call, const $Response$ *response)\n"
    "{\n"
    "    return natsmicro_stub_reply(NATSMICRO_STUB_BASE(call), response);\n"
    "}\n"
    "\n";

static const char server_send[] =
    "natsmicro_status $server$__$m$__send($Server$__$Method$ *call, const $Response$ *response)\n"
    "{\n"
    "    return natsmicro_stub_send(NATSMICRO_STUB_BASE(call), response);\n"
    "}\n"
    "\n"
    "natsmicro_status $server$__$m$__try_send($Server$__$Method$ *call, const $Response$ *response)\n"
    "{\n"
    "    return natsmicro_stub_try_send(NATSMICRO_STUB_BASE(call), response);\n"
    "}\n"
    "\n";

static const char server_recv[] =
    "natsmicro_status $server$__$m$__recv($Server$__$Method$ *call, const $Request$ **request)\n"
    "{\n"
    "    const void *message = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_recv(NATSMICRO_STUB_BASE(call), "
    "request != NULL ? &message : NULL);\n"
    "    if (request != NULL)\n"
    "        *request = message;\n"
    "    return status;\n"
    "}\n"
    "\n";

static const char server_add[] =
    "natsmicro_status $server$__add(natsmicro_server *server, const $Handlers$ *handlers, "
    "void *user_data, const natsmicro_service_options *options)\n"
    "{\n"
    "    return natsmicro_stub_server_add(server, &service_$Server$, handlers, user_data, options);\n"
    "}\n"
    "\n";

static void print_server_method(nm_buffer *out, const gen_var *vars, gen_kind kind)
{
    if (kind == GEN_CLIENT_STREAM || kind == GEN_BIDI_STREAM)
        gen_print(out, vars, server_recv);
    if (kind == GEN_UNARY || kind == GEN_CLIENT_STREAM)
        gen_print(out, vars, server_reply);
    else
        gen_print(out, vars, server_send);
}

static const char server_fail[] =
    "natsmicro_status $server$__fail_$code$(natsmicro_call *call, const char *format, ...)\n"
    "{\n"
    "    va_list arguments;\n"
    "    va_start(arguments, format);\n"
    "    natsmicro_status status = natsmicro_stub_fail(call, \"$CODE$\", format, arguments);\n"
    "    va_end(arguments);\n"
    "    return status;\n"
    "}\n"
    "\n";

static void print_errors(nm_buffer *out, const gen_file *file, const gen_service *service,
                         const char *format)
{
    gen_vars vars;
    for (size_t i = 0; i < service->n_error_codes; i++) {
        gen_error_vars(&vars, file, service, i);
        gen_print(out, vars.vars, format);
    }
}

/* ---- the whole ---- */

static void print_service(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    gen_vars of_service;
    gen_service_vars(&of_service, file, service);
    gen_print(out, of_service.vars,
              "/* ---- tables of $service$, and the functions that call its handlers ---- */\n\n");
    print_tables(out, file, service);
    gen_print(out, of_service.vars, "/* ---- client of $service$ ---- */\n\n");
    gen_print(out, of_service.vars, client_life);
    gen_vars of_method;
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_client_method(out, of_method.vars, service, &service->methods[i]);
        gen_emit_stores_source(out, file, service, i);
    }
    print_errors(out, file, service, client_is_error);
    gen_print(out, of_service.vars, "/* ---- server of $service$ ---- */\n\n");
    for (size_t i = 0; i < service->n_methods; i++) {
        gen_method_vars(&of_method, file, service, i);
        print_server_method(out, of_method.vars, service->methods[i].kind);
        gen_emit_chunked_source(out, service, &service->methods[i], true);
    }
    gen_print(out, of_service.vars, server_add);
    print_errors(out, file, service, server_fail);
}

static const char head[] =
    "/*\n"
    " * Generated by protoc-gen-c-natsmicro from $proto$: do not edit.\n"
    " *\n"
    " * Typed clients and servers on NATS for the services of that file; the header says how to use them.\n"
    " */\n"
    "#include \"$base$.nats-c.h\"\n"
    "\n"
    "#include <natsmicro/stub.h>\n"
    "\n"
    "#include <stdarg.h>\n"
    "#include <string.h>\n"
    "\n"
    "_Static_assert(NATSMICRO_STUB_VERSION == 3,\n"
    "               \"the natsmicro library is another version's: regenerate with its plugin\");\n"
    "\n";

static const char no_services[] =
    "/*\n"
    " * Generated by protoc-gen-c-natsmicro from $proto$: do not edit.\n"
    " *\n"
    " * That file has no service to generate code for.\n"
    " */\n"
    "#include \"$base$.nats-c.h\"\n";

void gen_emit_source(nm_buffer *out, const gen_file *file)
{
    gen_vars of_file;
    gen_service_vars(&of_file, file, NULL);
    if (file->n_services == 0) {
        gen_print(out, of_file.vars, no_services);
        return;
    }
    gen_print(out, of_file.vars, head);
    gen_emit_descriptors(out, file);
    for (size_t i = 0; i < file->n_services; i++)
        print_service(out, file, &file->services[i]);
    out->length--; /* the blank line after the last function */
}
