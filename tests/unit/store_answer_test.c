/*
 * Answers of the broker, which anybody may forge who may publish to an inbox: whatever the bytes
 * are, they are read within limits, and become a status and a text.
 */
#include "unit/cmocka_test.h"

#include "store/answer.h"

#include <stdlib.h>
#include <string.h>

static nm_error error = NM_ERROR_INIT;

static natsmicro_status read_json(const char *text, json_t **object, nm_api_error *api)
{
    nm_answer answer = {.payload = {text, strlen(text)}};
    return nm_answer_json(&answer, "bucket \"b\"", object, api, &error);
}

static void assert_status(natsmicro_status expected, natsmicro_status status)
{
    assert_string_equal(natsmicro_status_name(expected), natsmicro_status_name(status));
}

static void a_result_is_an_object_without_error(void **state)
{
    (void)state;
    json_t *object;
    nm_api_error api;
    assert_status(NATSMICRO_OK, read_json("{\"seq\":7}", &object, &api));
    assert_int_equal(NM_API_NONE, api.number);
    assert_int_equal(7, json_integer_value(json_object_get(object, "seq")));
    json_decref(object);
}

static void an_error_has_number_and_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        natsmicro_status status;
        const char *words;
    } cases[] = {
        {"{\"error\":{\"code\":404,\"err_code\":10059,\"description\":\"stream not found\"}}",
         NATSMICRO_FAILED_PRECONDITION, "stream not found (JetStream's error 10059)"},
        {"{\"error\":{\"err_code\":10008}}", NATSMICRO_UNAVAILABLE, "10008"},
        {"{\"error\":{\"err_code\":10039}}", NATSMICRO_FAILED_PRECONDITION, "10039"},
        {"{\"error\":{\"err_code\":10054}}", NATSMICRO_RESOURCE_EXHAUSTED, "too large"},
        {"{\"error\":{\"err_code\":10077}}", NATSMICRO_RESOURCE_EXHAUSTED, "the bucket is full"},
        {"{\"error\":{\"err_code\":10071}}", NATSMICRO_ABORTED, "10071"},
        {"{\"error\":{\"err_code\":10164}}", NATSMICRO_ABORTED, "10164"},
        {"{\"error\":{\"err_code\":10166}}", NATSMICRO_FAILED_PRECONDITION, "10166"},
        {"{\"error\":{\"code\":500}}", NATSMICRO_INTERNAL, "500"},
        {"{\"error\":{}}", NATSMICRO_INTERNAL, "no description"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *object;
        nm_api_error api;
        assert_status(NATSMICRO_OK, read_json(cases[i].text, &object, &api));
        assert_int_not_equal(NM_API_NONE, api.number);
        assert_status(cases[i].status, nm_api_fail(&api, "bucket \"b\"", &error));
        assert_non_null(strstr(nm_error_text(&error), "bucket \"b\": "));
        assert_non_null(strstr(nm_error_text(&error), cases[i].words));
        json_decref(object);
    }
    nm_error_clear(&error);
}

static void what_is_no_object_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[]", "7", "null", "{", "{\"a\":1}x", "\xff"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *object;
        nm_api_error api;
        assert_status(NATSMICRO_INTERNAL, read_json(texts[i], &object, &api));
        assert_null(object);
        assert_non_null(strstr(nm_error_text(&error), "bucket \"b\": "));
    }
    nm_error_clear(&error);
}

/* Two bytes of "[]," take a hundred bytes of memory, and brackets in brackets take stack. */
static void an_answer_of_many_values_is_not_read(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    memcpy(text, "{\"a\":[", 6);
    for (int i = 6; i < SIZE; i++)
        text[i] = i % 2 == 0 ? '1' : ',';
    memcpy(text + SIZE - 4, ",1]}", 5);
    json_t *object;
    nm_api_error api;
    assert_status(NATSMICRO_INTERNAL, read_json(text, &object, &api));
    assert_non_null(strstr(nm_error_text(&error), "larger than any"));
    memset(text, '[', SIZE);
    assert_status(NATSMICRO_INTERNAL, read_json(text, &object, &api));
    memset(text + 20000, ']', SIZE - 20000);
    text[40000] = '\0';
    assert_status(NATSMICRO_INTERNAL, read_json(text, &object, &api));
    nm_error_clear(&error);
    free(text);
}

static nm_answer with_headers(const char *block)
{
    return (nm_answer){.headers = {block, strlen(block)}};
}

static void headers_are_found_by_name(void **state)
{
    (void)state;
    nm_answer answer = with_headers("NATS/1.0\r\nNats-Sequence: 12\r\nEmpty:\r\nBad: 1x\r\n"
                                    "Huge: 99999999999999999999\r\n\r\n");
    nm_bytes value;
    assert_true(nm_answer_header(&answer, "Nats-Sequence", &value));
    assert_int_equal(2, value.length);
    assert_true(nm_answer_header(&answer, "empty", &value));
    assert_int_equal(0, value.length);
    assert_false(nm_answer_header(&answer, "Nats-Subject", &value));
    uint64_t number;
    assert_true(nm_answer_number(&answer, "nats-sequence", &number));
    assert_int_equal(12, number);
    assert_false(nm_answer_number(&answer, "Empty", &number));
    assert_false(nm_answer_number(&answer, "Bad", &number));
    assert_false(nm_answer_number(&answer, "Huge", &number));
    answer = (nm_answer){0};
    assert_false(nm_answer_header(&answer, "Nats-Sequence", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_an_object_without_error),
        cmocka_unit_test(an_error_has_number_and_text),
        cmocka_unit_test(what_is_no_object_is_an_error),
        cmocka_unit_test(an_answer_of_many_values_is_not_read),
        cmocka_unit_test(headers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
