/*
 * The text of a chunk must be that of the JSON writer, whatever pieces its bytes come in; and what
 * is read as one must be exactly that: all else is the JSON reader's.
 */
#include "unit/cmocka_test.h"

#include "wire/json_chunk.h"

#include <string.h>

static nm_json_chunk chunk_of(const char *sample)
{
    nm_json_chunk chunk = {.text = NM_BUFFER_INIT};
    nm_buffer_append_string(&chunk.text, sample);
    return chunk;
}

static void assert_written(const nm_json_chunk *chunk, const nm_bytes *pieces, size_t count,
                           const char *text)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_json_chunk_write(chunk, pieces, count, &buffer);
    assert_string_equal(nm_buffer_string(&buffer), text);
    nm_buffer_free(&buffer);
}

static void the_text_is_the_samples_with_other_bytes(void **state)
{
    nm_json_chunk chunk = chunk_of("{\"AAAA\":\"AAAA\"}");

    (void)state;
    assert_true(nm_json_chunk_init(&chunk));
    assert_written(&chunk, &(nm_bytes){"foob", 4}, 1, "{\"AAAA\":\"Zm9vYg==\"}");
    assert_written(&chunk, &(nm_bytes){NULL, 0}, 1, "{\"AAAA\":\"\"}");
    nm_json_chunk_free(&chunk);
    chunk = chunk_of("\"AAAA\""); /* a google.protobuf.BytesValue */
    assert_true(nm_json_chunk_init(&chunk));
    assert_written(&chunk, &(nm_bytes){"foo", 3}, 1, "\"Zm9v\"");
    nm_json_chunk_free(&chunk);
}

static void a_sample_without_base64_is_refused(void **state)
{
    static const char *const samples[] = {"", "{}", "AAA", "{\"data\":\"AAA=\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        nm_json_chunk chunk = chunk_of(samples[i]);
        assert_false(nm_json_chunk_init(&chunk));
        nm_json_chunk_free(&chunk);
    }
}

static void the_borders_of_pieces_do_not_show(void **state)
{
    nm_json_chunk chunk = chunk_of("{\"d\":\"AAAA\"}");

    (void)state;
    assert_true(nm_json_chunk_init(&chunk));
    for (size_t a = 0; a <= 8; a++)
        for (size_t b = a; b <= 8; b++) {
            const char *all = "12345678";
            const nm_bytes pieces[] = {{all, a}, {all + a, b - a}, {all + b, 8 - b}};
            assert_written(&chunk, pieces, 3, "{\"d\":\"MTIzNDU2Nzg=\"}");
        }
    nm_json_chunk_free(&chunk);
}

static void as_many_bytes_fit_as_said(void **state)
{
    nm_json_chunk chunk = chunk_of("{\"d\":\"AAAA\"}");
    static const uint8_t bytes[64];

    (void)state;
    assert_true(nm_json_chunk_init(&chunk));
    for (size_t limit = 0; limit < 80; limit++) {
        nm_buffer buffer = NM_BUFFER_INIT;
        size_t fits = nm_json_chunk_fits(&chunk, limit);
        nm_json_chunk_write(&chunk, &(nm_bytes){bytes, fits}, 1, &buffer);
        assert_true(fits == 0 || buffer.length <= limit);
        nm_buffer_reset(&buffer);
        nm_json_chunk_write(&chunk, &(nm_bytes){bytes, fits + 1}, 1, &buffer);
        assert_true(buffer.length > limit);
        nm_buffer_free(&buffer);
    }
    nm_json_chunk_free(&chunk);
}

static void other_shapes_are_left_to_the_reader(void **state)
{
    static const char *const texts[] = {"",
                                        "{}",
                                        "{\"data\":\"",
                                        "{\"data\":\"}",
                                        "{\"data\":null}",
                                        "{ \"data\":\"AAAA\"}",
                                        "{\"data\":\"AAAA\"} ",
                                        "{\"Data\":\"AAAA\"}",
                                        "[\"data\":\"AAAA\"}"};
    nm_json_chunk chunk = chunk_of("{\"data\":\"AAAA\"}");

    (void)state;
    assert_true(nm_json_chunk_init(&chunk));
    nm_bytes base64;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (nm_json_chunk_is_plain(&chunk, texts[i], strlen(texts[i]), &base64))
            fail_msg("%s was read", texts[i]);
    static const char plain[] = "{\"data\":\"Zm9v\"}";
    assert_true(nm_json_chunk_is_plain(&chunk, plain, strlen(plain), &base64));
    assert_ptr_equal(base64.data, plain + 9);
    assert_int_equal(base64.length, 4);
    nm_json_chunk_free(&chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_the_samples_with_other_bytes),
        cmocka_unit_test(a_sample_without_base64_is_refused),
        cmocka_unit_test(the_borders_of_pieces_do_not_show),
        cmocka_unit_test(as_many_bytes_fit_as_said),
        cmocka_unit_test(other_shapes_are_left_to_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
