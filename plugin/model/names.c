/*
 * Names: see names.h.
 */
#include "model/names.h"

#include "model/keywords.h"
#include "model/spelling.h"

#include <string.h>

/* ---- giving names ---- */

void gen_name_service(gen_pool *pool, const gen_parameters *parameters, const gen_source *source,
                      const char *name, gen_service *service)
{
    const char *plain = gen_join_name(pool, source->scope.package, name);
    const char *client = gen_pool_format(pool, "%s%s", plain, parameters->client_suffix);
    const char *server = gen_pool_format(pool, "%s%s", plain, parameters->server_suffix);
    const char *handlers = gen_pool_format(pool, "%s%s", plain, parameters->handlers_suffix);
    service->client_type = gen_spell_type(pool, client, source->scope);
    service->client_lower = gen_spell_lower(pool, client, source->scope);
    service->server_type = gen_spell_type(pool, server, source->scope);
    service->server_lower = gen_spell_lower(pool, server, source->scope);
    service->handlers_type = gen_spell_type(pool, handlers, source->scope);
}

/* Whether protoc-gen-c can make its own stubs of a service with this method. */
static bool check_foreign_stubs(gen_context *context, const gen_place *place,
                                const gen_method *method)
{
    if (gen_is_c_keyword(method->lower))
        return gen_fail(context, place,
                        "protoc-gen-c turns the name into the struct member \"%s\", which C "
                        "compilers refuse (give the plugin --c-natsmicro_opt=messages instead of "
                        "--c_out, or rename the method)",
                        method->lower);
    if (gen_is_taken_in_services(method->lower))
        return gen_fail(
            context, place,
            "protoc-gen-c turns the name into \"%s\", which it uses for something else in "
            "every service (give the plugin --c-natsmicro_opt=messages instead of --c_out, or "
            "rename the method)",
            method->lower);
    return true;
}

/* Whether a client has a function of this name already, which belongs to no method. */
static bool is_function_of_clients(const char *lower)
{
    return strcmp(lower, "new") == 0 || strcmp(lower, "destroy") == 0;
}

bool gen_name_method(gen_context *context, const gen_parameters *parameters, const gen_place *place,
                     gen_method *method)
{
    const gen_scope no_scope = {"", NULL};
    method->camel = gen_spell_type(context->pool, method->name, no_scope);
    method->lower = gen_spell_lower_part(context->pool, method->name);
    method->field = method->lower;
    if (!parameters->messages && !check_foreign_stubs(context, place, method))
        return false;
    if (gen_is_reserved(method->lower))
        method->field = gen_pool_format(context->pool, "%s_", method->lower);
    if (parameters->messages && is_function_of_clients(method->lower))
        method->lower = gen_pool_format(context->pool, "%s_", method->lower);
    return true;
}

/* ---- finding clashes ---- */

/* The service whose names are added, and the table that they are added to. */
typedef struct gen_registry {
    gen_context *context;
    gen_clash_table *names;
    const gen_service *service;
} gen_registry;

/* The method, error code or other thing that a name belongs to. */
typedef struct gen_owner {
    const gen_place *place;
    const char *what;
    const char *parameter; /* the plugin's parameter that changes these names */
} gen_owner;

static bool fail_clash(gen_context *context, const gen_owner *owner, const char *name,
                       const gen_clash_entry *other)
{
    const gen_place there = gen_clash_place(other);
    bool same_service = there.service == owner->place->service;
    if (same_service)
        return gen_fail(context, owner->place,
                        "the C name %s of %s is also a name of %s at %s:%d (rename one of them)",
                        name, owner->what, other->what, there.file, there.line);
    return gen_fail(
        context, owner->place,
        "the C name %s of %s is also a name of %s at %s:%d (rename one of them, or give "
        "the plugin another %s=)",
        name, owner->what, other->what, there.file, there.line, owner->parameter);
}

static bool add(const gen_registry *registry, const gen_owner *owner, const char *name,
                const char *ending)
{
    gen_pool *pool = registry->context->pool;
    const char *whole = gen_pool_format(pool, "%s%s", name, ending);
    const gen_clash_entry entry = {.name = whole, .what = owner->what, .place = owner->place};
    const gen_clash_entry *other = gen_clash_add(pool, registry->names, entry);
    return other == NULL || fail_clash(registry->context, owner, whole, other);
}

/* The endings that a method's functions have after its name, on the client and on the server. */
static const char *const client_verbs[][7] = {
    [GEN_UNARY] = {"", "__free", NULL},
    [GEN_SERVER_STREAM] = {"", "__recv", "__close", NULL},
    [GEN_CLIENT_STREAM] = {"", "__send", "__try_send", "__close_and_recv", "__free", "__close",
                           NULL},
    [GEN_BIDI_STREAM] = {"", "__send", "__try_send", "__recv", "__close_send", "__close", NULL},
};
static const char *const server_verbs[][4] = {
    [GEN_UNARY] = {"__reply", NULL},
    [GEN_SERVER_STREAM] = {"__send", "__try_send", NULL},
    [GEN_CLIENT_STREAM] = {"__recv", "__reply", NULL},
    [GEN_BIDI_STREAM] = {"__recv", "__send", "__try_send", NULL},
};

/* The further endings of a chunked method, on the side that sends and on the side that receives. */
static const char *const sending_verbs[] = {"__send_bytes", "__send_reader", "__send_fd",
                                            "__send_file",  "__send_chunk",  NULL};
static const char *const receiving_verbs[] = {"__recv_bytes",
                                              "__recv_to_writer",
                                              "__recv_to_fd",
                                              "__recv_to_file",
                                              "__recv_chunk",
                                              "__read",
                                              NULL};

/* The further endings of a method with a store, on the client. */
static const char *const store_verbs[][5] = {
    [GEN_KV_BUCKET] = {"__get_from_kv", "__put_to_kv", "__purge_from_kv", "__kv_key", NULL},
    [GEN_OBJECT_BUCKET] = {"__get_from_object_store", "__put_to_object_store", "__object_store_key",
                           NULL},
};

static bool add_verbs(const gen_registry *registry, const gen_owner *owner, const char *name,
                      const char *const *verbs)
{
    for (; *verbs != NULL; verbs++) {
        if (!add(registry, owner, name, *verbs))
            return false;
    }
    return true;
}

static bool add_method(const gen_registry *registry, const gen_method *method,
                       const gen_place *place)
{
    gen_pool *pool = registry->context->pool;
    const gen_service *service = registry->service;
    const char *what = gen_pool_format(pool, "method %s.%s", service->full_name, method->name);
    const gen_owner on_client = {place, what, "client_suffix"};
    const gen_owner on_server = {place, what, "server_suffix"};
    const char *client = gen_pool_format(pool, "%s__%s", service->client_lower, method->lower);
    const char *server = gen_pool_format(pool, "%s__%s", service->server_lower, method->lower);
    if (!add_verbs(registry, &on_client, client, client_verbs[method->kind]) ||
        !add_verbs(registry, &on_server, server, server_verbs[method->kind]))
        return false;
    bool client_sends = method->kind == GEN_CLIENT_STREAM;
    if (method->chunk_field != NULL &&
        (!add_verbs(registry, &on_client, client, client_sends ? sending_verbs : receiving_verbs) ||
         !add_verbs(registry, &on_server, server, client_sends ? receiving_verbs : sending_verbs)))
        return false;
    for (size_t i = 0; i < method->n_stores; i++) {
        if (!add_verbs(registry, &on_client, client, store_verbs[method->stores[i].bucket.kind]))
            return false;
    }
    const char *client_call = gen_pool_format(pool, "%s__%s", service->client_type, method->camel);
    const char *server_call = gen_pool_format(pool, "%s__%s", service->server_type, method->camel);
    return (method->kind == GEN_UNARY || add(registry, &on_client, client_call, "")) &&
           add(registry, &on_server, server_call, "");
}

static bool add_error_code(const gen_registry *registry, const gen_error_code *code,
                           const gen_place *place)
{
    gen_pool *pool = registry->context->pool;
    const gen_service *service = registry->service;
    const char *what =
        gen_pool_format(pool, "error code %s of service %s", code->code, service->full_name);
    const gen_owner on_client = {place, what, "client_suffix"};
    const gen_owner on_server = {place, what, "server_suffix"};
    return add(registry, &on_client, gen_pool_format(pool, "%s__is_", service->client_lower),
               code->lower) &&
           add(registry, &on_server, gen_pool_format(pool, "%s__fail_", service->server_lower),
               code->lower);
}

static bool add_service(const gen_registry *registry, const gen_place *place)
{
    gen_pool *pool = registry->context->pool;
    const gen_service *service = registry->service;
    const char *client = gen_pool_format(pool, "the client of %s", service->full_name);
    const char *server = gen_pool_format(pool, "the server of %s", service->full_name);
    const char *handlers = gen_pool_format(pool, "the handlers of %s", service->full_name);
    const gen_owner of_client = {place, client, "client_suffix"};
    const gen_owner of_server = {place, server, "server_suffix"};
    const gen_owner of_handlers = {place, handlers, "handlers_suffix"};
    return add(registry, &of_client, service->client_type, "") &&
           add(registry, &of_client, service->client_lower, "__new") &&
           add(registry, &of_client, service->client_lower, "__destroy") &&
           add(registry, &of_handlers, service->handlers_type, "") &&
           add(registry, &of_server, service->server_lower, "__add");
}

bool gen_add_service_names(gen_context *context, gen_clash_table *names, const gen_service *service,
                           const gen_place *place, const gen_place *method_places)
{
    const gen_registry registry = {context, names, service};
    if (!add_service(&registry, place))
        return false;
    for (size_t i = 0; i < service->n_methods; i++) {
        if (!add_method(&registry, &service->methods[i], &method_places[i]))
            return false;
    }
    for (size_t i = 0; i < service->n_error_codes; i++) {
        if (!add_error_code(&registry, &service->error_codes[i], place))
            return false;
    }
    return true;
}
