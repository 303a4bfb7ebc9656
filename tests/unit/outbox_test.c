/*
 * The outbox of a reliable stream: windows, what is published when, what an acknowledgement frees,
 * and how a loss is made good. A mistake here is a message that is lost, sent twice for ever or
 * never; a sender that waits for ever, or holds memory without bound.
 */
#include "unit/cmocka_test.h"

#include "transport/reliable/outbox.h"

#include <string.h>

#define UNLIMITED (UINT64_C(1) << 62)

/* Where each message of MESSAGE bytes fills a frame of its own. */
#define MESSAGE     40
#define ENCODED     (MESSAGE + 2)
#define MAX_PAYLOAD (NM_OUTBOX_RESERVE + ENCODED)

typedef struct scene {
    nm_outbox outbox;
    nm_headers headers;
} scene;

static void begin(scene *self, size_t max_payload)
{
    memset(self, 0, sizeof(*self));
    nm_outbox_begin(&self->outbox, max_payload, 1, 1, &self->headers);
    nm_outbox_raise_limits(&self->outbox, UNLIMITED, UNLIMITED);
}

static void finish(scene *self)
{
    nm_outbox_clear(&self->outbox);
    nm_headers_clear(&self->headers);
}

/* ---- what the sender does ---- */

static uint8_t content_of(uint64_t number)
{
    return (uint8_t)(number * 37);
}

/* A message of that length, as a thread that sends puts it into the outbox. */
static void send_message(scene *self, size_t length)
{
    static uint8_t content[64 * 1024];
    nm_outbox *outbox = &self->outbox;
    size_t encoded = nm_frame_message_size(length);
    size_t fill = nm_outbox_next_fill(outbox);
    assert_true(length <= sizeof(content));
    memset(content, content_of(outbox->last_number + 1), length);
    if (outbox->open != NULL && !nm_outbox_fits(outbox, encoded))
        nm_outbox_seal(outbox);
    if (outbox->open == NULL)
        assert_true(nm_outbox_open(outbox, encoded > fill ? encoded : fill));
    nm_outbox_append(outbox, &(nm_bytes){content, length}, 1, length);
    if (nm_outbox_is_full(outbox))
        nm_outbox_seal(outbox);
}

static void send_messages(scene *self, int count)
{
    for (int i = 0; i < count; i++)
        send_message(self, MESSAGE);
}

static void send_end(scene *self)
{
    nm_frame_outcome outcome = {.status = NULL};
    assert_true(nm_outbox_append_end(&self->outbox, NM_FRAME_SHORTEST_END, &outcome));
}

/* ---- what is published ---- */

/* The frame as its peer reads it. */
static nm_frame read_frame(const nm_segment *segment)
{
    nm_frame_control control = {.seq = segment->first};
    const uint8_t *end = nm_frame_write_control(segment->bytes + segment->length, &control);
    const char *why = NULL;
    nm_frame frame;
    assert_true(nm_frame_read(segment->bytes, (size_t)(end - segment->bytes), &frame, &why));
    nm_frame_cursor cursor = nm_frame_first(&frame);
    const uint8_t *data;
    size_t length;
    for (uint64_t number = frame.seq; nm_frame_next_message(&cursor, &data, &length); number++)
        for (size_t i = 0; i < length; i++)
            assert_int_equal(content_of(number), data[i]);
    return frame;
}

/* Publishes the next segment and says whether it asks; its numbers are these. */
static bool publish(scene *self, uint64_t first, uint64_t last)
{
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self->outbox, &next));
    nm_frame frame = read_frame(next.segment);
    assert_int_equal(first, frame.seq);
    assert_int_equal(last, nm_frame_last_number(&frame));
    assert_int_equal(last, nm_segment_last(next.segment));
    nm_outbox_end_publication(&self->outbox, next.segment, true);
    return next.ask;
}

static void assert_nothing_to_publish(scene *self)
{
    nm_publication next;
    assert_false(nm_outbox_begin_publication(&self->outbox, &next));
}

/* A message a frame; none asks for an answer. */
static void publish_each(scene *self, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++)
        assert_false(publish(self, number, number));
}

/* The same as a burst: the last one asks, and nothing follows it. */
static void publish_burst(scene *self, uint64_t first, uint64_t last)
{
    publish_each(self, first, last - 1);
    assert_true(publish(self, last, last));
    assert_nothing_to_publish(self);
}

/* ---- windows ---- */

/* A sender that goes on is cut off by its peer. */
static void the_window_in_messages_holds_the_sender(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    self.outbox.max_messages = 2;
    send_message(&self, MESSAGE);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    send_message(&self, MESSAGE);
    assert_false(nm_outbox_window_is_open(&self.outbox));
    nm_outbox_raise_limits(&self.outbox, 3, UNLIMITED);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* A message may begin before the limit: else one larger than the window never leaves. */
static void a_message_may_overrun_the_window_in_bytes_by_itself(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    self.outbox.max_bytes = 2 * ENCODED;
    send_message(&self, MESSAGE);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    send_message(&self, 1000);
    assert_false(nm_outbox_window_is_open(&self.outbox));
    /* Encodings count, not only the messages' own bytes. */
    nm_outbox_raise_limits(&self.outbox, 0, ENCODED + nm_frame_message_size(1000));
    assert_false(nm_outbox_window_is_open(&self.outbox));
    nm_outbox_raise_limits(&self.outbox, 0, ENCODED + nm_frame_message_size(1000) + 1);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* A frame that comes late says less; the sender would wait for a window that it has. */
static void limits_only_grow(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    self.outbox.max_messages = 2;
    self.outbox.max_bytes = 2 * ENCODED;
    nm_outbox_raise_limits(&self.outbox, 1, ENCODED);
    send_message(&self, MESSAGE);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* A peer that allows everything and acknowledges nothing must not make us hold everything. */
static void what_is_unacknowledged_is_bounded_in_bytes(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    while (nm_outbox_window_is_open(&self.outbox))
        send_message(&self, 10000);
    uint64_t most = NM_OUTBOX_MOST_BYTES / 10000 + 1;
    assert_true(self.outbox.last_number >= most * 9 / 10 && self.outbox.last_number <= most);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    nm_outbox_acknowledge(&self.outbox, self.outbox.published);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* Lone messages take a segment each, which is many times their size. */
static void segments_count_beside_their_messages(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    while (nm_outbox_window_is_open(&self.outbox))
        send_message(&self, MESSAGE);
    assert_true(self.outbox.last_number * (MESSAGE + sizeof(nm_segment)) < NM_OUTBOX_MOST_BYTES);
    finish(&self);
}

static void what_is_unacknowledged_is_bounded_in_messages(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    while (nm_outbox_window_is_open(&self.outbox))
        send_message(&self, 1);
    assert_int_equal(NM_OUTBOX_MOST_MESSAGES, self.outbox.last_number);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    nm_outbox_acknowledge(&self.outbox, 2000);
    for (int i = 0; i < 2000; i++) {
        assert_true(nm_outbox_window_is_open(&self.outbox));
        send_message(&self, 1);
    }
    assert_false(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* A user who sets a large window wants to have as much under way. */
static void a_larger_window_of_our_own_raises_both_bounds(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    nm_outbox_begin(&self.outbox, MAX_PAYLOAD, 2 * NM_OUTBOX_MOST_MESSAGES,
                    2 * NM_OUTBOX_MOST_BYTES, NULL);
    nm_outbox_raise_limits(&self.outbox, UNLIMITED, UNLIMITED);
    self.outbox.last_number = NM_OUTBOX_MOST_MESSAGES;
    self.outbox.unacknowledged_bytes = NM_OUTBOX_MOST_BYTES;
    assert_true(nm_outbox_window_is_open(&self.outbox));
    self.outbox.unacknowledged_bytes = 2 * NM_OUTBOX_MOST_BYTES;
    assert_false(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* Else the sender runs out of window after a while, and waits for ever. */
static void all_that_is_acknowledged_makes_room(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    for (uint64_t number = 1; number <= 100; number++) {
        send_message(&self, MESSAGE);
        publish_each(&self, number, number);
        nm_outbox_acknowledge(&self.outbox, number);
    }
    assert_int_equal(0, self.outbox.unacknowledged_bytes);
    finish(&self);
}

/* ---- before the peer is heard ---- */

static void begin_unheard(scene *self, uint64_t max_messages, uint64_t max_bytes)
{
    memset(self, 0, sizeof(*self));
    nm_outbox_begin(&self->outbox, 64 * 1024, 1, 1, &self->headers);
    nm_outbox_begin_unheard(&self->outbox, max_messages, max_bytes);
}

static void send_while_open(scene *self, size_t length)
{
    while (nm_outbox_window_is_open(&self->outbox))
        send_message(self, length);
}

/* Else an opening with a stranger's NATS reply brings that stranger a whole window. */
static void a_peer_that_was_not_heard_gets_little(void **state)
{
    (void)state;
    scene self;
    begin_unheard(&self, UNLIMITED, UNLIMITED);
    send_while_open(&self, 1000);
    assert_true(self.outbox.bytes < NM_OUTBOX_UNHEARD_BYTES + 1000);
    assert_true(self.outbox.bytes > NM_OUTBOX_UNHEARD_BYTES * 9 / 10);
    /* What is published is not acknowledged. */
    nm_outbox_seal(&self.outbox);
    nm_publication next;
    while (nm_outbox_begin_publication(&self.outbox, &next))
        nm_outbox_end_publication(&self.outbox, next.segment, true);
    assert_false(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* Else a large message never leaves, and the call ends by silence. */
static void a_peer_that_was_not_heard_gets_a_message_of_any_size(void **state)
{
    (void)state;
    scene self;
    memset(&self, 0, sizeof(self));
    nm_outbox_begin(&self.outbox, 1024 * 1024, 1, 1, &self.headers);
    nm_outbox_begin_unheard(&self.outbox, UNLIMITED, UNLIMITED);
    static const uint8_t large[2 * NM_OUTBOX_UNHEARD_BYTES];
    assert_true(nm_outbox_window_is_open(&self.outbox));
    assert_true(nm_outbox_open(&self.outbox, nm_frame_message_size(sizeof(large))));
    nm_outbox_append(&self.outbox, &(nm_bytes){large, sizeof(large)}, 1, sizeof(large));
    assert_false(nm_outbox_window_is_open(&self.outbox));
    finish(&self);
}

/* Messages without bytes take room in frames, lone ones a segment each. */
static void small_messages_count_before_the_peer_is_heard(void **state)
{
    (void)state;
    scene self;
    begin_unheard(&self, UNLIMITED, UNLIMITED);
    send_while_open(&self, 0);
    assert_int_equal(NM_OUTBOX_UNHEARD_BYTES / 2, self.outbox.last_number);
    finish(&self);

    begin_unheard(&self, UNLIMITED, UNLIMITED);
    while (nm_outbox_window_is_open(&self.outbox)) {
        send_message(&self, 1);
        nm_outbox_seal(&self.outbox);
        nm_publication next;
        if (nm_outbox_begin_publication(&self.outbox, &next))
            nm_outbox_end_publication(&self.outbox, next.segment, true);
    }
    assert_true(self.outbox.last_number * sizeof(nm_segment) < NM_OUTBOX_UNHEARD_BYTES);
    finish(&self);
}

/* The caller's own limits are smaller than what it may be sent unheard. */
static void the_limits_of_the_opening_count_before_the_peer_is_heard(void **state)
{
    (void)state;
    scene self;
    begin_unheard(&self, 3, UNLIMITED);
    send_while_open(&self, 1);
    assert_int_equal(3, self.outbox.last_number);
    finish(&self);
    begin_unheard(&self, UNLIMITED, 500);
    send_while_open(&self, 100);
    assert_int_equal(5, self.outbox.last_number);
    finish(&self);
}

/* Its first frame may acknowledge nothing yet: the window is what it allows. */
static void a_peer_that_was_heard_gets_the_whole_window(void **state)
{
    (void)state;
    scene self;
    begin_unheard(&self, UNLIMITED, NM_OUTBOX_MOST_BYTES);
    send_while_open(&self, 10000);
    nm_outbox_hear(&self.outbox);
    nm_outbox_raise_limits(&self.outbox, UNLIMITED, NM_OUTBOX_MOST_BYTES);
    assert_true(nm_outbox_window_is_open(&self.outbox));
    send_while_open(&self, 10000);
    assert_true(self.outbox.bytes > NM_OUTBOX_MOST_BYTES * 9 / 10);
    finish(&self);
}

/* ---- publishing ---- */

static void messages_are_published_once_and_in_order(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    assert_nothing_to_publish(&self);
    send_messages(&self, 3);
    publish_each(&self, 1, 3);
    assert_nothing_to_publish(&self);
    send_messages(&self, 2);
    publish_each(&self, 4, 5);
    assert_nothing_to_publish(&self);
    finish(&self);
}

/* Else each frame is smaller than it could be, and costs as much. */
static void a_frame_is_filled_to_its_last_byte(void **state)
{
    (void)state;
    scene self;
    begin(&self, NM_OUTBOX_RESERVE + 2 * ENCODED);
    send_messages(&self, 2);
    publish(&self, 1, 2);
    finish(&self);
}

/* An open segment may still be filled. */
static void what_is_open_is_not_published(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 3);
    assert_nothing_to_publish(&self);
    nm_outbox_seal(&self.outbox);
    publish(&self, 1, 3);
    finish(&self);
}

/* nats.c may be out of room, or between two connections: the message is not lost. */
static void what_nats_did_not_take_is_published_again(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 2);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_false(next.again);
    nm_outbox_end_publication(&self.outbox, next.segment, false);
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_true(next.again);
    assert_int_equal(1, next.segment->first);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    publish_each(&self, 2, 2);
    finish(&self);
}

/* The clocks start with the first message that waits for an acknowledgement. */
static void the_only_one_that_is_unacknowledged_is_told(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 3);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_true(next.only);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_false(next.only);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    assert_false(nm_outbox_acknowledge(&self.outbox, 2)); /* no recovery */
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_true(next.only);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    finish(&self);
}

/* Messages that were sealed one by one while the connection was down: few frames, not thousands. */
static void short_segments_that_wait_become_one(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    for (int i = 0; i < 100; i++) {
        send_message(&self, MESSAGE);
        nm_outbox_seal(&self.outbox);
    }
    publish(&self, 1, 100);
    assert_nothing_to_publish(&self);
    nm_outbox_acknowledge(&self.outbox, 100);
    assert_int_equal(0, self.outbox.unacknowledged_bytes);
    finish(&self);
}

/* But no frame is larger than the broker takes. */
static void joined_segments_stay_within_a_frame(void **state)
{
    (void)state;
    scene self;
    begin(&self, NM_OUTBOX_RESERVE + 3 * ENCODED);
    for (int i = 0; i < 8; i++) {
        send_message(&self, MESSAGE);
        nm_outbox_seal(&self.outbox);
    }
    publish(&self, 1, 3);
    publish(&self, 4, 6);
    publish(&self, 7, 8);
    assert_nothing_to_publish(&self);
    finish(&self);
}

/* Else a loss among lone messages costs a frame for each of them. */
static void short_segments_that_go_again_become_one(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    for (uint64_t number = 1; number <= 100; number++) {
        send_message(&self, MESSAGE);
        nm_outbox_seal(&self.outbox);
        publish_each(&self, number, number);
    }
    send_message(&self, MESSAGE);
    nm_outbox_seal(&self.outbox);
    nm_outbox_go_back(&self.outbox);
    assert_false(publish(&self, 1, 100));
    assert_true(publish(&self, 101, 101)); /* goes for the first time */
    finish(&self);
}

/* Else a slow reader's few messages hold a whole frame each until they are acknowledged. */
static void what_waits_takes_memory_by_its_bytes(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_message(&self, MESSAGE);
    assert_true(self.outbox.open->capacity > 10000);
    nm_outbox_seal(&self.outbox);
    assert_true(self.outbox.unacknowledged->capacity < 100);
    finish(&self);
}

/* Else each frame of a long stream is an allocation. */
static void memory_of_full_frames_is_used_again(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 1);
    const nm_segment *first = self.outbox.unacknowledged;
    publish_each(&self, 1, 1);
    nm_outbox_acknowledge(&self.outbox, 1);
    assert_ptr_equal(first, self.outbox.recycled.first);
    assert_true(nm_outbox_open(&self.outbox, self.outbox.fill));
    assert_ptr_equal(first, self.outbox.open);
    assert_int_equal(0, self.outbox.recycled.bytes);
    finish(&self);
}

/* And a pool of small ones is of no use, as the next frame may be larger. */
static void memory_of_lone_messages_is_freed(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    assert_true(nm_outbox_open(&self.outbox, ENCODED));
    send_message(&self, MESSAGE);
    nm_outbox_seal(&self.outbox);
    publish_each(&self, 1, 1);
    nm_outbox_acknowledge(&self.outbox, 1);
    assert_null(self.outbox.recycled.first);
    finish(&self);
}

/* ---- acknowledgements ---- */

/* A frame of which the peer has taken a part must come whole again. */
static void a_segment_is_kept_until_all_of_it_is_acknowledged(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 3);
    nm_outbox_seal(&self.outbox);
    publish(&self, 1, 3);
    nm_outbox_acknowledge(&self.outbox, 2);
    assert_true(nm_outbox_is_outstanding(&self.outbox));
    nm_outbox_go_back(&self.outbox);
    assert_true(publish(&self, 1, 3));
    nm_outbox_acknowledge(&self.outbox, 3);
    assert_false(nm_outbox_is_outstanding(&self.outbox));
    nm_outbox_go_back(&self.outbox);
    assert_nothing_to_publish(&self);
    finish(&self);
}

/* An acknowledgement may come while nats.c still reads the segment: its bytes must stay. */
static void a_segment_stays_while_it_is_published(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 2);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    nm_outbox_acknowledge(&self.outbox, 1);
    send_messages(&self, 2); /* would take its memory */
    assert_int_equal(1, read_frame(next.segment).seq);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    publish_each(&self, 2, 4);
    finish(&self);
}

/* So must they when the call ends meanwhile. */
static void a_segment_stays_when_everything_is_dropped(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 2);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    nm_outbox_drop(&self.outbox);
    assert_int_equal(1, read_frame(next.segment).seq);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    assert_nothing_to_publish(&self);
    finish(&self);
}

/* ---- after a loss ---- */

/* All at once would be the whole window again for each message of it that gets lost. */
static void what_was_lost_goes_again_in_bursts(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 40);
    publish_each(&self, 1, 40);
    nm_outbox_go_back(&self.outbox);
    publish_burst(&self, 1, 4);
    assert_true(nm_outbox_acknowledge(&self.outbox, 4));
    publish_burst(&self, 5, 12);
    assert_true(nm_outbox_acknowledge(&self.outbox, 12));
    publish_burst(&self, 13, 28);
    assert_true(nm_outbox_acknowledge(&self.outbox, 28));
    publish_burst(&self, 29, 40); /* the last of all asks, too */
    assert_false(nm_outbox_acknowledge(&self.outbox, 40));
    send_messages(&self, 2);
    publish_each(&self, 41, 42);
    finish(&self);
}

/* The next loss begins with few frames again. */
static void each_loss_begins_with_a_small_burst(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 40);
    publish_each(&self, 1, 40);
    nm_outbox_go_back(&self.outbox);
    publish_burst(&self, 1, 4);
    nm_outbox_acknowledge(&self.outbox, 4);
    publish_burst(&self, 5, 12);
    nm_outbox_acknowledge(&self.outbox, 6);
    nm_outbox_go_back(&self.outbox);
    publish_burst(&self, 7, 10);
    finish(&self);
}

/* Else the peer drops them after the gap, and they go twice. */
static void new_messages_wait_for_the_recovery(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 6);
    publish_each(&self, 1, 6);
    nm_outbox_go_back(&self.outbox);
    publish_burst(&self, 1, 4);
    send_messages(&self, 20);
    assert_nothing_to_publish(&self);
    assert_true(nm_outbox_has_unpublished(&self.outbox));
    nm_outbox_acknowledge(&self.outbox, 4);
    publish_burst(&self, 5, 12);
    /* The peer has all that was published before the loss: the others need no bursts. */
    assert_true(nm_outbox_acknowledge(&self.outbox, 6));
    publish_each(&self, 13, 26);
    finish(&self);
}

/* A loss is found while a segment is being published: it must not be passed over. */
static void going_back_begins_after_the_segment_that_is_being_published(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    send_messages(&self, 3);
    publish_each(&self, 1, 2);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    nm_outbox_go_back(&self.outbox);
    nm_outbox_end_publication(&self.outbox, next.segment, true);
    publish_burst(&self, 1, 3);
    finish(&self);
}

/* Each frame beyond a gap may report it; the window goes again once. */
static void a_gap_is_honoured_once_for_each_number(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    assert_false(nm_outbox_take_gap(&self.outbox, 0)); /* nothing was sent */
    send_messages(&self, 3);
    publish_each(&self, 1, 3);
    assert_true(nm_outbox_take_gap(&self.outbox, 0));
    assert_false(nm_outbox_take_gap(&self.outbox, 0));
    publish_burst(&self, 1, 3);
    nm_outbox_acknowledge(&self.outbox, 1);
    assert_false(nm_outbox_take_gap(&self.outbox, 0)); /* an old frame that came late */
    assert_true(nm_outbox_take_gap(&self.outbox, 1));
    publish_burst(&self, 2, 3);
    nm_outbox_acknowledge(&self.outbox, 3);
    assert_false(nm_outbox_take_gap(&self.outbox, 3)); /* nothing lacks */
    finish(&self);
}

/* ---- another max_payload ---- */

static nm_refit refit(scene *self, size_t max_payload)
{
    nm_oversize oversize;
    return nm_outbox_refit(&self->outbox, max_payload, &oversize);
}

/* Fills a frame with messages and publishes it, for a broker that takes 64 KiB. */
static void begin_with_a_frame_out(scene *self, int messages)
{
    begin(self, 64 * 1024);
    send_messages(self, messages);
    nm_outbox_seal(&self->outbox);
    publish(self, 1, (uint64_t)messages);
}

/* Else what is under way never passes, and the stream stands still until it counts as dead. */
static void what_was_published_is_cut_anew_for_a_smaller_max_payload(void **state)
{
    (void)state;
    scene self;
    begin_with_a_frame_out(&self, 7);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 3 * ENCODED));
    nm_outbox_go_back(&self.outbox);
    assert_false(publish(&self, 1, 3));
    assert_false(publish(&self, 4, 6));
    assert_true(publish(&self, 7, 7));
    assert_nothing_to_publish(&self);
    nm_outbox_acknowledge(&self.outbox, 7);
    assert_int_equal(0, self.outbox.unacknowledged_bytes);
    finish(&self);
}

/* Else they grow together again, beyond the new limit. */
static void what_was_cut_anew_stays_within_a_frame(void **state)
{
    (void)state;
    scene self;
    begin_with_a_frame_out(&self, 3);
    send_message(&self, MESSAGE);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 2 * ENCODED));
    publish(&self, 4, 4); /* was open, and is sealed for the new limit */
    send_messages(&self, 3);
    nm_outbox_seal(&self.outbox);
    nm_outbox_go_back(&self.outbox);
    assert_false(publish(&self, 1, 2));
    assert_false(publish(&self, 3, 4));
    assert_false(publish(&self, 5, 6));
    assert_true(publish(&self, 7, 7));
    finish(&self);
}

/* What fits stays as it is; and so does everything when the limit grows. */
static void what_fits_is_not_cut(void **state)
{
    (void)state;
    scene self;
    begin_with_a_frame_out(&self, 3);
    assert_int_equal(NM_REFIT_NOTHING, refit(&self, NM_OUTBOX_RESERVE + 3 * ENCODED));
    assert_int_equal(NM_REFIT_NOTHING, refit(&self, 1024 * 1024));
    nm_outbox_go_back(&self.outbox);
    assert_true(publish(&self, 1, 3));
    finish(&self);
}

/* The peer has the first ones already: it must not get a message twice, nor wait for one. */
static void an_acknowledgement_may_come_in_the_middle_of_what_is_cut(void **state)
{
    (void)state;
    scene self;
    begin_with_a_frame_out(&self, 6);
    nm_outbox_acknowledge(&self.outbox, 3);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 2 * ENCODED));
    nm_outbox_go_back(&self.outbox);
    assert_false(publish(&self, 3, 4)); /* 1 and 2 are freed; the peer passes over 3 */
    assert_true(publish(&self, 5, 6));
    nm_outbox_acknowledge(&self.outbox, 6);
    assert_int_equal(0, self.outbox.unacknowledged_bytes);
    finish(&self);
}

/* The user is told which, and how large it may be. */
static void a_message_that_is_too_large_by_itself_is_named(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 2);
    send_message(&self, 1000);
    nm_outbox_seal(&self.outbox);
    nm_oversize oversize = {.number = 0};
    assert_int_equal(NM_REFIT_OVERSIZE,
                     nm_outbox_refit(&self.outbox, NM_OUTBOX_RESERVE + 500, &oversize));
    assert_int_equal(3, oversize.number);
    assert_int_equal(1000, oversize.size);
    assert_int_equal(500, oversize.room);
    assert_false(oversize.is_end);
    finish(&self);
}

/* One that the peer has does not go again: it ends no call. */
static void a_message_that_the_peer_has_may_be_too_large(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_message(&self, 1000);
    send_messages(&self, 2);
    nm_outbox_seal(&self.outbox);
    publish(&self, 1, 3);
    nm_outbox_acknowledge(&self.outbox, 1);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 500));
    nm_outbox_go_back(&self.outbox);
    assert_true(publish(&self, 2, 3));
    finish(&self);
}

/* The peer's digest is over the same messages, however they came. */
static void an_end_goes_in_a_frame_of_its_own_where_it_must(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 2);
    send_end(&self);
    publish(&self, 1, 3);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 2 * ENCODED));
    nm_outbox_go_back(&self.outbox);
    assert_false(publish(&self, 1, 2));
    assert_true(publish(&self, 3, 3));
    nm_oversize oversize = {.number = 0};
    assert_int_equal(NM_REFIT_OVERSIZE,
                     nm_outbox_refit(&self.outbox, NM_OUTBOX_RESERVE + 5, &oversize));
    assert_int_equal(1, oversize.number);
    nm_outbox_acknowledge(&self.outbox, 2);
    assert_int_equal(NM_REFIT_OVERSIZE,
                     nm_outbox_refit(&self.outbox, NM_OUTBOX_RESERVE + 5, &oversize));
    assert_int_equal(3, oversize.number);
    assert_true(oversize.is_end);
    finish(&self);
}

/* Headers go with number 1, which has less room for them. */
static void headers_stay_with_number_1_when_it_is_cut(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    assert_true(nm_headers_add(&self.headers, "X-Name", "value"));
    size_t size = nm_frame_headers_size(&self.headers);
    send_messages(&self, 4);
    nm_outbox_seal(&self.outbox);
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + size + ENCODED));
    for (uint64_t number = 1; number <= 4; number++) {
        nm_publication next;
        assert_true(nm_outbox_begin_publication(&self.outbox, &next));
        nm_frame frame = read_frame(next.segment);
        assert_int_equal(number, nm_frame_last_number(&frame));
        nm_frame_header_cursor headers = nm_frame_headers(&frame);
        nm_frame_header header;
        assert_int_equal(number == 1, nm_frame_next_header(&headers, &header));
        nm_outbox_end_publication(&self.outbox, next.segment, true);
    }
    finish(&self);
}

/* A thread still publishes the old frame: its bytes stay, and the rest goes after it. */
static void a_segment_is_cut_while_it_is_published(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 4);
    nm_outbox_seal(&self.outbox);
    nm_publication next;
    assert_true(nm_outbox_begin_publication(&self.outbox, &next));
    assert_int_equal(NM_REFIT_CUT, refit(&self, NM_OUTBOX_RESERVE + 2 * ENCODED));
    nm_outbox_end_publication(&self.outbox, next.segment, false);
    assert_false(publish(&self, 1, 2));
    assert_false(publish(&self, 3, 4));
    assert_nothing_to_publish(&self);
    finish(&self);
}

/* A user's metrics would count messages again. */
static void cutting_changes_no_figures(void **state)
{
    (void)state;
    scene self;
    begin_with_a_frame_out(&self, 7);
    refit(&self, NM_OUTBOX_RESERVE + 3 * ENCODED);
    assert_int_equal(7 * MESSAGE, nm_outbox_message_bytes(&self.outbox));
    assert_int_equal(7, self.outbox.last_number);
    assert_int_equal(7 * MESSAGE + 3 * NM_SEGMENT_OVERHEAD, self.outbox.unacknowledged_bytes);
    finish(&self);
}

/* ---- the first and the last ---- */

/* The user's response headers must come with whatever is number 1, and only there. */
static void headers_go_with_number_1(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    assert_true(nm_headers_add(&self.headers, "X-Name", "value"));
    size_t room = nm_outbox_room(&self.outbox, 64 * 1024);
    assert_int_equal(64 * 1024 - NM_OUTBOX_RESERVE - nm_frame_headers_size(&self.headers), room);
    for (int i = 0; i < 2; i++) {
        send_message(&self, MESSAGE);
        nm_outbox_seal(&self.outbox);
        nm_publication next;
        assert_true(nm_outbox_begin_publication(&self.outbox, &next));
        nm_frame frame = read_frame(next.segment);
        nm_frame_header_cursor headers = nm_frame_headers(&frame);
        nm_frame_header header;
        assert_int_equal(i == 0, nm_frame_next_header(&headers, &header));
        nm_outbox_end_publication(&self.outbox, next.segment, true);
    }
    assert_int_equal(64 * 1024 - NM_OUTBOX_RESERVE, nm_outbox_room(&self.outbox, 64 * 1024));
    finish(&self);
}

/* A message that fills what they leave has its place after them. */
static void a_frame_holds_headers_and_a_message(void **state)
{
    static const char value[] =
        "a value that is longer than all control fields of a frame together";
    (void)state;
    scene self;
    begin(&self, 0);
    assert_true(nm_headers_add(&self.headers, "X-Name", value));
    size_t size = NM_OUTBOX_RESERVE + nm_frame_headers_size(&self.headers) + ENCODED;
    nm_outbox_begin(&self.outbox, size, 1, 1, &self.headers);
    send_message(&self, MESSAGE);
    publish_each(&self, 1, 1);
    finish(&self);
}

/* Else headers as large as a frame make the room for messages wrap around. */
static void headers_may_leave_no_room(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    assert_true(nm_headers_add(&self.headers, "X-Name", "a value that is longer than the frame"));
    assert_int_equal(0, nm_outbox_room(&self.outbox, MAX_PAYLOAD));
    finish(&self);
}

/*
 * The digest is the peer's proof that it has everything. The end goes into the open segment, or
 * after one that waits, or after one that is out.
 */
static void an_end_has_the_digest_of_all_messages(void **state)
{
    enum { OPEN, WAITING, OUT };
    (void)state;
    for (int before = OPEN; before <= OUT; before++) {
        scene self;
        begin(&self, 64 * 1024);
        assert_true(nm_headers_add(&self.headers, "X-Name", "value")); /* are no messages */
        send_messages(&self, 3);
        nm_digest digest;
        nm_digest_begin(&digest);
        size_t headers = nm_frame_headers_size(&self.headers);
        nm_digest_add(&digest, self.outbox.open->bytes + headers, 3 * ENCODED);
        if (before != OPEN)
            nm_outbox_seal(&self.outbox);
        if (before == OUT)
            publish(&self, 1, 3);
        send_end(&self);
        assert_true(self.outbox.ended);
        assert_int_equal(4, self.outbox.last_number);
        nm_publication next;
        assert_true(nm_outbox_begin_publication(&self.outbox, &next));
        nm_frame frame = read_frame(next.segment);
        assert_int_equal(before == OUT ? 4 : 1, frame.seq);
        assert_int_equal(4, nm_frame_last_number(&frame));
        assert_int_equal(4, nm_segment_last(next.segment));
        assert_true(nm_digest_value(&digest) == frame.end.digest);
        assert_true(next.ask); /* its acknowledgement ends the call */
        nm_outbox_end_publication(&self.outbox, next.segment, true);
        finish(&self);
    }
}

/* Where the last frame is full, the end goes in one of its own. */
static void an_end_fits_into_a_frame_of_its_own(void **state)
{
    (void)state;
    scene self;
    begin(&self, NM_OUTBOX_RESERVE + NM_FRAME_SHORTEST_END);
    send_message(&self, NM_FRAME_SHORTEST_END - 5);
    assert_non_null(self.outbox.open);
    send_end(&self);
    publish_each(&self, 1, 1);
    assert_true(publish(&self, 2, 2));
    finish(&self);
}

/* A client's opening was number 1: until the service acknowledges it, the client asks. */
static void a_direction_that_began_with_its_end_waits_for_the_peer(void **state)
{
    (void)state;
    scene self;
    begin(&self, MAX_PAYLOAD);
    nm_outbox_begin_ended(&self.outbox);
    assert_true(self.outbox.ended);
    assert_true(nm_outbox_is_outstanding(&self.outbox));
    assert_nothing_to_publish(&self);
    nm_outbox_acknowledge(&self.outbox, 1);
    assert_false(nm_outbox_is_outstanding(&self.outbox));
    finish(&self);
}

/* A user's metrics would count messages twice that went twice. */
static void message_bytes_count_once(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    send_messages(&self, 3);
    assert_int_equal(3 * MESSAGE, nm_outbox_message_bytes(&self.outbox));
    nm_outbox_seal(&self.outbox);
    publish(&self, 1, 3);
    nm_outbox_go_back(&self.outbox);
    publish(&self, 1, 3);
    send_message(&self, 7);
    assert_int_equal(3 * MESSAGE + 7, nm_outbox_message_bytes(&self.outbox));
    finish(&self);
}

/* A server keeps many calls for their memory: they must hold little of it. */
static void nothing_is_held_between_calls(void **state)
{
    (void)state;
    scene self;
    begin(&self, 64 * 1024);
    for (int i = 0; i < 100; i++)
        send_message(&self, 20000);
    nm_outbox_drop(&self.outbox);
    assert_true(self.outbox.recycled.bytes > 0); /* recycled while the call runs */
    nm_outbox_clear(&self.outbox);
    assert_int_equal(0, self.outbox.recycled.bytes);
    assert_null(self.outbox.recycled.first);
    finish(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_in_messages_holds_the_sender),
        cmocka_unit_test(a_message_may_overrun_the_window_in_bytes_by_itself),
        cmocka_unit_test(limits_only_grow),
        cmocka_unit_test(what_is_unacknowledged_is_bounded_in_bytes),
        cmocka_unit_test(segments_count_beside_their_messages),
        cmocka_unit_test(what_is_unacknowledged_is_bounded_in_messages),
        cmocka_unit_test(a_larger_window_of_our_own_raises_both_bounds),
        cmocka_unit_test(a_peer_that_was_not_heard_gets_little),
        cmocka_unit_test(a_peer_that_was_not_heard_gets_a_message_of_any_size),
        cmocka_unit_test(small_messages_count_before_the_peer_is_heard),
        cmocka_unit_test(the_limits_of_the_opening_count_before_the_peer_is_heard),
        cmocka_unit_test(a_peer_that_was_heard_gets_the_whole_window),
        cmocka_unit_test(all_that_is_acknowledged_makes_room),
        cmocka_unit_test(messages_are_published_once_and_in_order),
        cmocka_unit_test(a_frame_is_filled_to_its_last_byte),
        cmocka_unit_test(what_is_open_is_not_published),
        cmocka_unit_test(what_nats_did_not_take_is_published_again),
        cmocka_unit_test(the_only_one_that_is_unacknowledged_is_told),
        cmocka_unit_test(short_segments_that_wait_become_one),
        cmocka_unit_test(joined_segments_stay_within_a_frame),
        cmocka_unit_test(short_segments_that_go_again_become_one),
        cmocka_unit_test(what_waits_takes_memory_by_its_bytes),
        cmocka_unit_test(memory_of_full_frames_is_used_again),
        cmocka_unit_test(memory_of_lone_messages_is_freed),
        cmocka_unit_test(a_segment_is_kept_until_all_of_it_is_acknowledged),
        cmocka_unit_test(a_segment_stays_while_it_is_published),
        cmocka_unit_test(a_segment_stays_when_everything_is_dropped),
        cmocka_unit_test(what_was_lost_goes_again_in_bursts),
        cmocka_unit_test(each_loss_begins_with_a_small_burst),
        cmocka_unit_test(new_messages_wait_for_the_recovery),
        cmocka_unit_test(going_back_begins_after_the_segment_that_is_being_published),
        cmocka_unit_test(a_gap_is_honoured_once_for_each_number),
        cmocka_unit_test(what_was_published_is_cut_anew_for_a_smaller_max_payload),
        cmocka_unit_test(what_was_cut_anew_stays_within_a_frame),
        cmocka_unit_test(what_fits_is_not_cut),
        cmocka_unit_test(an_acknowledgement_may_come_in_the_middle_of_what_is_cut),
        cmocka_unit_test(a_message_that_is_too_large_by_itself_is_named),
        cmocka_unit_test(a_message_that_the_peer_has_may_be_too_large),
        cmocka_unit_test(an_end_goes_in_a_frame_of_its_own_where_it_must),
        cmocka_unit_test(headers_stay_with_number_1_when_it_is_cut),
        cmocka_unit_test(a_segment_is_cut_while_it_is_published),
        cmocka_unit_test(cutting_changes_no_figures),
        cmocka_unit_test(headers_go_with_number_1),
        cmocka_unit_test(a_frame_holds_headers_and_a_message),
        cmocka_unit_test(headers_may_leave_no_room),
        cmocka_unit_test(an_end_has_the_digest_of_all_messages),
        cmocka_unit_test(an_end_fits_into_a_frame_of_its_own),
        cmocka_unit_test(a_direction_that_began_with_its_end_waits_for_the_peer),
        cmocka_unit_test(message_bytes_count_once),
        cmocka_unit_test(nothing_is_held_between_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
