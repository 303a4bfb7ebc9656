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
    " * Sending a blob of any size as chunks of $method$; natsmicro/chunked.h has all about them.\n"
    " * `chunk_size` is in bytes, 0 is $size$; what max_payload does not allow is cut. `progress` hears\n"
    " * of each chunk with `user_data`, and may be NULL. They block until all is sent. OK: all was sent;\n"
    " * $end$; FAILED_PRECONDITION, INVALID_ARGUMENT and a file that cannot be opened leave the call as\n"
    " * it was, and natsmicro_call_status(call->base) OK; else it is what the call has ended with, and an\n"
    " * incomplete blob is never taken for complete. What they are given stays yours.\n"
    " *\n"
    " * send_bytes: memory. send_reader: what a callback returns, until it returns nothing. send_fd: a\n"
    " * descriptor, from where it stands to its end. send_file: a file, as long as it was when it was\n"
    " * opened. send_chunk: these bytes now, without a message being made of them.\n"
    " */\n"
    "natsmicro_status $f$__send_bytes($Call$ *call, const void *data, size_t length, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__send_reader($Call$ *call, natsmicro_reader reader, void *reader_data, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__send_fd($Call$ *call, int fd, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__send_file($Call$ *call, const char *path, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__send_chunk($Call$ *call, const void *data, size_t length);\n"
    "\n";

static const char declare_receiving[] =
    "/*\n"
    " * Receiving a blob of any size from chunks of $method$; natsmicro/chunked.h has all about them.\n"
    " * `progress` hears of each chunk with `user_data`, and may be NULL. They block until all is there.\n"
    " * OK: all was received, and the $peer$ has said that it is all; FAILED_PRECONDITION, INVALID_ARGUMENT\n"
    " * and a file that cannot be made leave the call as it was, and natsmicro_call_status(call->base) OK;\n"
    " * else it is what the call has ended with, and the $peer$ is told.\n"
    " *\n"
    " * recv_bytes: into memory, at most `limit` bytes, RESOURCE_EXHAUSTED past them; on OK *data is\n"
    " * yours, to be freed with free(). recv_to_writer: to a callback. recv_to_fd: to a descriptor.\n"
    " * recv_to_file: a file that is there whole or not at all; one that it replaces stays until then.\n"
    " *\n"
    " * Piece by piece, until END: recv_chunk lends the received bytes until the next receive; read\n"
    " * copies up to `size` of them, at least one.\n"
    " */\n"
    "natsmicro_status $f$__recv_bytes($Call$ *call, size_t limit, uint8_t **data, size_t *length, "
    "natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__recv_to_writer($Call$ *call, natsmicro_writer writer, "
    "void *writer_data, natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__recv_to_fd($Call$ *call, int fd, natsmicro_progress progress, "
    "void *user_data);\n"
    "natsmicro_status $f$__recv_to_file($Call$ *call, const char *path, "
    "natsmicro_progress progress, void *user_data);\n"
    "natsmicro_status $f$__recv_chunk($Call$ *call, const uint8_t **data, size_t *length);\n"
    "natsmicro_status $f$__read($Call$ *call, void *buffer, size_t size, size_t *length);\n"
    "\n";

/* ---- source ---- */

static const char define_sending[] =
    "natsmicro_status $f$__send_bytes($Call$ *call, const void *data, size_t length, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_bytes(call->base, data, length, chunk_size, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_reader($Call$ *call, natsmicro_reader reader, void *reader_data, "
    "size_t chunk_size, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_reader(call->base, reader, reader_data, chunk_size, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_fd($Call$ *call, int fd, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_fd(call->base, fd, chunk_size, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_file($Call$ *call, const char *path, size_t chunk_size, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_send_file(call->base, path, chunk_size, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__send_chunk($Call$ *call, const void *data, size_t length)\n"
    "{\n"
    "    return natsmicro_chunked_send_chunk(call->base, data, length);\n"
    "}\n"
    "\n";

static const char define_receiving[] =
    "natsmicro_status $f$__recv_bytes($Call$ *call, size_t limit, uint8_t **data, size_t *length, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_bytes(call->base, limit, data, length, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_writer($Call$ *call, natsmicro_writer writer, "
    "void *writer_data, natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_writer(call->base, writer, writer_data, progress, "
    "user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_fd($Call$ *call, int fd, natsmicro_progress progress, "
    "void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_fd(call->base, fd, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_to_file($Call$ *call, const char *path, "
    "natsmicro_progress progress, void *user_data)\n"
    "{\n"
    "    return natsmicro_chunked_recv_to_file(call->base, path, progress, user_data);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__recv_chunk($Call$ *call, const uint8_t **data, size_t *length)\n"
    "{\n"
    "    return natsmicro_chunked_recv_chunk(call->base, data, length);\n"
    "}\n"
    "\n"
    "natsmicro_status $f$__read($Call$ *call, void *buffer, size_t size, size_t *length)\n"
    "{\n"
    "    return natsmicro_chunked_read(call->base, buffer, size, length);\n"
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
        {"end", on_server
                    ? "the handler's return ends the stream"
                    : "END: the service has answered before, close_and_recv has its response"},
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
