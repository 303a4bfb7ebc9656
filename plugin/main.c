/*
 * protoc-gen-c-natsmicro: the protoc plugin. protoc starts it, writes a CodeGeneratorRequest to its
 * standard input and reads a CodeGeneratorResponse from its standard output. This file is that
 * conversation.
 *
 * A request goes through three rooms, and each uses those before it only:
 *
 *   request/  reads the .proto files and the parameters that protoc passes on
 *   model/    checks the options, gives the names, and decides what is generated
 *   emit/     prints the model as C
 */
#include "emit/header.h"
#include "emit/source.h"
#include "model/build.h"
#include "request/wire.h"

#include <stdio.h>
#include <string.h>

/* protoc refuses files that nest deeper. */
#define DEEPEST_REQUEST 150

typedef Google__Protobuf__Compiler__CodeGeneratorResponse gen_response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File gen_response_file;

static const char help[] =
    "protoc-gen-c-natsmicro " NM_VERSION "\n"
    "\n"
    "A plugin for protoc. For each .proto file with services it writes X.nats-c.h and X.nats-c.c:\n"
    "typed C clients and servers on NATS, beside the X.pb-c.h and X.pb-c.c of protoc-gen-c.\n"
    "\n"
    "  protoc -I. --c_out=gen --c-natsmicro_out=gen lab/v1/lab.proto\n"
    "\n"
    "Parameters, as in --c-natsmicro_out=client_suffix=Stub:gen (or --c-natsmicro_opt=...):\n"
    "  client_suffix=NAME    follows the service's name in the names of clients (default: Client)\n"
    "  server_suffix=NAME    the same for servers (default: Server)\n"
    "  handlers_suffix=NAME  the same for tables of handlers (default: Handlers)\n"
    "\n"
    "Options:\n"
    "  --version  print the version\n"
    "  --help     print this\n";

static bool read_all(FILE *input, nm_buffer *bytes)
{
    char buffer[65536];
    size_t length;
    while ((length = fread(buffer, 1, sizeof(buffer), input)) != 0)
        nm_buffer_append(bytes, buffer, length);
    if (bytes->failed)
        gen_out_of_memory();
    return ferror(input) == 0;
}

static gen_request *unpack_request(gen_pool *pool, const nm_buffer *input)
{
    const ProtobufCMessageDescriptor *descriptor =
        &google__protobuf__compiler__code_generator_request__descriptor;
    ProtobufCAllocator allocator = gen_wire_allocator(pool);
    const nm_cursor bytes = nm_cursor_over(input->data, input->length);
    if (!gen_wire_depth_ok(descriptor, bytes, DEEPEST_REQUEST))
        return NULL;
    return google__protobuf__compiler__code_generator_request__unpack(&allocator, input->length,
                                                                      bytes.at);
}

static void add_file(gen_pool *pool, gen_response *response, const char *base, const char *ending,
                     nm_buffer *content)
{
    gen_response_file *file = gen_pool_alloc(pool, 1, sizeof(*file));
    google__protobuf__compiler__code_generator_response__file__init(file);
    file->name = gen_pool_format(pool, "%s%s", base, ending);
    file->content = gen_pool_take(pool, content);
    response->file[response->n_file++] = file;
}

static void generate(gen_pool *pool, const gen_request *request, gen_response *response)
{
    gen_model model;
    const char *error;
    if (!gen_build_model(pool, request, &model, &error)) {
        response->error = gen_pool_copy(pool, error, strlen(error));
        return;
    }
    response->file = gen_pool_alloc(pool, model.n_files * 2, sizeof(*response->file));
    for (size_t i = 0; i < model.n_files; i++) {
        nm_buffer header = NM_BUFFER_INIT;
        nm_buffer source = NM_BUFFER_INIT;
        gen_emit_header(&header, &model.files[i]);
        gen_emit_source(&source, &model.files[i]);
        add_file(pool, response, model.files[i].base, ".nats-c.h", &header);
        add_file(pool, response, model.files[i].base, ".nats-c.c", &source);
    }
}

static bool write_response(gen_pool *pool, const gen_response *response)
{
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(response);
    uint8_t *bytes = gen_pool_alloc(pool, size, 1);
    google__protobuf__compiler__code_generator_response__pack(response, bytes);
    return fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
}

static int run(gen_pool *pool)
{
    nm_buffer input = NM_BUFFER_INIT;
    gen_response response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    bool complete = read_all(stdin, &input);
    gen_request *request = complete ? unpack_request(pool, &input) : NULL;
    nm_buffer_free(&input);
    if (request == NULL) {
        fputs("protoc-gen-c-natsmicro: standard input is not a CodeGeneratorRequest (protoc starts "
              "this program; see --help)\n",
              stderr);
        return 1;
    }
    response.has_supported_features = 1;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    generate(pool, request, &response);
    if (!write_response(pool, &response)) {
        perror("protoc-gen-c-natsmicro: standard output");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("protoc-gen-c-natsmicro " NM_VERSION) < 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(help, stdout) < 0;
    if (argc > 1) {
        fprintf(stderr, "protoc-gen-c-natsmicro: unknown argument \"%s\" (see --help)\n", argv[1]);
        return 2;
    }
    gen_pool pool = {NULL};
    int exit_code = run(&pool);
    gen_pool_free(&pool);
    return exit_code;
}
