/*
 * Model, inside: what its files share while a model is built. Nobody else includes this.
 */
#ifndef GEN_MODEL_INTERNAL_H
#define GEN_MODEL_INTERNAL_H

#include "clash.h"
#include "model.h"
#include "names.h"

#include <google/protobuf/duration.pb-c.h>
#include <natsmicro/options.pb-c.h>

typedef Google__Protobuf__FileDescriptorProto gen_file_proto;
typedef Google__Protobuf__DescriptorProto gen_message_proto;
typedef Google__Protobuf__ServiceDescriptorProto gen_service_proto;
typedef Google__Protobuf__MethodDescriptorProto gen_method_proto;

/* A file of the request, with what moves its C names. */
typedef struct gen_source {
    const gen_file_proto *proto;
    gen_scope scope;
    bool no_generate; /* protoc-gen-c writes nothing for it */
} gen_source;

/* A message that methods may name. */
typedef struct gen_known_message {
    const char *full_name;
    const gen_message_proto *proto;
    const gen_source *source;
} gen_known_message;

/* The plugin's parameters. */
typedef struct gen_parameters {
    const char *client_suffix;
    const char *server_suffix;
    const char *handlers_suffix;
} gen_parameters;

/* Everything that building needs at hand. */
typedef struct gen_build {
    gen_pool *pool;
    const gen_request *request;
    gen_parameters parameters;
    size_t n_sources;
    gen_source *sources;
    size_t n_messages;
    gen_known_message *messages; /* sorted by name */
    gen_clash_table names;       /* every C name that protoc-gen-c or we make */
    const char *error;           /* the first one */
} gen_build;

/* What an error is about; line 0, service and method NULL where there is none. */
typedef struct gen_place {
    const char *file;
    int line;
    const char *service;
    const char *method;
} gen_place;

/* The options of a service; what is not there has its default. */
typedef struct gen_service_settings {
    bool skip;
    bool queue_group_disabled;
} gen_service_settings;

/* Records "file:line: service X: method Y: text" unless there is an error already. Always false. */
bool gen_fail(gen_build *build, const gen_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- model_sources.c: files and messages of the request ---- */

bool gen_read_sources(gen_build *build);
const gen_source *gen_find_source(const gen_build *build, const char *name);
const gen_known_message *gen_find_message(const gen_build *build, const char *full_name);

/*
 * Where source info has this path: its line or 0, and its comment (leading and trailing) or NULL.
 */
int gen_source_line(const gen_source *source, const int32_t *path, size_t n_path);
const char *gen_source_comment(gen_build *build, const gen_source *source, const int32_t *path,
                               size_t n_path);

/* "lab.v1" and "Lab" to "lab.v1.Lab". */
const char *gen_join_name(gen_pool *pool, const char *package, const char *name);

/* ---- model_names.c: C names, and that no two are the same ---- */

/* Registers the names that protoc-gen-c makes for every file of the request. */
bool gen_register_foreign_names(gen_build *build);

/* Gives a service its C names. */
void gen_name_service(gen_build *build, const gen_source *source, const char *name,
                      gen_service *service);

/* Gives a method its C names. */
bool gen_name_method(gen_build *build, const gen_place *place, gen_method *method);

/* Registers all names of a complete service; the places must outlive the build. */
bool gen_register_service_names(gen_build *build, const gen_service *service,
                                const gen_place *place, const gen_place *method_places);

/* ---- model_options.c: natsmicro's options ---- */

bool gen_read_service_options(gen_build *build, const gen_place *place,
                              const gen_service_proto *proto, gen_service *service,
                              gen_service_settings *settings);
bool gen_read_method_options(gen_build *build, const gen_place *place,
                             const gen_method_proto *proto, gen_method *method, bool *skip);

/* ---- model_check.c: values of options ---- */

/* What becomes of `what` in an option is one string literal in C, which has a limit. */
bool gen_check_text(gen_build *build, const gen_place *place, const char *what, const char *text);
bool gen_check_package(gen_build *build, const char *file, const char *package);
bool gen_check_name(gen_build *build, const gen_place *place, const char *name);
bool gen_check_version(gen_build *build, const gen_place *place, const char *version);
bool gen_check_subject_prefix(gen_build *build, const gen_place *place, const char *prefix);
bool gen_check_metadata_key(gen_build *build, const gen_place *place, const char *key);
bool gen_check_error_code(gen_build *build, const gen_place *place, const char *code);
bool gen_check_limit(gen_build *build, const gen_place *place, const char *what, int32_t limit);

/* Checks a Duration and makes milliseconds of it, rounded up. NULL is 0. */
bool gen_check_timeout(gen_build *build, const gen_place *place,
                       const Google__Protobuf__Duration *duration, int64_t *timeout_ms);

#endif
