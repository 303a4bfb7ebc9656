/*
 * Both sides must compute the same digest at a stream's end, however its messages were divided into
 * frames, or complete streams would count as damaged.
 */
#include "unit/cmocka_test.h"

#include "wire/digest.h"

/* The digest of three messages: "a", "" and "bc". */
#define ABC UINT64_C(0xef8aa300932ccb13)

static uint64_t digest_of(const uint8_t *bytes, size_t length)
{
    nm_digest digest;

    nm_digest_begin(&digest);
    nm_digest_add(&digest, bytes, length);
    return nm_digest_value(&digest);
}

static nm_frame read_frame(const char *bytes, size_t length)
{
    const char *why;
    nm_frame frame;

    assert_true(nm_frame_read((const uint8_t *)bytes, length, &frame, &why));
    return frame;
}

/* The values were computed with the program xxhsum, so a peer in another language has the same. */
static void digests_are_those_of_xxh3(void **state)
{
    static const uint8_t messages[] = "\x12\x01"
                                      "a"
                                      "\x12\x00"
                                      "\x12\x02"
                                      "bc";

    (void)state;
    uint8_t counted[1000];
    for (size_t i = 0; i < sizeof(counted); i++)
        counted[i] = (uint8_t)i;
    assert_true(digest_of(NULL, 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(digest_of(messages, sizeof(messages) - 1) == ABC);
    assert_true(digest_of(counted, sizeof(counted)) == UINT64_C(0xd33dd80b46f60e50));
}

static void frames_may_be_cut_anywhere(void **state)
{
    (void)state;
    uint8_t bytes[3000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    uint64_t whole = digest_of(bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= sizeof(bytes); cut += 13) {
        nm_digest digest;

        nm_digest_begin(&digest);
        nm_digest_add(&digest, bytes, cut);
        nm_digest_value(&digest); /* does not disturb it */
        nm_digest_add(&digest, bytes + cut, sizeof(bytes) - cut);
        assert_true(nm_digest_value(&digest) == whole);
    }
}

static void a_frames_messages_are_taken_from_the_cursor_on(void **state)
{
    static const char together[] = "\x08\x01\x12\x01"
                                   "a"
                                   "\x12\x00"
                                   "\x12\x02"
                                   "bc"
                                   "\x20\x07";
    static const char apart[] = "\x12\x01"
                                "a"
                                "\x08\x01\x12\x00"
                                "\x20\x07\x12\x02"
                                "bc";
    static const char *const frames[] = {together, apart};
    static const size_t lengths[] = {sizeof(together) - 1, sizeof(apart) - 1};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        nm_frame frame = read_frame(frames[i], lengths[i]);
        nm_frame_cursor cursor = nm_frame_first(&frame);
        nm_digest digest;

        nm_digest_begin(&digest);
        nm_digest_add_messages(&digest, &frame, cursor);
        assert_true(nm_digest_value(&digest) == ABC);
        nm_frame_skip(&cursor, 1);
        nm_digest_begin(&digest);
        nm_digest_add_messages(&digest, &frame, cursor);
        assert_true(nm_digest_value(&digest) == digest_of((const uint8_t *)"\x12\x00\x12\x02"
                                                                           "bc",
                                                          6));
    }
}

/* The hash needs an alignment that the memory of a stream may not have. */
static void a_digest_may_begin_at_any_address(void **state)
{
    static uint8_t memory[sizeof(nm_digest) + NM_DIGEST_ALIGNMENT];

    (void)state;
    for (size_t i = 0; i < NM_DIGEST_ALIGNMENT; i++) {
        nm_digest *digest = (nm_digest *)(memory + i);

        nm_digest_begin(digest);
        nm_digest_add(digest,
                      (const uint8_t *)"\x12\x01"
                                       "a"
                                       "\x12\x00"
                                       "\x12\x02"
                                       "bc",
                      9);
        assert_true(nm_digest_value(digest) == ABC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_xxh3),
        cmocka_unit_test(frames_may_be_cut_anywhere),
        cmocka_unit_test(a_frames_messages_are_taken_from_the_cursor_on),
        cmocka_unit_test(a_digest_may_begin_at_any_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
