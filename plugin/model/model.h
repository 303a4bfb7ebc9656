/*
 * Model: all that emit/ prints, decided and validated. It is data only; build.c fills it.
 *
 * Its strings and arrays live in the pool that it was built with, or in the request.
 */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gen_kind { GEN_UNARY, GEN_SERVER_STREAM, GEN_CLIENT_STREAM, GEN_BIDI_STREAM } gen_kind;

typedef struct gen_pair {
    const char *key;
    const char *value;
} gen_pair;

typedef struct gen_pairs {
    size_t count;
    gen_pair *items; /* sorted by key */
} gen_pairs;

/* A message as protoc-gen-c names it. */
typedef struct gen_message {
    const char *type;       /* "Lab__V1__PingRequest" */
    const char *descriptor; /* "lab__v1__ping_request__descriptor" */
} gen_message;

typedef enum gen_bucket_kind { GEN_KV_BUCKET, GEN_OBJECT_BUCKET } gen_bucket_kind;

/* A bucket of JetStream. 0 and NULL: the option does not say. */
typedef struct gen_bucket {
    gen_bucket_kind kind;
    const char *name;
    const char *description;
    int64_t ttl_ns;
    int32_t max_history;
    bool compression;
    int64_t limit_marker_ttl_ns;
    gen_pairs metadata;
} gen_bucket;

/* A part of a key: a text as it is, or a field of the request. */
typedef struct gen_key_part {
    const char *text; /* of a field: its name */
    uint32_t field;   /* its number; 0: the text */
} gen_key_part;

typedef struct gen_key {
    const char *text; /* "user.{id}" */
    size_t n_parts;
    gen_key_part *parts;
} gen_key;

typedef enum gen_write_mode {
    GEN_LAST_WRITE_WINS,
    GEN_COMPARE_AND_SET,
    GEN_CREATE_ONLY
} gen_write_mode;

/* Where the responses of a method are stored. */
typedef struct gen_store {
    gen_bucket bucket;
    gen_key key;
    gen_write_mode write_mode;
    bool client_only;
    bool required; /* a call whose response cannot be stored fails */
    int64_t key_ttl_ns;
    int64_t purge_ttl_ns;
} gen_store;

typedef struct gen_method {
    const char *name;    /* "CountUp" */
    const char *comment; /* from the .proto file; NULL: no comment */
    const char *subject; /* "count_up" */
    const char *camel;   /* "CountUp": a part of type names */
    const char *lower;   /* "count_up": a part of function names */
    const char *field;   /* "count_up": the member of the handlers table */
    gen_kind kind;
    gen_message request;
    gen_message response;
    int64_t timeout_ms; /* 0: not set */
    bool queue_group_disabled;
    int32_t pending_msg_limit;
    int32_t pending_bytes_limit;
    int32_t max_inflight;
    const char *chunk_field; /* NULL: not chunked */
    int32_t default_chunk_size;
    int64_t max_size; /* of a call's chunks; 0: no limit */
    gen_pairs metadata;
    size_t n_stores;
    gen_store stores[2]; /* at most one of each kind; KV first */
} gen_method;

/* An error code of a service's own. */
typedef struct gen_error_code {
    const char *code;  /* "QUOTA_EXCEEDED" */
    const char *lower; /* "quota_exceeded": a part of function names */
} gen_error_code;

typedef struct gen_service {
    const char *full_name; /* "lab.v1.Lab" */
    const char *comment;
    const char *client_type;   /* "Lab__V1__LabClient" */
    const char *client_lower;  /* "lab__v1__lab_client" */
    const char *server_type;   /* "Lab__V1__LabServer" */
    const char *server_lower;  /* "lab__v1__lab_server" */
    const char *handlers_type; /* "Lab__V1__LabHandlers" */
    const char *subject_prefix;
    const char *name;
    const char *version;
    const char *description;
    int64_t timeout_ms; /* 0: not set */
    bool json;
    gen_pairs metadata;
    size_t n_error_codes;
    gen_error_code *error_codes;
    size_t n_methods;
    gen_method *methods;
} gen_service;

/* A .proto file as it is embedded. */
typedef struct gen_descriptor {
    const char *proto;    /* "lab/v1/lab.proto" */
    const char *symbol;   /* "natsmicro_file_3f…": follows from the bytes */
    const uint8_t *bytes; /* the serialized FileDescriptorProto */
    size_t length;
} gen_descriptor;

typedef struct gen_file {
    const char *proto;      /* "lab/v1/lab.proto" */
    const char *base;       /* "lab/v1/lab" */
    const char *identifier; /* "lab_2fv1_2flab_2eproto" */
    size_t n_services;
    gen_service *services;
    size_t n_descriptors;              /* 0: no services, or the parameter descriptors=none */
    const gen_descriptor *descriptors; /* imports first */
} gen_file;

typedef struct gen_model {
    size_t n_files; /* without the parameter messages, files without a service are left out */
    gen_file *files;
} gen_model;

#endif
