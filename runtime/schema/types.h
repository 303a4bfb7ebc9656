/*
 * Types: the tables that a schema consists of. schema.h makes and searches them.
 *
 * All strings and arrays belong to the schema, or to the bytes that it was made of.
 */
#ifndef NM_SCHEMA_TYPES_H
#define NM_SCHEMA_TYPES_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are those of google.protobuf.FieldDescriptorProto.Type. */
typedef enum nm_field_type {
    NM_FIELD_DOUBLE = 1,
    NM_FIELD_FLOAT = 2,
    NM_FIELD_INT64 = 3,
    NM_FIELD_UINT64 = 4,
    NM_FIELD_INT32 = 5,
    NM_FIELD_FIXED64 = 6,
    NM_FIELD_FIXED32 = 7,
    NM_FIELD_BOOL = 8,
    NM_FIELD_STRING = 9,
    NM_FIELD_GROUP = 10,
    NM_FIELD_MESSAGE = 11,
    NM_FIELD_BYTES = 12,
    NM_FIELD_UINT32 = 13,
    NM_FIELD_ENUM = 14,
    NM_FIELD_SFIXED32 = 15,
    NM_FIELD_SFIXED64 = 16,
    NM_FIELD_SINT32 = 17,
    NM_FIELD_SINT64 = 18
} nm_field_type;

typedef struct nm_schema nm_schema;
typedef struct nm_schema_file nm_schema_file;
typedef struct nm_schema_message nm_schema_message;
typedef struct nm_schema_enum nm_schema_enum;
typedef struct nm_schema_service nm_schema_service;

typedef struct nm_schema_field {
    const char *name;      /* "maybe_int" */
    const char *json_name; /* "maybeInt", or what the .proto sets */
    uint32_t number;
    nm_field_type type;
    bool is_repeated; /* also a map */
    bool is_required; /* of proto2 */
    bool is_optional; /* it says `optional`, in proto2 or proto3 */
    bool is_packed;
    bool is_map;                       /* its message is a map entry: fields 1, key, and 2, value */
    const nm_schema_message *message;  /* of a message or group; else NULL */
    const nm_schema_enum *enumeration; /* of an enum; else NULL */
    int oneof;                         /* index in the message's oneofs; -1: in none */
    const char *default_text;          /* of proto2: as in the descriptor; NULL: none */
} nm_schema_field;

typedef struct nm_schema_oneof {
    const char *name;
    bool is_synthetic; /* protoc made it for an `optional` field of proto3 */
} nm_schema_oneof;

struct nm_schema_message {
    const char *full_name; /* "shop.v1.Order.Line", without a dot in front */
    const char *name;      /* "Line" */
    const nm_schema_file *file;
    const nm_schema_message *parent; /* NULL: at the top of its file */
    bool is_map_entry;
    size_t index; /* among all messages of the schema: those that are declared in it follow it */
    size_t n_fields;
    const nm_schema_field *fields; /* sorted by number */
    size_t n_oneofs;
    const nm_schema_oneof *oneofs;
};

typedef struct nm_schema_value {
    const char *name;
    int32_t number;
} nm_schema_value;

struct nm_schema_enum {
    const char *full_name;
    const char *name;
    const nm_schema_file *file;
    const nm_schema_message *parent;
    size_t index; /* among all enums of the schema */
    size_t n_values;
    const nm_schema_value *values; /* as in the .proto: the first is the default */
    const uint32_t *by_number; /* indices of values, sorted by number; aliases as in the .proto */
    const uint32_t *by_name;   /* indices of values, sorted by name */
};

typedef struct nm_schema_method {
    const char *name;
    const nm_schema_message *request;
    const nm_schema_message *response;
    bool streams_requests;
    bool streams_responses;
    nm_bytes options; /* the serialized google.protobuf.MethodOptions; length 0: none */
} nm_schema_method;

struct nm_schema_service {
    const char *full_name;
    const char *name;
    const nm_schema_file *file;
    size_t n_methods;
    const nm_schema_method *methods;
    nm_bytes options; /* the serialized google.protobuf.ServiceOptions; length 0: none */
};

struct nm_schema_file {
    const char *name;    /* "shop/v1/shop.proto" */
    const char *package; /* "shop.v1"; "": none */
    bool is_proto3;
    nm_bytes bytes; /* the serialized FileDescriptorProto */
    size_t n_imports;
    const nm_schema_file *const *imports;
    size_t n_services;
    const nm_schema_service *services;
};

#endif
