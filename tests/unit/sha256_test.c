/* A caller compares the hash with that of other programs, so it must be theirs at every length. */
#include "unit/cmocka_test.h"

#include "base/sha256.h"
#include "support/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void known_texts_have_known_hashes(void **state)
{
    (void)state;
    char text[NM_SHA256_SIZE];
    assert_true(nm_sha256(text, NULL, 0));
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(nm_sha256(text, "abc", 3));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void every_length_is_hashed_as_elsewhere(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 3));
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        sha256_hex expected;
        sha256_of(bytes, length, expected);
        char text[NM_SHA256_SIZE];
        assert_true(nm_sha256(text, bytes, length));
        assert_string_equal(text, expected);
    }
}

static void assert_sum(nm_sha256_sum *sum, const uint8_t *bytes, size_t length, size_t piece)
{
    nm_sha256_begin(sum);
    for (size_t at = 0; at < length; at += piece)
        nm_sha256_add(sum, bytes + at, length - at < piece ? length - at : piece);
    uint8_t hash[NM_SHA256_BYTES];
    assert_true(nm_sha256_end(sum, hash));
    char expected[NM_SHA256_SIZE];
    assert_true(nm_sha256(expected, bytes, length));
    char text[NM_SHA256_SIZE];
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(text, expected);
}

static void pieces_have_the_hash_of_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 11 + (i >> 2));
    nm_sha256_sum sum = {NULL, false};
    assert_sum(&sum, bytes, 0, 1);
    assert_sum(&sum, bytes, sizeof(bytes), 1);
    assert_sum(&sum, bytes, sizeof(bytes), 64);
    assert_sum(&sum, bytes, sizeof(bytes), 127);
    nm_sha256_free(&sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_hashes),
        cmocka_unit_test(every_length_is_hashed_as_elsewhere),
        cmocka_unit_test(pieces_have_the_hash_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
