/* An error must keep its status, its code, its text and its bytes until somebody has read them. */
#include "unit/cmocka_test.h"

#include "base/error.h"

static void no_error_says_nothing(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_string_equal(nm_error_code(&error), "");
    assert_string_equal(nm_error_text(&error), "");
    nm_error_set(&error, NATSMICRO_END, "the end");
    assert_string_equal(nm_error_code(&error), "");
    assert_string_equal(nm_error_text(&error), "");
    nm_error_clear(&error);
}

static void a_status_gives_the_code(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_int_equal(nm_error_set(&error, NATSMICRO_NOT_FOUND, "no user %d", 7),
                     NATSMICRO_NOT_FOUND);
    assert_int_equal(error.status, NATSMICRO_NOT_FOUND);
    assert_string_equal(nm_error_code(&error), "NOT_FOUND");
    assert_string_equal(nm_error_text(&error), "no user 7");
    nm_error_clear(&error);
    assert_int_equal(error.status, NATSMICRO_OK);
}

static void an_empty_text_is_the_code(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    nm_error_set(&error, NATSMICRO_ABORTED, "%s", "");
    assert_null(error.text);
    assert_string_equal(nm_error_text(&error), "ABORTED");
    nm_error_set_code(&error, "QUOTA_EXCEEDED", "");
    assert_string_equal(nm_error_text(&error), "QUOTA_EXCEEDED");
    nm_error_clear(&error);
}

static void a_code_of_the_services_own_stays(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_int_equal(nm_error_set_code(&error, "QUOTA_EXCEEDED", "5 of 5"),
                     NATSMICRO_SERVICE_ERROR);
    assert_string_equal(nm_error_code(&error), "QUOTA_EXCEEDED");
    assert_string_equal(nm_error_text(&error), "5 of 5");
    assert_int_equal(nm_error_set_code(&error, "404", NULL), NATSMICRO_NOT_FOUND);
    assert_string_equal(nm_error_code(&error), "404");
    assert_int_equal(nm_error_set_code(&error, "", "what?"), NATSMICRO_UNKNOWN);
    assert_string_equal(nm_error_code(&error), "UNKNOWN");
    assert_int_equal(nm_error_set(&error, NATSMICRO_INTERNAL, "own code is gone"),
                     NATSMICRO_INTERNAL);
    assert_string_equal(nm_error_code(&error), "INTERNAL");
    nm_error_clear(&error);
}

static void a_text_may_be_made_from_the_old_one(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    nm_error_set(&error, NATSMICRO_INTERNAL, "inner");
    nm_error_set(&error, NATSMICRO_INTERNAL, "outer: %s", nm_error_text(&error));
    assert_string_equal(nm_error_text(&error), "outer: inner");
    nm_error_clear(&error);
}

static void data_stays_until_it_is_replaced(void **state)
{
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_true(nm_error_set_data(&error, "\0\1", 2));
    nm_error_set(&error, NATSMICRO_INTERNAL, "text");
    assert_int_equal(error.data_length, 2);
    assert_memory_equal(error.data, "\0\1", 2);
    assert_true(nm_error_set_data(&error, NULL, 0));
    assert_null(error.data);
    assert_int_equal(error.data_length, 0);
    nm_error_clear(&error);
}

static void what_is_hidden_is_shown_here_and_told_nobody(void **state)
{
    nm_error error = NM_ERROR_INIT;
    nm_error copy = NM_ERROR_INIT;

    (void)state;
    nm_error_hide(NULL, 1);
    nm_error_set(&error, NATSMICRO_NOT_FOUND, "/srv/key: gone");
    nm_error_hide(&error, 10);
    assert_string_equal(nm_error_text(&error), "/srv/key: gone");
    assert_string_equal(nm_error_told(&error), "gone");
    nm_error_copy(&copy, &error);
    assert_string_equal(nm_error_text(&copy), "/srv/key: gone");
    assert_string_equal(nm_error_told(&copy), "gone");
    nm_error_drop_hidden(&copy);
    assert_string_equal(nm_error_text(&copy), "gone");
    nm_error_set(&error, NATSMICRO_NOT_FOUND, "new");
    assert_string_equal(nm_error_told(&error), "new");
    nm_error_set(&error, NATSMICRO_NOT_FOUND, "%s", "");
    nm_error_hide(&error, 3);
    assert_string_equal(nm_error_told(&error), "NOT_FOUND");
    nm_error_clear(&copy);
    nm_error_clear(&error);
    assert_string_equal(nm_error_told(&error), "");
}

static void a_copy_is_its_own(void **state)
{
    nm_error from = NM_ERROR_INIT;
    nm_error to = NM_ERROR_INIT;

    (void)state;
    nm_error_set_code(&from, "X", "text");
    assert_true(nm_error_set_data(&from, "data", 4));
    nm_error_set(&to, NATSMICRO_INTERNAL, "old");
    nm_error_copy(&to, &from);
    nm_error_copy(&to, &to);
    nm_error_clear(&from);
    assert_int_equal(to.status, NATSMICRO_SERVICE_ERROR);
    assert_string_equal(nm_error_code(&to), "X");
    assert_string_equal(nm_error_text(&to), "text");
    assert_memory_equal(to.data, "data", 4);
    nm_error_clear(&to);
}

static void no_error_to_fill_still_gives_the_status(void **state)
{
    (void)state;
    assert_int_equal(nm_error_set(NULL, NATSMICRO_INTERNAL, "x"), NATSMICRO_INTERNAL);
    assert_int_equal(nm_error_set_code(NULL, "404", "x"), NATSMICRO_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_error_says_nothing),
        cmocka_unit_test(a_status_gives_the_code),
        cmocka_unit_test(an_empty_text_is_the_code),
        cmocka_unit_test(a_code_of_the_services_own_stays),
        cmocka_unit_test(a_text_may_be_made_from_the_old_one),
        cmocka_unit_test(data_stays_until_it_is_replaced),
        cmocka_unit_test(what_is_hidden_is_shown_here_and_told_nobody),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(no_error_to_fill_still_gives_the_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
