/*
 * Wire: protobuf's encoding, as far as protobuf-c leaves it to us: memory; extensions, which it
 * keeps as unknown fields; and how deep a message nests, which it never asks. What the bytes mean
 * is up to the reader of the model.
 */
#ifndef GEN_WIRE_H
#define GEN_WIRE_H

#include "request/pool.h"

#include <protobuf-c/protobuf-c.h>

#include <stdbool.h>
#include <stdint.h>

/* Has protobuf-c allocate from the pool, so that there is nothing to free. */
ProtobufCAllocator gen_wire_allocator(gen_pool *pool);

/* Bytes that belong to somebody else. */
typedef struct gen_bytes {
    const uint8_t *data;
    size_t length;
} gen_bytes;

/* One field of a message. */
typedef struct gen_wire_field {
    uint32_t number;
    uint32_t type;         /* a ProtobufCWireType */
    uint64_t number_value; /* of a varint or a fixed one */
    gen_bytes bytes;       /* of a length-prefixed one */
} gen_wire_field;

/* Takes the next field off `rest`. False when the bytes are malformed; ask for none when empty. */
bool gen_wire_next(gen_bytes *rest, gen_wire_field *field);

typedef enum gen_extension_state {
    GEN_EXTENSION_ABSENT,
    GEN_EXTENSION_PRESENT,
    GEN_EXTENSION_MALFORMED
} gen_extension_state;

/*
 * Finds the message that extends `options` with this number. It may be there several times: as
 * protobuf merges them, their payloads are put one behind the other.
 */
gen_extension_state gen_wire_extension(gen_pool *pool, const ProtobufCMessage *options,
                                       uint32_t number, gen_bytes *payload);

/* Whether the bytes are fields all along and nest no deeper than `limit` messages of this kind. */
bool gen_wire_depth_ok(const ProtobufCMessageDescriptor *descriptor, gen_bytes bytes,
                       unsigned limit);

#endif
