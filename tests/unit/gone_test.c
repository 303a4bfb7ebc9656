/*
 * How long a peer may be out of reach. A limit that begins too early ends calls whose peer is
 * connecting again; one that never passes leaves callers and handlers waiting for nobody.
 */
#include "unit/cmocka_test.h"

#include "transport/gone.h"

#define SECOND (1000 * NM_NS_PER_MS)
#define LIMIT  (10 * SECOND)
#define BEGIN  (1000 * SECOND)

static nm_gone begin(void)
{
    nm_gone gone;
    nm_gone_begin(&gone, LIMIT, 0);
    return gone;
}

static void it_begins_with_the_first_503_however_many_follow(void **state)
{
    (void)state;
    nm_gone gone = begin();
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
    for (int i = 0; i < 100; i++)
        nm_gone_on_no_responders(&gone, 0, BEGIN + i);
    assert_int_equal(BEGIN + LIMIT, nm_gone_due(&gone));
}

static void a_sign_of_life_ends_it(void **state)
{
    (void)state;
    nm_gone gone = begin();
    nm_gone_on_no_responders(&gone, 0, BEGIN);
    nm_gone_on_sign(&gone);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
    nm_gone_on_no_responders(&gone, 0, BEGIN + 5 * SECOND);
    assert_int_equal(BEGIN + 5 * SECOND + LIMIT, nm_gone_due(&gone));
}

static void it_does_not_run_while_our_connection_is_down(void **state)
{
    (void)state;
    nm_gone gone = begin();
    nm_gone_on_no_responders(&gone, 0, BEGIN);
    nm_gone_on_disconnect(&gone);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
}

/* The peer may have lost the same broker, and need longer than we did. */
static void our_reconnect_puts_it_off(void **state)
{
    (void)state;
    nm_gone gone = begin();
    nm_gone_on_no_responders(&gone, 0, BEGIN);
    nm_gone_on_connected(&gone, 1, BEGIN + SECOND);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
    nm_gone_on_no_responders(&gone, 1, BEGIN + SECOND + NM_GONE_GRACE - 1);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
    nm_gone_on_no_responders(&gone, 1, BEGIN + SECOND + NM_GONE_GRACE);
    assert_int_equal(BEGIN + SECOND + NM_GONE_GRACE + LIMIT, nm_gone_due(&gone));
}

static void a_503_may_be_the_first_sign_of_a_reconnect(void **state)
{
    (void)state;
    nm_gone gone = begin();
    nm_gone_on_no_responders(&gone, 1, BEGIN);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
    nm_gone_on_no_responders(&gone, 1, BEGIN + NM_GONE_GRACE);
    assert_int_equal(BEGIN + NM_GONE_GRACE + LIMIT, nm_gone_due(&gone));
}

/* Its number is only seen at a 503, which may come long after: that is no second reconnect. */
static void a_reconnect_that_was_seen_does_not_count_again(void **state)
{
    (void)state;
    nm_gone gone = begin();
    nm_gone_on_disconnect(&gone);
    nm_gone_on_return(&gone, BEGIN);
    nm_gone_on_no_responders(&gone, 1, BEGIN + NM_GONE_GRACE);
    assert_int_equal(BEGIN + NM_GONE_GRACE + LIMIT, nm_gone_due(&gone));
    nm_gone_on_no_responders(&gone, 2, BEGIN + NM_GONE_GRACE + SECOND);
    assert_int_equal(NM_NEVER, nm_gone_due(&gone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_the_first_503_however_many_follow),
        cmocka_unit_test(a_sign_of_life_ends_it),
        cmocka_unit_test(it_does_not_run_while_our_connection_is_down),
        cmocka_unit_test(our_reconnect_puts_it_off),
        cmocka_unit_test(a_503_may_be_the_first_sign_of_a_reconnect),
        cmocka_unit_test(a_reconnect_that_was_seen_does_not_count_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
