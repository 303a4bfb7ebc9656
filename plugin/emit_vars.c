/*
 * Emit: the names that templates use. A capital letter begins the name of a type.
 */
#include "emit.h"

#include <stdio.h>

static size_t add_service_vars(nm_var *vars, const nm_file *file, const nm_service *service)
{
    size_t n = 0;
    vars[n++] = (nm_var){"proto", file->proto};
    vars[n++] = (nm_var){"base", file->base};
    vars[n++] = (nm_var){"identifier", file->identifier};
    if (service != NULL) {
        vars[n++] = (nm_var){"service", service->full_name};
        vars[n++] = (nm_var){"Client", service->client_type};
        vars[n++] = (nm_var){"client", service->client_lower};
        vars[n++] = (nm_var){"Server", service->server_type};
        vars[n++] = (nm_var){"server", service->server_lower};
        vars[n++] = (nm_var){"Handlers", service->handlers_type};
    }
    return n;
}

void nm_emit_service_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service)
{
    size_t n = add_service_vars(vars->vars, file, service);
    vars->vars[n] = (nm_var){NULL, NULL};
}

void nm_emit_method_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service,
                         size_t method_index)
{
    const nm_method *method = &service->methods[method_index];
    size_t n = add_service_vars(vars->vars, file, service);
    snprintf(vars->index, sizeof(vars->index), "%zu", method_index);
    vars->vars[n++] = (nm_var){"index", vars->index};
    vars->vars[n++] = (nm_var){"method", method->name};
    vars->vars[n++] = (nm_var){"Method", method->camel};
    vars->vars[n++] = (nm_var){"m", method->lower};
    vars->vars[n++] = (nm_var){"field", method->field};
    vars->vars[n++] = (nm_var){"Request", method->request.type};
    vars->vars[n++] = (nm_var){"request", method->request.descriptor};
    vars->vars[n++] = (nm_var){"Response", method->response.type};
    vars->vars[n++] = (nm_var){"response", method->response.descriptor};
    vars->vars[n] = (nm_var){NULL, NULL};
}

void nm_emit_error_vars(nm_emit_vars *vars, const nm_file *file, const nm_service *service,
                        size_t code_index)
{
    size_t n = add_service_vars(vars->vars, file, service);
    vars->vars[n++] = (nm_var){"CODE", service->error_codes[code_index].code};
    vars->vars[n++] = (nm_var){"code", service->error_codes[code_index].lower};
    vars->vars[n] = (nm_var){NULL, NULL};
}
