/*
 * A length that is read wrongly cuts a message or joins two; what one reader takes and another
 * refuses is a hole for a peer.
 */
#include "unit/cmocka_test.h"

#include "base/varint.h"

#include <string.h>

/* Each number at which an encoding becomes a byte longer, and the largest one. */
static const struct {
    uint64_t value;
    const char *bytes;
    size_t size;
} numbers[] = {
    {0, "\x00", 1},
    {1, "\x01", 1},
    {0x7f, "\x7f", 1},
    {0x80, "\x80\x01", 2},
    {300, "\xac\x02", 2},
    {0x3fff, "\xff\x7f", 2},
    {0x4000, "\x80\x80\x01", 3},
    {0x200000, "\x80\x80\x80\x01", 4},
    {0x10000000, "\x80\x80\x80\x80\x01", 5},
    {UINT32_MAX, "\xff\xff\xff\xff\x0f", 5},
    {UINT64_C(1) << 35, "\x80\x80\x80\x80\x80\x01", 6},
    {UINT64_C(1) << 42, "\x80\x80\x80\x80\x80\x80\x01", 7},
    {UINT64_C(1) << 49, "\x80\x80\x80\x80\x80\x80\x80\x01", 8},
    {UINT64_C(1) << 56, "\x80\x80\x80\x80\x80\x80\x80\x80\x01", 9},
    {UINT64_C(1) << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10},
    {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static size_t read_varint(const char *bytes, size_t length, size_t longest, uint64_t *value)
{
    return nm_varint_read((const uint8_t *)bytes, length, longest, value);
}

static void numbers_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        assert_int_equal(nm_varint_size(numbers[i].value), numbers[i].size);
        uint8_t bytes[NM_VARINT_SIZE];
        assert_ptr_equal(nm_varint_write(bytes, numbers[i].value), bytes + numbers[i].size);
        assert_memory_equal(bytes, numbers[i].bytes, numbers[i].size);
    }
}

static void numbers_are_read_as_they_were_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NUMBERS; i++) {
        const uint8_t *bytes = (const uint8_t *)numbers[i].bytes;
        size_t size = numbers[i].size;
        uint64_t value = 4711;

        /* The NUL behind the literal is not part of the number. */
        assert_int_equal(nm_varint_read(bytes, size + 1, NM_VARINT_SIZE, &value), size);
        assert_true(value == numbers[i].value);
        assert_true(nm_varint_is_shortest(bytes, size));
        assert_true(nm_varint_fits(bytes, size));
    }
}

static void a_number_that_is_cut_off_is_not_read(void **state)
{
    (void)state;
    uint64_t value = 4711;
    assert_int_equal(nm_varint_read(NULL, 0, NM_VARINT_SIZE, &value), 0);
    for (size_t i = 0; i < N_NUMBERS; i++)
        for (size_t length = 0; length < numbers[i].size; length++)
            assert_int_equal(read_varint(numbers[i].bytes, length, NM_VARINT_SIZE, &value), 0);
    assert_true(value == 4711);
}

static void an_encoding_has_at_most_as_many_bytes_as_the_caller_says(void **state)
{
    (void)state;
    uint64_t value = 4711;
    assert_int_equal(read_varint("\x80\x80\x80\x80\x80\x01", 6, NM_VARINT32_SIZE, &value), 0);
    assert_int_equal(
        read_varint("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, NM_VARINT_SIZE, &value), 0);
    assert_true(value == 4711);
    /* Five bytes hold 35 bits: whether 32 are enough is the caller's to ask. */
    assert_int_equal(read_varint("\xff\xff\xff\xff\x7f", 5, NM_VARINT32_SIZE, &value), 5);
    assert_true(value == (UINT64_C(1) << 35) - 1);
}

static void padding_is_read_and_can_be_told(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        uint64_t value;
    } padded[] = {
        {"\x80\x00", 2, 0},
        {"\x81\x00", 2, 1},
        {"\xac\x82\x00", 3, 300},
        {"\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(padded) / sizeof(padded[0]); i++) {
        uint64_t value = 4711;

        assert_int_equal(read_varint(padded[i].bytes, padded[i].size, NM_VARINT_SIZE, &value),
                         padded[i].size);
        assert_true(value == padded[i].value);
        assert_false(nm_varint_is_shortest((const uint8_t *)padded[i].bytes, padded[i].size));
    }
}

static void bits_above_the_64th_are_dropped_and_can_be_told(void **state)
{
    static const char too_large[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03";

    (void)state;
    uint64_t value = 4711;
    assert_int_equal(read_varint(too_large, 10, NM_VARINT_SIZE, &value), 10);
    assert_true(value == UINT64_MAX);
    assert_true(nm_varint_is_shortest((const uint8_t *)too_large, 10));
    assert_false(nm_varint_fits((const uint8_t *)too_large, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_in_their_shortest_form),
        cmocka_unit_test(numbers_are_read_as_they_were_written),
        cmocka_unit_test(a_number_that_is_cut_off_is_not_read),
        cmocka_unit_test(an_encoding_has_at_most_as_many_bytes_as_the_caller_says),
        cmocka_unit_test(padding_is_read_and_can_be_told),
        cmocka_unit_test(bits_above_the_64th_are_dropped_and_can_be_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
