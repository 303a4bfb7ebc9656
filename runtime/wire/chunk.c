/*
 * See chunk.h.
 */
#include "wire/chunk.h"
#include "wire/frame.h"

#define WIRE_TYPE_BYTES 2

static uint64_t tag_of(uint32_t field)
{
    return (uint64_t)field << 3 | WIRE_TYPE_BYTES;
}

size_t nm_chunk_head(uint8_t to[NM_LONGEST_CHUNK_HEAD], uint32_t field, size_t length)
{
    uint8_t *end = nm_frame_put_varint(to, tag_of(field));
    end = nm_frame_put_varint(end, length);
    return (size_t)(end - to);
}

/*
 * The length of a varint of at most five bytes, or 0: longer ones are no tag or length of a chunk,
 * or one that is written in another way than the shortest, which is left to the codec.
 */
static size_t get_short_varint(const uint8_t *from, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length && i < NM_LONGEST_CHUNK_HEAD / 2; i++) {
        *value |= (uint64_t)(from[i] & 0x7f) << (7 * i);
        if (from[i] < 0x80)
            return i + 1;
    }
    return 0;
}

bool nm_chunk_is_plain(const uint8_t *message, size_t length, uint32_t field, nm_bytes *bytes)
{
    uint64_t tag;
    size_t head = get_short_varint(message, length, &tag);
    if (head == 0 || tag != tag_of(field))
        return false;
    uint64_t announced;
    size_t more = get_short_varint(message + head, length - head, &announced);
    head += more;
    if (more == 0 || announced != length - head)
        return false;
    *bytes = (nm_bytes){message + head, length - head};
    return true;
}
