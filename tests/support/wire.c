/*
 * Wire: see wire.h.
 */
#include "support/wire.h"

void wire_put_varint(nm_buffer *buffer, uint64_t number)
{
    uint8_t bytes[NM_VARINT_SIZE];

    nm_buffer_append(buffer, bytes, (size_t)(nm_varint_write(bytes, number) - bytes));
}

void wire_put_tag(nm_buffer *buffer, uint32_t number, unsigned wire_type)
{
    wire_put_varint(buffer, (uint64_t)number << 3 | wire_type);
}

void wire_put_delimited(nm_buffer *buffer, const void *bytes, size_t length)
{
    wire_put_varint(buffer, length);
    nm_buffer_append(buffer, bytes, length);
}
