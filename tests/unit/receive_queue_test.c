/*
 * What waits to be read comes out as it came in, whichever frames were kept whole and whichever had
 * their messages copied; and it takes memory by its bytes, not by its frames.
 */
#include "unit/cmocka_test.h"
#include "unit/with_nats.h"

#include "transport/reliable/state.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_FRAME 60000

typedef struct scene {
    nm_reliable reliable;
    uint64_t next_in;  /* number of the next message; its bytes are made of that */
    uint64_t next_out; /* of the next one to be read */
    size_t kept;       /* frames that the queue owns whole */
} scene;

static void open_scene(scene *self)
{
    memset(self, 0, sizeof(*self));
    self->next_in = self->next_out = 1;
}

static size_t length_of(uint64_t number, size_t most)
{
    return (size_t)(number * 2654435761U % (most + 1));
}

/* Messages of up to `most` bytes each, and padding that belongs to no message. */
static void enqueue(scene *self, size_t count, size_t most, size_t padding)
{
    static uint8_t payload[LARGEST_FRAME + 1024];
    const char *why = NULL;
    natsMsg *message = NULL;
    uint8_t *at = payload;
    uint64_t first = self->next_in;

    uint8_t line[1024];
    for (size_t i = 0; i < count; i++, self->next_in++) {
        if (i == count / 2 && padding > 0) {
            *at++ = 0x7a; /* field 15, which nobody knows */
            at = nm_varint_write(at, padding) + padding;
        }
        memset(line, (int)(self->next_in & 0xff), sizeof(line));
        at = nm_frame_put_message(at, line, length_of(self->next_in, most));
        assert_true(at < payload + sizeof(payload) - sizeof(line));
    }
    at = nm_frame_write_control(at, &(nm_frame_control){.seq = first, .ack = 1});
    assert_int_equal(
        NATS_OK, natsMsg_Create(&message, "a", NULL, (const char *)payload, (int)(at - payload)));
    nm_frame frame;
    assert_true(nm_frame_read((const uint8_t *)natsMsg_GetData(message),
                              (size_t)natsMsg_GetDataLength(message), &frame, &why));
    bool kept;
    assert_true(nm_reliable_enqueue(&self->reliable, message, nm_frame_first(&frame), frame.count,
                                    frame.messages_size, &kept));
    if (!kept)
        natsMsg_Destroy(message);
    self->kept += kept;
}

/* Reads so many frames, or all. */
static void read_frames(scene *self, size_t frames, size_t most)
{
    nm_reliable_frame frame;
    const uint8_t *data;
    size_t length;

    for (; frames > 0 && nm_reliable_dequeue(&self->reliable, &frame); frames--) {
        for (; frame.count > 0; frame.count--, self->next_out++) {
            assert_true(nm_frame_next_message(&frame.cursor, &data, &length));
            assert_int_equal(length_of(self->next_out, most), length);
            for (size_t i = 0; i < length; i++)
                assert_int_equal(self->next_out & 0xff, data[i]);
        }
        assert_false(nm_frame_next_message(&frame.cursor, &data, &length));
        nm_reliable_frame_free(&frame);
    }
}

/* All that is left comes out, and nothing more. */
static void close_scene(scene *self, size_t most)
{
    read_frames(self, SIZE_MAX, most);
    assert_int_equal(self->next_in, self->next_out);
    assert_int_equal(0, self->reliable.queue_count);
    free(self->reliable.queue);
}

static void full_frames_are_kept(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 200; i++)
        enqueue(&self, 50, 100, 0);
    assert_int_equal(200, self.kept);
    assert_int_equal(200, self.reliable.queue_count);
    close_scene(&self, 100);
}

/* Some thousand messages each came alone: what is behind the first few lies together. */
static void small_frames_are_copied_together(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 100000; i++)
        enqueue(&self, 1, 8, 0);
    assert_true(self.kept < 100);
    assert_true(self.reliable.queue_count < 200);
    close_scene(&self, 8);
}

/* Little of a frame is messages, even of the first: nothing else is kept of it. */
static void padding_is_not_kept(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 100; i++)
        enqueue(&self, 3, 8, 50000);
    assert_int_equal(0, self.kept);
    assert_int_equal(1, self.reliable.queue_count);
    close_scene(&self, 8);
}

/* What waits owns: its places, copies, and frames with what nats.c takes for each. */
static size_t memory_of(const nm_reliable *reliable)
{
    size_t memory = reliable->queue_capacity * sizeof(nm_reliable_frame);
    for (size_t i = 0; i < reliable->queue_count; i++) {
        size_t at = (reliable->queue_first + i) % reliable->queue_capacity;
        const nm_reliable_frame *frame = &reliable->queue[at];
        memory += frame->copy_capacity;
        if (frame->message != NULL)
            memory += (size_t)natsMsg_GetDataLength(frame->message) + 256;
    }
    return memory;
}

/*
 * A frame that is just worth keeping and one of an empty message, in turn: no two copies lie behind
 * each other.
 */
static void frames_in_turn_take_twice_their_bytes(void **state)
{
    size_t bytes = 0;
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 10000; i++) {
        enqueue(&self, 11, 100, 0);
        enqueue(&self, 1, 0, 0);
    }
    for (size_t i = 0; i < self.reliable.queue_count; i++)
        bytes += (size_t)(self.reliable.queue[i].cursor.end - self.reliable.queue[i].cursor.at);
    assert_true(self.kept > 5000);
    assert_true(memory_of(&self.reliable) < 2 * bytes + 64 * 1024);
    nm_reliable_drop_received(&self.reliable);
    free(self.reliable.queue);
}

/* Frames of all sizes, a reader that is now ahead and now behind. */
static void order_stays(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    srand(7);
    for (int i = 0; i < 20000; i++) {
        bool padded = rand() % 50 == 0;
        bool large = rand() % 10 == 0;
        enqueue(&self, large ? 1 + (size_t)rand() % 60 : 1, 300, padded ? 20000 : 0);
        if (rand() % 2000 < 20)
            read_frames(&self, (size_t)rand() % 300, 300);
    }
    assert_true(self.kept > 0);
    close_scene(&self, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_frames_are_kept),
        cmocka_unit_test(small_frames_are_copied_together),
        cmocka_unit_test(padding_is_not_kept),
        cmocka_unit_test(frames_in_turn_take_twice_their_bytes),
        cmocka_unit_test(order_stays),
    };
    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
