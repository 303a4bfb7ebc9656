/*
 * The names of events, by which a program's log tells them apart.
 */
#include "base/events.h"

#include "unit/cmocka_test.h"

static void each_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(natsmicro_event_kind_name(NATSMICRO_EVENT_DROPPED), "DROPPED");
    assert_string_equal(natsmicro_event_kind_name(NATSMICRO_EVENT_STORE_FAILED), "STORE_FAILED");
    for (int i = NATSMICRO_EVENT_DROPPED; i <= NATSMICRO_EVENT_STORE_FAILED; i++) {
        const char *name = natsmicro_event_kind_name((natsmicro_event_kind)i);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, natsmicro_event_kind_name((natsmicro_event_kind)j));
    }
}

static void what_is_no_kind_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(natsmicro_event_kind_name((natsmicro_event_kind)0), "UNKNOWN");
    assert_string_equal(natsmicro_event_kind_name((natsmicro_event_kind)-1), "UNKNOWN");
    assert_string_equal(
        natsmicro_event_kind_name((natsmicro_event_kind)(NATSMICRO_EVENT_STORE_FAILED + 1)),
        "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_a_name_of_its_own),
        cmocka_unit_test(what_is_no_kind_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
