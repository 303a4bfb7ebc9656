/*
 * Fuzzes the short way of a chunk: what it takes for head and bytes, protobuf-c must read as the
 * same bytes.
 */
#include "wire/chunk.h"

#include "lab/v1/lab.pb-c.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nm_bytes bytes;
    if (!nm_chunk_is_plain(data, size, 1, &bytes))
        return 0;
    Lab__V1__Chunk *chunk = lab__v1__chunk__unpack(NULL, size, data);
    check(chunk != NULL && chunk->data.len == bytes.length);
    check(bytes.length == 0 || memcmp(chunk->data.data, bytes.data, bytes.length) == 0);
    lab__v1__chunk__free_unpacked(chunk, NULL);
    return 0;
}
