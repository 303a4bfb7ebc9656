/* What was appended must be there, in order; what did not fit must not go unnoticed. */
#include "unit/cmocka_test.h"

#include "base/buffer.h"

#include <string.h>

static void appends_follow_each_other(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    nm_buffer_append(&buffer, "ab", 2);
    nm_buffer_append_string(&buffer, "cd");
    nm_buffer_append_format(&buffer, "%d-%s", 7, "e");
    nm_buffer_append(&buffer, NULL, 0);
    assert_int_equal(buffer.length, 7);
    assert_string_equal(nm_buffer_string(&buffer), "abcd7-e");
    assert_int_equal(buffer.length, 7);
    nm_buffer_free(&buffer);
    assert_null(buffer.data);
}

static void an_empty_buffer_is_an_empty_string(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    assert_string_equal(nm_buffer_string(&buffer), "");
    nm_buffer_free(&buffer);
}

static void it_grows_as_long_as_there_is_more(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    for (int i = 0; i < 100000; i++)
        nm_buffer_append_format(&buffer, "%05d", i);
    assert_int_equal(buffer.length, 500000);
    assert_memory_equal(buffer.data + 5 * 99999, "99999", 5);
    nm_buffer_free(&buffer);
}

static void a_reset_keeps_the_memory(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    nm_buffer_append_string(&buffer, "something");
    const uint8_t *data = buffer.data;
    nm_buffer_reset(&buffer);
    assert_int_equal(buffer.length, 0);
    nm_buffer_append_string(&buffer, "else");
    assert_ptr_equal(buffer.data, data);
    nm_buffer_free(&buffer);
}

static void what_was_reserved_counts_when_it_is_used(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    assert_non_null(nm_buffer_reserve(&buffer, 0));
    nm_buffer_append_string(&buffer, "a");
    uint8_t *room = nm_buffer_reserve(&buffer, 1000);
    assert_ptr_equal(room, buffer.data + 1);
    memset(room, 'b', 1000);
    assert_int_equal(buffer.length, 1);
    buffer.length += 1000;
    assert_int_equal(strlen(nm_buffer_string(&buffer)), 1001);
    nm_buffer_free(&buffer);
}

static void short_memory_makes_it_failed_until_a_reset(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    nm_buffer_append_string(&buffer, "before");
    assert_null(nm_buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    nm_buffer_append_string(&buffer, "after");
    assert_int_equal(buffer.length, 6);
    assert_null(nm_buffer_string(&buffer));
    assert_null(nm_buffer_reserve(&buffer, 1));
    nm_buffer_reset(&buffer);
    nm_buffer_append_string(&buffer, "again");
    assert_string_equal(nm_buffer_string(&buffer), "again");
    nm_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(it_grows_as_long_as_there_is_more),
        cmocka_unit_test(a_reset_keeps_the_memory),
        cmocka_unit_test(what_was_reserved_counts_when_it_is_used),
        cmocka_unit_test(short_memory_makes_it_failed_until_a_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
