/*
 * Cursor: takes protobuf's encoding apart, front to back: numbers and runs of bytes. What a field
 * means is up to the caller. Each function returns false, and takes nothing, if the bytes end too
 * early.
 */
#ifndef NM_BASE_CURSOR_H
#define NM_BASE_CURSOR_H

#include "base/varint.h"

/* The low three bits of a tag; 3 and 4, groups, are used by nobody here. */
typedef enum nm_wire_type {
    NM_WIRE_VARINT = 0,
    NM_WIRE_FIXED64 = 1,
    NM_WIRE_DELIMITED = 2,
    NM_WIRE_FIXED32 = 5
} nm_wire_type;

#define NM_LARGEST_FIELD_NUMBER ((UINT32_C(1) << 29) - 1)

/* Points into memory of the caller's. */
typedef struct nm_cursor {
    const uint8_t *at;
    const uint8_t *end;
} nm_cursor;

/* `bytes` may be NULL if `length` is 0. */
static inline nm_cursor nm_cursor_over(const void *bytes, size_t length)
{
    static const uint8_t nothing;
    const uint8_t *start = length == 0 ? &nothing : bytes;

    return (nm_cursor){start, start + length};
}

static inline size_t nm_cursor_left(const nm_cursor *s)
{
    return (size_t)(s->end - s->at);
}

/* Takes a varint of at most `longest` bytes, as nm_varint_read does. */
static inline bool nm_take_varint(nm_cursor *s, size_t longest, uint64_t *value)
{
    size_t size = nm_varint_read(s->at, nm_cursor_left(s), longest, value);

    s->at += size;
    return size > 0;
}

/* Takes a number of 4 or 8 bytes, the low byte first. */
static inline bool nm_take_fixed(nm_cursor *s, size_t size, uint64_t *value)
{
    if (nm_cursor_left(s) < size)
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value |= (uint64_t)s->at[i] << (8 * i);
    s->at += size;
    return true;
}

/* Takes `length` bytes, which `content` becomes. */
static inline bool nm_take_bytes(nm_cursor *s, uint64_t length, nm_cursor *content)
{
    if (length > nm_cursor_left(s))
        return false;
    *content = (nm_cursor){s->at, s->at + length};
    s->at += length;
    return true;
}

#endif
