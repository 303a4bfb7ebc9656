/*
 * A header that was set must be found whatever its case, in its order, and only once if it was
 * replaced.
 */
#include "unit/cmocka_test.h"

#include "base/headers.h"

#include <stdio.h>

static void headers_keep_order_and_case(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "Name-%d", i);
        assert_true(nm_headers_add(&headers, name, "v"));
    }
    assert_int_equal(headers.count, 20);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "Name-%d", i);
        assert_string_equal(headers.items[i].name, name);
    }
    nm_headers_clear(&headers);
    assert_int_equal(headers.count, 0);
    assert_null(headers.items);
}

static void the_first_of_several_is_got_whatever_the_case(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    assert_null(nm_headers_get(&headers, "a"));
    assert_true(nm_headers_add(&headers, "Trace-Id", "1"));
    assert_true(nm_headers_add(&headers, "trace-id", "2"));
    assert_string_equal(nm_headers_get(&headers, "TRACE-ID"), "1");
    assert_null(nm_headers_get(&headers, "Trace-I"));
    assert_null(nm_headers_get(&headers, "Trace-Ids"));
    nm_headers_clear(&headers);
}

static void setting_replaces_all_of_the_name(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    assert_true(nm_headers_add(&headers, "A", "1"));
    assert_true(nm_headers_add(&headers, "B", "2"));
    assert_true(nm_headers_add(&headers, "a", "3"));
    assert_true(nm_headers_set(&headers, "A", "4"));
    assert_true(nm_headers_set(&headers, "C", "5"));
    assert_int_equal(headers.count, 3);
    assert_string_equal(headers.items[0].value, "4");
    assert_string_equal(headers.items[1].value, "2");
    assert_string_equal(headers.items[2].value, "5");
    nm_headers_clear(&headers);
}

static void a_header_may_be_set_to_its_own_value(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    assert_true(nm_headers_set(&headers, "A", "value"));
    assert_true(nm_headers_set(&headers, headers.items[0].name, nm_headers_get(&headers, "a")));
    assert_int_equal(headers.count, 1);
    assert_string_equal(nm_headers_get(&headers, "A"), "value");
    nm_headers_clear(&headers);
}

static void moving_empties_the_source(void **state)
{
    nm_headers from = NM_HEADERS_INIT;
    nm_headers to = NM_HEADERS_INIT;

    (void)state;
    assert_true(nm_headers_add(&from, "A", "1"));
    assert_true(nm_headers_add(&to, "old", "2"));
    nm_headers_move(&to, &from);
    assert_int_equal(from.count, 0);
    assert_int_equal(to.count, 1);
    nm_headers_move(&to, &to);
    assert_string_equal(nm_headers_get(&to, "a"), "1");
    nm_headers_clear(&to);
    nm_headers_clear(&from);
}

static void prefixes_compare_without_case(void **state)
{
    (void)state;
    assert_true(nm_header_name_begins_with((nm_bytes){"NATS-x", 6}, "Nats-"));
    assert_true(nm_header_name_begins_with((nm_bytes){"nats-", 5}, "Nats-"));
    assert_false(nm_header_name_begins_with((nm_bytes){"nats-", 4}, "Nats-"));
    assert_false(nm_header_name_begins_with((nm_bytes){"", 0}, "Nats-"));
    assert_true(nm_header_name_is((nm_bytes){"NATS-x", 6}, "Nats-X"));
    assert_false(nm_header_name_is((nm_bytes){"NATS-x", 5}, "Nats-X"));
    assert_false(nm_header_name_is((nm_bytes){"NATS-x", 6}, "Nats-"));
    assert_true(nm_header_names_equal("", ""));
    assert_false(nm_header_names_equal("[", "{"));
}

static void removing_takes_all_of_the_name(void **state)
{
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    nm_headers_remove(&headers, "a");
    assert_true(nm_headers_add(&headers, "Trace", "1"));
    assert_true(nm_headers_add(&headers, "Other", "2"));
    assert_true(nm_headers_add(&headers, "trace", "3"));
    nm_headers_remove(&headers, "TRACE");
    assert_int_equal(headers.count, 1);
    assert_string_equal(headers.items[0].value, "2");
    nm_headers_clear(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_keep_order_and_case),
        cmocka_unit_test(the_first_of_several_is_got_whatever_the_case),
        cmocka_unit_test(setting_replaces_all_of_the_name),
        cmocka_unit_test(a_header_may_be_set_to_its_own_value),
        cmocka_unit_test(removing_takes_all_of_the_name),
        cmocka_unit_test(moving_empties_the_source),
        cmocka_unit_test(prefixes_compare_without_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
