/*
 * protoc-gen-c-natsmicro: the protoc plugin. protoc starts it, writes a CodeGeneratorRequest to its
 * standard input and reads a CodeGeneratorResponse from its standard output. This file is that
 * conversation.
 *
 * A request goes through these rooms, and each uses those before it only:
 *
 *   request/   reads the .proto files and the parameters that protoc passes on
 *   model/     checks the options, gives the names, and decides what is generated
 *   emit/      prints the model as C
 *   messages/  with the parameter messages, lets protoc-gen-c make the messages
 */
#include "emit/header.h"
#include "emit/source.h"
#include "messages/messages.h"
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
    "A plugin for protoc. For each .proto file it writes X.nats-c.h and X.nats-c.c, typed C clients\n"
    "and servers on NATS for its services, and X.pb-c.h and X.pb-c.c, its messages, for which it runs\n"
    "protoc-gen-c of protobuf-c:\n"
    "\n"
    "  protoc -I. --c-natsmicro_out=gen --c-natsmicro_opt=messages lab/v1/lab.proto\n"
    "\n"
    "Without the parameter messages it writes the first two only, and of files with services only.\n"
    "\n"
    "Parameters, joined by commas or each in a --c-natsmicro_opt=... of its own:\n"
    "  messages              write the messages, too; takes proto3's optional, and any names\n"
    "  protoc_gen_c=PATH     with messages: where protoc-gen-c is (default: found in PATH)\n"
    "  protoc_gen_c_opt=TEXT with messages: a parameter of protoc-gen-c, such as dllexport_decl=X;\n"
    "                        may be given several times\n"
    "  client_suffix=NAME    follows the service's name in the names of clients (default: Client)\n"
    "  server_suffix=NAME    the same for servers (default: Server)\n"
    "  handlers_suffix=NAME  the same for tables of handlers (default: Handlers)\n"
    "  descriptors=none      leave the .proto files out of the code of services; then these have no\n"
    "                        schema in discovery, and cannot have the option json\n"
    "  descriptors=comments  put them there with their leading comments\n"
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
    return gen_wire_unpack(pool, &google__protobuf__compiler__code_generator_request__descriptor,
                           input, DEEPEST_REQUEST);
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

static void emit(gen_pool *pool, const gen_model *model, gen_response *response)
{
    for (size_t i = 0; i < model->n_files; i++) {
        nm_buffer header = NM_BUFFER_INIT;
        nm_buffer source = NM_BUFFER_INIT;
        gen_emit_header(&header, &model->files[i]);
        gen_emit_source(&source, &model->files[i]);
        add_file(pool, response, model->files[i].base, ".nats-c.h", &header);
        add_file(pool, response, model->files[i].base, ".nats-c.c", &source);
    }
}

/* The input is unpacked again, to be changed for protoc-gen-c. */
static bool generate(gen_context *context, const gen_request *request, const nm_buffer *input,
                     gen_response *response)
{
    gen_parameters parameters;
    gen_model model;
    if (!gen_read_parameters(context, request->parameter, &parameters) ||
        !gen_build_model(context, &parameters, request, input, &model))
        return false;
    const gen_response none = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    const gen_response *messages = &none;
    if (parameters.messages)
        messages = gen_make_messages(context, &parameters, unpack_request(context->pool, input));
    if (messages == NULL)
        return false;
    response->file = gen_pool_alloc(context->pool, messages->n_file + model.n_files * 2,
                                    sizeof(*response->file));
    for (size_t i = 0; i < messages->n_file; i++)
        response->file[response->n_file++] = messages->file[i];
    emit(context->pool, &model, response);
    return true;
}

static bool write_response(gen_pool *pool, const gen_response *response)
{
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(response);
    uint8_t *bytes = gen_pool_alloc(pool, size, 1);
    google__protobuf__compiler__code_generator_response__pack(response, bytes);
    return fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
}

static int answer(gen_context *context, const nm_buffer *input)
{
    gen_response response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    const gen_request *request = unpack_request(context->pool, input);
    if (request == NULL) {
        fputs("protoc-gen-c-natsmicro: standard input is not a CodeGeneratorRequest (protoc starts "
              "this program; see --help)\n",
              stderr);
        return 1;
    }
    response.has_supported_features = 1;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    if (!generate(context, request, input, &response))
        response.error = gen_pool_copy(context->pool, context->error, strlen(context->error));
    if (context->warnings != NULL)
        fputs(context->warnings, stderr);
    if (!write_response(context->pool, &response)) {
        perror("protoc-gen-c-natsmicro: standard output");
        return 1;
    }
    return 0;
}

static int run(gen_pool *pool)
{
    gen_context context = {pool, NULL, NULL};
    nm_buffer input = NM_BUFFER_INIT;
    int exit_code = 1;
    if (read_all(stdin, &input))
        exit_code = answer(&context, &input);
    else
        perror("protoc-gen-c-natsmicro: standard input");
    nm_buffer_free(&input);
    return exit_code;
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
