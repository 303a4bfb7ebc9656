/*
 * Model: see model.h. This file goes through the request: parameters, files, services, methods.
 * What an option may be, what a C name is and how descriptors are found is in the files beside it.
 */
#include "model_internal.h"

#include <string.h>

/* The library serves no longer one. */
#define LONGEST_SUBJECT 1024

/* An error is one line, whatever the values in it hold. */
static void keep_on_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

bool gen_fail(gen_build *build, const gen_place *place, const char *format, ...)
{
    if (build->error != NULL)
        return false;
    va_list arguments;
    va_start(arguments, format);
    char *text = gen_pool_vformat(build->pool, format, arguments);
    va_end(arguments);
    if (place != NULL && place->method != NULL)
        text = gen_pool_format(build->pool, "method %s: %s", place->method, text);
    if (place != NULL && place->service != NULL)
        text = gen_pool_format(build->pool, "service %s: %s", place->service, text);
    if (place != NULL && place->line != 0)
        text = gen_pool_format(build->pool, "%s:%d: %s", place->file, place->line, text);
    else if (place != NULL)
        text = gen_pool_format(build->pool, "%s: %s", place->file, text);
    keep_on_one_line(text);
    build->error = text;
    return false;
}

/* ---- parameters ---- */

static const char **find_parameter(gen_parameters *parameters, const char *name)
{
    if (strcmp(name, "client_suffix") == 0)
        return &parameters->client_suffix;
    if (strcmp(name, "server_suffix") == 0)
        return &parameters->server_suffix;
    if (strcmp(name, "handlers_suffix") == 0)
        return &parameters->handlers_suffix;
    return NULL;
}

static bool read_parameter(gen_build *build, char *parameter)
{
    char *equals = strchr(parameter, '=');
    if (equals != NULL)
        *equals = '\0';
    const char **value = find_parameter(&build->parameters, parameter);
    if (value == NULL)
        return gen_fail(build, NULL,
                        "unknown parameter \"%s\" (known are client_suffix=, server_suffix= and "
                        "handlers_suffix=)",
                        parameter);
    if (equals == NULL || !gen_names_is_identifier(equals + 1))
        return gen_fail(build, NULL,
                        "parameter %s: \"%s\" is not an identifier (write %s=Name, in letters, "
                        "digits and _)",
                        parameter, equals == NULL ? "" : equals + 1, parameter);
    if (*value != NULL)
        return gen_fail(build, NULL, "parameter %s: it is there twice (keep one)", parameter);
    *value = equals + 1;
    return true;
}

static void set_default(const char **value, const char *preset)
{
    if (*value == NULL)
        *value = preset;
}

static bool read_parameters(gen_build *build)
{
    gen_parameters *parameters = &build->parameters;
    const char *given = build->request->parameter;
    char *rest =
        gen_pool_copy(build->pool, given == NULL ? "" : given, given == NULL ? 0 : strlen(given));
    while (*rest != '\0') {
        char *parameter = rest;
        rest += strcspn(rest, ",");
        if (*rest == ',')
            *rest++ = '\0';
        if (!read_parameter(build, parameter))
            return false;
    }
    set_default(&parameters->client_suffix, "Client");
    set_default(&parameters->server_suffix, "Server");
    set_default(&parameters->handlers_suffix, "Handlers");
    if (strcmp(parameters->client_suffix, parameters->server_suffix) == 0 ||
        strcmp(parameters->client_suffix, parameters->handlers_suffix) == 0 ||
        strcmp(parameters->server_suffix, parameters->handlers_suffix) == 0)
        return gen_fail(build, NULL,
                        "client_suffix=%s, server_suffix=%s and handlers_suffix=%s must differ "
                        "(change one)",
                        parameters->client_suffix, parameters->server_suffix,
                        parameters->handlers_suffix);
    return true;
}

/* ---- methods ---- */

static bool read_message(gen_build *build, const gen_place *place, const char *type_name,
                         gen_message *message)
{
    const char *full_name = type_name == NULL ? "" : type_name;
    full_name += *full_name == '.';
    const gen_known_message *known = gen_find_message(build, full_name);
    if (known == NULL)
        return gen_fail(build, place,
                        "the request has no message \"%s\" (run the plugin with protoc)",
                        full_name);
    if (known->source->no_generate)
        return gen_fail(build, place,
                        "protoc-gen-c writes no message %s, because %s sets the option "
                        "(pb_c_file).no_generate (remove that option, or use another message)",
                        full_name, known->source->proto->name);
    const char *lower = gen_names_lower(build->pool, full_name, known->source->scope);
    message->type = gen_names_type(build->pool, full_name, known->source->scope);
    message->descriptor = gen_pool_format(build->pool, "%s__descriptor", lower);
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
    method->name = proto->name;
    method->kind = method_kind(proto);
    if (!gen_name_method(build, place, method) ||
        !gen_read_method_options(build, place, proto, method, skip))
        return false;
    if (*skip)
        return true;
    method->subject = gen_names_subject(build->pool, proto->name);
    return read_message(build, place, proto->input_type, &method->request) &&
           read_message(build, place, proto->output_type, &method->response);
}

static bool read_methods(gen_build *build, const gen_source *source, int32_t service_index,
                         const gen_place *service_place, gen_service *service, gen_place *places)
{
    const gen_service_proto *proto = source->proto->service[service_index];
    for (size_t i = 0; i < proto->n_method; i++) {
        const int32_t path[] = {6, service_index, 2, (int32_t)i};
        gen_method *method = &service->methods[service->n_methods];
        gen_place *place = &places[service->n_methods];
        bool skip = false;
        *method = (gen_method){0};
        *place = *service_place;
        place->line = gen_source_line(source, path, 4);
        if (!gen_names_is_identifier(proto->method[i]->name))
            return gen_fail(
                build, place,
                "a method has no name, or no identifier for one (run the plugin with protoc)");
        place->method = proto->method[i]->name;
        if (!read_method(build, place, proto->method[i], method, &skip))
            return false;
        method->comment = gen_source_comment(build, source, path, 4);
        service->n_methods += !skip;
    }
    return true;
}

/* ---- services ---- */

/* What the service says for its methods goes into them: the tables need no second look. */
static void inherit(gen_service *service, const gen_service_settings *settings)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        if (settings->queue_group_disabled)
            service->methods[i].queue_group_disabled = true;
    }
}

static bool register_subjects(gen_build *build, const gen_service *service,
                              gen_clash_table *subjects, const gen_place *places)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        const gen_method *method = &service->methods[i];
        const char *subject =
            gen_pool_format(build->pool, "%s.%s", service->subject_prefix, method->subject);
        if (strlen(subject) > LONGEST_SUBJECT)
            return gen_fail(
                build, &places[i],
                "its subject has %zu bytes (shorten the subject_prefix, or the method's "
                "name, so that they have %d)",
                strlen(subject), LONGEST_SUBJECT);
        const char *what =
            gen_pool_format(build->pool, "method %s.%s", service->full_name, method->name);
        const gen_clash_entry *other =
            gen_clash_add(build->pool, subjects, (gen_clash_entry){subject, what, &places[i]});
        if (other != NULL)
            return gen_fail(build, &places[i],
                            "its subject %s is also that of %s in line %d (rename one, or change "
                            "a subject_prefix)",
                            subject, other->what, ((const gen_place *)other->origin)->line);
    }
    return true;
}

static bool read_service(gen_build *build, const gen_source *source, int32_t index, gen_file *file,
                         gen_clash_table *subjects)
{
    const gen_service_proto *proto = source->proto->service[index];
    const int32_t path[] = {6, index};
    gen_service *service = &file->services[file->n_services];
    const gen_place place = {file->proto, gen_source_line(source, path, 2), proto->name, NULL};
    gen_service_settings settings = {false, false};
    if (!gen_names_is_identifier(proto->name))
        return gen_fail(
            build, &place,
            "a service has no name, or no identifier for one (run the plugin with protoc)");
    if (!gen_read_service_options(build, &place, proto, service, &settings))
        return false;
    if (settings.skip)
        return true;
    if (source->no_generate)
        return gen_fail(build, &place,
                        "protoc-gen-c writes nothing for this file, because it sets the option "
                        "(pb_c_file).no_generate (remove that option, or skip the service)");
    service->full_name = gen_join_name(build->pool, source->scope.package, proto->name);
    service->comment = gen_source_comment(build, source, path, 2);
    service->methods = gen_pool_alloc(build->pool, proto->n_method + 1, sizeof(gen_method));
    gen_place *places = gen_pool_alloc(build->pool, proto->n_method + 1, sizeof(gen_place));
    gen_place *service_place = &places[proto->n_method];
    *service_place = place;
    gen_name_service(build, source, proto->name, service);
    if (!read_methods(build, source, index, &place, service, places) ||
        !register_subjects(build, service, subjects, places) ||
        !gen_register_service_names(build, service, service_place, places))
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

static bool read_file(gen_build *build, const gen_source *source, gen_file *file)
{
    const gen_file_proto *proto = source->proto;
    const gen_place place = {proto->name, 0, NULL, NULL};
    if (proto->n_service == 0)
        return true;
    if (!fits_into_c(proto->name))
        return gen_fail(
            build, &place,
            "the file's name cannot stand in a comment and an #include of C (rename it)");
    if (proto->syntax != NULL && strcmp(proto->syntax, "editions") == 0)
        return gen_fail(build, &place,
                        "editions are not supported (write syntax = \"proto3\" or \"proto2\")");
    file->proto = proto->name;
    file->base = gen_names_without_proto(build->pool, proto->name);
    file->identifier = gen_names_file_identifier(build->pool, proto->name);
    file->services = gen_pool_alloc(build->pool, proto->n_service, sizeof(gen_service));
    gen_clash_table subjects = {NULL, 0, 0};
    for (size_t i = 0; i < proto->n_service; i++) {
        if (!read_service(build, source, (int32_t)i, file, &subjects))
            return false;
    }
    return true;
}

static bool read_files(gen_build *build, gen_model *model)
{
    const gen_request *request = build->request;
    model->files = gen_pool_alloc(build->pool, request->n_file_to_generate, sizeof(gen_file));
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const gen_source *source = gen_find_source(build, request->file_to_generate[i]);
        if (source == NULL)
            return gen_fail(build, NULL, "the request has no file %s (run the plugin with protoc)",
                            request->file_to_generate[i]);
        gen_file *file = &model->files[model->n_files];
        if (!read_file(build, source, file))
            return false;
        model->n_files += file->n_services != 0;
    }
    return true;
}

bool gen_model_build(gen_pool *pool, const gen_request *request, gen_model *model,
                     const char **error)
{
    gen_build build = {.pool = pool, .request = request};
    *model = (gen_model){0, NULL};
    bool built = read_parameters(&build) && gen_read_sources(&build) &&
                 gen_register_foreign_names(&build) && read_files(&build, model);
    *error = build.error;
    return built;
}
