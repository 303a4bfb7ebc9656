/*
 * Parameters: see parameters.h.
 */
#include "request/parameters.h"

#include "request/identifier.h"

#include <string.h>

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

static bool read_parameter(gen_context *context, char *parameter, gen_parameters *parameters)
{
    char *equals = strchr(parameter, '=');
    if (equals != NULL)
        *equals = '\0';
    const char **value = find_parameter(parameters, parameter);
    if (value == NULL)
        return gen_fail(
            context, NULL,
            "unknown parameter \"%s\" (the plugin knows client_suffix=, server_suffix= and "
            "handlers_suffix=)",
            parameter);
    if (equals == NULL || !gen_is_identifier(equals + 1))
        return gen_fail(context, NULL,
                        "parameter %s: \"%s\" is not an identifier (write %s=Name, in letters, "
                        "digits and _)",
                        parameter, equals == NULL ? "" : equals + 1, parameter);
    if (*value != NULL)
        return gen_fail(context, NULL, "parameter %s is given twice (keep one)", parameter);
    *value = equals + 1;
    return true;
}

static void set_default(const char **value, const char *preset)
{
    if (*value == NULL)
        *value = preset;
}

static bool check_suffixes_differ(gen_context *context, const gen_parameters *parameters)
{
    const char *client = parameters->client_suffix;
    const char *server = parameters->server_suffix;
    const char *handlers = parameters->handlers_suffix;
    if (strcmp(client, server) == 0 || strcmp(client, handlers) == 0 ||
        strcmp(server, handlers) == 0)
        return gen_fail(context, NULL,
                        "client_suffix=%s, server_suffix=%s and handlers_suffix=%s must differ "
                        "(change one)",
                        client, server, handlers);
    return true;
}

bool gen_read_parameters(gen_context *context, const char *text, gen_parameters *parameters)
{
    *parameters = (gen_parameters){NULL, NULL, NULL};
    char *rest = gen_pool_copy(context->pool, text, text == NULL ? 0 : strlen(text));
    while (*rest != '\0') {
        char *parameter = rest;
        rest += strcspn(rest, ",");
        if (*rest == ',')
            *rest++ = '\0';
        if (!read_parameter(context, parameter, parameters))
            return false;
    }
    set_default(&parameters->client_suffix, "Client");
    set_default(&parameters->server_suffix, "Server");
    set_default(&parameters->handlers_suffix, "Handlers");
    return check_suffixes_differ(context, parameters);
}
