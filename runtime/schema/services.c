/*
 * Services: see services.h.
 */
#include "schema/services.h"

typedef Nm__Schema__MethodSubset method_source;
typedef Nm__Schema__ServiceSubset service_source;

static natsmicro_status fail(const nm_schema_scope *scope, const nm_schema_service *service,
                             const char *method, const char *reason)
{
    return nm_schema_fail(scope->build, scope->file->name, "method %s.%s: %s", service->full_name,
                          method, reason);
}

static const char *method_fault(const method_source *source)
{
    if (source->input_type == NULL || source->output_type == NULL)
        return "the name of its request or response type is missing";
    if (source->input_type[0] != '.' || source->output_type[0] != '.')
        return "the name of its request or response type is relative: it has no dot in front";
    bool ignored;
    return nm_schema_read_option(source->has_options, &source->options, 1, &ignored);
}

static bool add_reference(const nm_schema_scope *scope, const nm_schema_service *service,
                          const nm_schema_method *method, const char *type_name,
                          const nm_schema_message **message)
{
    const nm_schema_reference reference = {
        .type_name = type_name,
        .file = scope->file,
        .owner = service->full_name,
        .member = method->name,
        .message = message,
    };
    return nm_schema_refer(scope->build, &reference);
}

static natsmicro_status read_method(const nm_schema_scope *scope, const nm_schema_service *service,
                                    nm_schema_method *method, const method_source *source)
{
    const char *fault = nm_schema_name_fault(source->name);

    if (fault != NULL)
        return nm_schema_fail(scope->build, scope->file->name, "a method of %s has %s",
                              service->full_name, fault);
    fault = method_fault(source);
    if (fault != NULL)
        return fail(scope, service, source->name, fault);
    *method = (nm_schema_method){
        .name = nm_schema_keep_string(scope->build, source->name),
        .streams_requests = source->client_streaming,
        .streams_responses = source->server_streaming,
    };
    if (method->name == NULL ||
        !nm_schema_keep_options(scope->build, &source->options, &method->options) ||
        !add_reference(scope, service, method, source->input_type, &method->request) ||
        !add_reference(scope, service, method, source->output_type, &method->response))
        return nm_schema_fail_memory(scope->build);
    return NATSMICRO_OK;
}

static natsmicro_status check_names(const nm_schema_scope *scope, const nm_schema_service *service)
{
    const char **names = nm_schema_scratch(scope->build, service->n_methods, sizeof(names[0]));

    if (names == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < service->n_methods; i++)
        names[i] = service->methods[i].name;
    const char *twice = nm_schema_find_twice(names, service->n_methods);
    if (twice != NULL)
        return fail(scope, service, twice, "its name is there twice");
    return NATSMICRO_OK;
}

static natsmicro_status read_methods(const nm_schema_scope *scope, nm_schema_service *service,
                                     const service_source *source)
{
    nm_schema_method *methods = nm_schema_keep(scope->build, source->n_method, sizeof(methods[0]));

    if (methods == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < source->n_method; i++) {
        natsmicro_status status = read_method(scope, service, &methods[i], source->method[i]);
        if (status != NATSMICRO_OK)
            return status;
    }
    service->n_methods = source->n_method;
    service->methods = methods;
    return check_names(scope, service);
}

static natsmicro_status read_service(const nm_schema_scope *scope, nm_schema_service *service,
                                     const service_source *source)
{
    bool ignored;
    const char *fault = nm_schema_read_option(source->has_options, &source->options, 1, &ignored);

    *service = (nm_schema_service){.file = scope->file};
    natsmicro_status status =
        nm_schema_read_name(scope, "a service", source->name, &service->name, &service->full_name);
    if (status != NATSMICRO_OK)
        return status;
    if (fault != NULL)
        return nm_schema_fail(scope->build, scope->file->name, "the options of %s: %s",
                              service->full_name, fault);
    if (!nm_schema_keep_options(scope->build, &source->options, &service->options))
        return nm_schema_fail_memory(scope->build);
    return read_methods(scope, service, source);
}

natsmicro_status nm_schema_read_services(const nm_schema_scope *scope, nm_schema_file *file,
                                         const Nm__Schema__FileSubset *source)
{
    nm_schema_build *build = scope->build;
    nm_schema_service *services = nm_schema_keep(build, source->n_service, sizeof(services[0]));

    if (services == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < source->n_service; i++) {
        natsmicro_status status = read_service(scope, &services[i], source->service[i]);
        if (status != NATSMICRO_OK)
            return status;
        if (!nm_schema_add(build, &build->services, &services[i]))
            return nm_schema_fail_memory(build);
    }
    file->n_services = source->n_service;
    file->services = services;
    return NATSMICRO_OK;
}
