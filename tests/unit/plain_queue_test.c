/*
 * The queue of a plain stream. A message that it loses, repeats or counts wrongly is a stream that
 * ends for no reason, or memory without a bound.
 */
#include "unit/cmocka_test.h"
#include "unit/with_nats.h"

#include "transport/plain/queue.h"

#include <string.h>

#define MANY 1000000

static natsMsg *make_message(const char *text)
{
    natsMsg *message = NULL;
    assert_int_equal(NATS_OK, natsMsg_Create(&message, "a.subject", NULL, text, (int)strlen(text)));
    return message;
}

static bool add(nm_plain_queue *queue, const char *text, size_t most_messages, size_t most_bytes)
{
    natsMsg *message = make_message(text);
    const nm_plain_message entry = {message, (const uint8_t *)natsMsg_GetData(message),
                                    strlen(text)};
    bool added = nm_plain_queue_add(queue, &entry, most_messages, most_bytes);
    if (!added)
        natsMsg_Destroy(message);
    return added;
}

static void assert_next(nm_plain_queue *queue, const char *text)
{
    assert_true(nm_plain_queue_has_batch(queue));
    const nm_plain_message *message = nm_plain_queue_next(queue);
    assert_int_equal(strlen(text), message->length);
    assert_memory_equal(text, message->data, message->length);
    natsMsg *current = nm_plain_queue_take_current(queue);
    assert_ptr_equal(message->message, current);
    natsMsg_Destroy(current);
}

static void messages_are_read_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    nm_plain_queue queue = {.count = 0};
    assert_true(add(&queue, "one", MANY, MANY));
    assert_true(add(&queue, "two", MANY, MANY));
    assert_false(nm_plain_queue_has_batch(&queue));
    assert_true(nm_plain_queue_take_batch(&queue));
    assert_true(add(&queue, "three", MANY, MANY)); /* while the batch is read */
    assert_next(&queue, "one");
    assert_next(&queue, "two");
    assert_false(nm_plain_queue_has_batch(&queue));
    assert_true(nm_plain_queue_take_batch(&queue));
    assert_next(&queue, "three");
    assert_false(nm_plain_queue_take_batch(&queue));
    nm_plain_queue_free(&queue);
}

/* Else a reader that takes a batch and stops would let its peer send a queue's worth once more. */
static void a_batch_counts_until_the_next_one_is_taken(void **state)
{
    (void)state;
    nm_plain_queue queue = {.count = 0};
    assert_true(add(&queue, "one", 2, MANY));
    assert_true(add(&queue, "two", 2, MANY));
    assert_false(add(&queue, "three", 2, MANY));
    assert_true(nm_plain_queue_take_batch(&queue));
    assert_false(add(&queue, "three", 2, MANY));
    assert_next(&queue, "one");
    assert_next(&queue, "two");
    assert_false(add(&queue, "three", 2, MANY));
    assert_false(nm_plain_queue_take_batch(&queue));
    assert_true(add(&queue, "three", 2, MANY)); /* else a stream that was read to its end is lost */
    nm_plain_queue_free(&queue);
}

static void bytes_count_with_what_stands_before_them(void **state)
{
    (void)state;
    nm_plain_queue queue = {.count = 0};
    assert_true(add(&queue, "one", MANY, 1));
    assert_true(queue.bytes > strlen("a.subject") + strlen("one"));
    assert_false(add(&queue, "two", MANY, queue.bytes));
    assert_true(add(&queue, "two", MANY, queue.bytes + 1));
    nm_plain_queue_free(&queue);
}

/* Between two calls that share it. The address sanitizer sees what is lost or freed twice. */
static void a_reset_queue_is_empty_whatever_was_in_it(void **state)
{
    (void)state;
    nm_plain_queue queue = {.count = 0};
    assert_true(add(&queue, "read", MANY, MANY));
    assert_true(add(&queue, "in the batch", MANY, MANY));
    assert_true(nm_plain_queue_take_batch(&queue));
    nm_plain_queue_next(&queue); /* stays the current one */
    assert_true(add(&queue, "arrived", MANY, MANY));
    nm_plain_queue_reset(&queue);
    assert_int_equal(0, queue.count);
    assert_int_equal(0, queue.bytes);
    assert_false(nm_plain_queue_has_batch(&queue));
    assert_false(nm_plain_queue_take_batch(&queue));
    assert_true(add(&queue, "one", 1, 1));
    assert_true(nm_plain_queue_take_batch(&queue));
    assert_next(&queue, "one");
    nm_plain_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_in_the_order_in_which_they_came),
        cmocka_unit_test(a_batch_counts_until_the_next_one_is_taken),
        cmocka_unit_test(bytes_count_with_what_stands_before_them),
        cmocka_unit_test(a_reset_queue_is_empty_whatever_was_in_it),
    };
    return cmocka_run_group_tests(tests, open_nats, close_nats);
}
