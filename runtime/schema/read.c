/*
 * Read: see read.h. It recurses once for each message declared in a message; the codec bounds the
 * depth.
 */
#include "schema/read.h"

#include "codec/codec.h"
#include "schema/enums.h"
#include "schema/fields.h"
#include "schema/limits.h"
#include "schema/names.h"
#include "schema/reader.h"
#include "schema/services.h"

#include <string.h>

typedef Nm__Schema__FileSubset file_source;
typedef Nm__Schema__MessageSubset message_source;

#define OPTION_MAP_ENTRY 7 /* of MessageOptions */

static natsmicro_status read_messages(const nm_schema_scope *scope, message_source *const *sources,
                                      size_t count);

/* Reads what a message that has its names contains. */
static natsmicro_status read_content(const nm_schema_scope *outer, nm_schema_message *message,
                                     const message_source *source)
{
    const nm_schema_scope scope = {outer->build, outer->file, message, message->full_name,
                                   outer->depth + 1};

    natsmicro_status status = nm_schema_read_fields(outer->build, message, source);
    if (status == NATSMICRO_OK)
        status = nm_schema_read_enums(&scope, source->enum_type, source->n_enum_type);
    if (status == NATSMICRO_OK)
        status = read_messages(&scope, source->nested_type, source->n_nested_type);
    return status;
}

static natsmicro_status read_message(const nm_schema_scope *scope, nm_schema_message *message,
                                     const message_source *source)
{
    nm_schema_build *build = scope->build;

    *message = (nm_schema_message){
        .file = scope->file, .parent = scope->message, .index = build->messages.count};
    natsmicro_status status =
        nm_schema_read_name(scope, "a message", source->name, &message->name, &message->full_name);
    if (status != NATSMICRO_OK)
        return status;
    if (scope->depth >= NM_SCHEMA_MOST_DEPTH)
        return nm_schema_fail(build, scope->file->name, "message %s: nested deeper than %d",
                              message->full_name, NM_SCHEMA_MOST_DEPTH);
    const char *fault = nm_schema_read_option(source->has_options, &source->options,
                                              OPTION_MAP_ENTRY, &message->is_map_entry);
    if (fault != NULL)
        return nm_schema_fail(build, scope->file->name, "the options of %s: %s", message->full_name,
                              fault);
    if (!nm_schema_add(build, &build->messages, message))
        return nm_schema_fail_memory(build);
    return read_content(scope, message, source);
}

static natsmicro_status read_messages(const nm_schema_scope *scope, message_source *const *sources,
                                      size_t count)
{
    nm_schema_message *messages = nm_schema_keep(scope->build, count, sizeof(messages[0]));

    if (messages == NULL)
        return nm_schema_fail_memory(scope->build);
    for (size_t i = 0; i < count; i++) {
        natsmicro_status status = read_message(scope, &messages[i], sources[i]);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status read_head(nm_schema_build *build, nm_schema_file *file,
                                  const file_source *source)
{
    const char *package = source->package == NULL ? "" : source->package;
    const char *syntax = source->syntax == NULL ? "" : source->syntax;

    file->is_proto3 = strcmp(syntax, "proto3") == 0;
    if (!file->is_proto3 && syntax[0] != '\0' && strcmp(syntax, "proto2") != 0)
        return nm_schema_fail(build, file->name, "its syntax is neither proto2 nor proto3: %.40s",
                              syntax);
    if (strlen(package) > NM_SCHEMA_MOST_NAME || !nm_is_package_name(package))
        return nm_schema_fail(build, file->name,
                              "its package is no name of identifiers joined by dots");
    file->package = nm_schema_keep_string(build, package);
    return file->package == NULL ? nm_schema_fail_memory(build) : NATSMICRO_OK;
}

static natsmicro_status read_imports(nm_schema_build *build, nm_schema_source *source,
                                     const file_source *content)
{
    source->file->n_imports = content->n_dependency;
    source->imports = nm_schema_scratch(build, content->n_dependency, sizeof(source->imports[0]));
    if (source->imports == NULL)
        return nm_schema_fail_memory(build);
    for (size_t i = 0; i < content->n_dependency; i++) {
        const char *name = content->dependency[i];
        if (strlen(name) > NM_SCHEMA_MOST_NAME || !nm_is_file_name(name))
            return nm_schema_fail(build, source->file->name, "import %zu is no name of a file", i);
        source->imports[i] = nm_schema_scratch_string(build, name);
        if (source->imports[i] == NULL)
            return nm_schema_fail_memory(build);
    }
    return NATSMICRO_OK;
}

static natsmicro_status read_declarations(nm_schema_build *build, nm_schema_file *file,
                                          const file_source *source)
{
    const nm_schema_scope scope = {build, file, NULL, file->package, 0};

    natsmicro_status status = nm_schema_read_enums(&scope, source->enum_type, source->n_enum_type);
    if (status == NATSMICRO_OK)
        status = read_messages(&scope, source->message_type, source->n_message_type);
    if (status == NATSMICRO_OK)
        status = nm_schema_read_services(&scope, file, source);
    return status;
}

/* A file's message, NM_SCHEMA_MOST_DEPTH and one too many, and a field in it. */
#define DECODE_DEPTH (NM_SCHEMA_MOST_DEPTH + 3)

static natsmicro_status decode(nm_schema_build *build, const nm_schema_file *file,
                               ProtobufCMessage **message)
{
    const nm_codec_limits limits = {DECODE_DEPTH,
                                    NM_SCHEMA_SPARE + NM_SCHEMA_FACTOR * file->bytes.length};
    nm_error reason = NM_ERROR_INIT;

    natsmicro_status status =
        nm_decode(&nm__schema__file_subset__descriptor, file->bytes.data, file->bytes.length,
                  &limits, &build->decoded, message, &reason);
    if (status != NATSMICRO_OK)
        nm_error_set(build->error, status, "%s: not a file descriptor: %s", file->name,
                     nm_error_text(&reason));
    nm_error_free(&reason);
    return status;
}

natsmicro_status nm_schema_read(nm_schema_build *build, nm_schema_source *source)
{
    ProtobufCMessage *message;

    natsmicro_status status = decode(build, source->file, &message);
    if (status != NATSMICRO_OK)
        return status;
    const file_source *content = (const file_source *)message;
    status = read_head(build, source->file, content);
    if (status == NATSMICRO_OK)
        status = read_imports(build, source, content);
    if (status == NATSMICRO_OK)
        status = read_declarations(build, source->file, content);
    return status;
}
