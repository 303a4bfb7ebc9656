/*
 * Direct: the runner's messages have repeated, message and oneof fields, so none of them takes the
 * codec's direct way. What remains of them after these fields are cut away does, and must have the
 * same result there as by protobuf-c.
 */
#ifndef CONFORMANCE_DIRECT_H
#define CONFORMANCE_DIRECT_H

#include "codec/codec.h"

/* The plan of the simple fields of TestAllTypesProto3; free it by nm_plan_free. NULL: no memory. */
nm_plan *conformance_direct_plan(void);

/*
 * Decodes and encodes a payload of TestAllTypesProto3, malformed or not, both ways: the whole of it
 * and its simple fields. Returns NULL, or what differs.
 */
const char *conformance_direct_compare(const nm_plan *plan, nm_bytes payload,
                                       const nm_codec_limits *limits);

#endif
