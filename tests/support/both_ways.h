/*
 * Both ways: the codec with a plan and without, side by side. Whatever comes in, they must do the
 * same: the status, the error's text, the bytes, the fields.
 */
#ifndef SUPPORT_BOTH_WAYS_H
#define SUPPORT_BOTH_WAYS_H

#include "codec/codec.h"

/*
 * Types that both the tests and the fuzzer go through: each kind of field and label, and some that
 * are not simple.
 */
extern const ProtobufCMessageDescriptor *const both_ways_types[];
extern const size_t n_both_ways_types;

/* Bytes of a number's member in the struct. */
size_t both_ways_size_of(ProtobufCType type);

/* Decodes, and encodes what came of it, in pieces, too. NULL, or in what the ways differ. */
const char *both_ways_decode(const nm_plan *plan, const uint8_t *bytes, size_t length,
                             const nm_codec_limits *limits);

const char *both_ways_encode(const nm_plan *plan, const ProtobufCMessage *message);

#endif
