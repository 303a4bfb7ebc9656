/*
 * The intake of a reliable stream: what is taken and what is not, the window that the peer is told
 * of, and when it hears of what has come. A mistake here is a message that is read twice or never,
 * a stream that stands still, or a peer that makes us hold more than we allowed.
 */
#include "unit/cmocka_test.h"
#include "unit/with_nats.h"

#include "transport/reliable/intake.h"

#include <string.h>

#define ENCODED 12 /* bytes of each message's encoding */

#define WIDE (UINT64_C(1) << 40)

typedef struct scene {
    nm_intake intake;
    nm_digest digest;  /* of the messages that the peer has sent */
    uint64_t digested; /* up to this number */
    uint64_t read;     /* number of the last message that was read */
} scene;

static void begin(scene *self, uint64_t window_messages, uint64_t window_bytes)
{
    memset(self, 0, sizeof(*self));
    nm_intake_begin(&self->intake, window_messages, window_bytes);
    nm_digest_begin(&self->digest);
}

static void finish(scene *self)
{
    nm_intake_clear(&self->intake);
    nm_intake_free(&self->intake);
}

/* ---- frames of the peer ---- */

/* A frame, and the natsMsg that holds it. */
typedef struct arrival {
    natsMsg *message;
    nm_frame frame;
} arrival;

static uint8_t content_of(uint64_t number)
{
    return (uint8_t)(number * 37);
}

static uint8_t *put_message(scene *self, uint8_t *at, uint64_t number)
{
    uint8_t content[ENCODED - 2];
    memset(content, content_of(number), sizeof(content));
    uint8_t *end = nm_frame_put_message(at, content, sizeof(content));
    if (number == self->digested + 1) {
        nm_digest_add(&self->digest, at, (size_t)(end - at));
        self->digested = number;
    }
    return end;
}

/* Messages from `first` on, and an end after them if it has a digest. */
static arrival make_frame(scene *self, uint64_t first, size_t count, const uint64_t *digest)
{
    uint8_t bytes[64 * 1024];
    uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++)
        at = put_message(self, at, first + i);
    if (digest != NULL) {
        nm_frame_outcome outcome = {.digest = *digest};
        at = nm_frame_write_end(at, NM_FRAME_SHORTEST_END, &outcome);
    }
    nm_frame_control control = {.seq = count > 0 || digest != NULL ? first : 0};
    at = nm_frame_write_control(at, &control);
    arrival made;
    assert_int_equal(
        NATS_OK, natsMsg_Create(&made.message, "a", NULL, (const char *)bytes, (int)(at - bytes)));
    const char *why = NULL;
    assert_true(nm_frame_read((const uint8_t *)natsMsg_GetData(made.message),
                              (size_t)natsMsg_GetDataLength(made.message), &made.frame, &why));
    return made;
}

static arrival make_messages(scene *self, uint64_t first, size_t count)
{
    return make_frame(self, first, count, NULL);
}

static arrival make_end(scene *self, uint64_t first, size_t count)
{
    uint8_t bytes[1024];
    for (size_t i = 0; i < count; i++) /* for the digest */
        put_message(self, bytes, first + i);
    uint64_t digest = nm_digest_value(&self->digest);
    return make_frame(self, first, count, &digest);
}

static void take_messages(scene *self, const arrival *come)
{
    bool taken = false;
    assert_true(nm_intake_take_messages(&self->intake, &come->frame, come->message,
                                        (size_t)natsMsg_GetDataLength(come->message), &taken));
    if (!taken)
        natsMsg_Destroy(come->message);
}

/* A frame comes without asking, and whatever is new of its messages is taken. */
static nm_owed receive(scene *self, uint64_t first, size_t count)
{
    arrival come = make_messages(self, first, count);
    nm_frame frame = come.frame;
    nm_novelty novelty = nm_intake_novelty(&self->intake, &frame);
    if (novelty == NM_SOMETHING_NEW && nm_intake_has_new_messages(&self->intake, &frame))
        take_messages(self, &come);
    else
        natsMsg_Destroy(come.message);
    return nm_intake_owes(&self->intake, &frame, novelty, false);
}

static nm_frame_control acknowledge(scene *self)
{
    nm_frame_control control = {.seq = 0};
    nm_intake_acknowledge(&self->intake, &control);
    return control;
}

/* ---- the reader ---- */

/* Reads that many messages; true: it is to tell the peer of room after one of them. */
static bool read_messages(scene *self, int count)
{
    bool tell = false;
    for (int i = 0; i < count; i++) {
        if (!nm_intake_has_message(&self->intake)) {
            nm_received_frame done = nm_intake_end_frame(&self->intake);
            nm_received_frame_free(&done);
            assert_true(nm_intake_begin_frame(&self->intake));
        }
        const uint8_t *data;
        size_t length;
        bool look = nm_intake_read(&self->intake, &data, &length);
        assert_int_equal(ENCODED - 2, length);
        self->read++;
        for (size_t k = 0; k < length; k++)
            assert_int_equal(content_of(self->read), data[k]);
        if (look && nm_intake_window_is_half_free(&self->intake)) {
            acknowledge(self);
            nm_intake_look_again(&self->intake);
            tell = true;
        }
    }
    return tell;
}

static void assert_nothing_to_read(scene *self)
{
    assert_false(nm_intake_has_message(&self->intake));
    assert_false(nm_intake_begin_frame(&self->intake));
}

/* ---- what is taken ---- */

static void messages_are_read_in_order_and_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 3);
    receive(&self, 1, 3); /* sent again: the acknowledgement was lost */
    receive(&self, 2, 4); /* cut in another way */
    receive(&self, 5, 1);
    read_messages(&self, 5);
    assert_nothing_to_read(&self);
    nm_received_frame done = nm_intake_end_frame(&self.intake);
    assert_non_null(done.message);
    nm_received_frame_free(&done);
    assert_null(self.intake.reading.message); /* is not freed twice */
    finish(&self);
}

/* There is no memory for messages after a gap, however many come. */
static void nothing_is_taken_after_a_gap(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 2);
    receive(&self, 4, 5);
    assert_int_equal(2, acknowledge(&self).ack);
    receive(&self, 3, 6); /* sent again from there on */
    assert_int_equal(8, acknowledge(&self).ack);
    read_messages(&self, 8);
    assert_nothing_to_read(&self);
    finish(&self);
}

static void an_acknowledgement_is_neither_old_nor_new(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    arrival come = make_messages(&self, 0, 0);
    assert_int_equal(NM_UNNUMBERED, nm_intake_novelty(&self.intake, &come.frame));
    assert_false(nm_intake_contradicts_end(&self.intake, &come.frame));
    natsMsg_Destroy(come.message);
    finish(&self);
}

/* Where nobody reads any more, the peer's messages count, so that its stream completes. */
static void messages_that_nobody_reads_count(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    arrival come = make_messages(&self, 1, 3);
    bool taken = false;
    assert_true(nm_intake_take_messages(&self.intake, &come.frame, NULL, 0, &taken));
    assert_false(taken);
    natsMsg_Destroy(come.message);
    assert_int_equal(3, acknowledge(&self).ack);
    assert_nothing_to_read(&self);
    arrival end = make_end(&self, 4, 0);
    assert_true(nm_intake_take_end(&self.intake, &end.frame));
    natsMsg_Destroy(end.message);
    finish(&self);
}

/* ---- ends ---- */

static void an_end_proves_that_nothing_is_missing(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 2);
    arrival come = make_end(&self, 3, 2); /* with the last two messages */
    assert_int_equal(NM_SOMETHING_NEW, nm_intake_novelty(&self.intake, &come.frame));
    take_messages(&self, &come);
    assert_true(nm_intake_take_end(&self.intake, &come.frame));
    assert_true(self.intake.ended);
    assert_int_equal(5, acknowledge(&self).ack);
    read_messages(&self, 4);
    assert_nothing_to_read(&self);
    finish(&self);
}

/* The messages before an end may be known already. */
static void an_end_may_come_without_a_new_message(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 2);
    for (size_t known = 0; known <= 2; known++) {
        arrival come = make_end(&self, 3 - known, known);
        assert_int_equal(NM_SOMETHING_NEW, nm_intake_novelty(&self.intake, &come.frame));
        assert_false(nm_intake_has_new_messages(&self.intake, &come.frame));
        natsMsg_Destroy(come.message);
    }
    finish(&self);
}

static void a_wrong_digest_is_no_end(void **state)
{
    static const uint64_t wrong = 1;
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 2);
    arrival come = make_frame(&self, 3, 0, &wrong);
    assert_false(nm_intake_take_end(&self.intake, &come.frame));
    assert_false(self.intake.ended);
    natsMsg_Destroy(come.message);
    finish(&self);
}

static bool contradicts(scene *self, uint64_t first, size_t count, bool end)
{
    static const uint64_t digest = 0;
    arrival come = make_frame(self, first, count, end ? &digest : NULL);
    bool contradicts = nm_intake_contradicts_end(&self->intake, &come.frame);
    natsMsg_Destroy(come.message);
    return contradicts;
}

/* Else a forged end takes away the messages after it, or an honest one that comes again is one. */
static void a_second_end_must_be_the_first(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    receive(&self, 1, 3);
    assert_true(contradicts(&self, 3, 0, true)); /* a message had this number */
    assert_false(contradicts(&self, 4, 0, true));
    assert_false(contradicts(&self, 5, 0, true)); /* after a gap */
    assert_false(contradicts(&self, 2, 2, false));
    arrival come = make_end(&self, 4, 0);
    assert_true(nm_intake_take_end(&self.intake, &come.frame));
    natsMsg_Destroy(come.message);
    assert_false(contradicts(&self, 4, 0, true)); /* it comes again */
    assert_false(contradicts(&self, 2, 2, true));
    assert_false(contradicts(&self, 2, 2, false)); /* an old frame */
    assert_true(contradicts(&self, 3, 0, true));
    assert_true(contradicts(&self, 5, 0, true));
    assert_true(contradicts(&self, 4, 2, false));
    finish(&self);
}

/* The caller's opening of a server-stream is its end. */
static void a_direction_may_begin_with_its_end(void **state)
{
    (void)state;
    scene self;
    begin(&self, 0, 0);
    nm_intake_begin_ended(&self.intake);
    nm_frame_control control = acknowledge(&self);
    assert_int_equal(1, control.ack);
    assert_true(control.max_messages == 0 && control.max_bytes == 0);
    assert_true(contradicts(&self, 2, 1, false));
    finish(&self);
}

/* ---- the window ---- */

/* Else a reader that sleeps is sent more and more, or one that reads nothing. */
static void the_window_moves_with_the_reader(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10, 1000);
    nm_frame_control control = acknowledge(&self);
    assert_true(control.max_messages == 10 && control.max_bytes == 1000);
    receive(&self, 1, 6);
    control = acknowledge(&self); /* taken, but not read */
    assert_true(control.max_messages == 10 && control.max_bytes == 1000);
    read_messages(&self, 4);
    control = acknowledge(&self);
    assert_true(control.max_messages == 14 && control.max_bytes == 1000 + 4 * ENCODED);
    finish(&self);
}

static bool is_beyond(scene *self, uint64_t first, size_t count)
{
    arrival come = make_messages(self, first, count);
    bool beyond = nm_intake_is_beyond_window(&self->intake, &come.frame);
    natsMsg_Destroy(come.message);
    return beyond;
}

/* Else a peer fills our memory. */
static void more_messages_than_advertised_are_no_accident(void **state)
{
    (void)state;
    scene self;
    begin(&self, 4, WIDE);
    assert_false(is_beyond(&self, 1, 4));
    assert_true(is_beyond(&self, 1, 5));
    receive(&self, 1, 4);
    assert_false(is_beyond(&self, 1, 4)); /* old ones */
    assert_true(is_beyond(&self, 2, 4));
    assert_true(is_beyond(&self, 5, 1));
    assert_false(is_beyond(&self, 6, 1)); /* after a gap: is not taken anyway */
    read_messages(&self, 1);
    assert_true(is_beyond(&self, 5, 1)); /* the peer does not know of the room */
    acknowledge(&self);
    assert_false(is_beyond(&self, 5, 1));
    finish(&self);
}

/* That of a call that waits for a worker. */
static void a_window_of_0_is_opened_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 0, 0);
    nm_frame_control control = acknowledge(&self);
    assert_true(control.max_messages == 0 && control.max_bytes == 0);
    assert_true(is_beyond(&self, 1, 1));
    nm_intake_open(&self.intake, 10, WIDE);
    assert_true(is_beyond(&self, 1, 1)); /* the peer does not know of it */
    control = acknowledge(&self);
    assert_true(control.max_messages == 10 && control.max_bytes == WIDE);
    assert_false(is_beyond(&self, 1, 10));
    receive(&self, 1, 10);
    read_messages(&self, 10);
    control = acknowledge(&self);
    assert_true(control.max_messages == 20);
    finish(&self);
}

/* A message may begin before the limit in bytes, whatever its size. */
static void a_message_may_overrun_the_window_by_itself(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, 2 * ENCODED + 1);
    assert_false(is_beyond(&self, 1, 3));
    assert_true(is_beyond(&self, 1, 4));
    receive(&self, 1, 2);
    assert_false(is_beyond(&self, 1, 3)); /* the old ones do not count twice */
    assert_false(is_beyond(&self, 3, 1));
    assert_true(is_beyond(&self, 3, 2));
    finish(&self);
    begin(&self, 1000, 2 * ENCODED);
    assert_true(is_beyond(&self, 1, 3)); /* begins at the limit */
    receive(&self, 1, 1);
    receive(&self, 1, 2); /* of which one is new */
    read_messages(&self, 1);
    acknowledge(&self);
    assert_false(is_beyond(&self, 3, 1));
    assert_true(is_beyond(&self, 3, 2));
    finish(&self);
}

/* ---- when the peer hears of it ---- */

/* Else a sender that asks waits for its timer, and then sends everything again. */
static void what_asks_for_an_answer_has_it_at_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    arrival come = make_messages(&self, 0, 0);
    assert_int_equal(NM_OWED_NOW, nm_intake_owes(&self.intake, &come.frame, NM_UNNUMBERED, true));
    /* Without it an acknowledgement is never answered: two sides would go on for ever. */
    assert_int_equal(NM_OWED_NOTHING,
                     nm_intake_owes(&self.intake, &come.frame, NM_UNNUMBERED, false));
    natsMsg_Destroy(come.message);
    arrival end = make_end(&self, 1, 0);
    assert_int_equal(NM_OWED_NOW,
                     nm_intake_owes(&self.intake, &end.frame, NM_SOMETHING_NEW, false));
    natsMsg_Destroy(end.message);
    finish(&self);
}

/* The peer sends again what it does not know to be here. */
static void what_comes_again_is_acknowledged_at_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    assert_int_equal(NM_OWED_LATER, receive(&self, 1, 2));
    assert_int_equal(NM_OWED_NOW, receive(&self, 1, 2));
    assert_int_equal(NM_OWED_LATER, receive(&self, 2, 2)); /* has something new */
    finish(&self);
}

/* Each frame after a gap would bring the whole window again. */
static void a_gap_is_reported_once_for_each_number(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1000, WIDE);
    assert_int_equal(NM_OWED_NOW, receive(&self, 3, 1));
    assert_int_equal(NM_OWED_NOTHING, receive(&self, 4, 1));
    assert_int_equal(NM_OWED_LATER, receive(&self, 1, 1));
    assert_int_equal(NM_OWED_NOW, receive(&self, 4, 1)); /* another one */
    assert_int_equal(NM_OWED_NOTHING, receive(&self, 4, 1));
    finish(&self);
}

/* Often enough that the sender's window is never used up, and not for each frame. */
static void a_quarter_of_the_window_in_messages_is_acknowledged_at_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 40, WIDE);
    assert_int_equal(NM_OWED_LATER, receive(&self, 1, 9));
    assert_int_equal(NM_OWED_NOW, receive(&self, 10, 1));
    acknowledge(&self);
    assert_int_equal(NM_OWED_LATER, receive(&self, 11, 9));
    assert_int_equal(NM_OWED_NOW, receive(&self, 20, 1));
    finish(&self);
}

static void a_quarter_of_the_window_in_bytes_is_acknowledged_at_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, WIDE, 40 * ENCODED);
    assert_int_equal(NM_OWED_LATER, receive(&self, 1, 9));
    assert_int_equal(NM_OWED_NOW, receive(&self, 10, 1));
    acknowledge(&self);
    assert_int_equal(NM_OWED_LATER, receive(&self, 11, 9));
    assert_int_equal(NM_OWED_NOW, receive(&self, 20, 1));
    finish(&self);
}

/* ---- the reader ---- */

/* A sender that waits hears of room when half of the window is free, not of each message. */
static void the_reader_tells_of_half_the_window_in_messages(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10, WIDE);
    acknowledge(&self);
    nm_intake_look_again(&self.intake);
    receive(&self, 1, 10);
    assert_false(read_messages(&self, 4));
    assert_true(read_messages(&self, 1));
    assert_false(read_messages(&self, 4));
    assert_true(read_messages(&self, 1));
    finish(&self);
}

static void the_reader_tells_of_half_the_window_in_bytes(void **state)
{
    (void)state;
    scene self;
    begin(&self, WIDE, 10 * ENCODED);
    acknowledge(&self);
    nm_intake_look_again(&self.intake);
    receive(&self, 1, 10);
    assert_false(read_messages(&self, 4));
    assert_true(read_messages(&self, 1));
    assert_false(read_messages(&self, 4));
    assert_true(read_messages(&self, 1));
    finish(&self);
}

/* Frames that went for other reasons have told it already. */
static void the_reader_need_not_tell_what_other_frames_have_told(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10, WIDE);
    acknowledge(&self);
    nm_intake_look_again(&self.intake);
    receive(&self, 1, 10);
    read_messages(&self, 3);
    acknowledge(&self);
    assert_false(read_messages(&self, 4));
    assert_true(read_messages(&self, 1));
    finish(&self);
}

/* A window of one message opens with each: half of it is none. */
static void the_smallest_window_opens_with_each_message(void **state)
{
    (void)state;
    scene self;
    begin(&self, 1, WIDE);
    for (uint64_t number = 1; number <= 3; number++) {
        receive(&self, number, 1);
        assert_true(read_messages(&self, 1));
        assert_int_equal(number + 1, self.intake.advertised_messages);
    }
    finish(&self);
}

/* After the end the peer wants no room: no frames for nothing. */
static void the_reader_can_stop_telling(void **state)
{
    (void)state;
    scene self;
    begin(&self, 2, WIDE);
    receive(&self, 1, 2);
    nm_intake_look_no_more(&self.intake);
    assert_true(nm_intake_begin_frame(&self.intake));
    const uint8_t *data;
    size_t length;
    assert_false(nm_intake_read(&self.intake, &data, &length));
    assert_false(nm_intake_read(&self.intake, &data, &length));
    finish(&self);
}

/* A stream's memory serves the next call: nothing of the last one may be left. */
static void a_new_stream_begins_empty(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10, WIDE);
    receive(&self, 1, 5);
    receive(&self, 6, 5);
    read_messages(&self, 2);
    nm_intake_clear(&self.intake);
    nm_intake_begin(&self.intake, 10, WIDE);
    nm_digest_begin(&self.digest);
    self.digested = self.read = 0;
    assert_nothing_to_read(&self);
    assert_int_equal(0, acknowledge(&self).ack);
    assert_int_equal(10, acknowledge(&self).max_messages);
    receive(&self, 1, 5);
    read_messages(&self, 5);
    finish(&self);
}

/* A server keeps many calls for their memory: a long queue is not worth it. */
static void a_long_queue_is_given_back(void **state)
{
    (void)state;
    scene self;
    begin(&self, 100000, WIDE);
    receive(&self, 1, 1);
    nm_intake_clear(&self.intake);
    assert_true(self.intake.queue.capacity >= 1 && self.intake.queue.capacity <= 64);
    for (uint64_t frame = 0; frame < 100; frame++)
        receive(&self, 2 + frame * 100, 100);
    nm_intake_clear(&self.intake);
    assert_int_equal(0, self.intake.queue.capacity);
    finish(&self);
}

/* A handler that has returned leaves what waits. */
static void what_waits_can_be_dropped(void **state)
{
    (void)state;
    scene self;
    begin(&self, 10, WIDE);
    receive(&self, 1, 5);
    receive(&self, 6, 2);
    nm_intake_drop(&self.intake);
    assert_nothing_to_read(&self);
    assert_int_equal(7, acknowledge(&self).ack);
    finish(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_in_order_and_once),
        cmocka_unit_test(nothing_is_taken_after_a_gap),
        cmocka_unit_test(an_acknowledgement_is_neither_old_nor_new),
        cmocka_unit_test(messages_that_nobody_reads_count),
        cmocka_unit_test(an_end_proves_that_nothing_is_missing),
        cmocka_unit_test(an_end_may_come_without_a_new_message),
        cmocka_unit_test(a_wrong_digest_is_no_end),
        cmocka_unit_test(a_second_end_must_be_the_first),
        cmocka_unit_test(a_direction_may_begin_with_its_end),
        cmocka_unit_test(the_window_moves_with_the_reader),
        cmocka_unit_test(a_window_of_0_is_opened_once),
        cmocka_unit_test(more_messages_than_advertised_are_no_accident),
        cmocka_unit_test(a_message_may_overrun_the_window_by_itself),
        cmocka_unit_test(what_asks_for_an_answer_has_it_at_once),
        cmocka_unit_test(what_comes_again_is_acknowledged_at_once),
        cmocka_unit_test(a_gap_is_reported_once_for_each_number),
        cmocka_unit_test(a_quarter_of_the_window_in_messages_is_acknowledged_at_once),
        cmocka_unit_test(a_quarter_of_the_window_in_bytes_is_acknowledged_at_once),
        cmocka_unit_test(the_reader_tells_of_half_the_window_in_messages),
        cmocka_unit_test(the_reader_tells_of_half_the_window_in_bytes),
        cmocka_unit_test(the_reader_need_not_tell_what_other_frames_have_told),
        cmocka_unit_test(the_smallest_window_opens_with_each_message),
        cmocka_unit_test(the_reader_can_stop_telling),
        cmocka_unit_test(a_new_stream_begins_empty),
        cmocka_unit_test(a_long_queue_is_given_back),
        cmocka_unit_test(what_waits_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
