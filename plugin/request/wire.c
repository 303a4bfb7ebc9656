/*
 * Wire: see wire.h.
 */
#include "request/wire.h"

#include "base/varint.h"

#include <string.h>

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

static bool take_varint(gen_bytes *rest, uint64_t *value)
{
    size_t size = nm_varint_read(rest->data, rest->length, NM_VARINT_SIZE, value);
    if (size == 0)
        return false;
    rest->data += size;
    rest->length -= size;
    return true;
}

static bool take_bytes(gen_bytes *rest, uint64_t length, gen_bytes *taken)
{
    if (length > rest->length)
        return false;
    *taken = (gen_bytes){rest->data, (size_t)length};
    rest->data += length;
    rest->length -= (size_t)length;
    return true;
}

static bool take_fixed(gen_bytes *rest, size_t length, uint64_t *value)
{
    gen_bytes taken;
    if (!take_bytes(rest, length, &taken))
        return false;
    *value = 0;
    for (size_t i = 0; i < length; i++)
        *value |= (uint64_t)taken.data[i] << (8 * i);
    return true;
}

bool gen_wire_next(gen_bytes *rest, gen_wire_field *field)
{
    *field = (gen_wire_field){0, 0, 0, {NULL, 0}};
    uint64_t tag;
    if (!take_varint(rest, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return false;
    field->number = (uint32_t)(tag >> 3);
    field->type = (uint32_t)(tag & 7);
    uint64_t length;
    switch (field->type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(rest, &field->number_value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return take_fixed(rest, 8, &field->number_value);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return take_fixed(rest, 4, &field->number_value);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return take_varint(rest, &length) && take_bytes(rest, length, &field->bytes);
    default:
        return false; /* groups, which nothing that the plugin reads has */
    }
}

/* What an unknown field holds: protobuf-c keeps the length in front of the bytes. */
static bool field_payload(const ProtobufCMessageUnknownField *field, gen_bytes *payload)
{
    gen_bytes rest = {field->data, field->len};
    uint64_t length;
    return field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
           take_varint(&rest, &length) && take_bytes(&rest, length, payload) && rest.length == 0;
}

gen_extension_state gen_wire_extension(gen_pool *pool, const ProtobufCMessage *options,
                                       uint32_t number, gen_bytes *payload)
{
    *payload = (gen_bytes){NULL, 0};
    if (options == NULL)
        return GEN_EXTENSION_ABSENT;
    bool present = false;
    size_t total = 0;
    for (unsigned i = 0; i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag != number)
            continue;
        gen_bytes part;
        if (!field_payload(field, &part))
            return GEN_EXTENSION_MALFORMED;
        present = true;
        total += part.length;
    }
    if (!present)
        return GEN_EXTENSION_ABSENT;
    uint8_t *joined = gen_pool_alloc(pool, total, 1);
    *payload = (gen_bytes){joined, total};
    for (unsigned i = 0; i < options->n_unknown_fields; i++) {
        gen_bytes part;
        if (options->unknown_fields[i].tag != number ||
            !field_payload(&options->unknown_fields[i], &part) || part.length == 0)
            continue;
        memcpy(joined, part.data, part.length);
        joined += part.length;
    }
    return GEN_EXTENSION_PRESENT;
}

bool gen_wire_depth_ok(const ProtobufCMessageDescriptor *descriptor, gen_bytes bytes,
                       unsigned limit)
{
    if (limit == 0)
        return false;
    while (bytes.length != 0) {
        gen_wire_field field;
        if (!gen_wire_next(&bytes, &field))
            return false;
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(descriptor, field.number);
        bool message = known != NULL && known->type == PROTOBUF_C_TYPE_MESSAGE &&
                       field.type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
        if (message && !gen_wire_depth_ok(known->descriptor, field.bytes, limit - 1))
            return false;
    }
    return true;
}
