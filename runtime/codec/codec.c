/*
 * Codec: see codec.h. Bytes are checked by scan.c, and joined by join.c if a message in them comes
 * in pieces; messages of simple types go through direct.c.
 */
#include "codec/codec.h"

#include "base/utf8.h"
#include "codec/check.h"
#include "codec/direct.h"
#include "codec/field.h"
#include "codec/join.h"
#include "codec/scan.h"

#include <stdlib.h>
#include <string.h>

/*
 * Where protobuf-c allocates an owned message. Memory that it frees while it unpacks stays counted.
 */
typedef struct counted_heap {
    size_t used;
    size_t limit; /* 0: no limit */
    bool exhausted;
} counted_heap;

static void *counted_alloc(void *closure, size_t size)
{
    counted_heap *heap = closure;
    void *memory = NULL;

    if (heap->limit == 0 || size <= heap->limit - heap->used)
        memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL) {
        heap->exhausted = true;
        return NULL;
    }
    heap->used += size;
    return memory;
}

static void counted_free(void *closure, void *memory)
{
    (void)closure;
    free(memory);
}

natsmicro_status nm_codec_exhausted(const ProtobufCMessageDescriptor *descriptor, size_t limit,
                                    nm_error *error)
{
    if (limit == 0)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory to decode it",
                            nm_type_name(descriptor));
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: decoding it takes more memory than the limit max_decode_bytes of "
                        "%zu bytes",
                        nm_type_name(descriptor), limit);
}

/* Says why a message cannot be had although the scan had found no fault. */
static natsmicro_status unpack_failure(const ProtobufCMessageDescriptor *descriptor, bool exhausted,
                                       size_t limit, nm_error *error)
{
    if (exhausted)
        return nm_codec_exhausted(descriptor, limit, error);
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s: protobuf-c cannot decode it",
                        nm_type_name(descriptor));
}

/*
 * Checks the bytes. Those of a message in pieces become the joined ones, in the arena: they are
 * checked again, for required fields that no piece had.
 */
static natsmicro_status prepare(const ProtobufCMessageDescriptor *descriptor, nm_cursor *bytes,
                                const nm_codec_limits *limits, nm_arena *arena, nm_error *error)
{
    uint32_t max_depth = nm_codec_depth_limit(limits);
    bool is_in_pieces = false;
    natsmicro_status status =
        nm_scan(descriptor, bytes->at, nm_cursor_left(bytes), max_depth, &is_in_pieces, error);

    if (status != NATSMICRO_OK || !is_in_pieces)
        return status;
    if (!nm_join(descriptor, bytes, arena))
        return unpack_failure(descriptor, arena->exhausted, arena->limit, error);
    return nm_scan(descriptor, bytes->at, nm_cursor_left(bytes), max_depth, NULL, error);
}

natsmicro_status nm_decode(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                           size_t length, const nm_codec_limits *limits, nm_arena *arena,
                           ProtobufCMessage **message, nm_error *error)
{
    ProtobufCAllocator allocator = nm_arena_allocator(arena);
    nm_cursor content = nm_cursor_over(bytes, length);

    *message = NULL;
    nm_arena_reset(arena);
    arena->limit = nm_codec_memory_limit(limits);
    natsmicro_status status = prepare(descriptor, &content, limits, arena, error);
    if (status != NATSMICRO_OK)
        return status;
    *message =
        protobuf_c_message_unpack(descriptor, &allocator, nm_cursor_left(&content), content.at);
    if (*message == NULL)
        return unpack_failure(descriptor, arena->exhausted, arena->limit, error);
    return NATSMICRO_OK;
}

static natsmicro_status unpack_owned(const ProtobufCMessageDescriptor *descriptor, nm_cursor bytes,
                                     counted_heap *heap, ProtobufCMessage **message,
                                     nm_error *error)
{
    ProtobufCAllocator allocator = {counted_alloc, counted_free, heap};

    *message = protobuf_c_message_unpack(descriptor, &allocator, nm_cursor_left(&bytes), bytes.at);
    if (*message == NULL)
        return unpack_failure(descriptor, heap->exhausted, heap->limit, error);
    return NATSMICRO_OK;
}

natsmicro_status nm_decode_owned(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                                 size_t length, const nm_codec_limits *limits,
                                 ProtobufCMessage **message, nm_error *error)
{
    size_t limit = nm_codec_memory_limit(limits);
    nm_arena joined = {.limit = limit};
    nm_cursor content = nm_cursor_over(bytes, length);

    *message = NULL;
    natsmicro_status status = prepare(descriptor, &content, limits, &joined, error);
    if (status == NATSMICRO_OK) {
        counted_heap heap = {joined.used, limit, false};
        status = unpack_owned(descriptor, content, &heap, message, error);
    }
    nm_arena_free(&joined);
    return status;
}

static natsmicro_status check_outgoing(const ProtobufCMessageDescriptor *descriptor,
                                       const ProtobufCMessage *message, nm_error *error)
{
    if (message == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the %s to send is NULL",
                            nm_type_name(descriptor));
    if (message->descriptor == NULL ||
        message->descriptor->magic != PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the %s to send was not initialized with its __INIT macro",
                            nm_type_name(descriptor));
    if (!nm_is_same_type(message->descriptor, descriptor))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the message to send is a %s, not a %s",
                            nm_type_name(message->descriptor), nm_type_name(descriptor));
    if (!nm_can_encode(message))
        return nm_error_set(
            error, NATSMICRO_INVALID_ARGUMENT,
            "the %s to send lacks a required field, an element of a repeated field, or the data of "
            "bytes that have a length",
            nm_type_name(descriptor));
    return NATSMICRO_OK;
}

/* Whether all strings of a type are single fields of the message itself. */
static bool has_plain_strings(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE ||
            (field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_REPEATED))
            return false;
    }
    return true;
}

/* The string of a field; NULL if it has none, or its oneof is set to another field. */
static const char *string_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *members = (const uint8_t *)message;

    if (field->type != PROTOBUF_C_TYPE_STRING)
        return NULL;
    uint32_t chosen;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        memcpy(&chosen, members + field->quantifier_offset, sizeof(chosen));
        if (chosen != field->id)
            return NULL;
    }
    const char *string;
    memcpy(&string, members + field->offset, sizeof(string));
    return string;
}

static natsmicro_status check_plain_strings(const ProtobufCMessage *message, nm_error *error)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    char number[NM_FIELD_NUMBER_SIZE];
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const char *string = string_of(message, field);
        if (string != NULL && !nm_utf8_is_valid((const uint8_t *)string, strlen(string)))
            return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                                "the %s to send: field %s.%s: not UTF-8", nm_type_name(descriptor),
                                nm_type_name(descriptor), nm_field_name(field, number));
    }
    return NATSMICRO_OK;
}

/* Strings in nested messages are checked in the packed bytes, which takes one walk over them. */
static natsmicro_status check_packed_strings(const ProtobufCMessageDescriptor *descriptor,
                                             const nm_buffer *buffer, nm_error *error)
{
    nm_error found = NM_ERROR_INIT;
    natsmicro_status status =
        nm_scan(descriptor, buffer->data, buffer->length, UINT32_MAX, NULL, &found);

    if (status != NATSMICRO_OK)
        nm_error_set(error, status, "the %s to send: %s", nm_type_name(descriptor),
                     nm_error_text(&found));
    nm_error_clear(&found);
    return status;
}

natsmicro_status nm_encode(const ProtobufCMessageDescriptor *descriptor, const void *message,
                           nm_buffer *buffer, nm_error *error)
{
    natsmicro_status status = check_outgoing(descriptor, message, error);

    nm_buffer_reset(buffer);
    if (status != NATSMICRO_OK)
        return status;
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *room = nm_buffer_reserve(buffer, length);
    if (room == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory to encode the %s",
                            nm_type_name(descriptor));
    buffer->length = protobuf_c_message_pack(message, room);
    status = has_plain_strings(descriptor) ? check_plain_strings(message, error)
                                           : check_packed_strings(descriptor, buffer, error);
    if (status != NATSMICRO_OK)
        nm_buffer_reset(buffer);
    return status;
}

natsmicro_status nm_decode_by_plan(const nm_plan *plan, const uint8_t *bytes, size_t length,
                                   const nm_codec_limits *limits, nm_arena *arena,
                                   ProtobufCMessage **message, nm_error *error)
{
    *message = nm_decode_directly(plan, bytes, length, limits, arena);
    if (*message != NULL)
        return NATSMICRO_OK;
    return nm_decode(plan->descriptor, bytes, length, limits, arena, message, error);
}

natsmicro_status nm_encode_by_plan(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                   nm_error *error)
{
    nm_buffer_reset(buffer);
    if (nm_direct_pack(plan, message, buffer, NULL))
        return NATSMICRO_OK;
    return nm_encode(plan->descriptor, message, buffer, error);
}

natsmicro_status nm_encode_in_pieces(const nm_plan *plan, const void *message, nm_buffer *buffer,
                                     nm_encoding *encoding, nm_error *error)
{
    nm_left_out left_out = {{NULL, 0}, 0};

    nm_buffer_reset(buffer);
    if (!nm_direct_pack(plan, message, buffer, &left_out)) {
        natsmicro_status status = nm_encode(plan->descriptor, message, buffer, error);
        if (status != NATSMICRO_OK)
            return status;
        left_out.content.length = 0;
    }
    if (left_out.content.length == 0) {
        encoding->pieces[0] = (nm_bytes){buffer->data, buffer->length};
        encoding->count = 1;
        return NATSMICRO_OK;
    }
    encoding->pieces[0] = (nm_bytes){buffer->data, left_out.at};
    encoding->pieces[1] = left_out.content;
    encoding->pieces[2] = (nm_bytes){buffer->data + left_out.at, buffer->length - left_out.at};
    encoding->count = encoding->pieces[2].length > 0 ? 3 : 2;
    return NATSMICRO_OK;
}
