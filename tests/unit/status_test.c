/*
 * The code of a peer's error must become the right status, and never success.
 */
#include "unit/cmocka_test.h"

#include "natsmicro/status.h"

static void names_are_the_codes_on_the_wire(void **state)
{
    (void)state;
    assert_string_equal(natsmicro_status_name(NATSMICRO_OK), "OK");
    assert_string_equal(natsmicro_status_name(NATSMICRO_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(natsmicro_status_name(NATSMICRO_SERVICE_ERROR), "SERVICE_ERROR");
    assert_string_equal(natsmicro_status_name((natsmicro_status)20), "UNKNOWN");
    assert_string_equal(natsmicro_status_name((natsmicro_status)-1), "UNKNOWN");
}

static void every_error_survives_the_way(void **state)
{
    (void)state;
    for (int i = NATSMICRO_CANCELLED; i <= NATSMICRO_SERVICE_ERROR; i++) {
        natsmicro_status status = (natsmicro_status)i;

        assert_int_equal(natsmicro_status_from_code(natsmicro_status_name(status)), status);
    }
}

static void no_peer_can_make_a_call_would_block(void **state)
{
    (void)state;
    assert_int_equal(natsmicro_status_from_code("WOULD_BLOCK"), NATSMICRO_SERVICE_ERROR);
}

static void numbers_of_other_implementations_are_known(void **state)
{
    (void)state;
    assert_int_equal(natsmicro_status_from_code("400"), NATSMICRO_INVALID_ARGUMENT);
    assert_int_equal(natsmicro_status_from_code("404"), NATSMICRO_NOT_FOUND);
    assert_int_equal(natsmicro_status_from_code("500"), NATSMICRO_INTERNAL);
    assert_int_equal(natsmicro_status_from_code("503"), NATSMICRO_UNAVAILABLE);
    assert_int_equal(natsmicro_status_from_code("418"), NATSMICRO_SERVICE_ERROR);
}

static void no_code_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(natsmicro_status_from_code(NULL), NATSMICRO_UNKNOWN);
    assert_int_equal(natsmicro_status_from_code(""), NATSMICRO_UNKNOWN);
}

static void an_error_called_ok_stays_an_error(void **state)
{
    (void)state;
    assert_int_equal(natsmicro_status_from_code("OK"), NATSMICRO_SERVICE_ERROR);
    assert_int_equal(natsmicro_status_from_code("END"), NATSMICRO_SERVICE_ERROR);
    assert_int_equal(natsmicro_status_from_code("not_found"), NATSMICRO_SERVICE_ERROR);
    assert_int_equal(natsmicro_status_from_code("QUOTA_EXCEEDED"), NATSMICRO_SERVICE_ERROR);
}

static void version_is_known(void **state)
{
    (void)state;
    assert_string_equal(natsmicro_version(), NM_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_the_codes_on_the_wire),
        cmocka_unit_test(every_error_survives_the_way),
        cmocka_unit_test(no_peer_can_make_a_call_would_block),
        cmocka_unit_test(numbers_of_other_implementations_are_known),
        cmocka_unit_test(no_code_is_unknown),
        cmocka_unit_test(an_error_called_ok_stays_an_error),
        cmocka_unit_test(version_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
