/*
 * Describe: fills the descriptor of one message.
 */
#ifndef NM_DYNAMIC_DESCRIBE_H
#define NM_DYNAMIC_DESCRIBE_H

#include "codec/arena.h"
#include "schema/types.h"

#include <protobuf-c/protobuf-c.h>

/*
 * Fills the descriptor, with its tables in the arena. Descriptors of fields that are messages are
 * left NULL; *fields are the ones to set them in, as many as the message has. Returns false if
 * memory is short.
 */
bool nm_describe(const nm_schema_message *message, nm_arena *arena,
                 ProtobufCMessageDescriptor *descriptor, ProtobufCFieldDescriptor **fields);

#endif
