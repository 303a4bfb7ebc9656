/*
 * Methods: see methods.h.
 */
#include "types/methods.h"

#include "codec/codec.h"
#include "model/options.h"
#include "model/spelling.h"
#include "schema/limits.h"
#include "text/report.h"

#include <string.h>

/* runtime/schema has checked it already. */
#define DEEPEST_FILE 150

typedef struct cmd_reader {
    gen_context context;
    gen_request request;
    gen_sources sources;   /* in the order of the schema's files */
    gen_sources declaring; /* those with extensions */
    cmd_types *types;
} cmd_reader;

/* ---- as the plugin has it ---- */

/*
 * Decodes a file as messages of a peer are. protobuf-c alone, which the plugin uses, merges options
 * that come in pieces in memory that grows with the square of their number.
 */
static gen_file_proto *decode(const nm_schema_file *file)
{
    const nm_codec_limits limits = {DEEPEST_FILE,
                                    NM_SCHEMA_SPARE + NM_SCHEMA_FACTOR * file->bytes.length};
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;
    if (nm_decode_owned(&google__protobuf__file_descriptor_proto__descriptor, file->bytes.data,
                        file->bytes.length, &limits, &message, &error) != NATSMICRO_OK)
        cmd_say("%s: %s", file->name, nm_error_text(&error));
    nm_error_free(&error);
    return (gen_file_proto *)message;
}

static bool read_sources(cmd_reader *reader)
{
    gen_pool *pool = reader->context.pool;
    const nm_schema *schema = reader->types->schema;
    size_t count = nm_schema_n_files(schema);
    gen_request *request = &reader->request;
    google__protobuf__compiler__code_generator_request__init(request);
    request->proto_file = gen_pool_alloc(pool, count, sizeof(*request->proto_file));
    for (size_t i = 0; i < count; i++) {
        gen_file_proto *file = decode(nm_schema_file_at(schema, i));
        if (file == NULL)
            return false;
        request->proto_file[request->n_proto_file++] = file;
    }
    return gen_read_sources(&reader->context, request, &reader->sources);
}

/* Nothing that was read of them points into them. */
static void free_sources(cmd_reader *reader)
{
    for (size_t i = 0; i < reader->request.n_proto_file; i++)
        google__protobuf__file_descriptor_proto__free_unpacked(reader->request.proto_file[i], NULL);
}

/* The others need not be passed over again for each method: the options are declared in these. */
static gen_sources declaring(const cmd_reader *reader)
{
    const gen_sources *all = &reader->sources;
    gen_sources some = *all;
    some.items = gen_pool_alloc(reader->context.pool, all->count, sizeof(*some.items));
    some.count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].proto->n_extension > 0)
            some.items[some.count++] = all->items[i];
    }
    return some;
}

static const char *take_error(gen_context *context)
{
    const char *error = context->error;
    context->error = NULL;
    return error;
}

/* ---- methods ---- */

static natsmicro_method_kind kind_of(const nm_schema_method *proto)
{
    if (proto->streams_requests)
        return proto->streams_responses ? NATSMICRO_BIDI_STREAM : NATSMICRO_CLIENT_STREAM;
    return proto->streams_responses ? NATSMICRO_SERVER_STREAM : NATSMICRO_UNARY;
}

/* Without its options' help: who calls it names the subject. */
static void add_plain(cmd_reader *reader, const nm_schema_service *service,
                      const nm_schema_method *proto, const char *fault)
{
    gen_pool *pool = reader->context.pool;
    cmd_method *method = &reader->types->methods[reader->types->n_methods++];
    *method =
        (cmd_method){.full_name = gen_pool_format(pool, "%s.%s", service->full_name, proto->name),
                     .service = service,
                     .proto = proto,
                     .kind = kind_of(proto),
                     .fault = fault};
}

static void add_method(cmd_reader *reader, const nm_schema_service *service,
                       const nm_schema_method *proto, const gen_method_proto *declared,
                       const gen_service *model)
{
    gen_pool *pool = reader->context.pool;
    const gen_place place = {service->file->name, 0, service->name, proto->name};
    gen_method options = {.kind = (gen_kind)kind_of(proto)};
    bool skip = false;
    bool read = gen_read_method_options(&reader->context, &reader->declaring, &place, declared,
                                        &options, &skip);
    add_plain(reader, service, proto, read ? NULL : take_error(&reader->context));
    cmd_method *method = &reader->types->methods[reader->types->n_methods - 1];
    method->subject =
        gen_pool_format(pool, "%s.%s", model->subject_prefix, gen_spell_subject(pool, proto->name));
    method->json = model->json;
    method->timeout_ms = options.timeout_ms != 0 ? options.timeout_ms : model->timeout_ms;
    if (!read)
        return;
    method->chunk_field = options.chunk_field;
    method->default_chunk_size = options.default_chunk_size;
    method->max_inflight = options.max_inflight;
}

static void add_service(cmd_reader *reader, const nm_schema_service *service,
                        const gen_service_proto *declared)
{
    const gen_place place = {service->file->name, 0, service->name, NULL};
    gen_service model = {0};
    gen_service_settings options = {0};
    bool read = gen_read_service_options(&reader->context, &reader->declaring, &place, declared,
                                         &model, &options);
    const char *fault = read ? NULL : take_error(&reader->context);
    for (size_t i = 0; i < service->n_methods; i++) {
        if (read && model.subject_prefix != NULL)
            add_method(reader, service, &service->methods[i], declared->method[i], &model);
        else
            add_plain(reader, service, &service->methods[i], fault);
    }
}

/* A schema has services in the order of the file. */
static void add_services(cmd_reader *reader, const nm_schema_file *file, const gen_source *source)
{
    for (size_t i = 0; i < file->n_services; i++)
        add_service(reader, &file->services[i], source->proto->service[i]);
}

static size_t count_methods(const nm_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; i < nm_schema_n_files(schema); i++) {
        const nm_schema_file *file = nm_schema_file_at(schema, i);
        for (size_t k = 0; k < file->n_services; k++)
            count += file->services[k].n_methods;
    }
    return count;
}

void cmd_list_methods(gen_pool *pool, cmd_types *types)
{
    cmd_reader reader = {.context = {pool, NULL, NULL}, .types = types};
    types->methods = gen_pool_alloc(pool, count_methods(types->schema), sizeof(cmd_method));
    if (read_sources(&reader)) {
        reader.declaring = declaring(&reader);
        for (size_t i = 0; i < nm_schema_n_files(types->schema); i++)
            add_services(&reader, nm_schema_file_at(types->schema, i), &reader.sources.items[i]);
    }
    free_sources(&reader);
}
