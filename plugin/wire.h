/*
 * Wire: protobuf's encoding, as far as protobuf-c leaves it to us: memory; extensions, which it
 * keeps as unknown fields; and how deep a message nests, which it never asks. What the bytes mean
 * is up to the reader of the model.
 */
#ifndef NM_PLUGIN_WIRE_H
#define NM_PLUGIN_WIRE_H

#include "pool.h"

#include <protobuf-c/protobuf-c.h>

#include <stdbool.h>
#include <stdint.h>

/* Has protobuf-c allocate from the pool, so that there is nothing to free. */
ProtobufCAllocator nm_wire_allocator(nm_pool *pool);

/* Bytes that belong to somebody else. */
typedef struct nm_bytes {
    const uint8_t *data;
    size_t length;
} nm_bytes;

/* One field of a message. */
typedef struct nm_wire_field {
    uint32_t number;
    uint32_t type;         /* a ProtobufCWireType */
    uint64_t number_value; /* of a varint or a fixed one */
    nm_bytes bytes;        /* of a length-prefixed one */
} nm_wire_field;

/* Takes the next field off `rest`. False when the bytes are malformed; ask for none when empty. */
bool nm_wire_next(nm_bytes *rest, nm_wire_field *field);

typedef enum nm_extension_state {
    NM_EXTENSION_ABSENT,
    NM_EXTENSION_PRESENT,
    NM_EXTENSION_MALFORMED
} nm_extension_state;

/*
 * Finds the message that extends `options` with this number. It may be there several times: as
 * protobuf merges them, their payloads are put one behind the other.
 */
nm_extension_state nm_wire_extension(nm_pool *pool, const ProtobufCMessage *options,
                                     uint32_t number, nm_bytes *payload);

/* Whether the bytes are fields all along and nest no deeper than `limit` messages of this kind. */
bool nm_wire_depth_ok(const ProtobufCMessageDescriptor *descriptor, nm_bytes bytes, unsigned limit);

#endif
