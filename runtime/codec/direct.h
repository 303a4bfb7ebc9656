/*
 * Direct: a shorter way between bytes and messages of simple types, those with nothing but numbers,
 * strings and bytes, one each. protobuf-c is made for any type: it goes over a message twice to
 * encode it and makes a list of what it finds to decode it, and the scan walks before it. A message
 * of one int32 took 26 ns and 36 ns that way and takes 11 ns and 17 ns or less; a string of 100
 * bytes 48 ns and 60 ns, now 27 ns and 27 ns.
 *
 * The library stays the reference: what comes out is what it would make, byte by byte and field by
 * field. All that is out of the ordinary (another type's message, unknown fields, bad bytes, short
 * memory) is left to it, and so are the errors' texts.
 */
#ifndef NM_CODEC_DIRECT_H
#define NM_CODEC_DIRECT_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "codec/arena.h"
#include "codec/plan.h"

/* Unpacks into the arena. NULL: it is left to the library; the arena may hold some of it then. */
ProtobufCMessage *nm_direct_unpack(const nm_plan *plan, const uint8_t *bytes, size_t length,
                                   nm_arena *arena);

/* A long string or bytes field that stays where the user has it. */
typedef struct nm_left_out {
    nm_bytes content; /* length 0: none was left out */
    size_t at;        /* it goes in here, between what the buffer holds */
} nm_left_out;

/*
 * Appends to the buffer; of the first long field only tag and length, if `left_out` is not NULL.
 * False: it is left to the library; the buffer may hold some of it then.
 */
bool nm_direct_pack(const nm_plan *plan, const ProtobufCMessage *message, nm_buffer *buffer,
                    nm_left_out *left_out);

#endif
