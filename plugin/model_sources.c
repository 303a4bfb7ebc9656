/*
 * Model: the files of the request, their messages by name, and what source info says of a place.
 */
#include "model_internal.h"

#include "wire.h"

#include <stdlib.h>
#include <string.h>

/*
 * protobuf-c.proto: extend google.protobuf.FileOptions { ProtobufCFileOptions pb_c_file = 1019; }
 */
enum { PB_C_FILE = 1019, PB_C_FILE_NO_GENERATE = 1, PB_C_FILE_C_PACKAGE = 6 };

static bool read_pb_c_file(gen_build *build, gen_source *source)
{
    const Google__Protobuf__FileOptions *options = source->proto->options;
    const gen_place place = {source->proto->name, 0, NULL, NULL};
    gen_bytes rest;
    gen_extension_state state =
        gen_wire_extension(build->pool, options == NULL ? NULL : &options->base, PB_C_FILE, &rest);
    bool readable = state != GEN_EXTENSION_MALFORMED;
    while (readable && rest.length != 0) {
        gen_wire_field field;
        readable = gen_wire_next(&rest, &field);
        if (readable && field.number == PB_C_FILE_NO_GENERATE)
            source->no_generate = field.number_value != 0;
        if (readable && field.number == PB_C_FILE_C_PACKAGE)
            source->scope.c_package =
                gen_pool_copy(build->pool, (const char *)field.bytes.data, field.bytes.length);
    }
    if (!readable)
        return gen_fail(build, &place,
                        "the option (pb_c_file) is malformed (import "
                        "\"protobuf-c/protobuf-c.proto\" as protobuf-c ships it)");
    return true;
}

const char *gen_join_name(gen_pool *pool, const char *package, const char *name)
{
    return gen_pool_format(pool, "%s%s%s", package, package[0] == '\0' ? "" : ".", name);
}

/* ---- messages ---- */

static size_t count_messages(gen_message_proto *const *messages, size_t count)
{
    size_t all = count;
    for (size_t i = 0; i < count; i++)
        all += count_messages(messages[i]->nested_type, messages[i]->n_nested_type);
    return all;
}

static bool add_messages(gen_build *build, const gen_source *source, const char *scope,
                         gen_message_proto *const *messages, size_t count)
{
    const gen_place place = {source->proto->name, 0, NULL, NULL};
    for (size_t i = 0; i < count; i++) {
        if (!gen_names_is_identifier(messages[i]->name))
            return gen_fail(build, &place,
                            "a message has no name, or no identifier for one (run the plugin with "
                            "protoc)");
        const char *full_name = gen_join_name(build->pool, scope, messages[i]->name);
        build->messages[build->n_messages++] = (gen_known_message){full_name, messages[i], source};
        if (!add_messages(build, source, full_name, messages[i]->nested_type,
                          messages[i]->n_nested_type))
            return false;
    }
    return true;
}

static int compare_messages(const void *a, const void *b)
{
    const gen_known_message *first = a;
    const gen_known_message *second = b;
    return strcmp(first->full_name, second->full_name);
}

const gen_known_message *gen_find_message(const gen_build *build, const char *full_name)
{
    const gen_known_message wanted = {full_name, NULL, NULL};
    return bsearch(&wanted, build->messages, build->n_messages, sizeof(wanted), compare_messages);
}

/* ---- files ---- */

bool gen_read_sources(gen_build *build)
{
    const gen_request *request = build->request;
    size_t n_messages = 0;
    build->sources = gen_pool_alloc(build->pool, request->n_proto_file, sizeof(gen_source));
    for (size_t i = 0; i < request->n_proto_file; i++) {
        gen_source *source = &build->sources[build->n_sources++];
        source->proto = request->proto_file[i];
        if (source->proto->name == NULL)
            return gen_fail(build, NULL, "a file has no name (run the plugin with protoc)");
        source->scope.package = source->proto->package == NULL ? "" : source->proto->package;
        if (!gen_check_package(build, source->proto->name, source->scope.package) ||
            !read_pb_c_file(build, source))
            return false;
        n_messages += count_messages(source->proto->message_type, source->proto->n_message_type);
    }
    build->messages = gen_pool_alloc(build->pool, n_messages, sizeof(gen_known_message));
    for (size_t i = 0; i < build->n_sources; i++) {
        const gen_source *source = &build->sources[i];
        if (!add_messages(build, source, source->scope.package, source->proto->message_type,
                          source->proto->n_message_type))
            return false;
    }
    qsort(build->messages, build->n_messages, sizeof(gen_known_message), compare_messages);
    return true;
}

const gen_source *gen_find_source(const gen_build *build, const char *name)
{
    for (size_t i = 0; i < build->n_sources; i++) {
        if (strcmp(build->sources[i].proto->name, name) == 0)
            return &build->sources[i];
    }
    return NULL;
}

/* ---- source info ---- */

static const Google__Protobuf__SourceCodeInfo__Location *
find_location(const gen_source *source, const int32_t *path, size_t n_path)
{
    const Google__Protobuf__SourceCodeInfo *info = source->proto->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        if (info->location[i]->n_path == n_path &&
            memcmp(info->location[i]->path, path, n_path * sizeof(*path)) == 0)
            return info->location[i];
    }
    return NULL;
}

int gen_source_line(const gen_source *source, const int32_t *path, size_t n_path)
{
    const Google__Protobuf__SourceCodeInfo__Location *location =
        find_location(source, path, n_path);
    if (location == NULL || location->n_span == 0 || location->span[0] < 0 ||
        location->span[0] == INT32_MAX)
        return 0;
    return location->span[0] + 1;
}

static const char *unless_blank(const char *comment)
{
    return comment == NULL || comment[strspn(comment, " \t\r\n")] == '\0' ? NULL : comment;
}

const char *gen_source_comment(gen_build *build, const gen_source *source, const int32_t *path,
                               size_t n_path)
{
    const Google__Protobuf__SourceCodeInfo__Location *location =
        find_location(source, path, n_path);
    if (location == NULL)
        return NULL;
    const char *leading = unless_blank(location->leading_comments);
    const char *trailing = unless_blank(location->trailing_comments);
    if (leading != NULL && trailing != NULL)
        return gen_pool_format(build->pool, "%s\n%s", leading, trailing);
    return leading != NULL ? leading : trailing;
}
