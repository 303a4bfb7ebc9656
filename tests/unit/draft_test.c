/*
 * Each message of a stream is written over the one before. It must have its own number and its own
 * payload, whatever their lengths, or the reader would get another message's.
 */
#include "unit/cmocka_test.h"

#include "wire/draft.h"
#include "wire/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 300000

static void assert_composed(nm_draft *draft, char fill, size_t length, uint64_t sequence)
{
    char *data = malloc(length + 1);
    const char *value = NULL;
    const char **keys = NULL;
    int count = 0;
    natsMsg *message = NULL;

    assert_non_null(data);
    memset(data, fill, length);
    char number[32];
    snprintf(number, sizeof(number), "%" PRIu64, sequence);
    const nm_bytes pieces[] = {{data, length / 3}, {data + length / 3, length - length / 3}};
    assert_int_equal(nm_draft_compose(draft, &message, "some.inbox", pieces, 2, sequence), NATS_OK);
    assert_string_equal(natsMsg_GetSubject(message), "some.inbox");
    assert_null(natsMsg_GetReply(message));
    assert_int_equal(natsMsg_GetDataLength(message), (int)length);
    assert_memory_equal(natsMsg_GetData(message), data, length);
    assert_int_equal(natsMsgHeader_Get(message, NM_HEADER_STREAM_SEQ, &value), NATS_OK);
    assert_string_equal(value, number);
    assert_int_equal(natsMsgHeader_Keys(message, &keys, &count), NATS_OK);
    assert_int_equal(count, 1);
    free(keys);
    free(data);
}

static void each_message_has_its_own_number_and_payload(void **state)
{
    static const size_t lengths[] = {4, 4, 0, 0, 12, 4, 5, 4096, 4097, LONGEST, LONGEST, 4097, 4};
    nm_draft draft = {{NULL}};
    uint64_t sequence = 8;

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        assert_composed(&draft, (char)('a' + i), lengths[i], sequence++);
    assert_composed(&draft, 'z', 4, UINT64_MAX);
    nm_draft_clear(&draft);
}

static void a_cleared_draft_takes_another_subject(void **state)
{
    nm_draft draft = {{NULL}};
    natsMsg *message = NULL;
    const nm_bytes piece = {"data", 4};

    (void)state;
    assert_int_equal(nm_draft_compose(&draft, &message, "one", &piece, 1, 1), NATS_OK);
    nm_draft_clear(&draft);
    assert_int_equal(nm_draft_compose(&draft, &message, "two", &piece, 1, 1), NATS_OK);
    assert_string_equal(natsMsg_GetSubject(message), "two");
    nm_draft_clear(&draft);
    nm_draft_clear(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_own_number_and_payload),
        cmocka_unit_test(a_cleared_draft_takes_another_subject),
    };
    if (nats_Open(-1) != NATS_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nats_Close();
    return failed;
}
