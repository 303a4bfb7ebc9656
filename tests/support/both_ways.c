/*
 * Both ways: see both_ways.h.
 */
#include "support/both_ways.h"

#include "direct_test.pb-c.h"
#include "direct_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

const ProtobufCMessageDescriptor *const both_ways_types[] = {
    &directtest__v1__scalars__descriptor, &directtest__v1__text__descriptor,
    &directtest__v1__empty__descriptor,   &directtest__v2__optional__descriptor,
    &directtest__v2__default__descriptor, &directtest__v2__required__descriptor,
    &directtest__v1__listed__descriptor,  &directtest__v1__nested__descriptor,
    &directtest__v1__chosen__descriptor,  &directtest__v1__maybe__descriptor,
    &directtest__v2__either__descriptor,  &directtest__v1__chosen_text__descriptor,
};
const size_t n_both_ways_types = sizeof(both_ways_types) / sizeof(both_ways_types[0]);

/* ---- comparing what was decoded ---- */

size_t both_ways_size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    default:
        return 4;
    }
}

static bool same_bytes(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b,
                       const ProtobufCBinaryData *usual)
{
    if (a->len != b->len || (a->data == NULL) != (b->data == NULL))
        return false;
    if (usual != NULL && (a->data == usual->data) != (b->data == usual->data))
        return false;
    return a->len == 0 || memcmp(a->data, b->data, a->len) == 0;
}

static bool same_string(const char *a, const char *b, const char *usual)
{
    if (a == NULL || b == NULL)
        return a == b;
    return (a == usual) == (b == usual) && strcmp(a, b) == 0;
}

/* Whether a field is a member of a oneof that is set to another one. */
static bool is_not_chosen(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
           memcmp((const char *)message + field->quantifier_offset, &field->id,
                  sizeof(field->id)) != 0;
}

/* Compares simple fields. Fields of other types are compared by encoding them again. */
static bool same_field(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a,
                       const ProtobufCMessage *b)
{
    const char *of_a = (const char *)a + field->offset;
    const char *of_b = (const char *)b + field->offset;

    if (field->quantifier_offset != 0 &&
        memcmp((const char *)a + field->quantifier_offset,
               (const char *)b + field->quantifier_offset, sizeof(protobuf_c_boolean)) != 0)
        return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_MESSAGE ||
        is_not_chosen(field, a))
        return true;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return same_string(*(const char *const *)(const void *)of_a,
                           *(const char *const *)(const void *)of_b, field->default_value);
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return same_bytes((const void *)of_a, (const void *)of_b, field->default_value);
    return memcmp(of_a, of_b, both_ways_size_of(field->type)) == 0;
}

static bool same_unknown_fields(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    if (a->n_unknown_fields != b->n_unknown_fields)
        return false;
    for (size_t i = 0; i < a->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *of_a = &a->unknown_fields[i];
        const ProtobufCMessageUnknownField *of_b = &b->unknown_fields[i];

        if (of_a->tag != of_b->tag || of_a->wire_type != of_b->wire_type ||
            of_a->len != of_b->len || memcmp(of_a->data, of_b->data, of_a->len) != 0)
            return false;
    }
    return true;
}

static const char *compare(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    if (a == NULL || b == NULL)
        return a == b ? NULL : "one way only gives a message";
    if (a->descriptor != b->descriptor)
        return "the type differs";
    for (unsigned i = 0; i < a->descriptor->n_fields; i++)
        if (!same_field(&a->descriptor->fields[i], a, b))
            return a->descriptor->fields[i].name;
    return same_unknown_fields(a, b) ? NULL : "unknown fields differ";
}

/* ---- both ways ---- */

static const char *compare_errors(natsmicro_status status, const nm_error *error,
                                  natsmicro_status other_status, const nm_error *other)
{
    if (status != other_status)
        return "the status differs";
    return strcmp(nm_error_text(error), nm_error_text(other)) == 0 ? NULL : "the text differs";
}

/* Encodes in pieces, which must give the same bytes. */
static const char *compare_in_pieces(const nm_plan *plan, const ProtobufCMessage *message,
                                     natsmicro_status status, const nm_buffer *usual)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    const char *different = NULL;

    nm_encoding encoding;
    if (nm_encode_in_pieces(plan, message, &buffer, &encoding, &error) != status)
        different = "the status in pieces differs";
    else if (status == NATSMICRO_OK) {
        size_t length = nm_bytes_length(encoding.pieces, encoding.count);
        uint8_t *joined = malloc(length + 1);
        if (joined == NULL)
            abort();
        nm_bytes_join(joined, encoding.pieces, encoding.count);
        if (length != usual->length || (length > 0 && memcmp(joined, usual->data, length) != 0))
            different = "the pieces differ";
        free(joined);
    }
    nm_buffer_free(&buffer);
    nm_error_clear(&error);
    return different;
}

const char *both_ways_encode(const nm_plan *plan, const ProtobufCMessage *message)
{
    nm_buffer planned = NM_BUFFER_INIT;
    nm_buffer usual = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    nm_error usual_error = NM_ERROR_INIT;
    natsmicro_status status = nm_encode_by_plan(plan, message, &planned, &error);
    natsmicro_status usual_status = nm_encode(plan->descriptor, message, &usual, &usual_error);
    const char *different = compare_errors(status, &error, usual_status, &usual_error);

    if (different == NULL &&
        (planned.length != usual.length ||
         (usual.length > 0 && memcmp(planned.data, usual.data, usual.length) != 0)))
        different = "the encodings differ";
    if (different == NULL)
        different = compare_in_pieces(plan, message, usual_status, &usual);
    nm_buffer_free(&planned);
    nm_buffer_free(&usual);
    nm_error_clear(&error);
    nm_error_clear(&usual_error);
    return different;
}

const char *both_ways_decode(const nm_plan *plan, const uint8_t *bytes, size_t length,
                             const nm_codec_limits *limits)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_arena usual_arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    nm_error usual_error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *usual = NULL;
    natsmicro_status status =
        nm_decode_by_plan(plan, bytes, length, limits, &arena, &message, &error);
    natsmicro_status usual_status =
        nm_decode(plan->descriptor, bytes, length, limits, &usual_arena, &usual, &usual_error);
    const char *different = compare_errors(status, &error, usual_status, &usual_error);

    if (different == NULL)
        different = compare(message, usual);
    if (different == NULL && message != NULL)
        different = both_ways_encode(plan, message);
    nm_arena_free(&arena);
    nm_arena_free(&usual_arena);
    nm_error_clear(&error);
    nm_error_clear(&usual_error);
    return different;
}
