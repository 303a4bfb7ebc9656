/*
 * Digest: see digest.h. The hash is compiled into this file, so that building needs the header of
 * xxhash, and running needs nothing of it.
 */
#include "wire/digest.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(XXH3_state_t) <= NM_DIGEST_STATE, "NM_DIGEST_STATE holds the hash's state");
_Static_assert(_Alignof(XXH3_state_t) <= NM_DIGEST_ALIGNMENT, "NM_DIGEST_ALIGNMENT aligns it");

static uint8_t *aligned(const nm_digest *digest)
{
    uintptr_t beyond = (uintptr_t)digest->memory % NM_DIGEST_ALIGNMENT;

    return (uint8_t *)digest->memory + (beyond == 0 ? 0 : NM_DIGEST_ALIGNMENT - beyond);
}

static XXH3_state_t *state_of(const nm_digest *digest)
{
    return (XXH3_state_t *)(void *)aligned(digest);
}

void nm_digest_begin(nm_digest *digest)
{
    XXH3_INITSTATE(state_of(digest));
    XXH3_64bits_reset(state_of(digest));
}

bool nm_digest_need(nm_digest **digest)
{
    if (*digest != NULL)
        return true;
    *digest = malloc(sizeof(**digest));
    if (*digest == NULL)
        return false;
    nm_digest_begin(*digest);
    return true;
}

void nm_digest_add(nm_digest *digest, const uint8_t *encodings, size_t length)
{
    if (length > 0)
        XXH3_64bits_update(state_of(digest), encodings, length);
}

void nm_digest_add_messages(nm_digest *digest, const nm_frame *frame, nm_frame_cursor cursor)
{
    if (frame->contiguous) {
        nm_digest_add(digest, cursor.at, (size_t)(cursor.end - cursor.at));
        return;
    }
    const uint8_t *data;
    size_t length;
    while (nm_frame_next_message(&cursor, &data, &length)) {
        size_t size = nm_frame_message_size(length);

        nm_digest_add(digest, data + length - size, size);
    }
}

uint64_t nm_digest_value(const nm_digest *digest)
{
    return digest != NULL ? XXH3_64bits_digest(state_of(digest)) : XXH3_64bits(NULL, 0);
}

uint64_t nm_digest_of(const uint8_t *bytes, size_t length)
{
    return length > 0 ? XXH3_64bits(bytes, length) : 0;
}
