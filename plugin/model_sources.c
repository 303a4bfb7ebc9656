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

static bool read_pb_c_file(nm_build *build, nm_source *source)
{
    const Google__Protobuf__FileOptions *options = source->proto->options;
    const nm_place place = {source->proto->name, 0, NULL, NULL};
    nm_bytes rest;
    nm_extension_state state =
        nm_wire_extension(build->pool, options == NULL ? NULL : &options->base, PB_C_FILE, &rest);
    bool readable = state != NM_EXTENSION_MALFORMED;
    while (readable && rest.length != 0) {
        nm_wire_field field;
        readable = nm_wire_next(&rest, &field);
        if (readable && field.number == PB_C_FILE_NO_GENERATE)
            source->no_generate = field.number_value != 0;
        if (readable && field.number == PB_C_FILE_C_PACKAGE)
            source->scope.c_package =
                nm_pool_copy(build->pool, (const char *)field.bytes.data, field.bytes.length);
    }
    if (!readable)
        return nm_fail(build, &place,
                       "the option (pb_c_file) is malformed (import "
                       "\"protobuf-c/protobuf-c.proto\" as protobuf-c ships it)");
    return true;
}

const char *nm_join_name(nm_pool *pool, const char *package, const char *name)
{
    return nm_pool_format(pool, "%s%s%s", package, package[0] == '\0' ? "" : ".", name);
}

/* ---- messages ---- */

static size_t count_messages(nm_message_proto *const *messages, size_t count)
{
    size_t all = count;
    for (size_t i = 0; i < count; i++)
        all += count_messages(messages[i]->nested_type, messages[i]->n_nested_type);
    return all;
}

static bool add_messages(nm_build *build, const nm_source *source, const char *scope,
                         nm_message_proto *const *messages, size_t count)
{
    const nm_place place = {source->proto->name, 0, NULL, NULL};
    for (size_t i = 0; i < count; i++) {
        if (!nm_names_is_identifier(messages[i]->name))
            return nm_fail(build, &place,
                           "a message has no name, or no identifier for one (run the plugin with "
                           "protoc)");
        const char *full_name = nm_join_name(build->pool, scope, messages[i]->name);
        build->messages[build->n_messages++] = (nm_known_message){full_name, messages[i], source};
        if (!add_messages(build, source, full_name, messages[i]->nested_type,
                          messages[i]->n_nested_type))
            return false;
    }
    return true;
}

static int compare_messages(const void *a, const void *b)
{
    const nm_known_message *first = a;
    const nm_known_message *second = b;
    return strcmp(first->full_name, second->full_name);
}

const nm_known_message *nm_find_message(const nm_build *build, const char *full_name)
{
    const nm_known_message wanted = {full_name, NULL, NULL};
    return bsearch(&wanted, build->messages, build->n_messages, sizeof(wanted), compare_messages);
}

/* ---- files ---- */

bool nm_read_sources(nm_build *build)
{
    const nm_request *request = build->request;
    size_t n_messages = 0;
    build->sources = nm_pool_alloc(build->pool, request->n_proto_file, sizeof(nm_source));
    for (size_t i = 0; i < request->n_proto_file; i++) {
        nm_source *source = &build->sources[build->n_sources++];
        source->proto = request->proto_file[i];
        if (source->proto->name == NULL)
            return nm_fail(build, NULL, "a file has no name (run the plugin with protoc)");
        source->scope.package = source->proto->package == NULL ? "" : source->proto->package;
        if (!nm_check_package(build, source->proto->name, source->scope.package) ||
            !read_pb_c_file(build, source))
            return false;
        n_messages += count_messages(source->proto->message_type, source->proto->n_message_type);
    }
    build->messages = nm_pool_alloc(build->pool, n_messages, sizeof(nm_known_message));
    for (size_t i = 0; i < build->n_sources; i++) {
        const nm_source *source = &build->sources[i];
        if (!add_messages(build, source, source->scope.package, source->proto->message_type,
                          source->proto->n_message_type))
            return false;
    }
    qsort(build->messages, build->n_messages, sizeof(nm_known_message), compare_messages);
    return true;
}

const nm_source *nm_find_source(const nm_build *build, const char *name)
{
    for (size_t i = 0; i < build->n_sources; i++) {
        if (strcmp(build->sources[i].proto->name, name) == 0)
            return &build->sources[i];
    }
    return NULL;
}

/* ---- source info ---- */

static const Google__Protobuf__SourceCodeInfo__Location *
find_location(const nm_source *source, const int32_t *path, size_t n_path)
{
    const Google__Protobuf__SourceCodeInfo *info = source->proto->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        if (info->location[i]->n_path == n_path &&
            memcmp(info->location[i]->path, path, n_path * sizeof(*path)) == 0)
            return info->location[i];
    }
    return NULL;
}

int nm_source_line(const nm_source *source, const int32_t *path, size_t n_path)
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

const char *nm_source_comment(nm_build *build, const nm_source *source, const int32_t *path,
                              size_t n_path)
{
    const Google__Protobuf__SourceCodeInfo__Location *location =
        find_location(source, path, n_path);
    if (location == NULL)
        return NULL;
    const char *leading = unless_blank(location->leading_comments);
    const char *trailing = unless_blank(location->trailing_comments);
    if (leading != NULL && trailing != NULL)
        return nm_pool_format(build->pool, "%s\n%s", leading, trailing);
    return leading != NULL ? leading : trailing;
}
