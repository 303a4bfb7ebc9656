/* Deadlines must neither overflow, nor end early, nor let a wait go on for ever. */
#include "unit/cmocka_test.h"

#include "base/clock.h"

#include <errno.h>

static void a_deadline_is_that_far_away(void **state)
{
    int64_t before = nm_now();
    int64_t deadline = nm_deadline_in(1000);

    (void)state;
    assert_true(deadline >= before + 1000 * NM_NS_PER_MS);
    assert_true(deadline <= nm_now() + 1000 * NM_NS_PER_MS);
    assert_true(nm_remaining_ms(deadline) >= 900);
    assert_true(nm_remaining_ms(deadline) <= 1000);
}

static void no_deadline_and_far_ones_are_never(void **state)
{
    (void)state;
    assert_true(nm_deadline_in(-1) == NM_NEVER);
    assert_true(nm_deadline_in(INT64_MAX) == NM_NEVER);
    assert_true(nm_deadline_in(INT64_MAX / NM_NS_PER_MS) == NM_NEVER);
    assert_true(nm_remaining_ms(NM_NEVER) == INT64_MAX);
}

static void a_duration_can_be_added_to_any_time(void **state)
{
    (void)state;
    assert_true(nm_duration(0) == 0);
    assert_true(nm_duration(7) == 7 * NM_NS_PER_MS);
    assert_true(nm_duration(-1) == NM_NEVER);
    assert_true(nm_duration(INT64_MAX) == NM_NEVER);
    assert_true(nm_duration(INT64_MAX / NM_NS_PER_MS) == NM_NEVER);
    assert_true(nm_duration(NM_NEVER / 2 / NM_NS_PER_MS) < NM_NEVER - nm_now());
    assert_true(nm_after(5, 7) == 12);
    assert_true(nm_after(5, NM_NEVER) == NM_NEVER);
    assert_true(nm_after(NM_NEVER, 7) == NM_NEVER);
}

static void what_remains_is_rounded_up(void **state)
{
    (void)state;
    assert_true(nm_remaining_ms(nm_now()) == 0);
    assert_true(nm_remaining_ms(0) == 0);
    /* If it were rounded down, a waiter would wake before the deadline, again and again. */
    assert_true(nm_remaining_ms(nm_now() + 3600 * 1000 * NM_NS_PER_MS + 1) == 3600 * 1000 ||
                nm_remaining_ms(nm_now() + 3600 * 1000 * NM_NS_PER_MS + 1) == 3600 * 1000 + 1);
}

static void a_wait_ends_at_its_deadline(void **state)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int64_t deadline = nm_deadline_in(20);

    (void)state;
    pthread_cond_t cond;
    assert_int_equal(nm_cond_init(&cond), 0);
    pthread_mutex_lock(&mutex);
    while (nm_cond_wait_until(&cond, &mutex, deadline) != ETIMEDOUT)
        continue;
    assert_true(nm_now() >= deadline);
    assert_int_equal(nm_cond_wait_until(&cond, &mutex, 0), ETIMEDOUT);
    assert_int_equal(nm_cond_wait_until(&cond, &mutex, -1), ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    pthread_cond_destroy(&cond);
}

typedef struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int come;
} meeting;

static void *come(void *closure)
{
    meeting *m = closure;

    pthread_mutex_lock(&m->mutex);
    m->come = 1;
    pthread_cond_signal(&m->cond);
    pthread_mutex_unlock(&m->mutex);
    return NULL;
}

static void a_wait_without_deadline_ends_with_a_signal(void **state)
{
    meeting m = {.mutex = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    assert_int_equal(nm_cond_init(&m.cond), 0);
    pthread_mutex_lock(&m.mutex);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, come, &m), 0);
    while (!m.come)
        assert_int_equal(nm_cond_wait_until(&m.cond, &m.mutex, NM_NEVER), 0);
    pthread_mutex_unlock(&m.mutex);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&m.cond);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_is_that_far_away),
        cmocka_unit_test(no_deadline_and_far_ones_are_never),
        cmocka_unit_test(a_duration_can_be_added_to_any_time),
        cmocka_unit_test(what_remains_is_rounded_up),
        cmocka_unit_test(a_wait_ends_at_its_deadline),
        cmocka_unit_test(a_wait_without_deadline_ends_with_a_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
