/*
 * Vars: see vars.h.
 */
#include "emit/vars.h"

#include <stdio.h>

static size_t add_service_vars(gen_var *vars, const gen_file *file, const gen_service *service)
{
    size_t n = 0;
    vars[n++] = (gen_var){"proto", file->proto};
    vars[n++] = (gen_var){"base", file->base};
    vars[n++] = (gen_var){"identifier", file->identifier};
    if (service != NULL) {
        vars[n++] = (gen_var){"service", service->full_name};
        vars[n++] = (gen_var){"Client", service->client_type};
        vars[n++] = (gen_var){"client", service->client_lower};
        vars[n++] = (gen_var){"Server", service->server_type};
        vars[n++] = (gen_var){"server", service->server_lower};
        vars[n++] = (gen_var){"Handlers", service->handlers_type};
    }
    return n;
}

void gen_service_vars(gen_vars *vars, const gen_file *file, const gen_service *service)
{
    size_t n = add_service_vars(vars->vars, file, service);
    vars->vars[n] = (gen_var){NULL, NULL};
}

void gen_method_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                     size_t method_index)
{
    const gen_method *method = &service->methods[method_index];
    size_t n = add_service_vars(vars->vars, file, service);
    snprintf(vars->index, sizeof(vars->index), "%zu", method_index);
    vars->vars[n++] = (gen_var){"index", vars->index};
    vars->vars[n++] = (gen_var){"method", method->name};
    vars->vars[n++] = (gen_var){"Method", method->camel};
    vars->vars[n++] = (gen_var){"m", method->lower};
    vars->vars[n++] = (gen_var){"field", method->field};
    vars->vars[n++] = (gen_var){"Request", method->request.type};
    vars->vars[n++] = (gen_var){"request", method->request.descriptor};
    vars->vars[n++] = (gen_var){"Response", method->response.type};
    vars->vars[n++] = (gen_var){"response", method->response.descriptor};
    vars->vars[n] = (gen_var){NULL, NULL};
}

void gen_error_vars(gen_vars *vars, const gen_file *file, const gen_service *service,
                    size_t code_index)
{
    size_t n = add_service_vars(vars->vars, file, service);
    vars->vars[n++] = (gen_var){"CODE", service->error_codes[code_index].code};
    vars->vars[n++] = (gen_var){"code", service->error_codes[code_index].lower};
    vars->vars[n] = (gen_var){NULL, NULL};
}

void gen_add_var(gen_vars *vars, const char *name, const char *value)
{
    size_t n = 0;
    while (vars->vars[n].name != NULL)
        n++;
    vars->vars[n] = (gen_var){name, value};
    vars->vars[n + 1] = (gen_var){NULL, NULL};
}
