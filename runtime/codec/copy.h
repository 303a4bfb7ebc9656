/*
 * Copy: a decoded message in memory of its own. Any thread.
 */
#ifndef NM_CODEC_COPY_H
#define NM_CODEC_COPY_H

#include <protobuf-c/protobuf-c.h>

/*
 * Returns a copy of a valid message, without unknown fields, which the caller frees with
 * protobuf_c_message_free_unpacked(copy, NULL); NULL if memory is short. It recurses as deep as the
 * message is nested.
 */
ProtobufCMessage *nm_copy_owned(const ProtobufCMessage *message);

#endif
