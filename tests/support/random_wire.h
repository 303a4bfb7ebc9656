/*
 * Random wire: encodings of random messages of a type, for comparisons of two readers or writers.
 * Fields come in any order and more than once, lists packed and unpacked, messages in pieces.
 */
#ifndef TESTS_SUPPORT_RANDOM_WIRE_H
#define TESTS_SUPPORT_RANDOM_WIRE_H

#include "base/buffer.h"
#include "support/random.h"

#include <protobuf-c/protobuf-c.h>

/*
 * Appends the encoding of a random message, whose required fields are there and whose strings are
 * UTF-8. `size` is about how many fields it has at most, those of messages in it included.
 */
void random_wire_append(random_source *source, const ProtobufCMessageDescriptor *descriptor,
                        size_t size, nm_buffer *buffer);

#endif
