/*
 * Plan: what can be known of a type of messages before the first one comes, for direct.h. It is made once a
 * method; any thread may use it.
 */
#ifndef NM_CODEC_PLAN_H
#define NM_CODEC_PLAN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_plan_field {
    const void *default_value;
    uint64_t bit; /* its place in `required` */
    uint64_t
        significant; /* a proto3 number is written when one of these bits is set: -0.0 is not */
    uint32_t tag;    /* with the wire type */
    uint32_t offset;
    uint32_t has_offset; /* 0: has none */
    ProtobufCType type;
    ProtobufCLabel label;
    unsigned wire_type;
    bool is_wide; /* a number of 64 bits, else 32 */
} nm_plan_field;

typedef struct nm_plan {
    const ProtobufCMessageDescriptor *descriptor;
    bool is_simple; /* numbers, strings and bytes alone, one each; else there are no fields here */
    uint64_t required; /* those that must come, as bits */
    size_t room;       /* most bytes of a message, but for the contents of strings and bytes */
    size_t n_fields;
    nm_plan_field fields[];
} nm_plan;

/* `descriptor` must outlive it. NULL when memory is short. */
nm_plan *nm_plan_new(const ProtobufCMessageDescriptor *descriptor);

/* NULL is allowed. */
void nm_plan_free(nm_plan *plan);

#endif
