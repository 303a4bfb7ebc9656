/*
 * What is written as base64 must be read as the same bytes, here and by every other reader; and
 * what is no base64 must not pass for bytes.
 */
#include "unit/cmocka_test.h"

#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

static void assert_text(const char *bytes, size_t length, const char *text)
{
    uint8_t written[64];
    uint8_t *end = nm_base64_write(written, bytes, length);
    assert_int_equal(end - written, strlen(text));
    assert_int_equal(nm_base64_length(length), strlen(text));
    assert_memory_equal(written, text, strlen(text));
}

static void assert_read(const char *text, const char *bytes, size_t length)
{
    size_t room = nm_base64_room(strlen(text));
    uint8_t *read = malloc(room + 1);

    assert_non_null(read);
    memset(read, '#', room + 1);
    size_t count;
    assert_true(nm_base64_read(text, strlen(text), read, &count));
    assert_int_equal(count, length);
    assert_memory_equal(read, bytes, length);
    assert_int_equal(read[room], '#');
    free(read);
}

/* The vectors of RFC 4648, and bytes that need the last two characters of the alphabet. */
static void the_text_is_that_of_the_standard(void **state)
{
    (void)state;
    assert_text("", 0, "");
    assert_text("f", 1, "Zg==");
    assert_text("fo", 2, "Zm8=");
    assert_text("foo", 3, "Zm9v");
    assert_text("foob", 4, "Zm9vYg==");
    assert_text("fooba", 5, "Zm9vYmE=");
    assert_text("foobar", 6, "Zm9vYmFy");
    assert_text("\xfb\xff\xfe\x00", 4, "+//+AA==");
}

/* Names in subjects: a reader of another alphabet would look for them elsewhere. */
static void the_url_safe_text_differs_in_two_characters(void **state)
{
    (void)state;
    uint8_t written[16];
    uint8_t *end = nm_base64_write_url_safe(written, "\xfb\xff\xfe\x00", 4);
    assert_int_equal(end - written, 8);
    assert_memory_equal(written, "-__-AA==", 8);
    end = nm_base64_write_url_safe(written, "foobar", 6);
    assert_int_equal(end - written, 8);
    assert_memory_equal(written, "Zm9vYmFy", 8);
}

static void both_alphabets_are_read_with_and_without_padding(void **state)
{
    (void)state;
    assert_read("", "", 0);
    assert_read("Zg==", "f", 1);
    assert_read("Zg", "f", 1);
    assert_read("Zm8=", "fo", 2);
    assert_read("Zm8", "fo", 2);
    assert_read("Zm9vYmFy", "foobar", 6);
    assert_read("+//+", "\xfb\xff\xfe", 3);
    assert_read("-__-", "\xfb\xff\xfe", 3);
    assert_read("-_8", "\xfb\xff", 2);
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const texts[] = {
        "A",    "=",     "==",    "====", "A===",  "Zg=",   "Zg===", "Z=g=",  "Zg==Zg",
        "=Zm9", "Zm9v=", "Zm9vA", "Zm 9", "Zm9\n", "Zm9v!", "\"AAA", "\\/AA", "Zm9\xc3"};
    (void)state;
    uint8_t read[16];
    size_t count;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (nm_base64_read(texts[i], strlen(texts[i]), read, &count))
            fail_msg("\"%s\" was read", texts[i]);
    assert_false(nm_base64_read("Zm9\0", 4, read, &count));
}

static void assert_comes_back(const uint8_t *bytes, size_t length)
{
    uint8_t text[400];
    size_t written = (size_t)(nm_base64_write(text, bytes, length) - text);

    assert_int_equal(written, nm_base64_length(length));
    assert_true(length <= nm_base64_fits(written));
    uint8_t back[300];
    size_t count;
    assert_true(nm_base64_read(text, written, back, &count));
    assert_int_equal(count, length);
    assert_memory_equal(back, bytes, length);
}

static void all_lengths_come_back(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 167 + (i >> 3));
    for (size_t length = 0; length <= sizeof(bytes); length++)
        assert_comes_back(bytes, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_that_of_the_standard),
        cmocka_unit_test(the_url_safe_text_differs_in_two_characters),
        cmocka_unit_test(both_alphabets_are_read_with_and_without_padding),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(all_lengths_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
