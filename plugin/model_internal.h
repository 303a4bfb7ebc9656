/*
 * Model, inside: what its files share while a model is built. Nobody else includes this.
 */
#ifndef NM_PLUGIN_MODEL_INTERNAL_H
#define NM_PLUGIN_MODEL_INTERNAL_H

#include "clash.h"
#include "model.h"
#include "names.h"

#include <google/protobuf/duration.pb-c.h>
#include <natsmicro/options.pb-c.h>

typedef Google__Protobuf__FileDescriptorProto nm_file_proto;
typedef Google__Protobuf__DescriptorProto nm_message_proto;
typedef Google__Protobuf__ServiceDescriptorProto nm_service_proto;
typedef Google__Protobuf__MethodDescriptorProto nm_method_proto;

/* A file of the request, with what moves its C names. */
typedef struct nm_source {
    const nm_file_proto *proto;
    nm_scope scope;
    bool no_generate; /* protoc-gen-c writes nothing for it */
} nm_source;

/* A message that methods may name. */
typedef struct nm_known_message {
    const char *full_name;
    const nm_message_proto *proto;
    const nm_source *source;
} nm_known_message;

/* The plugin's parameters. */
typedef struct nm_parameters {
    const char *client_suffix;
    const char *server_suffix;
    const char *handlers_suffix;
} nm_parameters;

/* Everything that building needs at hand. */
typedef struct nm_build {
    nm_pool *pool;
    const nm_request *request;
    nm_parameters parameters;
    size_t n_sources;
    nm_source *sources;
    size_t n_messages;
    nm_known_message *messages; /* sorted by name */
    nm_clash_table names;       /* every C name that protoc-gen-c or we make */
    const char *error;          /* the first one */
} nm_build;

/* What an error is about; line 0, service and method NULL where there is none. */
typedef struct nm_place {
    const char *file;
    int line;
    const char *service;
    const char *method;
} nm_place;

/* The options of a service; what is not there has its default. */
typedef struct nm_service_settings {
    bool skip;
    bool queue_group_disabled;
} nm_service_settings;

/* Records "file:line: service X: method Y: text" unless there is an error already. Always false. */
bool nm_fail(nm_build *build, const nm_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- model_sources.c: files and messages of the request ---- */

bool nm_read_sources(nm_build *build);
const nm_source *nm_find_source(const nm_build *build, const char *name);
const nm_known_message *nm_find_message(const nm_build *build, const char *full_name);

/*
 * Where source info has this path: its line or 0, and its comment (leading and trailing) or NULL.
 */
int nm_source_line(const nm_source *source, const int32_t *path, size_t n_path);
const char *nm_source_comment(nm_build *build, const nm_source *source, const int32_t *path,
                              size_t n_path);

/* "lab.v1" and "Lab" to "lab.v1.Lab". */
const char *nm_join_name(nm_pool *pool, const char *package, const char *name);

/* ---- model_names.c: C names, and that no two are the same ---- */

/* Registers the names that protoc-gen-c makes for every file of the request. */
bool nm_register_foreign_names(nm_build *build);

/* Gives a service its C names. */
void nm_name_service(nm_build *build, const nm_source *source, const char *name,
                     nm_service *service);

/* Gives a method its C names. */
bool nm_name_method(nm_build *build, const nm_place *place, nm_method *method);

/* Registers all names of a complete service; the places must outlive the build. */
bool nm_register_service_names(nm_build *build, const nm_service *service, const nm_place *place,
                               const nm_place *method_places);

/* ---- model_options.c: natsmicro's options ---- */

bool nm_read_service_options(nm_build *build, const nm_place *place, const nm_service_proto *proto,
                             nm_service *service, nm_service_settings *settings);
bool nm_read_method_options(nm_build *build, const nm_place *place, const nm_method_proto *proto,
                            nm_method *method, bool *skip);

/* ---- model_check.c: values of options ---- */

/* What becomes of `what` in an option is one string literal in C, which has a limit. */
bool nm_check_text(nm_build *build, const nm_place *place, const char *what, const char *text);
bool nm_check_package(nm_build *build, const char *file, const char *package);
bool nm_check_name(nm_build *build, const nm_place *place, const char *name);
bool nm_check_version(nm_build *build, const nm_place *place, const char *version);
bool nm_check_subject_prefix(nm_build *build, const nm_place *place, const char *prefix);
bool nm_check_metadata_key(nm_build *build, const nm_place *place, const char *key);
bool nm_check_error_code(nm_build *build, const nm_place *place, const char *code);
bool nm_check_limit(nm_build *build, const nm_place *place, const char *what, int32_t limit);

/* Checks a Duration and makes milliseconds of it, rounded up. NULL is 0. */
bool nm_check_timeout(nm_build *build, const nm_place *place,
                      const Google__Protobuf__Duration *duration, int64_t *timeout_ms);

#endif
