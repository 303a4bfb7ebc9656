/*
 * Join: makes one message of a message field that occurs in pieces. Protobuf lets a sender write a
 * field that is a single message several times, and a receiver merges what it gets. protobuf-c
 * 1.4.1 merges decoded messages, but fails if a oneof is unset in both, as an `optional` field
 * often is, replaces a oneof's member instead of merging it, and loses unknown fields.
 *
 * The encoding of a merged message is what its pieces' encodings are one after another. So the
 * contents of all occurrences go where the last one is, and the same is done inside them. Where
 * another member of the oneof came between, the earlier content is dropped.
 */
#ifndef NM_CODEC_JOIN_H
#define NM_CODEC_JOIN_H

#include "codec/arena.h"
#include "codec/field.h"

/*
 * Joins a message that nm_scan found to be well-formed; `bytes` becomes the joined one, which is
 * never longer, in the arena. Returns false, leaving it as it is, if the arena is exhausted. Takes
 * time in proportion to the length, and memory to the length and the depth.
 */
bool nm_join(const ProtobufCMessageDescriptor *descriptor, nm_cursor *bytes, nm_arena *arena);

#endif
