/*
 * Parameters: see parameters.h.
 */
#include "request/parameters.h"

#include "request/identifier.h"

#include <string.h>

/* A parameter as it is written: "name" or "name=value". */
typedef struct gen_given {
    const char *name;
    const char *value; /* NULL: no "=" */
} gen_given;

/*
 * Whether a parameter takes an identifier, nothing, what is checked later, or any text; the last
 * may be given again.
 */
typedef enum gen_value_kind {
    GEN_IDENTIFIER,
    GEN_NO_VALUE,
    GEN_ANY,
    GEN_TEXT,
    GEN_TEXTS
} gen_value_kind;

typedef struct gen_known_parameter {
    const char *name;
    gen_value_kind kind;
    const char **value;
} gen_known_parameter;

static bool check_value(gen_context *context, const gen_known_parameter *known, const char *value)
{
    const char *name = known->name;
    if (known->kind == GEN_NO_VALUE && value != NULL)
        return gen_fail(context, NULL, "parameter %s takes no value (write %s)", name, name);
    if (known->kind == GEN_IDENTIFIER && !gen_is_identifier(value))
        return gen_fail(context, NULL,
                        "parameter %s: \"%s\" is not an identifier (write %s=Name, in letters, "
                        "digits and _)",
                        name, value == NULL ? "" : value, name);
    if (known->kind >= GEN_TEXT && (value == NULL || *value == '\0'))
        return gen_fail(context, NULL, "parameter %s has no value (write %s=%s)", name, name,
                        known->kind == GEN_TEXT ? "path" : "parameter");
    return true;
}

static bool read_parameter(gen_context *context, const gen_given *given,
                           const gen_known_parameter *known)
{
    if (!check_value(context, known, given->value))
        return false;
    const char *value = given->value == NULL ? "" : given->value;
    if (*known->value != NULL && known->kind != GEN_TEXTS)
        return gen_fail(context, NULL, "parameter %s is given twice (keep one)", known->name);
    *known->value = *known->value == NULL
                        ? value
                        : gen_pool_format(context->pool, "%s,%s", *known->value, value);
    return true;
}

static bool find_and_read(gen_context *context, const gen_given *given,
                          const gen_known_parameter *known)
{
    for (; known->name != NULL; known++) {
        if (strcmp(given->name, known->name) == 0)
            return read_parameter(context, given, known);
    }
    return gen_fail(context, NULL,
                    "unknown parameter \"%s\" (the plugin knows client_suffix=, server_suffix=, "
                    "handlers_suffix=, descriptors=, messages, protoc_gen_c= and "
                    "protoc_gen_c_opt=)",
                    given->name);
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

static bool check_messages(gen_context *context, const gen_parameters *parameters)
{
    const char *given = parameters->protoc_gen_c != NULL       ? "protoc_gen_c"
                        : parameters->protoc_gen_c_opt != NULL ? "protoc_gen_c_opt"
                                                               : NULL;
    if (given != NULL && !parameters->messages)
        return gen_fail(context, NULL,
                        "parameter %s is for the parameter messages, which is not given (add "
                        "messages, or remove %s)",
                        given, given);
    return true;
}

static bool read_descriptors(gen_context *context, const char *value, gen_parameters *parameters)
{
    parameters->descriptors = GEN_DESCRIPTORS_PLAIN;
    if (value == NULL)
        return true;
    if (strcmp(value, "none") == 0)
        parameters->descriptors = GEN_DESCRIPTORS_NONE;
    else if (strcmp(value, "comments") == 0)
        parameters->descriptors = GEN_DESCRIPTORS_COMMENTS;
    else
        return gen_fail(context, NULL,
                        "parameter descriptors: \"%s\" is unknown (write descriptors=none or "
                        "descriptors=comments)",
                        value);
    return true;
}

bool gen_read_parameters(gen_context *context, const char *text, gen_parameters *parameters)
{
    *parameters = (gen_parameters){0};
    const char *messages = NULL;
    const char *descriptors = NULL;
    const gen_known_parameter known[] = {
        {"client_suffix", GEN_IDENTIFIER, &parameters->client_suffix},
        {"server_suffix", GEN_IDENTIFIER, &parameters->server_suffix},
        {"handlers_suffix", GEN_IDENTIFIER, &parameters->handlers_suffix},
        {"descriptors", GEN_ANY, &descriptors},
        {"messages", GEN_NO_VALUE, &messages},
        {"protoc_gen_c", GEN_TEXT, &parameters->protoc_gen_c},
        {"protoc_gen_c_opt", GEN_TEXTS, &parameters->protoc_gen_c_opt},
        {NULL, GEN_TEXT, NULL},
    };
    char *rest = gen_pool_copy(context->pool, text, text == NULL ? 0 : strlen(text));
    while (*rest != '\0') {
        char *parameter = rest;
        rest += strcspn(rest, ",");
        if (*rest == ',')
            *rest++ = '\0';
        char *equals = strchr(parameter, '=');
        if (equals != NULL)
            *equals++ = '\0';
        if (!find_and_read(context, &(gen_given){parameter, equals}, known))
            return false;
    }
    parameters->messages = messages != NULL;
    if (!read_descriptors(context, descriptors, parameters) || !check_messages(context, parameters))
        return false;
    set_default(&parameters->client_suffix, "Client");
    set_default(&parameters->server_suffix, "Server");
    set_default(&parameters->handlers_suffix, "Handlers");
    set_default(&parameters->protoc_gen_c, "protoc-gen-c");
    return check_suffixes_differ(context, parameters);
}
