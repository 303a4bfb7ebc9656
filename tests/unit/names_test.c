/*
 * Whatever users and peers put into names, values and texts must not become another header on the
 * wire.
 */
#include "unit/cmocka_test.h"

#include "wire/names.h"

#include <string.h>

static void names_are_tokens(void **state)
{
    (void)state;
    assert_true(nm_header_name_is_valid("X-Trace_Id.1"));
    assert_true(nm_header_name_is_valid("!#$%&'*+-.^_`|~"));
    assert_false(nm_header_name_is_valid(""));
    assert_false(nm_header_name_is_valid("a b"));
    assert_false(nm_header_name_is_valid("a:"));
    assert_false(nm_header_name_is_valid("a\r\nNats-Stream-End"));
    assert_false(nm_header_name_is_valid("\xc3\xa4"));
    assert_false(nm_header_name_is_valid("a\x7f"));
}

static void the_protocols_names_are_reserved(void **state)
{
    (void)state;
    assert_true(nm_header_name_is_reserved("Nats-Stream-Seq"));
    assert_true(nm_header_name_is_reserved("nats-anything"));
    assert_true(nm_header_name_is_reserved("NATSMICRO-Control"));
    assert_true(nm_header_name_is_reserved("reply-to"));
    assert_true(nm_header_name_is_reserved("status"));
    assert_true(nm_header_name_is_reserved("DESCRIPTION"));
    assert_false(nm_header_name_is_reserved("Natsy"));
    assert_false(nm_header_name_is_reserved("Status-Code"));
    assert_false(nm_header_name_is_reserved("X-Nats-Stream-Seq"));
}

static void values_hold_text_only(void **state)
{
    (void)state;
    assert_true(nm_header_value_is_valid(""));
    assert_true(nm_header_value_is_valid("a\tb \xc3\xa4 \xf0\x9f\x98\x80"));
    assert_false(nm_header_value_is_valid("a\r\nb"));
    assert_false(nm_header_value_is_valid("a\nb"));
    assert_false(nm_header_value_is_valid("\x1b[0m"));
    assert_false(nm_header_value_is_valid("\x7f"));
    assert_false(nm_header_value_is_valid("\xff"));
}

static void assert_refused(const char *name, const char *value, const char *part_of_why)
{
    const char *why = NULL;

    assert_int_equal(nm_header_check(name, value, &why), NATSMICRO_INVALID_ARGUMENT);
    assert_non_null(strstr(why, part_of_why));
}

static void assert_named(const char *name, const char *value, const char *text)
{
    nm_error error = NM_ERROR_INIT;

    assert_int_equal(nm_header_check_named(name, value, &error), NATSMICRO_INVALID_ARGUMENT);
    assert_int_equal(error.status, NATSMICRO_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, text));
    nm_error_free(&error);
}

static void a_refusal_names_the_header(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_int_equal(nm_header_check_named("Trace", "1", &error), NATSMICRO_OK);
    assert_int_equal(error.status, NATSMICRO_OK);
    assert_named("Trace", "", "header \"Trace\": a header's value is empty");
    assert_named("Tr ace", "1", "header \"Tr ace\": a header's name may hold only letters");
    assert_named(NULL, "1", "a header's name or value is NULL");
    assert_named("Trace", NULL, "header \"Trace\": a header's name or value is NULL");
    assert_int_equal(nm_header_check_named("Trace", "", NULL), NATSMICRO_INVALID_ARGUMENT);
}

static void a_users_header_is_checked_with_a_reason(void **state)
{
    const char *why = NULL;

    (void)state;
    assert_int_equal(nm_header_check("Trace", "1", &why), NATSMICRO_OK);
    assert_refused(NULL, "1", "NULL");
    assert_refused("Trace", NULL, "NULL");
    assert_refused("Tr ace", "1", "letters");
    assert_refused("Nats-X", "1", "protocol's own");
    assert_refused("Trace", "1\r\n", "control byte");
    /* nats.c would take the next header for the value. */
    assert_refused("Trace", "", "empty");
    assert_refused("Trace", " \t", "empty");
    assert_refused("Trace", " 1", "begins or ends");
    assert_refused("Trace", "1\t", "begins or ends");
}

static void assert_header_text(const char *text, size_t limit, const char *expected)
{
    nm_buffer out = NM_BUFFER_INIT;

    nm_text_for_header(&out, text, limit);
    assert_string_equal(nm_buffer_string(&out), expected);
    assert_true(nm_header_value_is_valid(nm_buffer_string(&out)));
    nm_buffer_free(&out);
}

static void texts_are_made_fit_for_a_header(void **state)
{
    (void)state;
    assert_header_text("", 100, "");
    assert_header_text("plain", 100, "plain");
    assert_header_text("two\r\nlines\tand \x01\x7f", 100, "two  lines and   ");
    assert_header_text("gr\xc3\xbc\xc3\x9f", 100, "gr\xc3\xbc\xc3\x9f");
    assert_header_text("\xff\xfe \xc3", 100, "?? ?");
    assert_header_text("\xc0\x80 \xed\xa0\x80", 100, "?? ???");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    assert_header_text("abcdef", 3, "abc");
    assert_header_text("ab\xe2\x82\xac", 4, "ab");
    assert_header_text("ab\xe2\x82\xac", 5, "ab\xe2\x82\xac");
    assert_header_text("ab", 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_tokens),
        cmocka_unit_test(the_protocols_names_are_reserved),
        cmocka_unit_test(values_hold_text_only),
        cmocka_unit_test(a_users_header_is_checked_with_a_reason),
        cmocka_unit_test(a_refusal_names_the_header),
        cmocka_unit_test(texts_are_made_fit_for_a_header),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
