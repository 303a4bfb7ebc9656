/*
 * A traceparent that other programs would refuse must not be passed on: each of them would begin a
 * trace of its own, and the whole would fall apart.
 */
#include "unit/cmocka_test.h"

#include "wire/trace.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void what_the_standard_allows_is_valid(void **state)
{
    (void)state;
    assert_true(nm_traceparent_is_valid(GOOD));
    assert_true(nm_traceparent_is_valid("00-00000000000000000000000000000001-"
                                        "0000000000000001-00"));
    assert_true(nm_traceparent_is_valid("cc-4bf92f3577b34da6a3ce929d0e0e4736-"
                                        "00f067aa0ba902b7-01-what-comes-later"));
}

static void all_else_is_not(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        GOOD "0",
        GOOD "-",
        " " GOOD,
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473--00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (nm_traceparent_is_valid(bad[i]))
            fail_msg("\"%s\" counts as valid", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_standard_allows_is_valid),
        cmocka_unit_test(all_else_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
