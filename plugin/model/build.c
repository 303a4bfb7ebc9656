/*
 * Build: see build.h. It leaves options and names to the files beside it.
 */
#include "model/build.h"

#include "base/rules.h"
#include "model/descriptors.h"
#include "model/foreign_names.h"
#include "model/names.h"
#include "model/options.h"
#include "model/spelling.h"
#include "model/stores.h"
#include "request/identifier.h"

#include <string.h>

/* The request as it is known while the model is filled. */
typedef struct gen_build {
    gen_context *context;
    const gen_parameters *parameters;
    gen_sources sources;
    const gen_descriptor *descriptors; /* of each source */
    gen_clash_table names;             /* the C names of protoc-gen-c and ours, of all files */
    gen_clash_table subjects;          /* of all files that are generated */
    gen_buckets buckets;               /* the same */
} gen_build;

/* ---- methods ---- */

static bool read_message(gen_build *build, const gen_place *place, const char *type_name,
                         gen_message *message)
{
    gen_pool *pool = build->context->pool;
    const char *full_name = gen_type_name(type_name);
    const gen_known_message *known = gen_find_message(&build->sources, full_name);
    if (known == NULL)
        return gen_fail(build->context, place,
                        "the request has no message \"%s\" (run the plugin with protoc)",
                        full_name);
    if (known->source->no_generate)
        return gen_fail(build->context, place,
                        "protoc-gen-c generates nothing for message %s, because %s sets the option "
                        "(pb_c_file).no_generate (remove that option, or use another message)",
                        full_name, known->source->proto->name);
    const char *lower = gen_spell_lower(pool, full_name, known->source->scope);
    message->type = gen_spell_type(pool, full_name, known->source->scope);
    message->descriptor = gen_pool_format(pool, "%s__descriptor", lower);
    return true;
}

static gen_kind method_kind(const gen_method_proto *proto)
{
    if (proto->has_client_streaming && proto->client_streaming)
        return proto->has_server_streaming && proto->server_streaming ? GEN_BIDI_STREAM
                                                                      : GEN_CLIENT_STREAM;
    return proto->has_server_streaming && proto->server_streaming ? GEN_SERVER_STREAM : GEN_UNARY;
}

static bool read_method(gen_build *build, const gen_place *place, const gen_method_proto *proto,
                        gen_method *method, bool *skip)
{
    gen_context *context = build->context;
    method->name = proto->name;
    method->kind = method_kind(proto);
    if (!gen_name_method(context, build->parameters, place, method) ||
        !gen_read_method_options(context, &build->sources, place, proto, method, skip))
        return false;
    if (*skip)
        return true;
    method->subject = gen_spell_subject(context->pool, proto->name);
    return read_message(build, place, proto->input_type, &method->request) &&
           read_message(build, place, proto->output_type, &method->response) &&
           gen_read_stores(context, &build->sources, place, proto, &build->buckets, method);
}

static bool read_methods(gen_build *build, const gen_service_proto *proto,
                         const gen_declaration *declared, const gen_place *service_place,
                         gen_service *service, gen_place *places)
{
    gen_pool *pool = build->context->pool;
    for (size_t i = 0; i < proto->n_method; i++) {
        const gen_declaration *method_declared =
            gen_declared_in(pool, declared, GEN_METHODS_OF_SERVICE, i);
        gen_method *method = &service->methods[service->n_methods];
        gen_place *place = &places[service->n_methods];
        *method = (gen_method){0};
        *place = *service_place;
        place->line = gen_declaration_line(method_declared);
        if (!gen_is_identifier(proto->method[i]->name))
            return gen_fail(
                build->context, place,
                "the name of a method is missing or is not an identifier (run the plugin with protoc)");
        place->method = proto->method[i]->name;
        bool skip = false;
        if (!read_method(build, place, proto->method[i], method, &skip))
            return false;
        method->comment = gen_declaration_comment(pool, method_declared);
        service->n_methods += !skip;
    }
    return true;
}

/* ---- services ---- */

/* Passes on to the methods what the options of the service say for all of them. */
static void inherit(gen_service *service, const gen_service_settings *settings)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        if (settings->queue_group_disabled)
            service->methods[i].queue_group_disabled = true;
    }
}

static bool add_subject(gen_context *context, const gen_service *service, const gen_method *method,
                        const gen_place *place, gen_clash_table *subjects)
{
    gen_pool *pool = context->pool;
    const char *subject = gen_pool_format(pool, "%s.%s", service->subject_prefix, method->subject);
    if (strlen(subject) > NM_SUBJECT_LIMIT)
        return gen_fail(context, place,
                        "its subject has %zu bytes (shorten the subject_prefix or the method's "
                        "name: %d bytes are allowed)",
                        strlen(subject), NM_SUBJECT_LIMIT);
    const char *what = gen_pool_format(pool, "method %s.%s", service->full_name, method->name);
    const gen_clash_entry entry = {.name = subject, .what = what, .place = place};
    const gen_clash_entry *other = gen_clash_add(pool, subjects, entry);
    if (other == NULL)
        return true;
    if (strcmp(other->place->file, place->file) == 0)
        return gen_fail(
            context, place,
            "its subject %s is also the subject of %s in line %d (rename one, or change "
            "a subject_prefix)",
            subject, other->what, other->place->line);
    return gen_fail(context, place,
                    "its subject %s is also the subject of %s at %s:%d, so that each would answer "
                    "calls of the other (change a subject_prefix, or generate the files apart)",
                    subject, other->what, other->place->file, other->place->line);
}

static bool add_subjects(gen_context *context, const gen_service *service, const gen_place *places,
                         gen_clash_table *subjects)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        if (!add_subject(context, service, &service->methods[i], &places[i], subjects))
            return false;
    }
    return true;
}

/* Fills a service whose options have been read, and checks that its names and subjects are free. */
static bool complete_service(gen_build *build, const gen_declaration *declared,
                             const gen_service_proto *proto, const gen_place *place,
                             gen_service *service)
{
    gen_context *context = build->context;
    gen_pool *pool = context->pool;
    service->full_name = gen_join_name(pool, declared->source->scope.package, proto->name);
    service->comment = gen_declaration_comment(pool, declared);
    service->methods = gen_pool_alloc(pool, proto->n_method + 1, sizeof(gen_method));
    gen_name_service(pool, build->parameters, declared->source, proto->name, service);
    gen_place *places = gen_pool_alloc(pool, proto->n_method + 1, sizeof(gen_place));
    gen_place *service_place = &places[proto->n_method];
    *service_place = *place;
    return read_methods(build, proto, declared, place, service, places) &&
           add_subjects(context, service, places, &build->subjects) &&
           gen_add_service_names(context, &build->names, service, service_place, places);
}

static bool read_service(gen_build *build, const gen_source *source, size_t index, gen_file *file)
{
    gen_context *context = build->context;
    const gen_service_proto *proto = source->proto->service[index];
    const gen_declaration *declared =
        gen_declared_in_file(context->pool, source, GEN_SERVICES_OF_FILE, index);
    const gen_place place = {file->proto, gen_declaration_line(declared), proto->name, NULL};
    if (!gen_is_identifier(proto->name))
        return gen_fail(
            context, &place,
            "the name of a service is missing or is not an identifier (run the plugin with protoc)");
    gen_service *service = &file->services[file->n_services];
    gen_service_settings settings = {false, false};
    if (!gen_read_service_options(context, &build->sources, &place, proto, service, &settings))
        return false;
    if (settings.skip)
        return true;
    if (service->json && build->parameters->descriptors == GEN_DESCRIPTORS_NONE)
        return gen_fail(context, &place,
                        "the option json needs the .proto files in generated code, and the "
                        "parameter descriptors=none leaves them out (remove one of the two)");
    if (source->no_generate)
        return gen_fail(context, &place,
                        "protoc-gen-c generates nothing for this file, because it sets the option "
                        "(pb_c_file).no_generate (remove that option, or skip the service)");
    if (!complete_service(build, declared, proto, &place, service))
        return false;
    inherit(service, &settings);
    file->n_services++;
    return true;
}

/* ---- files ---- */

static bool fits_into_c(const char *file_name)
{
    for (const char *at = file_name; *at != '\0'; at++) {
        bool in_comment = (at[0] == '*' && at[1] == '/') || (at[0] == '/' && at[1] == '*');
        if (in_comment || (unsigned char)*at < 0x20 || strchr("\"\\\x7f", *at) != NULL)
            return false;
    }
    return true;
}

static bool check_file(gen_context *context, const gen_file_proto *proto)
{
    const gen_place place = {proto->name, 0, NULL, NULL};
    if (!fits_into_c(proto->name))
        return gen_fail(
            context, &place,
            "the file's name does not fit into a comment and an #include of C (rename the file)");
    if (proto->syntax != NULL && strcmp(proto->syntax, "editions") == 0)
        return gen_fail(context, &place,
                        "editions are not supported (write syntax = \"proto3\" or \"proto2\")");
    return true;
}

static bool read_file(gen_build *build, const gen_source *source, gen_file *file)
{
    gen_pool *pool = build->context->pool;
    const gen_file_proto *proto = source->proto;
    if (proto->n_service == 0 && !build->parameters->messages)
        return true;
    if (!check_file(build->context, proto))
        return false;
    file->proto = proto->name;
    file->base = gen_spell_base(pool, proto->name);
    file->identifier = gen_spell_file_identifier(pool, proto->name);
    file->services = gen_pool_alloc(pool, proto->n_service, sizeof(gen_service));
    for (size_t i = 0; i < proto->n_service; i++) {
        if (!read_service(build, source, i, file))
            return false;
    }
    if (file->n_services == 0 || build->parameters->descriptors == GEN_DESCRIPTORS_NONE)
        return true;
    return gen_embed_descriptors(build->context, &build->sources, build->descriptors, source, file);
}

static bool read_files(gen_build *build, const gen_request *request, gen_model *model)
{
    gen_context *context = build->context;
    model->files = gen_pool_alloc(context->pool, request->n_file_to_generate, sizeof(gen_file));
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_source *source = gen_find_source(&build->sources, request->file_to_generate[i]);
        if (source == NULL)
            return gen_fail(context, NULL,
                            "the request has no file %s (run the plugin with protoc)",
                            request->file_to_generate[i]);
        gen_file *file = &model->files[model->n_files];
        if (!read_file(build, source, file))
            return false;
        /* protoc-gen-c makes no files of a source with no_generate, and ours would include them */
        bool wanted = build->parameters->messages && !source->no_generate;
        model->n_files += file->n_services != 0 || wanted;
    }
    return true;
}

bool gen_build_model(gen_context *context, const gen_parameters *parameters,
                     const gen_request *request, const nm_buffer *input, gen_model *model)
{
    gen_build build = {.context = context, .parameters = parameters};
    *model = (gen_model){0, NULL};
    if (!gen_read_sources(context, request, &build.sources) ||
        !gen_add_foreign_names(context, parameters, &build.sources, &build.names))
        return false;
    build.descriptors = gen_read_descriptors(context->pool, &build.sources, input,
                                             parameters->descriptors == GEN_DESCRIPTORS_COMMENTS
                                                 ? GEN_LEADING_COMMENTS
                                                 : GEN_NO_SOURCE_INFO);
    return read_files(&build, request, model);
}
