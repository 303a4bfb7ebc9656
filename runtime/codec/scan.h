/*
 * Scan: checks the bytes of a message against its descriptor before they are unpacked, and says
 * what is wrong and where. It refuses what protobuf-c's unpack would refuse, and also strings and
 * nesting that unpack takes and should not. It allocates memory for the text of an error only.
 */
#ifndef NM_CODEC_SCAN_H
#define NM_CODEC_SCAN_H

#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

/*
 * OK, or INVALID_ARGUMENT with reason and place in `error`, which may be NULL: "field
 * lab.v1.PingRequest.payload: not UTF-8", "byte 17: truncated varint". Messages may nest
 * `max_depth` deep; the outermost counts. Strings of proto2 files must be UTF-8 without NUL as
 * proto3's must, because protobuf-c holds both as C strings. Unknown fields must be well-formed.
 *
 * *is_in_pieces becomes true if nm_join must join the message before it is unpacked: a message that
 * is a single field may occur twice, or a required field of proto2 is missing, which another piece
 * may hold. With NULL, a missing one is an error.
 */
natsmicro_status nm_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                         size_t length, uint32_t max_depth, bool *is_in_pieces, nm_error *error);

#endif
