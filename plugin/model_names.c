/*
 * Model: the C names of services and methods, and the search for two things that would share one:
 * with each other, or with what protoc-gen-c makes of the same files.
 */
#include "model_internal.h"

#include <string.h>

/* ---- what protoc-gen-c makes ---- */

/* Where a declaration of a file is: its path in source info, looked up only when it is needed. */
typedef struct gen_origin {
    const gen_source *source;
    const gen_place *place; /* of what we make ourselves; then there is no source */
    size_t n_path;
    int32_t *path;
} gen_origin;

/* A declaration one level below `parent`. */
static const gen_origin *origin_below(gen_build *build, const gen_source *source,
                                      const gen_origin *parent, int32_t field, size_t index)
{
    gen_origin *origin = gen_pool_alloc(build->pool, 1, sizeof(*origin));
    size_t n_parent = parent == NULL ? 0 : parent->n_path;
    origin->source = source;
    origin->n_path = n_parent + 2;
    origin->path = gen_pool_alloc(build->pool, origin->n_path, sizeof(int32_t));
    if (n_parent != 0)
        memcpy(origin->path, parent->path, n_parent * sizeof(int32_t));
    origin->path[n_parent] = field;
    origin->path[n_parent + 1] = (int32_t)index;
    return origin;
}

/* Two of these with one name are protoc-gen-c's business: the first stays. */
static void add_foreign(gen_build *build, const char *what, const gen_origin *origin,
                        const char *name, const char *ending)
{
    const char *whole = gen_pool_format(build->pool, "%s%s", name, ending);
    gen_clash_add(build->pool, &build->names, (gen_clash_entry){whole, what, origin});
}

static void add_foreign_enum(gen_build *build, const gen_source *source, const char *full_name,
                             const gen_origin *origin)
{
    const char *what = gen_pool_format(build->pool, "enum %s", full_name);
    add_foreign(build, what, origin, gen_names_type(build->pool, full_name, source->scope), "");
    add_foreign(build, what, origin, gen_names_lower(build->pool, full_name, source->scope),
                "__descriptor");
}

static void add_foreign_message(gen_build *build, const gen_source *source, const char *scope,
                                const gen_message_proto *proto, const gen_origin *origin)
{
    static const char *const functions[] = {
        "__init",   "__get_packed_size", "__pack",       "__pack_to_buffer",
        "__unpack", "__free_unpacked",   "__descriptor",
    };
    const char *full_name = gen_join_name(build->pool, scope, proto->name);
    const char *what = gen_pool_format(build->pool, "message %s", full_name);
    const char *type = gen_names_type(build->pool, full_name, source->scope);
    const char *lower = gen_names_lower(build->pool, full_name, source->scope);
    add_foreign(build, what, origin, type, "");
    add_foreign(build, what, origin, type, "_Closure");
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        add_foreign(build, what, origin, lower, functions[i]);
    for (size_t i = 0; i < proto->n_oneof_decl; i++) {
        const char *oneof = proto->oneof_decl[i]->name == NULL ? "" : proto->oneof_decl[i]->name;
        const char *oneof_name = gen_join_name(build->pool, full_name, oneof);
        add_foreign(build, what, origin, gen_names_type(build->pool, oneof_name, source->scope),
                    "Case");
    }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        const char *name = proto->enum_type[i]->name == NULL ? "" : proto->enum_type[i]->name;
        add_foreign_enum(build, source, gen_join_name(build->pool, full_name, name),
                         origin_below(build, source, origin, 4, i));
    }
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_foreign_message(build, source, full_name, proto->nested_type[i],
                            origin_below(build, source, origin, 3, i));
}

static void add_foreign_service(gen_build *build, const gen_source *source,
                                const gen_service_proto *proto, const gen_origin *origin)
{
    const char *full_name =
        gen_join_name(build->pool, source->scope.package, proto->name == NULL ? "" : proto->name);
    const char *what = gen_pool_format(build->pool, "service %s", full_name);
    const char *type = gen_names_type(build->pool, full_name, source->scope);
    const char *lower = gen_names_lower(build->pool, full_name, source->scope);
    add_foreign(build, what, origin, type, "_Service");
    add_foreign(build, what, origin, type, "_ServiceDestroy");
    add_foreign(build, what, origin, lower, "__init");
    add_foreign(build, what, origin, lower, "__descriptor");
    for (size_t i = 0; i < proto->n_method; i++) {
        const char *name = proto->method[i]->name == NULL ? "" : proto->method[i]->name;
        const char *method = gen_pool_format(build->pool, "method %s.%s", full_name, name);
        add_foreign(build, method, origin_below(build, source, origin, 2, i), lower,
                    gen_pool_format(build->pool, "__%s", gen_names_lower_part(build->pool, name)));
    }
}

bool gen_register_foreign_names(gen_build *build)
{
    for (size_t i = 0; i < build->n_sources; i++) {
        const gen_source *source = &build->sources[i];
        const gen_file_proto *proto = source->proto;
        if (source->no_generate)
            continue;
        for (size_t j = 0; j < proto->n_message_type; j++)
            add_foreign_message(build, source, source->scope.package, proto->message_type[j],
                                origin_below(build, source, NULL, 4, j));
        for (size_t j = 0; j < proto->n_enum_type; j++) {
            const char *name = proto->enum_type[j]->name == NULL ? "" : proto->enum_type[j]->name;
            add_foreign_enum(build, source, gen_join_name(build->pool, source->scope.package, name),
                             origin_below(build, source, NULL, 5, j));
        }
        for (size_t j = 0; j < proto->n_service; j++)
            add_foreign_service(build, source, proto->service[j],
                                origin_below(build, source, NULL, 6, j));
    }
    return true;
}

/* ---- what we make ---- */

void gen_name_service(gen_build *build, const gen_source *source, const char *name,
                      gen_service *service)
{
    gen_pool *pool = build->pool;
    const gen_parameters *parameters = &build->parameters;
    const char *plain = gen_join_name(pool, source->scope.package, name);
    const char *client = gen_pool_format(pool, "%s%s", plain, parameters->client_suffix);
    const char *server = gen_pool_format(pool, "%s%s", plain, parameters->server_suffix);
    const char *handlers = gen_pool_format(pool, "%s%s", plain, parameters->handlers_suffix);
    service->client_type = gen_names_type(pool, client, source->scope);
    service->client_lower = gen_names_lower(pool, client, source->scope);
    service->server_type = gen_names_type(pool, server, source->scope);
    service->server_lower = gen_names_lower(pool, server, source->scope);
    service->handlers_type = gen_names_type(pool, handlers, source->scope);
}

bool gen_name_method(gen_build *build, const gen_place *place, gen_method *method)
{
    const gen_scope no_scope = {"", NULL};
    method->camel = gen_names_type(build->pool, method->name, no_scope);
    method->lower = gen_names_lower_part(build->pool, method->name);
    method->field = method->lower;
    if (gen_names_is_c_keyword(method->lower))
        return gen_fail(build, place,
                        "protoc-gen-c names a struct's member \"%s\" after it, which no C compiler "
                        "takes (rename the method)",
                        method->lower);
    if (gen_names_is_taken_in_services(method->lower))
        return gen_fail(
            build, place,
            "protoc-gen-c makes \"%s\" of it, a name that it gives to something else in "
            "every service (rename the method)",
            method->lower);
    if (gen_names_is_reserved(method->lower))
        method->field = gen_pool_format(build->pool, "%s_", method->lower);
    return true;
}

/* What a group of names stands for, and the parameter that would move them. */
typedef struct gen_owner {
    const gen_place *place;
    const char *what;
    const char *parameter;
} gen_owner;

static bool add_own(gen_build *build, const gen_owner *owner, const char *name, const char *ending)
{
    gen_origin *origin = gen_pool_alloc(build->pool, 1, sizeof(*origin));
    origin->place = owner->place;
    const char *whole = gen_pool_format(build->pool, "%s%s", name, ending);
    const gen_clash_entry *other =
        gen_clash_add(build->pool, &build->names, (gen_clash_entry){whole, owner->what, origin});
    if (other == NULL)
        return true;
    const gen_origin *there = other->origin;
    if (there->place != NULL && there->place->service == owner->place->service)
        return gen_fail(build, owner->place,
                        "the C name %s of %s is also one of %s at %s:%d (rename one of them)",
                        whole, owner->what, other->what, there->place->file, there->place->line);
    int line = there->place != NULL ? there->place->line
                                    : gen_source_line(there->source, there->path, there->n_path);
    const char *file = there->place != NULL ? there->place->file : there->source->proto->name;
    return gen_fail(build, owner->place,
                    "the C name %s of %s is also one of %s at %s:%d (rename one of them, or give "
                    "the plugin another %s=)",
                    whole, owner->what, other->what, file, line, owner->parameter);
}

/*
 * The functions of a method on the client side, behind its name, by kind; and on the server side.
 */
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

/* Those that a chunked method has beside, where it sends chunks, and where it receives them. */
static const char *const sending_verbs[] = {"__send_bytes", "__send_reader", "__send_fd",
                                            "__send_file",  "__send_chunk",  NULL};
static const char *const receiving_verbs[] = {"__recv_bytes",
                                              "__recv_to_writer",
                                              "__recv_to_fd",
                                              "__recv_to_file",
                                              "__recv_chunk",
                                              "__read",
                                              NULL};

static bool add_verbs(gen_build *build, const gen_owner *owner, const char *name,
                      const char *const *verbs)
{
    for (; *verbs != NULL; verbs++) {
        if (!add_own(build, owner, name, *verbs))
            return false;
    }
    return true;
}

static bool register_method(gen_build *build, const gen_service *service, const gen_method *method,
                            const gen_place *place)
{
    gen_pool *pool = build->pool;
    const char *what = gen_pool_format(pool, "method %s.%s", service->full_name, method->name);
    const gen_owner on_client = {place, what, "client_suffix"};
    const gen_owner on_server = {place, what, "server_suffix"};
    const char *client = gen_pool_format(pool, "%s__%s", service->client_lower, method->lower);
    const char *server = gen_pool_format(pool, "%s__%s", service->server_lower, method->lower);
    if (!add_verbs(build, &on_client, client, client_verbs[method->kind]) ||
        !add_verbs(build, &on_server, server, server_verbs[method->kind]))
        return false;
    bool client_sends = method->kind == GEN_CLIENT_STREAM;
    if (method->chunk_field != NULL &&
        (!add_verbs(build, &on_client, client, client_sends ? sending_verbs : receiving_verbs) ||
         !add_verbs(build, &on_server, server, client_sends ? receiving_verbs : sending_verbs)))
        return false;
    const char *client_call = gen_pool_format(pool, "%s__%s", service->client_type, method->camel);
    const char *server_call = gen_pool_format(pool, "%s__%s", service->server_type, method->camel);
    return (method->kind == GEN_UNARY || add_own(build, &on_client, client_call, "")) &&
           add_own(build, &on_server, server_call, "");
}

static bool register_error_code(gen_build *build, const gen_service *service,
                                const gen_error_code *code, const gen_place *place)
{
    const char *what =
        gen_pool_format(build->pool, "error code %s of service %s", code->code, service->full_name);
    const gen_owner on_client = {place, what, "client_suffix"};
    const gen_owner on_server = {place, what, "server_suffix"};
    return add_own(build, &on_client,
                   gen_pool_format(build->pool, "%s__is_", service->client_lower), code->lower) &&
           add_own(build, &on_server,
                   gen_pool_format(build->pool, "%s__fail_", service->server_lower), code->lower);
}

bool gen_register_service_names(gen_build *build, const gen_service *service,
                                const gen_place *place, const gen_place *method_places)
{
    const char *client = gen_pool_format(build->pool, "the client of %s", service->full_name);
    const char *server = gen_pool_format(build->pool, "the server of %s", service->full_name);
    const char *handlers = gen_pool_format(build->pool, "the handlers of %s", service->full_name);
    const gen_owner of_client = {place, client, "client_suffix"};
    const gen_owner of_server = {place, server, "server_suffix"};
    const gen_owner of_handlers = {place, handlers, "handlers_suffix"};
    if (!add_own(build, &of_client, service->client_type, "") ||
        !add_own(build, &of_client, service->client_lower, "__new") ||
        !add_own(build, &of_client, service->client_lower, "__destroy") ||
        !add_own(build, &of_handlers, service->handlers_type, "") ||
        !add_own(build, &of_server, service->server_lower, "__add"))
        return false;
    for (size_t i = 0; i < service->n_methods; i++) {
        if (!register_method(build, service, &service->methods[i], &method_places[i]))
            return false;
    }
    for (size_t i = 0; i < service->n_error_codes; i++) {
        if (!register_error_code(build, service, &service->error_codes[i], place))
            return false;
    }
    return true;
}
