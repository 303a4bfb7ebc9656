/*
 * The budget of a link: thousands of streams together stay within what a broker bears, each of them
 * makes progress, and none waits for ever.
 */
#include "unit/cmocka_test.h"

#include "link/budget.h"

#include <stdlib.h>
#include <string.h>

#define MIB    ((size_t)1024 * 1024)
#define WANT   (4 * MIB)
#define CROWD  10000
#define FRAME  ((size_t)32 * 1024)
#define STREAM ((size_t)128 * 1024)

/* ---- windows ---- */

/* A stream as its reader sees it. */
typedef struct reader {
    size_t share;
    size_t window;
    size_t allowed; /* what the peer may still send */
} reader;

static void open_reader(nm_budget *budget, reader *self)
{
    self->share = self->window = self->allowed = nm_budget_open_share(budget, WANT);
}

/* The peer sends half of the window, and it is read. */
static void read_half(nm_budget *budget, reader *self)
{
    self->allowed -= self->window / 2;
    self->window = nm_budget_adjust_share(budget, &self->share, self->window, self->allowed, WANT);
    if (self->window > self->allowed)
        self->allowed = self->window;
}

static size_t sum_of(const reader *readers, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += readers[i].allowed;
    return sum;
}

static reader *open_crowd(nm_budget *budget)
{
    reader *readers = calloc(CROWD, sizeof(*readers));
    assert_non_null(readers);
    for (int i = 0; i < CROWD; i++)
        open_reader(budget, &readers[i]);
    return readers;
}

static void no_wake(nm_inbox *inbox)
{
    (void)inbox;
}

/* The usual connection has few streams: they lose nothing. */
static void few_streams_get_all_they_want(void **state)
{
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    reader readers[6];
    for (int i = 0; i < 6; i++) {
        open_reader(&budget, &readers[i]);
        assert_int_equal(WANT, readers[i].window);
    }
    for (int i = 0; i < 6; i++) {
        read_half(&budget, &readers[i]);
        assert_int_equal(WANT, readers[i].window);
    }
    nm_budget_destroy(&budget);
}

/* A user's larger window is not taken for granted: the broker's limit stays what it is. */
static void a_window_that_is_larger_than_the_bound_is_cut(void **state)
{
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    assert_int_equal(NM_BUDGET_PLENTY, nm_budget_open_share(&budget, 1024 * MIB));
    nm_budget_destroy(&budget);
}

static void all_windows_of_a_crowd_stay_within_the_bound(void **state)
{
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    reader *readers = open_crowd(&budget);
    assert_true(sum_of(readers, CROWD) <= NM_BUDGET_WINDOWS);
    for (int i = 0; i < CROWD; i++)
        assert_true(readers[i].window >= NM_BUDGET_LEAST_SHARE);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < CROWD; i++) {
            read_half(&budget, &readers[i]);
            assert_true(readers[i].window >= NM_BUDGET_LEAST_SHARE);
        }
        assert_true(sum_of(readers, CROWD) <= NM_BUDGET_WINDOWS);
        assert_int_equal(sum_of(readers, CROWD), budget.windows);
    }
    free(readers);
    nm_budget_destroy(&budget);
}

/* The first streams got the most. Else the others crawl for as long as these go on. */
static void streams_that_go_on_come_to_equal_shares(void **state)
{
    enum { STREAMS = 16 };
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    reader readers[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        open_reader(&budget, &readers[i]);
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < STREAMS; i++)
            read_half(&budget, &readers[i]);
    size_t fair = NM_BUDGET_SHARES / STREAMS;
    for (int i = 0; i < STREAMS; i++)
        assert_true(readers[i].window > fair / 2 && readers[i].window < 2 * fair);
    nm_budget_destroy(&budget);
}

/* A peer that was allowed to send sends: what goes down is counted until it is used. */
static void what_was_allowed_is_not_taken_back(void **state)
{
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    reader first;
    open_reader(&budget, &first);
    reader *readers = open_crowd(&budget);
    size_t before = first.allowed;
    read_half(&budget, &first);
    assert_true(first.window < before);
    assert_true(first.allowed >= before / 2);
    assert_int_equal(first.allowed, first.share);
    free(readers);
    nm_budget_destroy(&budget);
}

static void a_stream_grows_into_what_others_leave(void **state)
{
    (void)state;
    nm_budget budget;
    nm_budget_init(&budget, no_wake);
    reader *readers = open_crowd(&budget);
    reader last;
    open_reader(&budget, &last);
    assert_int_equal(NM_BUDGET_LEAST_SHARE, last.window);
    for (int i = 0; i < CROWD; i++)
        nm_budget_close_share(&budget, readers[i].share);
    for (int round = 0; round < 20; round++)
        read_half(&budget, &last);
    assert_int_equal(WANT, last.window);
    nm_budget_close_share(&budget, last.share);
    assert_int_equal(0, budget.windows);
    assert_int_equal(0, budget.streams);
    free(readers);
    nm_budget_destroy(&budget);
}

/* ---- resends ---- */

/* A stream that has much to send again. */
typedef struct sender {
    nm_inbox inbox;
    nm_resend resend;
    int woken;
} sender;

static void note_wake(nm_inbox *inbox)
{
    ((sender *)inbox)->woken++;
}

static sender *make_senders(nm_budget *budget, size_t count)
{
    nm_budget_init(budget, note_wake);
    sender *senders = calloc(count, sizeof(*senders));
    assert_non_null(senders);
    return senders;
}

static bool take(nm_budget *budget, sender *self, size_t bytes)
{
    return nm_budget_take_resend(budget, &self->resend, &self->inbox, bytes, bytes);
}

/* Sends a burst; returns the bytes that went. */
static size_t send_burst(nm_budget *budget, sender *self)
{
    size_t sent = 0;
    while (sent < STREAM &&
           nm_budget_take_resend(budget, &self->resend, &self->inbox, FRAME, STREAM - sent))
        sent += FRAME;
    return sent;
}

static void a_crowd_sends_again_within_the_bound(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, CROWD);
    size_t under_way = 0;
    for (int i = 0; i < CROWD; i++)
        under_way += send_burst(&budget, &senders[i]);
    assert_int_equal(NM_BUDGET_RESENDS, under_way);
    free(senders);
    nm_budget_destroy(&budget);
}

/* As the acknowledgements of some come, others have their turn: each sends its burst. */
static void each_has_its_turn(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, CROWD);
    for (int i = 0; i < CROWD; i++)
        send_burst(&budget, &senders[i]);
    for (int i = 0; i < CROWD; i++) {
        bool has_waited = senders[i].resend.used < STREAM;
        assert_int_equal(has_waited, senders[i].woken);
        if (has_waited)
            assert_int_equal(STREAM, send_burst(&budget, &senders[i]));
        nm_budget_end_resend(&budget, &senders[i].resend);
    }
    assert_int_equal(0, budget.resends);
    assert_null(budget.first);
    free(senders);
    nm_budget_destroy(&budget);
}

static void nobody_overtakes_those_who_wait(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, 4);
    assert_true(take(&budget, &senders[0], NM_BUDGET_RESENDS - FRAME));
    assert_false(take(&budget, &senders[1], 2 * FRAME));
    assert_false(take(&budget, &senders[2], FRAME));     /* there would be room */
    assert_false(take(&budget, &senders[1], 2 * FRAME)); /* keeps its place */
    nm_budget_settle_resend(&budget, &senders[0].resend, NM_BUDGET_RESENDS - 2 * FRAME);
    assert_int_equal(1, senders[1].woken);
    assert_int_equal(0, senders[2].woken);
    assert_false(take(&budget, &senders[3], FRAME));
    assert_true(take(&budget, &senders[1], 2 * FRAME));
    nm_budget_settle_resend(&budget, &senders[1].resend, 0);
    assert_int_equal(1, senders[2].woken);
    assert_int_equal(1, senders[3].woken);
    free(senders);
    nm_budget_destroy(&budget);
}

/* A call that has ended must not be woken: its inbox may be gone. */
static void a_stream_that_ends_leaves_the_line(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, 4);
    assert_true(take(&budget, &senders[0], NM_BUDGET_RESENDS));
    for (int i = 1; i < 4; i++)
        assert_false(take(&budget, &senders[i], FRAME));
    nm_budget_end_resend(&budget, &senders[2].resend);
    nm_budget_end_resend(&budget, &senders[3].resend);
    nm_budget_end_resend(&budget, &senders[0].resend);
    assert_int_equal(1, senders[1].woken);
    assert_int_equal(0, senders[2].woken + senders[3].woken);
    nm_budget_end_resend(&budget, &senders[1].resend);
    assert_int_equal(0, budget.resends);
    free(senders);
    nm_budget_destroy(&budget);
}

/* Else a message larger than the bound never goes again. */
static void what_is_larger_than_the_bound_goes_alone(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, 2);
    assert_true(take(&budget, &senders[0], FRAME));
    assert_false(take(&budget, &senders[1], 2 * NM_BUDGET_RESENDS));
    nm_budget_end_resend(&budget, &senders[0].resend);
    assert_int_equal(1, senders[1].woken);
    assert_true(take(&budget, &senders[1], 2 * NM_BUDGET_RESENDS));
    assert_false(take(&budget, &senders[0], FRAME));
    free(senders);
    nm_budget_destroy(&budget);
}

/* A loss in the middle of a turn: the stream gives everything back, and waits as others do. */
static void a_loss_gives_back_what_is_under_way(void **state)
{
    (void)state;
    nm_budget budget;
    sender *senders = make_senders(&budget, 2);
    assert_true(take(&budget, &senders[0], NM_BUDGET_RESENDS));
    assert_false(take(&budget, &senders[1], FRAME));
    nm_budget_settle_resend(&budget, &senders[0].resend, 0);
    assert_int_equal(1, senders[1].woken);
    assert_int_equal(FRAME, budget.resends);
    assert_true(take(&budget, &senders[0], FRAME));
    free(senders);
    nm_budget_destroy(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_streams_get_all_they_want),
        cmocka_unit_test(a_window_that_is_larger_than_the_bound_is_cut),
        cmocka_unit_test(all_windows_of_a_crowd_stay_within_the_bound),
        cmocka_unit_test(streams_that_go_on_come_to_equal_shares),
        cmocka_unit_test(what_was_allowed_is_not_taken_back),
        cmocka_unit_test(a_stream_grows_into_what_others_leave),
        cmocka_unit_test(a_crowd_sends_again_within_the_bound),
        cmocka_unit_test(each_has_its_turn),
        cmocka_unit_test(nobody_overtakes_those_who_wait),
        cmocka_unit_test(a_stream_that_ends_leaves_the_line),
        cmocka_unit_test(what_is_larger_than_the_bound_goes_alone),
        cmocka_unit_test(a_loss_gives_back_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
