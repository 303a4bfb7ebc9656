/*
 * Check: whether a user's message can be encoded. protobuf_c_message_check looks for missing
 * required fields and elements, but for bytes without data in fields of proto2 only; pack would
 * crash on them.
 */
#ifndef NM_CODEC_CHECK_H
#define NM_CODEC_CHECK_H

#include <protobuf-c/protobuf-c.h>

#include <stdbool.h>

/*
 * Whether a message and all messages in it are initialized, have their required fields and the
 * elements that their lists count, and have data where bytes have a length.
 */
bool nm_can_encode(const ProtobufCMessage *message);

#endif
