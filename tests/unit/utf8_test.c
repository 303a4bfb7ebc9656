/*
 * A protobuf peer refuses a message with a string that is not UTF-8, and a terminal shows what it
 * likes: such bytes must not get through.
 */
#include "unit/cmocka_test.h"

#include "base/utf8.h"

#include <string.h>

static bool is_valid(const char *bytes, size_t length)
{
    return nm_utf8_is_valid((const uint8_t *)bytes, length);
}

static void utf8_is_what_the_standard_says(void **state)
{
    (void)state;
    assert_true(is_valid("", 0));
    assert_true(is_valid("0123456789abcdef", 16));
    assert_true(is_valid("\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf", 15));
    assert_true(is_valid("\xed\x9f\xbf \xee\x80\x80", 7));
    assert_true(is_valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", 9));
    assert_false(is_valid("\x80", 1));
    assert_false(is_valid("\xc1\xbf", 2));
    assert_false(is_valid("\xe0\x9f\xbf", 3));
    assert_false(is_valid("\xed\xa0\x80", 3));
    assert_false(is_valid("\xf0\x8f\xbf\xbf", 4));
    assert_false(is_valid("\xf4\x90\x80\x80", 4));
    assert_false(is_valid("\xf5\x80\x80\x80", 4));
    assert_false(is_valid("\xe2\x82", 2));
    assert_false(is_valid("\xe2\x28\xa1", 3));
}

/* Wherever the odd byte stands: words are looked at in one go. */
static void a_bad_byte_is_found_at_every_place(void **state)
{
    (void)state;
    char text[40];
    for (size_t length = 1; length <= sizeof(text); length++)
        for (size_t at = 0; at < length; at++) {
            memset(text, 'x', sizeof(text));
            assert_true(is_valid(text, length));
            text[at] = '\0';
            assert_false(is_valid(text, length));
            text[at] = (char)0x80;
            assert_false(is_valid(text, length));
            text[at] = '\x01';
            assert_true(is_valid(text, length));
        }
}

static size_t length_of(const char *bytes)
{
    return nm_utf8_length((const uint8_t *)bytes, strlen(bytes));
}

static void a_character_has_one_to_four_bytes(void **state)
{
    (void)state;
    assert_int_equal(nm_utf8_length((const uint8_t *)"", 1), 1);
    assert_int_equal(length_of("ab"), 1);
    assert_int_equal(length_of("\x7f\x80"), 1);
    assert_int_equal(length_of("\xc3\xa4 b"), 2);
    assert_int_equal(length_of("\xe2\x82\xac\x80"), 3);
    assert_int_equal(length_of("\xf0\x9f\x98\x80x"), 4);
}

static void what_begins_no_character_has_no_length(void **state)
{
    (void)state;
    assert_int_equal(length_of("\x80"), 0);
    assert_int_equal(length_of("\xc3"), 0);
    assert_int_equal(length_of("\xc3x"), 0);
    assert_int_equal(length_of("\xc0\xaf"), 0);
    assert_int_equal(length_of("\xe2\x82x"), 0);
    assert_int_equal(length_of("\xed\xbf\xbf"), 0);
    assert_int_equal(length_of("\xf4\x90\x80\x80"), 0);
    assert_int_equal(length_of("\xff"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_what_the_standard_says),
        cmocka_unit_test(a_bad_byte_is_found_at_every_place),
        cmocka_unit_test(a_character_has_one_to_four_bytes),
        cmocka_unit_test(what_begins_no_character_has_no_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
