/*
 * Plan: what direct.h must know about a type of messages, computed from its descriptor once for
 * each method. It does not change afterwards, so any thread may use it.
 */
#ifndef NM_CODEC_PLAN_H
#define NM_CODEC_PLAN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Types that are read and written in the same way. An enum is an int32; a uint32 is not, because it
 * is never written with ten bytes.
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

/* When a field is on the wire. */
typedef enum nm_plan_presence {
    NM_PLAN_ALWAYS,   /* required, of proto2 */
    NM_PLAN_IF_HAS,   /* optional, of proto2: has_… is set; a string is not its default */
    NM_PLAN_IF_VALUE, /* of proto3: it is not zero or empty */
    NM_PLAN_IF_CHOSEN /* a member of a oneof, also of one that stands for proto3's optional */
} nm_plan_presence;

typedef struct nm_plan_field {
    const void *default_value;
    uint64_t bit; /* its bit in `required` */
    /* protobuf-c writes a proto3 number if one of these bits is set; so it does not write -0.0. */
    uint64_t significant;
    uint32_t tag; /* field number and wire type */
    uint32_t offset;
    uint32_t has_offset; /* of the member has_… or …_case; 0: there is none */
    uint32_t has_value;  /* what that member holds if the field is set: 1, or the field's number */
    nm_plan_kind kind;
    nm_plan_presence presence;
} nm_plan_field;

typedef struct nm_plan {
    const ProtobufCMessageDescriptor *descriptor;
    bool is_simple;    /* single numbers, strings and bytes only, in oneofs or not; if not, n_fields
                          is 0 */
    uint64_t required; /* the bits of fields that must be there */
    size_t room;       /* the longest encoding without the contents of strings and bytes */
    size_t n_fields;
    nm_plan_field fields[];
} nm_plan;

/* Returns a new plan, or NULL if memory is short. `descriptor` must outlive it. */
nm_plan *nm_plan_new(const ProtobufCMessageDescriptor *descriptor);

/* Frees a plan; NULL is allowed. */
void nm_plan_free(nm_plan *plan);

#endif
