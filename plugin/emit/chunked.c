/*
 * Chunked: see chunked.h. The side that sends chunks has the functions that send, the other side
 * those that receive. Only the type of the call differs between client and server.
 */
#include "emit/chunked.h"

#include "emit/template.h"
#include "request/pool.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- header ---- */

static const char declare_sending[] =
    "/*\n"
    " * The functions below send a blob of any size, or a part of one, as chunks of $method$;\n"
    " * natsmicro/chunked.h documents them in full. The blob ends with the stream: $ending$.\n"
    " *\n"
    " * `chunk_size` is in bytes, and 0 means $size$; a size that max_payload does not allow is cut.\n"
    " * `progress` hears of each chunk, with `user_data`; NULL means none. What you pass in stays\n"
    " * yours. The functions block until all is sent or the call has ended.\n"
    " *\n"
    " * They return OK when all is sent. $end$FAILED_PRECONDITION, INVALID_ARGUMENT and the error of a file\n"
    " * that cannot be opened leave the call as it was: natsmicro_call_status(call->base) is OK then.\n"
    " * Any other status is the error that ended the call, and the $peer$ never takes a part of a blob\n"
    " * for the whole.\n"
    " */\n"
    "\n"
    "/* Sends `length` bytes of memory. */\n"
    "natsmicro_status $f$__send_bytes($Call$ *call, const void *data, size_t length, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Sends what `reader` returns until its end. `reader_data` is passed to `reader`. */\n"
    "natsmicro_status $f$__send_reader($Call$ *call, natsmicro_reader reader, void *reader_data, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Sends what a descriptor yields, from its current position to its end. It stays open. */\n"
    "natsmicro_status $f$__send_fd($Call$ *call, int fd, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Sends a file: as many bytes as it had when it was opened. */\n"
    "natsmicro_status $f$__send_file($Call$ *call, const char *path, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Sends `length` bytes now, as one chunk, without a copy into a message. */\n"
    "natsmicro_status $f$__send_chunk($Call$ *call, const void *data, size_t length)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char declare_receiving[] =
    "/*\n"
    " * The functions below receive a blob of any size from chunks of $method$; natsmicro/chunked.h\n"
    " * documents them in full. `progress` hears of each chunk, with `user_data`; NULL means none. The\n"
    " * functions block until the whole blob, or the part that is asked for, is there or the call has ended.\n"
    " *\n"
    " * Those that receive the whole return OK only if the $peer$ has sent all and said so; the others\n"
    " * return END after the last byte. FAILED_PRECONDITION, INVALID_ARGUMENT and the error of a file\n"
    " * that cannot be made leave the call as it was: natsmicro_call_status(call->base) is OK then. Any\n"
    " * other status is the error that ended the call, and the $peer$ is told.\n"
    " */\n"
    "\n"
    "/*\n"
    " * Receives the whole blob into memory, at most `limit` bytes; a larger one ends the call with\n"
    " * RESOURCE_EXHAUSTED. On OK *data is yours; free it with free(). Else *data is NULL.\n"
    " */\n"
    "natsmicro_status $f$__recv_bytes($Call$ *call, size_t limit, uint8_t **data, size_t *length, "
    "natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Passes the whole blob to `writer`, chunk by chunk, with `writer_data`. */\n"
    "natsmicro_status $f$__recv_to_writer($Call$ *call, natsmicro_writer writer, "
    "void *writer_data, natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Writes the whole blob to a descriptor, which stays open. */\n"
    "natsmicro_status $f$__recv_to_fd($Call$ *call, int fd, natsmicro_progress progress, "
    "void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Writes a file whole or not at all. A file that it replaces stays until all is there. */\n"
    "natsmicro_status $f$__recv_to_file($Call$ *call, const char *path, "
    "natsmicro_progress progress, void *user_data)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/*\n"
    " * Lends the next bytes. On OK *data points to *length bytes, at least one, which live until the\n"
    " * next function that receives.\n"
    " */\n"
    "natsmicro_status $f$__recv_chunk($Call$ *call, const uint8_t **data, size_t *length)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n"
    "/* Copies at most `size` of the next bytes into `buffer`; on OK *length bytes, at least one. */\n"
    "natsmicro_status $f$__read($Call$ *call, void *buffer, size_t size, size_t *length)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

/* ---- source ---- */

static const char define_sending[] =
    "natsmicro_status $f$__send_bytes($Call$ *call, const void *data, size_t length, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_bytes(NATSMICRO_STUB_BASE(call), data, length, chunk_size, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_reader($Call$ *call, natsmicro_reader reader, void *reader_data, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_reader(NATSMICRO_STUB_BASE(call), reader, reader_data, chunk_size, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_fd($Call$ *call, int fd, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_fd(NATSMICRO_STUB_BASE(call), fd, chunk_size, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_file($Call$ *call, const char *path, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_file(NATSMICRO_STUB_BASE(call), path, chunk_size, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_chunk($Call$ *call, const void *data, size_t length)\n"
    "{\n"
    "    return natsmicro_chunked_send_chunk(NATSMICRO_STUB_BASE(call), data, length);\n"
    "}\n"
    "\n";

static const char define_receiving[] =
    "natsmicro_status $f$__recv_bytes($Call$ *call, size_t limit, uint8_t **data, size_t *length, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_bytes(NATSMICRO_STUB_BASE(call), limit, data, length, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_writer($Call$ *call, natsmicro_writer writer, "
    "void *writer_data, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_writer(NATSMICRO_STUB_BASE(call), writer, writer_data, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_fd($Call$ *call, int fd, natsmicro_progress progress, "
    "void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_fd(NATSMICRO_STUB_BASE(call), fd, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_file($Call$ *call, const char *path, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_file(NATSMICRO_STUB_BASE(call), path, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_chunk($Call$ *call, const uint8_t **data, size_t *length)\n"
    "{\n"
    "    return natsmicro_chunked_recv_chunk(NATSMICRO_STUB_BASE(call), data, length);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__read($Call$ *call, void *buffer, size_t size, size_t *length)\n"
    "{\n"
    "    return natsmicro_chunked_read(NATSMICRO_STUB_BASE(call), buffer, size, length);\n"
    "}\n"
    "\n";

/* ---- both ---- */

static void print(nm_buffer *out, const gen_service *service, const gen_method *method,
                  bool on_server, const char *format)
{
    nm_buffer function = NM_BUFFER_INIT;
    nm_buffer type = NM_BUFFER_INIT;
    nm_buffer_append_format(&function, "%s__%s",
                            on_server ? service->server_lower : service->client_lower,
                            method->lower);
    nm_buffer_append_format(&type, "%s__%s",
                            on_server ? service->server_type : service->client_type, method->camel);
    char size[16];
    snprintf(size, sizeof(size), "%" PRId32, method->default_chunk_size);
    const gen_var vars[] = {
        {"f", gen_string(&function)},
        {"Call", gen_string(&type)},
        {"method", method->name},
        {"size", size},
        {"peer", on_server ? "caller" : "service"},
        {"ending", on_server ? "the handler's return ends both" : "close_and_recv ends both"},
        {"end", on_server ? ""
                          : "END: the service has answered before all was sent; close_and_recv "
                            "has its response. "},
        {NULL, NULL},
    };
    gen_print(out, vars, format);
    nm_buffer_free(&function);
    nm_buffer_free(&type);
}

/* A client sends the chunks of a client-stream, a server those of a server-stream. */
static bool sends(const gen_method *method, bool on_server)
{
    return (method->kind == GEN_CLIENT_STREAM) != on_server;
}

void gen_emit_chunked_header(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server)
{
    if (method->chunk_field != NULL)
        print(out, service, method, on_server,
              sends(method, on_server) ? declare_sending : declare_receiving);
}

void gen_emit_chunked_source(nm_buffer *out, const gen_service *service, const gen_method *method,
                             bool on_server)
{
    if (method->chunk_field != NULL)
        print(out, service, method, on_server,
              sends(method, on_server) ? define_sending : define_receiving);
}
