/* A thread must read why its own function failed, whatever other threads do meanwhile. */
#include "unit/cmocka_test.h"

#include "base/last_error.h"

#include <pthread.h>
#include <string.h>

/* Returns what a new thread reads, before and after it has failed itself. */
static void *fail_elsewhere(void *first)
{
    strcpy(first, natsmicro_last_error());
    nm_last_error_set(NATSMICRO_ABORTED, "elsewhere");
    return (void *)(uintptr_t)natsmicro_last_error();
}

static void each_thread_has_its_own(void **state)
{
    (void)state;
    assert_int_equal(NATSMICRO_NOT_FOUND, nm_last_error_set(NATSMICRO_NOT_FOUND, "no file %d", 7));
    char first[16] = "not asked";
    void *text = NULL;
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, fail_elsewhere, first));
    assert_int_equal(0, pthread_join(thread, &text));
    assert_string_equal("", first);
    assert_ptr_not_equal(text, natsmicro_last_error());
    assert_string_equal("no file 7", natsmicro_last_error());
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    nm_last_error_set(NATSMICRO_ABORTED, "%s", text);
    assert_int_equal(511, strlen(natsmicro_last_error()));
}

static void only_failures_are_noted(void **state)
{
    (void)state;
    static const natsmicro_status others[] = {NATSMICRO_OK, NATSMICRO_END, NATSMICRO_WOULD_BLOCK};
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, NATSMICRO_DATA_LOSS, "message 3");
    nm_last_error_set(NATSMICRO_ABORTED, "before");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(others[i], nm_last_error_note(others[i], &error));
    assert_string_equal("before", natsmicro_last_error());
    assert_int_equal(NATSMICRO_DATA_LOSS, nm_last_error_note(NATSMICRO_DATA_LOSS, &error));
    nm_error_clear(&error);
    assert_string_equal("message 3", natsmicro_last_error());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_has_its_own),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(only_failures_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
