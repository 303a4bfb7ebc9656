/*
 * Sources: see sources.h.
 */
#include "request/sources.h"

#include "request/identifier.h"
#include "request/wire.h"

#include <stdlib.h>
#include <string.h>

/*
 * protobuf-c.proto: extend google.protobuf.FileOptions { ProtobufCFileOptions pb_c_file = 1019; }
 */
enum {
    PB_C_FILE = 1019,
    PB_C_FILE_NO_GENERATE = 1,
    PB_C_FILE_USE_ONEOF_FIELD_NAME = 5,
    PB_C_FILE_C_PACKAGE = 6
};

static bool read_pb_c_file(gen_context *context, const gen_place *place, gen_source *source)
{
    const Google__Protobuf__FileOptions *options = source->proto->options;
    nm_cursor rest;
    gen_extension_state state = gen_wire_extension(
        context->pool, options == NULL ? NULL : &options->base, PB_C_FILE, &rest);
    bool readable = state != GEN_EXTENSION_MALFORMED;
    while (readable && nm_cursor_left(&rest) != 0) {
        gen_wire_field field;
        readable = gen_wire_next(&rest, &field);
        if (readable && field.number == PB_C_FILE_NO_GENERATE)
            source->no_generate = field.value != 0;
        if (readable && field.number == PB_C_FILE_USE_ONEOF_FIELD_NAME)
            source->use_oneof_field_name = field.value != 0;
        if (readable && field.number == PB_C_FILE_C_PACKAGE)
            source->scope.c_package = gen_pool_copy(context->pool, (const char *)field.content.at,
                                                    nm_cursor_left(&field.content));
    }
    if (!readable)
        return gen_fail(context, place,
                        "the option (pb_c_file) is malformed (import "
                        "\"protobuf-c/protobuf-c.proto\" as protobuf-c ships it)");
    return true;
}

const char *gen_join_name(gen_pool *pool, const char *package, const char *name)
{
    return gen_pool_format(pool, "%s%s%s", package, package[0] == '\0' ? "" : ".", name);
}

bool gen_optional_is_pointer(const gen_field_proto *field)
{
    return field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
}

bool gen_is_in_oneof(const gen_message_proto *message, const gen_field_proto *field)
{
    return field->has_oneof_index && field->oneof_index >= 0 &&
           (size_t)field->oneof_index < message->n_oneof_decl;
}

size_t gen_first_in_oneof(const gen_message_proto *message, size_t oneof)
{
    size_t i = 0;
    while (i < message->n_field && !(message->field[i]->has_oneof_index &&
                                     message->field[i]->oneof_index == (int32_t)oneof))
        i++;
    return i;
}

const char *gen_type_name(const char *type_name)
{
    return type_name == NULL ? "" : type_name + (*type_name == '.');
}

/* ---- messages and enums ---- */

/* Counts messages, and all that is declared in them. */
static void count_types(gen_message_proto *const *messages, size_t count, size_t *n_messages,
                        size_t *n_enums)
{
    *n_messages += count;
    for (size_t i = 0; i < count; i++) {
        *n_enums += messages[i]->n_enum_type;
        count_types(messages[i]->nested_type, messages[i]->n_nested_type, n_messages, n_enums);
    }
}

static bool fail_name(gen_context *context, const gen_source *source, const char *what)
{
    const gen_place place = {source->proto->name, 0, NULL, NULL};
    return gen_fail(
        context, &place,
        "the name of %s is missing or is not an identifier (run the plugin with protoc)", what);
}

/* Adds the enums of a file or a message. */
static bool add_enums(gen_context *context, const gen_source *source, const char *scope,
                      gen_enum_proto *const *enums, size_t count, gen_sources *sources)
{
    for (size_t i = 0; i < count; i++) {
        if (!gen_is_identifier(enums[i]->name))
            return fail_name(context, source, "an enum");
        for (size_t j = 0; j < enums[i]->n_value; j++) {
            if (!gen_is_identifier(enums[i]->value[j]->name))
                return fail_name(context, source, "a value of an enum");
        }
        const char *full_name = gen_join_name(context->pool, scope, enums[i]->name);
        sources->enums[sources->n_enums++] = (gen_known_enum){full_name, source};
    }
    return true;
}

static bool check_members(gen_context *context, const gen_source *source,
                          const gen_message_proto *message)
{
    for (size_t i = 0; i < message->n_field; i++) {
        if (!gen_is_identifier(message->field[i]->name))
            return fail_name(context, source, "a field");
    }
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        if (!gen_is_identifier(message->oneof_decl[i]->name))
            return fail_name(context, source, "a oneof");
    }
    return true;
}

static bool add_messages(gen_context *context, const gen_source *source, const char *scope,
                         gen_message_proto *const *messages, size_t count, gen_sources *sources)
{
    for (size_t i = 0; i < count; i++) {
        if (!gen_is_identifier(messages[i]->name))
            return fail_name(context, source, "a message");
        if (!check_members(context, source, messages[i]))
            return false;
        const char *full_name = gen_join_name(context->pool, scope, messages[i]->name);
        sources->messages[sources->n_messages++] =
            (gen_known_message){full_name, messages[i], source};
        if (!add_enums(context, source, full_name, messages[i]->enum_type, messages[i]->n_enum_type,
                       sources) ||
            !add_messages(context, source, full_name, messages[i]->nested_type,
                          messages[i]->n_nested_type, sources))
            return false;
    }
    return true;
}

/* Both begin with the name. */
static int compare_names(const void *a, const void *b)
{
    const char *const *first = a;
    const char *const *second = b;
    return strcmp(*first, *second);
}

static bool read_types(gen_context *context, gen_sources *sources)
{
    size_t n_messages = 0;
    size_t n_enums = 0;
    for (size_t i = 0; i < sources->count; i++) {
        const gen_file_proto *proto = sources->items[i].proto;
        n_enums += proto->n_enum_type;
        count_types(proto->message_type, proto->n_message_type, &n_messages, &n_enums);
    }
    sources->messages = gen_pool_alloc(context->pool, n_messages, sizeof(gen_known_message));
    sources->enums = gen_pool_alloc(context->pool, n_enums, sizeof(gen_known_enum));
    for (size_t i = 0; i < sources->count; i++) {
        const gen_source *source = &sources->items[i];
        const gen_file_proto *proto = source->proto;
        const char *package = source->scope.package;
        if (!add_enums(context, source, package, proto->enum_type, proto->n_enum_type, sources) ||
            !add_messages(context, source, package, proto->message_type, proto->n_message_type,
                          sources))
            return false;
    }
    qsort(sources->messages, sources->n_messages, sizeof(gen_known_message), compare_names);
    qsort(sources->enums, sources->n_enums, sizeof(gen_known_enum), compare_names);
    return true;
}

const gen_known_message *gen_find_message(const gen_sources *sources, const char *full_name)
{
    return bsearch(&full_name, sources->messages, sources->n_messages, sizeof(gen_known_message),
                   compare_names);
}

const gen_known_enum *gen_find_enum(const gen_sources *sources, const char *full_name)
{
    return bsearch(&full_name, sources->enums, sources->n_enums, sizeof(gen_known_enum),
                   compare_names);
}

/* ---- files ---- */

static bool read_source(gen_context *context, const gen_file_proto *proto, gen_source *source)
{
    if (proto->name == NULL)
        return gen_fail(context, NULL, "a file has no name (run the plugin with protoc)");
    const gen_place place = {proto->name, 0, NULL, NULL};
    source->proto = proto;
    source->scope.package = proto->package == NULL ? "" : proto->package;
    if (!gen_is_package(source->scope.package))
        return gen_fail(
            context, &place,
            "package \"%s\" is not identifiers joined by dots (run the plugin with protoc)",
            source->scope.package);
    return read_pb_c_file(context, &place, source);
}

bool gen_read_sources(gen_context *context, const gen_request *request, gen_sources *sources)
{
    *sources = (gen_sources){0};
    sources->items = gen_pool_alloc(context->pool, request->n_proto_file, sizeof(gen_source));
    for (size_t i = 0; i < request->n_proto_file; i++) {
        if (!read_source(context, request->proto_file[i], &sources->items[sources->count++]))
            return false;
    }
    return read_types(context, sources);
}

const gen_source *gen_find_source(const gen_sources *sources, const char *name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].proto->name, name) == 0)
            return &sources->items[i];
    }
    return NULL;
}
