/*
 * Fences: a fence that passes too early counts an answer as heard whose 503 is still on its way, so
 * its caller waits for nothing. One that is never told keeps its call for ever.
 */
#include "unit/cmocka_test.h"

#include "link/fence.h"

/* ---- what nats.c says of the link's subscription ---- */

static bool alive;
static int pending;
static int64_t delivered;

natsStatus natsSubscription_GetStats(natsSubscription *subscription, int *pending_messages,
                                     int *pending_bytes, int *most_pending_messages,
                                     int *most_pending_bytes, int64_t *delivered_messages,
                                     int64_t *dropped_messages)
{
    (void)subscription;
    (void)pending_bytes;
    (void)most_pending_messages;
    (void)most_pending_bytes;
    (void)dropped_messages;
    *pending_messages = pending;
    *delivered_messages = (int)delivered; /* as nats.c cuts it */
    return alive ? NATS_OK : NATS_INVALID_SUBSCRIPTION;
}

/* ---- inboxes ---- */

typedef struct box {
    nm_inbox inbox;
    int passed;
    int failed;
    bool freed;
} box;

static void on_fence(nm_inbox *inbox, bool passed)
{
    box *self = (box *)inbox;
    self->passed += passed;
    self->failed += !passed;
}

static void on_unreferenced(nm_inbox *inbox)
{
    ((box *)inbox)->freed = true;
}

static const nm_inbox_callbacks callbacks = {.on_fence = on_fence,
                                             .on_unreferenced = on_unreferenced};

static nm_fences fences;

static int begin(void **state)
{
    (void)state;
    fences = (nm_fences){0};
    nm_fences_init(&fences);
    alive = true;
    pending = 0;
    delivered = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    nm_fences_free(&fences);
    return 0;
}

static box a_box(void)
{
    box self = {.inbox = {.callbacks = &callbacks}};
    atomic_init(&self.inbox.references, 1);
    return self;
}

static void ask(box *self, uint64_t reconnects)
{
    nm_fences_ask(&fences, &self->inbox, reconnects);
}

static void flush(uint64_t reconnects)
{
    nm_fences_answer(&fences, nm_fences_take(&fences), reconnects);
}

static void hand_over(int count)
{
    for (int i = 0; i < count; i++)
        nm_fences_count(&fences);
}

static void assert_told(const box *self, int passed, int failed)
{
    assert_int_equal(passed, self->passed);
    assert_int_equal(failed, self->failed);
}

/* ---- passing ---- */

static void a_fence_passes_with_the_flush_where_nothing_waits(void **state)
{
    (void)state;
    box one = a_box();
    hand_over(7);
    delivered = 7;
    ask(&one, 0);
    assert_told(&one, 0, 0);
    flush(0);
    assert_told(&one, 1, 0);
}

/* The 503 may be among what waits, or be the message that is being handed over just now. */
static void a_fence_waits_for_what_nats_c_has_queued(void **state)
{
    (void)state;
    box one = a_box();
    hand_over(7);
    delivered = 8;
    pending = 2;
    ask(&one, 0);
    flush(0);
    hand_over(2);
    assert_told(&one, 0, 0);
    hand_over(1);
    assert_told(&one, 1, 0);
    hand_over(5);
    assert_told(&one, 1, 0);
}

static void each_fence_waits_for_its_own_flush(void **state)
{
    (void)state;
    box early = a_box();
    box late = a_box();
    ask(&early, 0);
    pending = 1;
    nm_inbox *served = nm_fences_take(&fences);
    ask(&late, 0); /* the flush has begun */
    assert_true(nm_fences_are_wanted(&fences));
    nm_fences_answer(&fences, served, 0);
    pending = 5;
    flush(0);
    assert_false(nm_fences_are_wanted(&fences));
    hand_over(1);
    assert_told(&early, 1, 0);
    assert_told(&late, 0, 0);
    hand_over(4);
    assert_told(&early, 1, 0);
    assert_told(&late, 1, 0);
}

static void one_flush_serves_many(void **state)
{
    (void)state;
    box boxes[10];
    for (int i = 0; i < 10; i++) {
        boxes[i] = a_box();
        ask(&boxes[i], 0);
    }
    pending = 1;
    flush(0);
    hand_over(1);
    for (int i = 0; i < 10; i++)
        assert_told(&boxes[i], 1, 0);
}

/* nats.c cuts the number of messages that it has delivered to 32 bits. */
static void it_counts_on_past_two_thousand_million_messages(void **state)
{
    (void)state;
    box one = a_box();
    atomic_store(&fences.count, (UINT64_C(3) << 31) - 1);
    delivered = INT64_C(3) << 31;
    pending = 1;
    ask(&one, 0);
    flush(0);
    hand_over(1);
    assert_told(&one, 0, 0);
    hand_over(1);
    assert_told(&one, 1, 0);
}

/* ---- failing ---- */

/* The message may have been lost with the connection that it was published on. */
static void a_flush_on_another_connection_does_not_count(void **state)
{
    (void)state;
    box before = a_box();
    box after = a_box();
    ask(&before, 3);
    ask(&after, 4);
    flush(4);
    assert_told(&before, 0, 1);
    assert_told(&after, 1, 0);
}

static void a_flush_that_is_not_answered_leaves_fences_to_the_next(void **state)
{
    (void)state;
    box one = a_box();
    box other = a_box();
    ask(&one, 0);
    nm_inbox *taken = nm_fences_take(&fences);
    ask(&other, 0);
    nm_fences_put_back(&fences, taken);
    flush(0);
    assert_told(&one, 1, 0);
    assert_told(&other, 1, 0);
}

static void a_fence_that_cannot_be_had_fails(void **state)
{
    (void)state;
    box one = a_box();
    ask(&one, 0);
    nm_fences_fail(nm_fences_take(&fences));
    assert_told(&one, 0, 1);
    alive = false;
    ask(&one, 0);
    flush(0);
    assert_told(&one, 0, 2);
}

static void none_outlasts_the_dispatch_thread(void **state)
{
    (void)state;
    box before = a_box();
    box after = a_box();
    pending = 1;
    ask(&before, 0);
    flush(0);
    ask(&after, 0);
    nm_fences_end(&fences);
    assert_told(&before, 0, 1);
    flush(0);
    assert_told(&before, 0, 1);
    assert_told(&after, 0, 1);
}

static void a_fence_keeps_its_inbox_until_it_is_told(void **state)
{
    (void)state;
    box one = a_box();
    ask(&one, 0);
    nm_inbox_unreference(&one.inbox);
    pending = 1;
    flush(0);
    assert_false(one.freed);
    hand_over(1);
    assert_told(&one, 1, 0);
    assert_true(one.freed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fence_passes_with_the_flush_where_nothing_waits, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_fence_waits_for_what_nats_c_has_queued, begin, end),
        cmocka_unit_test_setup_teardown(each_fence_waits_for_its_own_flush, begin, end),
        cmocka_unit_test_setup_teardown(one_flush_serves_many, begin, end),
        cmocka_unit_test_setup_teardown(it_counts_on_past_two_thousand_million_messages, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_flush_on_another_connection_does_not_count, begin, end),
        cmocka_unit_test_setup_teardown(a_flush_that_is_not_answered_leaves_fences_to_the_next,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_fence_that_cannot_be_had_fails, begin, end),
        cmocka_unit_test_setup_teardown(none_outlasts_the_dispatch_thread, begin, end),
        cmocka_unit_test_setup_teardown(a_fence_keeps_its_inbox_until_it_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
