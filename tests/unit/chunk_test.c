/*
 * Protobuf must read what we write as a chunk message, and what we read as a head with bytes must
 * be exactly that: a wrong length here would cut a blob, or add to it.
 */
#include "unit/cmocka_test.h"

#include "wire/chunk.h"

#include "lab/v1/lab.pb-c.h"

#include <stdlib.h>

static void head_and_bytes_are_the_message(void **state)
{
    static const size_t lengths[] = {1, 127, 128, 16384, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t length = lengths[i];
        uint8_t *message = malloc(NM_LONGEST_CHUNK_HEAD + length);
        assert_non_null(message);
        size_t head = nm_chunk_head(message, 1, length);
        memset(message + head, 'x', length);
        Lab__V1__Chunk *chunk = lab__v1__chunk__unpack(NULL, head + length, message);
        assert_non_null(chunk);
        assert_int_equal(chunk->data.len, length);
        assert_memory_equal(chunk->data.data, message + head, length);
        lab__v1__chunk__free_unpacked(chunk, NULL);

        nm_bytes bytes;
        assert_true(nm_chunk_is_plain(message, head + length, 1, &bytes));
        assert_ptr_equal(bytes.data, message + head);
        assert_int_equal(bytes.length, length);
        assert_false(nm_chunk_is_plain(message, head + length, 2, &bytes));
        assert_false(nm_chunk_is_plain(message, head + length - 1, 1, &bytes));
        free(message);
    }
}

static void other_shapes_are_left_to_the_codec(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"", 0},
        {"\x0a", 1},
        {"\x0a\x01", 2},
        {"\x0a\x01xy", 4},
        {"\x0a\x01x\x10\x01", 5},
        {"\x08\x01", 2},
        {"\x8a\x80\x80\x80\x80\x00\x01x", 8},
        {"\x0a\x81\x80\x80\x80\x80\x00x", 8},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
    };

    (void)state;
    nm_bytes bytes;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_false(
            nm_chunk_is_plain((const uint8_t *)cases[i].bytes, cases[i].length, 1, &bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_and_bytes_are_the_message),
        cmocka_unit_test(other_shapes_are_left_to_the_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
