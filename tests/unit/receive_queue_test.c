/*
 * Messages come out of the queue as they went in, whether their frames were kept whole or their
 * messages were copied. The memory that they take depends on their bytes, not on the number of
 * frames.
 */
#include "unit/cmocka_test.h"
#include "unit/with_nats.h"

#include "transport/reliable/receive_queue.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_FRAME 60000

typedef struct scene {
    nm_receive_queue queue;
    uint64_t next_in;  /* number of the next message, and the source of its bytes */
    uint64_t next_out; /* the same of the next one to be read */
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

/* Enqueues messages of up to `most` bytes each, and padding that belongs to no message. */
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
            *at++ = 0x7a; /* field 15, which does not exist */
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
    nm_arrival arrival = {.message = message,
                          .message_memory = (size_t)(at - payload),
                          .messages = nm_frame_first(&frame),
                          .count = frame.count,
                          .size = frame.messages_size};
    bool kept;
    assert_true(nm_receive_queue_add(&self->queue, &arrival, &kept));
    if (!kept)
        natsMsg_Destroy(message);
    self->kept += kept;
}

/* Reads that many frames, or fewer if there are no more. */
static void read_frames(scene *self, size_t frames, size_t most)
{
    nm_received_frame frame;
    const uint8_t *data;
    size_t length;

    for (; frames > 0 && nm_receive_queue_take(&self->queue, &frame); frames--) {
        for (; frame.count > 0; frame.count--, self->next_out++) {
            assert_true(nm_frame_next_message(&frame.cursor, &data, &length));
            assert_int_equal(length_of(self->next_out, most), length);
            for (size_t i = 0; i < length; i++)
                assert_int_equal(self->next_out & 0xff, data[i]);
        }
        assert_false(nm_frame_next_message(&frame.cursor, &data, &length));
        nm_received_frame_free(&frame);
    }
}

/* Reads the rest: all that is left comes out, and nothing more. */
static void close_scene(scene *self, size_t most)
{
    read_frames(self, SIZE_MAX, most);
    assert_int_equal(self->next_in, self->next_out);
    assert_int_equal(0, self->queue.count);
    nm_receive_queue_free(&self->queue);
}

static void full_frames_are_kept(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 200; i++)
        enqueue(&self, 50, 100, 0);
    assert_int_equal(200, self.kept);
    assert_int_equal(200, self.queue.count);
    close_scene(&self, 100);
}

/*
 * Some thousand frames of one message each: after the first few, their messages are copied
 * together.
 */
static void small_frames_are_copied_together(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 100000; i++)
        enqueue(&self, 1, 8, 0);
    assert_true(self.kept < 100);
    assert_true(self.queue.count < 200);
    close_scene(&self, 8);
}

/* Even of the first frames only the messages are kept, where these are a small part. */
static void padding_is_not_kept(void **state)
{
    (void)state;
    scene self;
    open_scene(&self);
    for (int i = 0; i < 100; i++)
        enqueue(&self, 3, 8, 50000);
    assert_int_equal(0, self.kept);
    assert_int_equal(1, self.queue.count);
    close_scene(&self, 8);
}

/*
 * Returns the memory that the queue takes: its slots, copies, and frames with what nats.c needs for
 * each.
 */
static size_t memory_of(const nm_receive_queue *queue)
{
    size_t memory = queue->capacity * sizeof(nm_received_frame);
    for (size_t i = 0; i < queue->count; i++) {
        size_t at = (queue->first + i) % queue->capacity;
        const nm_received_frame *frame = &queue->frames[at];
        memory += frame->copy_capacity;
        if (frame->message != NULL)
            memory += (size_t)natsMsg_GetDataLength(frame->message) + 256;
    }
    return memory;
}

/*
 * Frames that are just worth keeping take turns with frames of an empty message, so that no two
 * copies are neighbours.
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
    for (size_t i = 0; i < self.queue.count; i++)
        bytes += (size_t)(self.queue.frames[i].cursor.end - self.queue.frames[i].cursor.at);
    assert_true(self.kept > 5000);
    assert_true(memory_of(&self.queue) < 2 * bytes + 64 * 1024);
    nm_receive_queue_drop(&self.queue);
    nm_receive_queue_free(&self.queue);
}

/* Frames of all sizes, and a reader that is now slower and now faster than they come. */
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
