/*
 * Chunk: see chunk.h.
 */
#include "wire/chunk.h"

#include "base/cursor.h"

static uint64_t tag_of(uint32_t field)
{
    return (uint64_t)field << 3 | NM_WIRE_DELIMITED;
}

size_t nm_chunk_head(uint8_t to[NM_LONGEST_CHUNK_HEAD], uint32_t field, size_t length)
{
    uint8_t *end = nm_varint_write(to, tag_of(field));
    end = nm_varint_write(end, length);
    return (size_t)(end - to);
}

bool nm_chunk_is_plain(const uint8_t *message, size_t length, uint32_t field, nm_bytes *bytes)
{
    uint64_t tag;
    size_t head = nm_varint_read(message, length, NM_VARINT32_SIZE, &tag);
    if (head == 0 || tag != tag_of(field))
        return false;
    uint64_t announced;
    size_t more = nm_varint_read(message + head, length - head, NM_VARINT32_SIZE, &announced);
    head += more;
    if (more == 0 || announced != length - head)
        return false;
    *bytes = (nm_bytes){message + head, length - head};
    return true;
}
