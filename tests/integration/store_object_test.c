/*
 * Objects of an object store, whole and in chunks: what is put is what is gotten, by any client;
 * nothing of an object that was replaced, or was never finished, stays behind.
 */
#include "integration/object_scene.h"

#include "store/object_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 131072

/* ---- whole ---- */

static void objects_of_all_sizes_come_back(void **state)
{
    static const size_t lengths[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 9 * CHUNK, 20 * CHUNK + 7};
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        object_put_bytes(&here, "o", lengths[i], (unsigned)i);
        object_expect_bytes(&here, "o", lengths[i], (unsigned)i);
        object_assert_tidy(&here, "o");
    }
    object_scene_close(&here);
}

static void the_info_is_what_other_clients_expect(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    assert_ok(object_put(&here, "a.b c", "abc", 3));
    json_t *info = object_info(&here, "a.b c");
    assert_string_equal("a.b c", json_string_value(json_object_get(info, "name")));
    assert_string_equal("b", json_string_value(json_object_get(info, "bucket")));
    assert_int_equal(22, strlen(json_string_value(json_object_get(info, "nuid"))));
    assert_int_equal(3, json_integer_value(json_object_get(info, "size")));
    assert_int_equal(1, json_integer_value(json_object_get(info, "chunks")));
    assert_string_equal("SHA-256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=",
                        json_string_value(json_object_get(info, "digest")));
    assert_null(json_object_get(info, "deleted"));
    json_t *options = json_object_get(info, "options");
    assert_int_equal(CHUNK, json_integer_value(json_object_get(options, "max_chunk_size")));
    json_decref(info);
    object_scene_close(&here);
}

static void any_name_but_an_empty_one_will_do(void **state)
{
    static const char *const names[] = {"a", "a.b", ">", "*", "a b", "\xc3\xa4/\n", "?~\"\\"};
    const unsigned count = sizeof(names) / sizeof(names[0]);
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    for (unsigned i = 0; i < count; i++)
        object_put_bytes(&here, names[i], 10 + i, i);
    for (unsigned i = 0; i < count; i++)
        object_expect_bytes(&here, names[i], 10 + i, i);
    char longest[NM_KEY_LIMIT + 2];
    memset(longest, 'x', sizeof(longest));
    longest[NM_KEY_LIMIT + 1] = '\0';
    assert_status(NATSMICRO_INVALID_ARGUMENT, object_put(&here, longest, "x", 1));
    longest[NM_KEY_LIMIT] = '\0';
    object_put_bytes(&here, longest, 10, 99);
    object_expect_bytes(&here, longest, 10, 99);
    nm_buffer value = NM_BUFFER_INIT;
    assert_status(NATSMICRO_INVALID_ARGUMENT, object_put(&here, "", "x", 1));
    assert_status(NATSMICRO_INVALID_ARGUMENT, object_get(&here, "", &value));
    assert_status(NATSMICRO_INVALID_ARGUMENT, object_put(&here, "\xff", "x", 1));
    store_assert_says(&here.base.error, "bucket \"b\": the name of an object must be UTF-8");
    object_scene_close(&here);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    nm_buffer value = NM_BUFFER_INIT;
    assert_status(NATSMICRO_NOT_FOUND, object_get(&here, "o", &value));
    store_assert_says(&here.base.error, "bucket \"b\", object \"o\"");
    object_put_bytes(&here, "o", 10, 1);
    object_store_info(&here, "o", "{\"name\":\"o\",\"nuid\":\"n\",\"deleted\":true}");
    assert_status(NATSMICRO_NOT_FOUND, object_get(&here, "o", &value));
    store_assert_says(&here.base.error, "deleted");
    object_put_bytes(&here, "o", 10, 2);
    object_expect_bytes(&here, "o", 10, 2);
    nm_buffer_free(&value);
    object_scene_close(&here);
}

static void a_get_takes_no_more_than_its_limit(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 1000, 1);
    nm_buffer value = NM_BUFFER_INIT;
    nm_buffer_append_string(&value, "before");
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  nm_object_get(here.bucket, "o", 999, store_patience(), &value, &here.base.error));
    store_assert_says(&here.base.error, "1000 bytes, more than the 999");
    assert_int_equal(6, value.length);
    assert_ok(nm_object_get(here.bucket, "o", 1000, store_patience(), &value, &here.base.error));
    assert_int_equal(1006, value.length);
    assert_memory_equal("before", value.data, 6);
    nm_buffer_free(&value);
    object_scene_close(&here);
}

static void a_small_max_payload_makes_small_chunks(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, "max_payload: 4096\n", NULL);
    object_put_bytes(&here, "o", 100000, 1);
    object_expect_bytes(&here, "o", 100000, 1);
    json_t *info = object_info(&here, "o");
    assert_int_equal(25, json_integer_value(json_object_get(info, "chunks")));
    json_decref(info);
    object_scene_close(&here);
}

static void a_bucket_without_direct_gets_is_read(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, "");
    object_put_bytes(&here, "o", 20 * CHUNK + 7, 1);
    object_expect_bytes(&here, "o", 20 * CHUNK + 7, 1);
    object_put_bytes(&here, "e", 0, 1);
    object_expect_bytes(&here, "e", 0, 1);
    object_scene_close(&here);
}

/* ---- in chunks ---- */

static nm_object_writer *begin(object_scene *self, const char *name)
{
    nm_object_writer *writer;
    assert_ok(nm_object_begin(self->bucket, name, store_patience(), &writer, &self->base.error));
    return writer;
}

static natsmicro_status write(object_scene *self, nm_object_writer *writer, const void *data,
                              size_t length)
{
    return nm_object_write(writer, (nm_bytes){data, length}, store_patience(), &self->base.error);
}

static natsmicro_status commit(object_scene *self, nm_object_writer *writer)
{
    return nm_object_commit(writer, store_patience(), &self->base.error);
}

static nm_object_reader *open_object(object_scene *self, const char *name)
{
    nm_object_reader *reader;
    natsmicro_status status =
        nm_object_open(self->bucket, name, store_patience(), &reader, &self->base.error);
    if (status != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->base.error));
    return reader;
}

static natsmicro_status read_chunk(object_scene *self, nm_object_reader *reader, nm_bytes *chunk)
{
    return nm_object_read(reader, store_patience(), chunk, &self->base.error);
}

static void pieces_of_any_size_make_an_object(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    const size_t length = 7 * CHUNK + 13;
    uint8_t *bytes = object_bytes(length, 5);
    static const size_t pieces[] = {1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5, length};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        nm_object_writer *writer = begin(&here, "o");
        size_t at = 0;
        for (size_t step = pieces[i]; at < length; step = i == 0 ? step * 2 : step) {
            size_t part = length - at < step ? length - at : step;
            assert_ok(write(&here, writer, bytes + at, part));
            at += part;
        }
        assert_ok(commit(&here, writer));
        object_expect_bytes(&here, "o", length, 5);
        object_assert_tidy(&here, "o");
    }
    free(bytes);
    object_scene_close(&here);
}

static void a_reader_ends_with_the_object(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 3 * CHUNK, 5);
    uint8_t *bytes = object_bytes(3 * CHUNK, 5);
    nm_object_reader *reader = open_object(&here, "o");
    assert_int_equal(3 * CHUNK, nm_object_size(reader));
    nm_bytes chunk;
    for (size_t i = 0; i < 3; i++) {
        assert_ok(read_chunk(&here, reader, &chunk));
        assert_int_equal(CHUNK, chunk.length);
        assert_memory_equal(bytes + i * CHUNK, chunk.data, CHUNK);
    }
    assert_status(NATSMICRO_END, read_chunk(&here, reader, &chunk));
    assert_status(NATSMICRO_END, read_chunk(&here, reader, &chunk));
    assert_int_equal(0, chunk.length);
    nm_object_close(reader);
    /* One that is not read to its end leaves nothing behind either. */
    reader = open_object(&here, "o");
    assert_ok(read_chunk(&here, reader, &chunk));
    nm_object_close(reader);
    free(bytes);
    object_scene_close(&here);
}

/* Their chunks lie in turn, so what follows a chunk is another object's. */
static void objects_that_were_written_at_once_are_read(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, "max_payload: 4096\n", NULL);
    enum { OBJECTS = 3, CHUNKS = 20 };
    char name[2] = "0";
    nm_object_writer *writers[OBJECTS];
    for (unsigned i = 0; i < OBJECTS; i++, name[0]++)
        writers[i] = begin(&here, name);
    for (size_t at = 0; at < CHUNKS; at++)
        for (unsigned i = 0; i < OBJECTS; i++) {
            uint8_t *bytes = object_bytes(CHUNKS * 4096, i);
            assert_ok(write(&here, writers[i], bytes + at * 4096, 4096));
            free(bytes);
        }
    for (unsigned i = 0; i < OBJECTS; i++)
        assert_ok(commit(&here, writers[i]));
    name[0] = '0';
    for (unsigned i = 0; i < OBJECTS; i++, name[0]++)
        object_expect_bytes(&here, name, CHUNKS * 4096, i);
    object_scene_close(&here);
}

static void chunks_of_another_client_are_read(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    enum { CHUNKS = 60 };
    uint8_t *bytes = object_bytes(CHUNKS * 100, 3);
    for (size_t i = 0; i < CHUNKS; i++) {
        object_publish(&here, "$O.b.C.mine", bytes + i * 100, 100);
        for (size_t k = 0; k < i % 5; k++)
            object_publish(&here, "$O.b.C.theirs", "x", 1);
        if (i % 7 == 0)
            object_publish(&here, "$O.b.C.mine", NULL, 0);
    }
    object_put_bytes(&here, "model", CHUNKS * 100, 3);
    json_t *info = object_info(&here, "model");
    json_object_set_new(info, "nuid", json_string("mine"));
    char *json = json_dumps(info, 0);
    object_store_info(&here, "o", json);
    free(json);
    json_decref(info);
    object_expect_bytes(&here, "o", CHUNKS * 100, 3);
    free(bytes);
    object_scene_close(&here);
}

static void an_abandoned_writer_leaves_nothing(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    uint8_t *bytes = object_bytes(20 * CHUNK, 2);
    for (size_t length = 0; length <= 20 * CHUNK; length += 10 * CHUNK) {
        nm_object_writer *writer = begin(&here, "o");
        assert_ok(write(&here, writer, bytes, length));
        nm_object_abandon(writer);
        object_assert_tidy(&here, "o");
    }
    object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    free(bytes);
    object_scene_close(&here);
}

/* ---- links ---- */

static void a_link_is_followed_once(void **state)
{
    (void)state;
    object_scene here;
    object_scene_open(&here, NULL, NULL);
    json_decref(object_api(&here, "STREAM.CREATE.OBJ_c",
                           "{\"name\":\"OBJ_c\",\"subjects\":[\"$O.c.C.>\",\"$O.c.M.>\"],"
                           "\"allow_rollup_hdrs\":true,\"allow_direct\":true}"));
    const natsmicro_stub_bucket settings = {.kind = NATSMICRO_STORE_OBJECT, .name = "c"};
    nm_bucket *other = object_scene_bucket(&here, &settings);
    object_put_bytes(&here, "o", 2 * CHUNK, 1);
    assert_ok(
        nm_object_put(other, "p", (nm_bytes){"there", 5}, store_patience(), &here.base.error));
    object_store_info(&here, "same", "{\"options\":{\"link\":{\"bucket\":\"b\",\"name\":\"o\"}}}");
    object_store_info(&here, "other", "{\"options\":{\"link\":{\"bucket\":\"c\",\"name\":\"p\"}}}");
    object_store_info(&here, "twice",
                      "{\"options\":{\"link\":{\"bucket\":\"b\",\"name\":\"same\"}}}");
    object_store_info(&here, "whole", "{\"options\":{\"link\":{\"bucket\":\"c\"}}}");
    object_store_info(&here, "gone", "{\"options\":{\"link\":{\"bucket\":\"b\",\"name\":\"x\"}}}");
    object_store_info(&here, "bad", "{\"options\":{\"link\":{\"bucket\":\"d\",\"name\":\"x\"}}}");
    object_expect_bytes(&here, "same", 2 * CHUNK, 1);
    nm_buffer value = NM_BUFFER_INIT;
    assert_ok(object_get(&here, "other", &value));
    assert_int_equal(5, value.length);
    assert_status(NATSMICRO_FAILED_PRECONDITION, object_get(&here, "twice", &value));
    assert_status(NATSMICRO_FAILED_PRECONDITION, object_get(&here, "whole", &value));
    store_assert_says(&here.base.error, "object \"whole\": it is a link to a whole bucket");
    assert_status(NATSMICRO_NOT_FOUND, object_get(&here, "gone", &value));
    store_assert_says(&here.base.error, "object \"x\"");
    assert_status(NATSMICRO_FAILED_PRECONDITION, object_get(&here, "bad", &value));
    store_assert_says(&here.base.error, "bucket \"d\"");
    /* A put takes the link's place, and leaves what it led to. */
    object_put_bytes(&here, "same", 10, 3);
    object_expect_bytes(&here, "same", 10, 3);
    object_expect_bytes(&here, "o", 2 * CHUNK, 1);
    nm_buffer_free(&value);
    object_scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_all_sizes_come_back),
        cmocka_unit_test(the_info_is_what_other_clients_expect),
        cmocka_unit_test(any_name_but_an_empty_one_will_do),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_get_takes_no_more_than_its_limit),
        cmocka_unit_test(a_small_max_payload_makes_small_chunks),
        cmocka_unit_test(a_bucket_without_direct_gets_is_read),
        cmocka_unit_test(pieces_of_any_size_make_an_object),
        cmocka_unit_test(a_reader_ends_with_the_object),
        cmocka_unit_test(objects_that_were_written_at_once_are_read),
        cmocka_unit_test(chunks_of_another_client_are_read),
        cmocka_unit_test(an_abandoned_writer_leaves_nothing),
        cmocka_unit_test(a_link_is_followed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
