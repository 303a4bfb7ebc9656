/*
 * Anybody may ask a service for a part of its schema, with any bytes. What is no question gets an
 * answer that says what one looks like.
 */
#include "unit/cmocka_test.h"

#include "base/base64.h"
#include "discovery/part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL 1000

static natsmicro_status ask_bytes(const void *question, size_t length, size_t *offset)
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_part_read((nm_bytes){question, length}, TOTAL, offset, &error);
    if (status != NATSMICRO_OK)
        assert_string_equal(error.text,
                            "ask for a part of the schema with {\"offset\":n}, n from 0 to 1000");
    nm_error_clear(&error);
    return status;
}

static natsmicro_status ask(const char *question, size_t *offset)
{
    /* from the heap, so that a sanitizer sees what is read after its end */
    const size_t length = strlen(question);
    char *copy = malloc(length + 1);
    memcpy(copy, question, length);
    natsmicro_status status = ask_bytes(copy, length, offset);
    free(copy);
    return status;
}

static void questions_have_an_offset(void **state)
{
    (void)state;
    size_t offset;
    assert_int_equal(NATSMICRO_OK, ask("{\"offset\":0}", &offset));
    assert_int_equal(offset, 0);
    assert_int_equal(NATSMICRO_OK, ask(" { \"offset\" : 999, \"more\": [] } ", &offset));
    assert_int_equal(offset, 999);
    assert_int_equal(NATSMICRO_OK, ask("{\"offset\":1000}", &offset));
    assert_int_equal(offset, 1000);
}

static void what_is_no_question_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "0",
                                        "{}",
                                        "[]",
                                        "null",
                                        "{\"offset\":-1}",
                                        "{\"offset\":1001}",
                                        "{\"offset\":9223372036854775807}",
                                        "{\"offset\":9223372036854775808}",
                                        "{\"offset\":18446744073709551616}",
                                        "{\"offset\":1e2}",
                                        "{\"offset\":0.0}",
                                        "{\"offset\":1e999}",
                                        "{\"offset\":\"0\"}",
                                        "{\"offset\":null}",
                                        "{\"offset\":[0]}",
                                        "{\"offset\":0,\"offset\":1}",
                                        "{\"offset\":0",
                                        "{\"offset\":0}}",
                                        "{\"\\u0000offset\":0}",
                                        "{\"offset\":0,\"\xff\":0}",
                                        "\xef\xbb\xbf{\"offset\":0}"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        size_t offset;
        assert_int_equal(NATSMICRO_INVALID_ARGUMENT, ask(wrong[i], &offset));
    }
    size_t offset;
    assert_int_equal(NATSMICRO_INVALID_ARGUMENT, ask_bytes("{\"offset\":0}\0", 13, &offset));
}

static void long_and_deep_questions_are_not_read(void **state)
{
    const size_t length = NM_PART_QUESTION_LIMIT + 1;
    char *question = malloc(length);

    (void)state;
    memset(question, ' ', length);
    memcpy(question, "{\"offset\":0}", 12);
    size_t offset;
    assert_int_equal(NATSMICRO_OK, ask_bytes(question, length - 1, &offset));
    assert_int_equal(NATSMICRO_INVALID_ARGUMENT, ask_bytes(question, length, &offset));
    memset(question, '[', length);
    assert_int_equal(NATSMICRO_INVALID_ARGUMENT, ask_bytes(question, length - 1, &offset));
    free(question);
}

/* Puts all parts together, as a caller does, and compares. */
static void read_all(nm_bytes all, size_t limit, size_t largest)
{
    nm_buffer answer = NM_BUFFER_INIT;
    size_t offset = 0;
    while (offset < all.length) {
        nm_buffer_reset(&answer);
        nm_part_write(&answer, all, offset, limit);
        assert_true(answer.length <= largest);
        const char *text = nm_buffer_string(&answer);
        char head[80];
        snprintf(head, sizeof(head), "{\"offset\":%zu,\"total\":%zu,\"data\":\"", offset,
                 all.length);
        assert_memory_equal(text, head, strlen(head));
        const size_t frame = strlen(head) + 2;
        assert_string_equal(text + answer.length - 2, "\"}");
        size_t n_bytes = 0;
        uint8_t bytes[NM_PART_ANSWER_LIMIT];
        assert_true(nm_base64_read(text + strlen(head), answer.length - frame, bytes, &n_bytes));
        assert_true(n_bytes > 0 && n_bytes <= all.length - offset);
        assert_memory_equal(bytes, (const uint8_t *)all.data + offset, n_bytes);
        offset += n_bytes;
    }
    nm_buffer_free(&answer);
}

static void parts_are_within_their_limit_and_make_the_whole(void **state)
{
    static uint8_t bytes[200000];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    read_all((nm_bytes){bytes, 1}, 1024, 1024);
    read_all((nm_bytes){bytes, 5000}, 1024, 1024);
    read_all((nm_bytes){bytes, 5000}, 512, 512);
    read_all((nm_bytes){bytes, sizeof(bytes)}, 524288, NM_PART_ANSWER_LIMIT);
    /* a broker with hardly any max_payload: some bytes all the same */
    read_all((nm_bytes){bytes, 500}, 0, 150);
    read_all((nm_bytes){bytes, 500}, 140, 150);
}

static void at_the_end_there_is_nothing(void **state)
{
    nm_buffer answer = NM_BUFFER_INIT;

    (void)state;
    nm_part_write(&answer, (nm_bytes){"abc", 3}, 3, 1024);
    assert_string_equal(nm_buffer_string(&answer), "{\"offset\":3,\"total\":3,\"data\":\"\"}");
    nm_buffer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_have_an_offset),
        cmocka_unit_test(what_is_no_question_is_refused),
        cmocka_unit_test(long_and_deep_questions_are_not_read),
        cmocka_unit_test(parts_are_within_their_limit_and_make_the_whole),
        cmocka_unit_test(at_the_end_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
