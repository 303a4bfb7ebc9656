/*
 * Plan: what can be known of a type of messages before the first one comes, for direct.h. It is
 * made once a method; any thread may use it.
 */
#ifndef NM_CODEC_PLAN_H
#define NM_CODEC_PLAN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Types that are read and written alike: an enum as an int32, but not a uint32, which is never
 * written as ten bytes.
 */
typedef enum nm_plan_kind {
    NM_PLAN_INT32, /* and enum */
    NM_PLAN_UINT32,
    NM_PLAN_SINT32,
    NM_PLAN_BOOL,
    NM_PLAN_VARINT64, /* int64 and uint64 */
    NM_PLAN_SINT64,
    NM_PLAN_FIXED32, /* and sfixed32, float */
    NM_PLAN_FIXED64,
    NM_PLAN_STRING,
    NM_PLAN_BYTES
} nm_plan_kind;

typedef struct nm_plan_field {
    const void *default_value;
    uint64_t bit; /* its place in `required` */
    /* A proto3 number is written when one of these bits is set: a float's -0.0 is not. */
    uint64_t significant;
    uint32_t tag; /* with the wire type */
    uint32_t offset;
    uint32_t has_offset; /* 0: has none */
    nm_plan_kind kind;
    ProtobufCLabel label;
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
