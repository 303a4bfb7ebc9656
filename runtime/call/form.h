/*
 * Form: how messages of one type travel: in protobuf's binary form or as JSON. All messages of
 * calls are encoded and decoded here. It does not change once it is made, so any thread may use it.
 *
 * The fast paths are those of the binary form, and ask nothing about JSON: the plan of a form with
 * JSON is not simple, so they leave all its messages to the slow paths, which do ask.
 */
#ifndef NM_CALL_FORM_H
#define NM_CALL_FORM_H

#include "codec/codec.h"
#include "json/json.h"

typedef struct nm_form {
    nm_plan *plan;            /* of the binary form, and the type itself; owned */
    const nm_json_type *json; /* NULL: messages travel in the binary form */
} nm_form;

/* `json` must outlive the form. False: no memory. */
bool nm_form_init(nm_form *form, const ProtobufCMessageDescriptor *descriptor,
                  const nm_json_type *json);
void nm_form_free(nm_form *form);

static inline const ProtobufCMessageDescriptor *nm_form_type(const nm_form *form)
{
    return form->plan->descriptor;
}

/* ---- encoding: the statuses of nm_encode ---- */

/* Encodes a message into the buffer, which is reset first. */
natsmicro_status nm_form_encode(const nm_form *form, const void *message, nm_buffer *buffer,
                                nm_error *error);

/* The same without copying a long field, where that can be; see nm_encode_in_pieces. */
natsmicro_status nm_form_encode_in_pieces(const nm_form *form, const void *message,
                                          nm_buffer *buffer, nm_encoding *encoding,
                                          nm_error *error);

/* ---- decoding: the statuses of nm_decode, or of nm_json_read ---- */

/* Decodes a message into the arena, which is reset first. */
natsmicro_status nm_form_decode(const nm_form *form, const uint8_t *bytes, size_t length,
                                const nm_codec_limits *limits, nm_arena *arena,
                                ProtobufCMessage **message, nm_error *error);

/*
 * Decodes a message into memory of its own, which the caller frees with
 * protobuf_c_message_free_unpacked(message, NULL).
 */
natsmicro_status nm_form_decode_owned(const nm_form *form, const uint8_t *bytes, size_t length,
                                      const nm_codec_limits *limits, ProtobufCMessage **message,
                                      nm_error *error);

#endif
