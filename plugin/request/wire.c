/*
 * Wire: see wire.h.
 */
#include "request/wire.h"

#include <string.h>

/* ---- memory ---- */

static void *allocate(void *pool, size_t size)
{
    return gen_pool_alloc(pool, size, 1);
}

static void leave(void *pool, void *memory)
{
    (void)pool;
    (void)memory;
}

ProtobufCAllocator gen_wire_allocator(gen_pool *pool)
{
    return (ProtobufCAllocator){allocate, leave, pool};
}

/* ---- fields ---- */

static bool take_delimited(nm_cursor *rest, nm_cursor *content)
{
    uint64_t length;
    return nm_take_varint(rest, NM_VARINT_SIZE, &length) && nm_take_bytes(rest, length, content);
}

bool gen_wire_next(nm_cursor *rest, gen_wire_field *field)
{
    uint64_t tag;
    if (!nm_take_varint(rest, NM_VARINT_SIZE, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return false;
    *field = (gen_wire_field){.number = (uint32_t)(tag >> 3),
                              .type = (nm_wire_type)(tag & 7),
                              .content = nm_cursor_over(NULL, 0)};
    switch (field->type) {
    case NM_WIRE_VARINT:
        return nm_take_varint(rest, NM_VARINT_SIZE, &field->value);
    case NM_WIRE_FIXED64:
        return nm_take_fixed(rest, 8, &field->value);
    case NM_WIRE_FIXED32:
        return nm_take_fixed(rest, 4, &field->value);
    case NM_WIRE_DELIMITED:
        return take_delimited(rest, &field->content);
    default:
        return false; /* a group, which no message that we read has */
    }
}

bool gen_wire_depth_ok(const ProtobufCMessageDescriptor *descriptor, nm_cursor bytes,
                       unsigned limit)
{
    if (limit == 0)
        return false;
    while (nm_cursor_left(&bytes) != 0) {
        gen_wire_field field;
        if (!gen_wire_next(&bytes, &field))
            return false;
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(descriptor, field.number);
        bool is_message = known != NULL && known->type == PROTOBUF_C_TYPE_MESSAGE &&
                          field.type == NM_WIRE_DELIMITED;
        if (is_message && !gen_wire_depth_ok(known->descriptor, field.content, limit - 1))
            return false;
    }
    return true;
}

void *gen_wire_unpack(gen_pool *pool, const ProtobufCMessageDescriptor *descriptor,
                      const nm_buffer *bytes, unsigned limit)
{
    ProtobufCAllocator allocator = gen_wire_allocator(pool);
    const nm_cursor all = nm_cursor_over(bytes->data, bytes->length);
    if (!gen_wire_depth_ok(descriptor, all, limit))
        return NULL;
    return protobuf_c_message_unpack(descriptor, &allocator, bytes->length, all.at);
}

/* ---- extensions ---- */

/* The content of an unknown field. protobuf-c keeps the length in front of it. */
static bool field_content(const ProtobufCMessageUnknownField *field, nm_cursor *content)
{
    nm_cursor rest = nm_cursor_over(field->data, field->len);
    return field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
           take_delimited(&rest, content) && nm_cursor_left(&rest) == 0;
}

gen_extension_state gen_wire_extension(gen_pool *pool, const ProtobufCMessage *options,
                                       uint32_t number, nm_cursor *payload)
{
    *payload = nm_cursor_over(NULL, 0);
    nm_buffer joined = NM_BUFFER_INIT;
    bool present = false;
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag != number)
            continue;
        nm_cursor part;
        if (!field_content(field, &part)) {
            nm_buffer_free(&joined);
            return GEN_EXTENSION_MALFORMED;
        }
        present = true;
        nm_buffer_append(&joined, part.at, nm_cursor_left(&part));
    }
    if (!present)
        return GEN_EXTENSION_ABSENT;
    size_t length = joined.length;
    *payload = nm_cursor_over(gen_pool_take(pool, &joined), length);
    return GEN_EXTENSION_PRESENT;
}
