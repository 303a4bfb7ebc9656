/*
 * Both ways: runs the codec with a plan and without one. Whatever the input, both must have the
 * same result: status, text of the error, bytes, fields.
 */
#ifndef SUPPORT_BOTH_WAYS_H
#define SUPPORT_BOTH_WAYS_H

#include "codec/codec.h"

/*
 * The types that the tests and the fuzzer use: each kind of field and label, and some that are not
 * simple.
 */
extern const ProtobufCMessageDescriptor *const both_ways_types[];
extern const size_t n_both_ways_types;

/* Returns the size of a number in a message's struct. */
size_t both_ways_size_of(ProtobufCType type);

/*
 * Decodes, and encodes the result, in pieces as well. Returns NULL, or what differs between the
 * two.
 */
const char *both_ways_decode(const nm_plan *plan, const uint8_t *bytes, size_t length,
                             const nm_codec_limits *limits);

const char *both_ways_encode(const nm_plan *plan, const ProtobufCMessage *message);

#endif
