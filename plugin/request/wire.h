/*
 * Wire: protobuf's encoding, as far as protobuf-c leaves it to us: memory; extensions, which it
 * keeps as unknown fields; and how deep a message nests, which it does not check.
 */
#ifndef GEN_WIRE_H
#define GEN_WIRE_H

#include "base/cursor.h"
#include "request/pool.h"

#include <protobuf-c/protobuf-c.h>

/* An allocator for protobuf-c that takes from the pool and leaves freeing to it. */
ProtobufCAllocator gen_wire_allocator(gen_pool *pool);

/* One field of a message. */
typedef struct gen_wire_field {
    uint32_t number;
    nm_wire_type type;
    uint64_t value;    /* NM_WIRE_VARINT, NM_WIRE_FIXED64, NM_WIRE_FIXED32 */
    nm_cursor content; /* NM_WIRE_DELIMITED */
} gen_wire_field;

/* Takes the next field off `rest`, which is not empty. False if the bytes are malformed. */
bool gen_wire_next(nm_cursor *rest, gen_wire_field *field);

typedef enum gen_extension_state {
    GEN_EXTENSION_ABSENT,
    GEN_EXTENSION_PRESENT,
    GEN_EXTENSION_MALFORMED
} gen_extension_state;

/*
 * Finds the message that extends `options` with this number. It may be there in several parts,
 * which are put one after the other: protobuf merges them so. `options` may be NULL.
 */
gen_extension_state gen_wire_extension(gen_pool *pool, const ProtobufCMessage *options,
                                       uint32_t number, nm_cursor *payload);

/*
 * Whether the bytes are a message of this kind that is well-formed and has at most `limit` levels,
 * itself included.
 */
bool gen_wire_depth_ok(const ProtobufCMessageDescriptor *descriptor, nm_cursor bytes,
                       unsigned limit);

/* Unpacks such a message into the pool; NULL if it is malformed or has more levels. */
void *gen_wire_unpack(gen_pool *pool, const ProtobufCMessageDescriptor *descriptor,
                      const nm_buffer *bytes, unsigned limit);

#endif
