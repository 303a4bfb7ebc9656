/*
 * Sources: the .proto files of the request, which are those to generate for and all that they
 * import, and the messages and enums in them by name.
 */
#ifndef GEN_SOURCES_H
#define GEN_SOURCES_H

#include "request/context.h"
#include "request/descriptors.h"

/* The package of a file's names, and the one that protoc-gen-c uses in C instead. */
typedef struct gen_scope {
    const char *package;   /* "" if the file has none */
    const char *c_package; /* the option (pb_c_file).c_package; NULL if it is not set */
} gen_scope;

typedef struct gen_source {
    const gen_file_proto *proto;
    gen_scope scope;
    bool no_generate;          /* the option (pb_c_file).no_generate: protoc-gen-c skips the file */
    bool use_oneof_field_name; /* the option (pb_c_file).use_oneof_field_name */
} gen_source;

/* A message that methods may name. */
typedef struct gen_known_message {
    const char *full_name;
    const gen_message_proto *proto;
    const gen_source *source;
} gen_known_message;

/* An enum that fields may name. */
typedef struct gen_known_enum {
    const char *full_name;
    const gen_source *source;
} gen_known_enum;

typedef struct gen_sources {
    size_t count;
    gen_source *items;
    size_t n_messages;
    gen_known_message *messages; /* sorted by name; nested ones, too */
    size_t n_enums;
    gen_known_enum *enums; /* as the messages */
} gen_sources;

/* Reads all files of the request, which must outlive the sources. */
bool gen_read_sources(gen_context *context, const gen_request *request, gen_sources *sources);

/* The file, the message or the enum of this name; NULL if the request has none. */
const gen_source *gen_find_source(const gen_sources *sources, const char *name);
const gen_known_message *gen_find_message(const gen_sources *sources, const char *full_name);
const gen_known_enum *gen_find_enum(const gen_sources *sources, const char *full_name);

/* "lab.v1.Lab" of ".lab.v1.Lab", as descriptors name types; "" of NULL. */
const char *gen_type_name(const char *type_name);

/*
 * Whether an optional field of proto3 is a pointer in C, NULL if it is not set, as a field of a
 * message type. Other kinds need a oneof of their own to tell unset from zero.
 */
bool gen_optional_is_pointer(const gen_field_proto *field);

/* Whether a field is in one of its message's oneofs. */
bool gen_is_in_oneof(const gen_message_proto *message, const gen_field_proto *field);

/* The index of a oneof's first field; that after the last field if it has none. */
size_t gen_first_in_oneof(const gen_message_proto *message, size_t oneof);

/* "lab.v1" and "Lab" to "lab.v1.Lab"; "" and "Lab" to "Lab". */
const char *gen_join_name(gen_pool *pool, const char *package, const char *name);

#endif
