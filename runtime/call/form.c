/*
 * Form: see form.h.
 */
#include "call/form.h"

#include "base/cold.h"
#include "codec/copy.h"

bool nm_form_init(nm_form *form, const ProtobufCMessageDescriptor *descriptor,
                  const nm_json_type *json)
{
    form->json = json;
    form->plan = nm_plan_new(descriptor);
    if (form->plan == NULL)
        return false;
    if (json != NULL)
        form->plan->is_simple = false;
    return true;
}

void nm_form_free(nm_form *form)
{
    nm_plan_free(form->plan);
}

/* ---- encoding ---- */

static natsmicro_status write_json(const nm_form *form, const void *message, nm_buffer *buffer,
                                   nm_error *error)
{
    nm_buffer_reset(buffer);
    return nm_json_write(form->json, message, NULL, buffer, error);
}

natsmicro_status nm_form_encode(const nm_form *form, const void *message, nm_buffer *buffer,
                                nm_error *error)
{
    return form->json == NULL ? nm_encode_by_plan(form->plan, message, buffer, error)
                              : write_json(form, message, buffer, error);
}

natsmicro_status nm_form_encode_in_pieces(const nm_form *form, const void *message,
                                          nm_buffer *buffer, nm_encoding *encoding, nm_error *error)
{
    if (form->json == NULL)
        return nm_encode_in_pieces(form->plan, message, buffer, encoding, error);
    natsmicro_status status = write_json(form, message, buffer, error);
    encoding->pieces[0] = (nm_bytes){buffer->data, buffer->length};
    encoding->count = 1;
    return status;
}

/* ---- decoding ---- */

/*
 * Nothing on the wire says which form a message has, so two sides may disagree. No binary message
 * begins with a brace, which would begin a group. The JSON reader says it of the binary form.
 */
NM_COLD static natsmicro_status look_for_json(natsmicro_status status, const uint8_t *bytes,
                                              size_t length, nm_error *error)
{
    if (status != NATSMICRO_INVALID_ARGUMENT || length < 2 || bytes[0] != '{' ||
        bytes[length - 1] != '}' || error == NULL)
        return status;
    return nm_error_set(error, status, "%s (this looks like JSON, not binary protobuf)",
                        nm_error_text(error));
}

natsmicro_status nm_form_decode(const nm_form *form, const uint8_t *bytes, size_t length,
                                const nm_codec_limits *limits, nm_arena *arena,
                                ProtobufCMessage **message, nm_error *error)
{
    if (form->json != NULL)
        return nm_json_read(form->json, bytes, length, NULL, limits, arena, message, error);
    natsmicro_status status =
        nm_decode_by_plan(form->plan, bytes, length, limits, arena, message, error);
    return status == NATSMICRO_OK ? status : look_for_json(status, bytes, length, error);
}

static natsmicro_status read_json_owned(const nm_form *form, const uint8_t *text, size_t length,
                                        const nm_codec_limits *limits, ProtobufCMessage **message,
                                        nm_error *error)
{
    nm_arena arena = NM_ARENA_INIT;
    natsmicro_status status =
        nm_json_read(form->json, text, length, NULL, limits, &arena, message, error);
    if (status == NATSMICRO_OK) {
        *message = nm_copy_owned(*message);
        if (*message == NULL)
            status = nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory to decode it");
    }
    nm_arena_free(&arena);
    return status;
}

natsmicro_status nm_form_decode_owned(const nm_form *form, const uint8_t *bytes, size_t length,
                                      const nm_codec_limits *limits, ProtobufCMessage **message,
                                      nm_error *error)
{
    if (form->json != NULL)
        return read_json_owned(form, bytes, length, limits, message, error);
    natsmicro_status status =
        nm_decode_owned(nm_form_type(form), bytes, length, limits, message, error);
    return status == NATSMICRO_OK ? status : look_for_json(status, bytes, length, error);
}
