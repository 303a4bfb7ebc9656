/*
 * Types: the methods of services and their messages, from a service itself ($SRV.SCHEMA), from a
 * descriptor set or from .proto files.
 */
#ifndef CMD_TYPES_TYPES_H
#define CMD_TYPES_TYPES_H

#include "base/buffer.h"
#include "schema/schema.h"

#include <natsmicro/stub.h>

typedef struct cmd_method {
    const char *full_name; /* "shop.v1.Stock.Take" */
    const char *subject;   /* "shop.v1.take" */
    const nm_schema_service *service;
    const nm_schema_method *proto;
    natsmicro_method_kind kind;
    bool json;
    const char *chunk_field; /* NULL: not chunked */
    int32_t default_chunk_size;
    int32_t max_inflight;
    int64_t timeout_ms;
    const char *fault; /* why its options cannot be read; NULL: they were */
} cmd_method;

/* Strings and methods live in the settings' pool. */
typedef struct cmd_types {
    nm_buffer set; /* a serialized google.protobuf.FileDescriptorSet */
    nm_schema *schema;
    cmd_method *methods;
    size_t n_methods;
} cmd_types;

void cmd_types_free(cmd_types *types);

/*
 * Finds the method of this full name; "shop.v1.Stock/Take" is the same as with a dot. NULL: there
 * is none, and that was told.
 */
const cmd_method *cmd_find_method(const cmd_types *types, const char *name);

#endif
