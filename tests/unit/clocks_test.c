/*
 * The clocks of a reliable call, driven by a made-up clock. A timer that fires too late is a stream
 * that stalls; one that fires too early sends a whole window twice; a limit that is wrong ends a
 * call that lives, or never ends one whose peer is gone.
 */
#include "unit/cmocka_test.h"

#include "transport/reliable/clocks.h"

#define MS         NM_NS_PER_MS
#define SECOND     (1000 * MS)
#define IDLE_LIMIT (30 * SECOND)
#define GONE_LIMIT (10 * SECOND)
#define GRACE      (3 * SECOND) /* after a reconnect */

typedef struct scene {
    nm_clocks clocks;
    int64_t now;
    uint64_t published;
    uint64_t acknowledged;
    uint64_t reconnects; /* of our connection */
    bool asks;           /* something waits for an answer although nothing is unacknowledged */
} scene;

/* ---- what happens ---- */

static void begin(scene *self, int64_t idle_limit)
{
    *self = (scene){.now = 1000 * SECOND};
    nm_clocks_begin(&self->clocks, idle_limit, GONE_LIMIT, self->reconnects, self->now);
}

/* The broker says that nobody listens. */
static void take_503(scene *self)
{
    nm_clocks_on_no_responders(&self->clocks, self->reconnects, self->now);
}

static nm_waiting waiting(const scene *self)
{
    bool outstanding = self->published > self->acknowledged;
    return (nm_waiting){.for_answer = outstanding || self->asks,
                        .for_acknowledgement = outstanding};
}

static void pass(scene *self, int64_t duration)
{
    self->now += duration;
}

/* A segment of one message. */
static void publish(scene *self)
{
    bool only = self->published == self->acknowledged;
    nm_clocks_on_publish(&self->clocks, ++self->published, only, self->now);
    nm_clocks_on_published(&self->clocks, self->now);
}

/* Everything unacknowledged goes again, a segment a message. */
static void publish_again(scene *self)
{
    for (uint64_t number = self->acknowledged + 1; number <= self->published; number++)
        nm_clocks_on_publish_again(&self->clocks, number, number, self->now);
}

static void retransmit(scene *self)
{
    nm_clocks_on_retransmit(&self->clocks, self->now);
    publish_again(self);
}

static void take_gap(scene *self)
{
    nm_clocks_on_frame(&self->clocks, self->now);
    nm_clocks_on_gap(&self->clocks, self->now);
    publish_again(self);
}

static void acknowledge(scene *self, uint64_t number)
{
    nm_clocks_on_frame(&self->clocks, self->now);
    nm_clocks_on_progress(&self->clocks, number, self->now);
    self->acknowledged = number;
}

/* ---- what is due ---- */

static nm_due due_in(const scene *self, int64_t duration)
{
    return nm_clocks_due(&self->clocks, waiting(self), self->now + duration);
}

static nm_limit passed_in(const scene *self, int64_t duration)
{
    return nm_clocks_passed_limit(&self->clocks, waiting(self), self->now + duration);
}

/* How long it takes until something is to be sent. */
static void assert_due_in(const scene *self, int64_t duration, nm_due what)
{
    assert_int_equal(NM_DUE_NOTHING, due_in(self, duration - 1));
    assert_int_equal(what, due_in(self, duration));
}

static void assert_passes_in(const scene *self, int64_t duration, nm_limit limit)
{
    assert_int_equal(NM_LIMIT_NONE, passed_in(self, duration - 1));
    assert_int_equal(limit, passed_in(self, duration));
}

static void assert_timer_in(const scene *self, int64_t duration)
{
    assert_int_equal(self->now + duration, nm_clocks_next(&self->clocks, waiting(self)));
}

/* ---- retransmission ---- */

/* Without it a stream whose last frame was lost stands still. */
static void an_unanswered_message_is_sent_again(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_int_equal(NM_DUE_NOTHING, due_in(&self, 4 * SECOND)); /* nothing waits */
    pass(&self, 10 * MS);
    publish(&self);
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
    assert_timer_in(&self, 250 * MS);
}

/* A sender that waits for the window asks: the frame that opened it may have been lost. */
static void a_sender_that_waits_asks(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    self.asks = true;
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
}

/* Else a peer that is stopped is flooded by its windows, again and again. */
static void the_delay_doubles_up_to_the_interval_of_probes(void **state)
{
    static const int64_t delays[] = {250, 500, 1000, 2000, 4000, 5000, 5000, 5000};
    (void)state;
    scene self;
    begin(&self, 6 * IDLE_LIMIT);
    publish(&self);
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        assert_due_in(&self, delays[i] * MS, NM_DUE_RETRANSMIT);
        pass(&self, delays[i] * MS);
        retransmit(&self);
    }
}

/* Else a loss takes longer than the idle limit that the user has set. */
static void a_short_idle_limit_caps_the_delay(void **state)
{
    static const int64_t delays[] = {250, 500, 600, 600};
    (void)state;
    scene self;
    begin(&self, 3600 * MS);
    publish(&self);
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        assert_due_in(&self, delays[i] * MS, NM_DUE_RETRANSMIT);
        pass(&self, delays[i] * MS);
        retransmit(&self);
        nm_clocks_on_frame(&self.clocks, self.now);
    }
}

/* Else everything to a peer that is far goes twice. */
static void the_delay_is_twice_the_round_trip(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    pass(&self, 200 * MS);
    acknowledge(&self, 1);
    publish(&self);
    assert_due_in(&self, 400 * MS, NM_DUE_RETRANSMIT);
}

static void no_delay_is_longer_than_five_seconds(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10 * IDLE_LIMIT);
    publish(&self);
    pass(&self, 4 * SECOND);
    acknowledge(&self, 1);
    publish(&self);
    assert_due_in(&self, 5 * SECOND, NM_DUE_RETRANSMIT);
}

/* The delay counts from the last progress: a window that moves is not sent again. */
static void progress_puts_the_retransmission_off(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    publish(&self);
    pass(&self, 100 * MS);
    acknowledge(&self, 1);
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
}

/* So does the first message after a pause, whenever the last progress was. */
static void a_first_message_starts_the_delay(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    acknowledge(&self, 1);
    pass(&self, 3 * SECOND);
    publish(&self);
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
    pass(&self, 100 * MS);
    publish(&self); /* and a second one does not */
    assert_due_in(&self, 150 * MS, NM_DUE_RETRANSMIT);
}

/* ---- round trips ---- */

static void a_sample_takes_back_the_whole_back_off(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    for (int i = 0; i < 3; i++) {
        pass(&self, 1 * SECOND);
        retransmit(&self);
    }
    acknowledge(&self, 1); /* no sample */
    publish(&self);
    assert_due_in(&self, 2 * SECOND, NM_DUE_RETRANSMIT);
    pass(&self, 50 * MS);
    acknowledge(&self, 2);
    assert_int_equal(50 * MS, self.clocks.round_trip);
    publish(&self);
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
}

/* Else one long outage leaves a stream that waits five seconds for each later loss. */
static void progress_without_a_sample_takes_back_all_but_three_doublings(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10 * IDLE_LIMIT);
    publish(&self);
    publish(&self);
    for (int i = 0; i < 6; i++) {
        pass(&self, 5 * SECOND);
        retransmit(&self);
    }
    assert_due_in(&self, 5 * SECOND, NM_DUE_RETRANSMIT);
    acknowledge(&self, 1);
    assert_due_in(&self, 2 * SECOND, NM_DUE_RETRANSMIT);
}

/* A reader that slept was asked again and again; that says nothing about the next message. */
static void a_message_after_silence_takes_back_all_but_three_doublings(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10 * IDLE_LIMIT);
    self.asks = true;
    for (int i = 0; i < 6; i++) {
        pass(&self, 5 * SECOND);
        retransmit(&self);
    }
    self.asks = false;
    publish(&self);
    assert_due_in(&self, 2 * SECOND, NM_DUE_RETRANSMIT);
}

/* Karn: an acknowledgement of what was sent twice may answer the first copy, a second ago. */
static void a_message_that_went_twice_gives_no_sample(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    pass(&self, 250 * MS);
    retransmit(&self);
    pass(&self, 10 * MS);
    acknowledge(&self, 1);
    assert_int_equal(0, self.clocks.round_trip);
    publish(&self); /* the next one that goes once does */
    pass(&self, 30 * MS);
    acknowledge(&self, 2);
    assert_int_equal(30 * MS, self.clocks.round_trip);
}

/* A message after the one that is timed may go again: the sample still stands. */
static void only_copies_of_the_timed_message_spoil_its_sample(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    publish(&self);
    nm_clocks_on_retransmit(&self.clocks, self.now);
    nm_clocks_on_publish_again(&self.clocks, 2, 2, self.now);
    pass(&self, 70 * MS);
    acknowledge(&self, 1);
    assert_int_equal(70 * MS, self.clocks.round_trip);
}

/* One is timed at a time, from its own publication on. */
static void a_sample_counts_from_the_message_that_is_timed(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    publish(&self);
    pass(&self, 40 * MS);
    publish(&self);
    pass(&self, 40 * MS);
    acknowledge(&self, 2); /* of the first */
    assert_int_equal(80 * MS, self.clocks.round_trip);
    publish(&self); /* number 4, is timed now */
    pass(&self, 5 * MS);
    acknowledge(&self, 3);
    assert_int_equal(80 * MS, self.clocks.round_trip);
    acknowledge(&self, 4);
    assert_int_equal(5 * MS, self.clocks.round_trip);
}

/*
 * The exception: the peer said that it lacks the first copy. While a long window is recovered there
 * is no other sample, and without any the delay may be shorter than the round trip for ever.
 */
static void a_copy_that_a_gap_brought_on_gives_a_sample(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    publish(&self);
    pass(&self, 100 * MS);
    take_gap(&self);
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT); /* the copy has its time */
    pass(&self, 60 * MS);
    acknowledge(&self, 1); /* the first copy is timed, as the first of all messages is */
    assert_int_equal(60 * MS, self.clocks.round_trip);
}

/* But not when the timer had sent it before: then there are two that may be answered. */
static void a_gap_after_the_timer_gives_no_sample(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    publish(&self);
    pass(&self, 250 * MS);
    retransmit(&self);
    take_gap(&self);
    pass(&self, 10 * MS);
    acknowledge(&self, 2);
    assert_int_equal(0, self.clocks.round_trip);
}

/* Nor does the timer's copy when a gap was reported before, but not yet answered. */
static void the_timers_copy_after_a_gap_gives_no_sample(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    nm_clocks_on_gap(&self.clocks, self.now);
    pass(&self, 250 * MS);
    retransmit(&self);
    pass(&self, 10 * MS);
    acknowledge(&self, 1);
    assert_int_equal(0, self.clocks.round_trip);
}

/* ---- delays ---- */

/* Else a sender whose window is small waits for its timer, or each message costs a frame back. */
static void an_acknowledgement_is_owed_for_20_ms(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_true(nm_clocks_owe_acknowledgement(&self.clocks, self.now));
    assert_due_in(&self, 20 * MS, NM_DUE_ACKNOWLEDGEMENT);
    assert_timer_in(&self, 20 * MS);
    pass(&self, 15 * MS);
    assert_false(nm_clocks_owe_acknowledgement(&self.clocks, self.now)); /* is not put off */
    assert_due_in(&self, 5 * MS, NM_DUE_ACKNOWLEDGEMENT);
    nm_clocks_on_acknowledge(&self.clocks);
    assert_int_equal(NM_DUE_NOTHING, due_in(&self, 1 * SECOND));
}

/* A frame that asks for an answer acknowledges, too: a second one would be for nothing. */
static void the_strongest_of_what_is_due_is_sent(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    nm_clocks_owe_acknowledgement(&self.clocks, self.now);
    assert_int_equal(NM_DUE_PROBE, due_in(&self, 5 * SECOND));
    publish(&self);
    assert_int_equal(NM_DUE_RETRANSMIT, due_in(&self, 5 * SECOND));
}

/* Else the last messages before a pause never leave. */
static void a_partial_frame_waits_for_a_millisecond(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_false(nm_clocks_seal_is_due(&self.clocks, self.now + 1 * SECOND));
    nm_clocks_on_open(&self.clocks, self.now);
    assert_timer_in(&self, 1 * MS);
    assert_false(nm_clocks_seal_is_due(&self.clocks, self.now + 1 * MS - 1));
    assert_true(nm_clocks_seal_is_due(&self.clocks, self.now + 1 * MS));
    nm_clocks_on_seal(&self.clocks);
    assert_false(nm_clocks_seal_is_due(&self.clocks, self.now + 1 * SECOND));
}

/* Else a lone message waits for company that never comes, or each of a stream goes alone. */
static void a_message_is_lone_100_us_after_the_last_frame(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_true(nm_clocks_is_lone(&self.clocks, self.now)); /* the first of all */
    publish(&self);
    assert_false(nm_clocks_is_lone(&self.clocks, self.now + MS / 10 - 1));
    assert_true(nm_clocks_is_lone(&self.clocks, self.now + MS / 10));
}

/* ---- probes ---- */

/* Else a peer that has nothing to say counts as gone. */
static void silence_is_probed_a_sixth_of_the_idle_limit_apart(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_due_in(&self, 5 * SECOND, NM_DUE_PROBE);
    assert_timer_in(&self, 5 * SECOND);
    pass(&self, 5 * SECOND);
    nm_clocks_on_probe(&self.clocks, self.now);
    assert_due_in(&self, 5 * SECOND, NM_DUE_PROBE); /* one is enough for a while */
    pass(&self, 2 * SECOND);
    nm_clocks_on_frame(&self.clocks, self.now);
    assert_due_in(&self, 5 * SECOND, NM_DUE_PROBE);
}

static void without_an_idle_limit_probes_go_on(void **state)
{
    (void)state;
    scene self;
    begin(&self, NM_NEVER);
    assert_due_in(&self, 5 * SECOND, NM_DUE_PROBE);
}

/* ---- limits ---- */

static void a_silent_peer_ends_the_call(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    pass(&self, 20 * SECOND);
    nm_clocks_on_frame(&self.clocks, self.now);
    assert_passes_in(&self, IDLE_LIMIT, NM_LIMIT_IDLE);
}

static void without_an_idle_limit_silence_ends_nothing(void **state)
{
    (void)state;
    scene self;
    begin(&self, NM_NEVER);
    publish(&self);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, 1000000 * SECOND));
}

/* One frame never passes, while probes are answered: without a limit it is sent for ever. */
static void messages_that_never_arrive_end_the_call(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    pass(&self, 20 * SECOND);
    acknowledge(&self, 1);
    publish(&self);
    pass(&self, 29 * SECOND);
    nm_clocks_on_frame(&self.clocks, self.now);
    assert_passes_in(&self, 1 * SECOND, NM_LIMIT_PROGRESS);
    acknowledge(&self, 2);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, 1 * SECOND));
}

/* Else a reader that sleeps for a minute ends its call. */
static void a_sender_that_only_waits_for_room_has_no_progress_limit(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    self.asks = true;
    pass(&self, 10 * IDLE_LIMIT);
    nm_clocks_on_frame(&self.clocks, self.now);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, IDLE_LIMIT - 1));
}

/* A peer that reconnects has no subscription for a while: no number of 503s ends a call. */
static void a_peer_is_gone_when_the_limit_has_passed_since_the_first_503(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    nm_clocks_on_probe(&self.clocks, self.now + IDLE_LIMIT); /* no probe before the limit */
    for (int i = 0; i < 1000; i++)
        take_503(&self);
    pass(&self, 2 * SECOND);
    take_503(&self); /* does not put it off */
    assert_passes_in(&self, GONE_LIMIT - 2 * SECOND, NM_LIMIT_GONE);
    assert_timer_in(&self, GONE_LIMIT - 2 * SECOND);
    nm_clocks_on_frame(&self.clocks, self.now); /* it is back */
    assert_passes_in(&self, IDLE_LIMIT, NM_LIMIT_IDLE);
}

/* The caller then hears why: the service is gone, and not just slow. */
static void a_shorter_idle_limit_still_tells_who_is_gone(void **state)
{
    (void)state;
    scene self;
    begin(&self, 3 * SECOND);
    take_503(&self);
    assert_passes_in(&self, 3 * SECOND, NM_LIMIT_GONE);
}

/*
 * Both sides lost their broker, and ours is back first: until the peer has had the time to come
 * back too, its absence means nothing.
 */
static void after_our_own_reconnect_the_peer_has_the_whole_limit_again(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    take_503(&self);
    pass(&self, GONE_LIMIT - SECOND);
    nm_clocks_on_connection(&self.clocks, false, self.now);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, 10 * SECOND)); /* nobody can answer us */
    pass(&self, SECOND);
    nm_clocks_on_connection(&self.clocks, true, self.now);
    self.reconnects++;
    take_503(&self);
    pass(&self, GRACE - 1);
    take_503(&self);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, GONE_LIMIT));
    pass(&self, 1);
    take_503(&self); /* the first that counts */
    assert_passes_in(&self, GONE_LIMIT, NM_LIMIT_GONE);
}

/* The peer has died in the meantime; the reconnect counts once. */
static void a_503_long_after_a_reconnect_counts_at_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    nm_clocks_on_connection(&self.clocks, false, self.now);
    nm_clocks_on_connection(&self.clocks, true, self.now);
    self.reconnects++;
    pass(&self, GRACE);
    take_503(&self);
    assert_passes_in(&self, GONE_LIMIT, NM_LIMIT_GONE);
}

/* A reconnect between two looks of the timer shows only in the number of reconnects. */
static void a_reconnect_that_the_timer_missed_counts(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    take_503(&self);
    pass(&self, GONE_LIMIT - SECOND);
    self.reconnects++;
    take_503(&self);
    assert_int_equal(NM_LIMIT_NONE, passed_in(&self, GONE_LIMIT));
    pass(&self, GRACE);
    take_503(&self);
    assert_passes_in(&self, GONE_LIMIT, NM_LIMIT_GONE);
}

/* Otherwise it would put off the end of a peer that died long after. */
static void a_reconnect_before_the_call_does_not_count(void **state)
{
    (void)state;
    scene self = {.now = 1000 * SECOND, .reconnects = 7};
    nm_clocks_begin(&self.clocks, IDLE_LIMIT, GONE_LIMIT, self.reconnects, self.now);
    take_503(&self);
    assert_passes_in(&self, GONE_LIMIT, NM_LIMIT_GONE);
}

/* ---- the timer ---- */

/* A limit that the timer does not wake for never ends its call. */
static void the_timer_wakes_for_each_limit(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    nm_clocks_on_probe(&self.clocks, self.now + IDLE_LIMIT); /* no probe before the limit */
    assert_timer_in(&self, IDLE_LIMIT);
    publish(&self);
    nm_clocks_on_frame(&self.clocks, self.now + 20 * SECOND);
    self.clocks.last_retransmit = self.now + IDLE_LIMIT; /* nor a retransmission */
    assert_timer_in(&self, IDLE_LIMIT);
}

static void the_timer_is_only_set_to_an_earlier_time(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_true(nm_clocks_hasten(&self.clocks, self.now + 5));
    assert_false(nm_clocks_hasten(&self.clocks, self.now + 5));
    assert_false(nm_clocks_hasten(&self.clocks, self.now + 6));
    assert_true(nm_clocks_hasten(&self.clocks, self.now + 4));
    nm_clocks_on_timer(&self.clocks);
    assert_true(nm_clocks_hasten(&self.clocks, self.now + 1 * SECOND));
}

/* ---- the connection ---- */

/* Else a stream waits for seconds although the broker is back. */
static void what_waits_is_due_when_the_connection_is_back(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    for (int i = 0; i < 4; i++) {
        pass(&self, 1 * SECOND);
        retransmit(&self);
    }
    assert_false(nm_clocks_on_connection(&self.clocks, false, self.now));
    assert_int_equal(self.now + 20 * MS, self.clocks.timer_at); /* looks again */
    pass(&self, 20 * MS);
    assert_true(nm_clocks_on_connection(&self.clocks, true, self.now));
    assert_int_equal(NM_DUE_RETRANSMIT, due_in(&self, 0));
    retransmit(&self);
    assert_due_in(&self, 500 * MS, NM_DUE_RETRANSMIT);
}

/* A connection that stays is none that has come back. */
static void a_connection_that_stays_hastens_nothing(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    assert_true(nm_clocks_on_connection(&self.clocks, true, self.now));
    assert_due_in(&self, 250 * MS, NM_DUE_RETRANSMIT);
}

/* Where nothing waits, a peer that has been silent meanwhile is asked at once. */
static void a_silent_peer_is_probed_when_the_connection_is_back(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    pass(&self, 6 * SECOND);
    nm_clocks_on_probe(&self.clocks, self.now);
    assert_false(nm_clocks_on_connection(&self.clocks, false, self.now));
    assert_int_equal(NM_DUE_NOTHING, due_in(&self, 20 * MS));
    assert_true(nm_clocks_on_connection(&self.clocks, true, self.now));
    assert_int_equal(NM_DUE_RETRANSMIT, due_in(&self, 0)); /* of nothing: that is a probe */
}

/*
 * The way to the peer may be made later than our connection, so that the first question meets
 * nobody. The next one must not wait for a sixth of the idle limit.
 */
static void a_peer_is_asked_again_soon_until_it_is_heard(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    assert_false(nm_clocks_on_connection(&self.clocks, false, self.now));
    assert_true(nm_clocks_on_connection(&self.clocks, true, self.now));
    retransmit(&self);
    assert_due_in(&self, 500 * MS, NM_DUE_RETRANSMIT);
    pass(&self, 500 * MS);
    retransmit(&self);
    assert_due_in(&self, 1 * SECOND, NM_DUE_RETRANSMIT);
    nm_clocks_on_frame(&self.clocks, self.now);
    assert_due_in(&self, IDLE_LIMIT / 6, NM_DUE_PROBE);
}

/*
 * A sender whose messages met nobody has backed off by the time the peer is back. It must not stand
 * still for the rest of the delay.
 */
static void what_waits_is_due_when_the_peer_is_back(void **state)
{
    (void)state;
    scene self;
    begin(&self, IDLE_LIMIT);
    publish(&self);
    for (int i = 0; i < 6; i++) {
        pass(&self, 1 * SECOND);
        retransmit(&self);
        take_503(&self);
    }
    assert_int_not_equal(NM_DUE_RETRANSMIT, due_in(&self, 500 * MS));
    assert_true(nm_clocks_on_frame(&self.clocks, self.now));
    assert_int_equal(NM_DUE_RETRANSMIT, due_in(&self, 0));
    retransmit(&self);
    assert_false(nm_clocks_on_frame(&self.clocks, self.now));
    assert_int_equal(NM_DUE_NOTHING, due_in(&self, 200 * MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unanswered_message_is_sent_again),
        cmocka_unit_test(a_sender_that_waits_asks),
        cmocka_unit_test(the_delay_doubles_up_to_the_interval_of_probes),
        cmocka_unit_test(a_short_idle_limit_caps_the_delay),
        cmocka_unit_test(the_delay_is_twice_the_round_trip),
        cmocka_unit_test(no_delay_is_longer_than_five_seconds),
        cmocka_unit_test(progress_puts_the_retransmission_off),
        cmocka_unit_test(a_first_message_starts_the_delay),
        cmocka_unit_test(a_sample_takes_back_the_whole_back_off),
        cmocka_unit_test(progress_without_a_sample_takes_back_all_but_three_doublings),
        cmocka_unit_test(a_message_after_silence_takes_back_all_but_three_doublings),
        cmocka_unit_test(a_message_that_went_twice_gives_no_sample),
        cmocka_unit_test(only_copies_of_the_timed_message_spoil_its_sample),
        cmocka_unit_test(a_sample_counts_from_the_message_that_is_timed),
        cmocka_unit_test(a_copy_that_a_gap_brought_on_gives_a_sample),
        cmocka_unit_test(a_gap_after_the_timer_gives_no_sample),
        cmocka_unit_test(the_timers_copy_after_a_gap_gives_no_sample),
        cmocka_unit_test(an_acknowledgement_is_owed_for_20_ms),
        cmocka_unit_test(the_strongest_of_what_is_due_is_sent),
        cmocka_unit_test(a_partial_frame_waits_for_a_millisecond),
        cmocka_unit_test(a_message_is_lone_100_us_after_the_last_frame),
        cmocka_unit_test(silence_is_probed_a_sixth_of_the_idle_limit_apart),
        cmocka_unit_test(without_an_idle_limit_probes_go_on),
        cmocka_unit_test(a_silent_peer_ends_the_call),
        cmocka_unit_test(without_an_idle_limit_silence_ends_nothing),
        cmocka_unit_test(messages_that_never_arrive_end_the_call),
        cmocka_unit_test(a_sender_that_only_waits_for_room_has_no_progress_limit),
        cmocka_unit_test(a_peer_is_gone_when_the_limit_has_passed_since_the_first_503),
        cmocka_unit_test(a_shorter_idle_limit_still_tells_who_is_gone),
        cmocka_unit_test(after_our_own_reconnect_the_peer_has_the_whole_limit_again),
        cmocka_unit_test(a_503_long_after_a_reconnect_counts_at_once),
        cmocka_unit_test(a_reconnect_that_the_timer_missed_counts),
        cmocka_unit_test(a_reconnect_before_the_call_does_not_count),
        cmocka_unit_test(the_timer_wakes_for_each_limit),
        cmocka_unit_test(the_timer_is_only_set_to_an_earlier_time),
        cmocka_unit_test(what_waits_is_due_when_the_connection_is_back),
        cmocka_unit_test(a_connection_that_stays_hastens_nothing),
        cmocka_unit_test(a_silent_peer_is_probed_when_the_connection_is_back),
        cmocka_unit_test(a_peer_is_asked_again_soon_until_it_is_heard),
        cmocka_unit_test(what_waits_is_due_when_the_peer_is_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
