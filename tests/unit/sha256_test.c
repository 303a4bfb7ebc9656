/* A caller compares the hash with that of other programs, so it must be theirs at every length. */
#include "unit/cmocka_test.h"

#include "base/sha256.h"
#include "support/sha256.h"

#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_hashes),
        cmocka_unit_test(every_length_is_hashed_as_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
