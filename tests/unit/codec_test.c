/*
 * Messages must come out as they went in, and neither received bytes nor mistakes of a user may
 * crash the process.
 */
#include "unit/cmocka_test.h"

#include "codec/codec.h"

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"
#include "nameless_test.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define NESTED (&codectest__v1__nested__descriptor)
#define ONE    (&codectest__v1__one__descriptor)
#define ALL    (&codectest__v1__all__descriptor)

static const nm_codec_limits limits = {NM_DEFAULT_MAX_DEPTH, (size_t)4 << 20};

static void a_message_comes_out_as_it_went_in(void **state)
{
    Codectest__V1__Nested inner = CODECTEST__V1__NESTED__INIT;
    Codectest__V1__Nested outer = CODECTEST__V1__NESTED__INIT;
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    inner.text = (char *)"gr\xc3\xbc\xc3\x9f";
    outer.text = (char *)"outer";
    outer.inner = &inner;
    const Codectest__V1__Nested *got;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(nm_encode(NESTED, &outer, &buffer, &error), NATSMICRO_OK);
        assert_int_equal(
            nm_decode(NESTED, buffer.data, buffer.length, &limits, &arena, &message, &error),
            NATSMICRO_OK);
        got = (const Codectest__V1__Nested *)message;
        assert_string_equal(got->text, "outer");
        assert_string_equal(got->inner->text, "gr\xc3\xbc\xc3\x9f");
    }
    assert_int_equal(nm_decode_owned(NESTED, buffer.data, buffer.length, &limits, &message, &error),
                     NATSMICRO_OK);
    nm_buffer_free(&buffer);
    nm_arena_free(&arena);
    assert_string_equal(((const Codectest__V1__Nested *)message)->inner->text,
                        "gr\xc3\xbc\xc3\x9f");
    protobuf_c_message_free_unpacked(message, NULL);
}

static void an_empty_payload_is_an_empty_message(void **state)
{
    Codectest__V1__One one = CODECTEST__V1__ONE__INIT;
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer buffer = NM_BUFFER_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    assert_int_equal(nm_encode(ONE, &one, &buffer, NULL), NATSMICRO_OK);
    assert_int_equal(buffer.length, 0);
    assert_int_equal(nm_decode(ONE, NULL, 0, NULL, &arena, &message, NULL), NATSMICRO_OK);
    assert_int_equal(((const Codectest__V1__One *)message)->number, 0);
    nm_arena_free(&arena);
    nm_buffer_free(&buffer);
}

static void assert_decode_fails(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                                size_t length, natsmicro_status status, const char *part_of_text)
{
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;

    assert_int_equal(nm_decode(descriptor, bytes, length, &limits, &arena, &message, &error),
                     status);
    assert_null(message);
    assert_non_null(strstr(nm_error_text(&error), part_of_text));
    nm_error_clear(&error);
    assert_int_equal(nm_decode_owned(descriptor, bytes, length, &limits, &message, &error), status);
    assert_null(message);
    assert_non_null(strstr(nm_error_text(&error), part_of_text));
    nm_error_clear(&error);
    nm_arena_free(&arena);
}

/* Decoded, 1 MB of empty messages would take 65 MB. */
static void a_message_that_inflates_is_refused(void **state)
{
    enum { SIZE = 1000000 };
    uint8_t *bytes = malloc(SIZE);

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i += 2) {
        bytes[i] = 0x1a;
        bytes[i + 1] = 0;
    }
    assert_decode_fails(
        NESTED, bytes, SIZE, NATSMICRO_RESOURCE_EXHAUSTED,
        "codectest.v1.Nested: decoding it takes more memory than the limit max_decode_bytes "
        "of 4194304 bytes");
    /* Unknown fields are kept, so they take more memory decoded, too. */
    for (size_t i = 0; i < SIZE; i += 2) {
        bytes[i] = 0x78;
        bytes[i + 1] = 0;
    }
    assert_decode_fails(ONE, bytes, SIZE, NATSMICRO_RESOURCE_EXHAUSTED, "limit");
    free(bytes);
}

static void a_megabyte_of_plain_data_is_decoded(void **state)
{
    enum { SIZE = 1000000 };
    Codectest__V1__All all = CODECTEST__V1__ALL__INIT;
    nm_arena arena = NM_ARENA_INIT;
    nm_buffer buffer = NM_BUFFER_INIT;
    ProtobufCMessage *message = NULL;
    char *text = malloc(SIZE + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    all.string_value = text;
    assert_int_equal(nm_encode(ALL, &all, &buffer, NULL), NATSMICRO_OK);
    assert_int_equal(nm_decode(ALL, buffer.data, buffer.length, &limits, &arena, &message, NULL),
                     NATSMICRO_OK);
    assert_string_equal(((const Codectest__V1__All *)message)->string_value, text);
    free(text);
    nm_buffer_free(&buffer);
    nm_arena_free(&arena);
}

static void bad_bytes_are_told_with_their_place(void **state)
{
    (void)state;
    assert_decode_fails(NESTED, (const uint8_t *)"\x0a\x01\xff", 3, NATSMICRO_INVALID_ARGUMENT,
                        "field codectest.v1.Nested.text: not UTF-8");
    /* Only protobuf-c accepts it, and then writes what nobody can read. */
    assert_decode_fails(ONE, (const uint8_t *)"\x82\x00\x01\x08", 4, NATSMICRO_INVALID_ARGUMENT,
                        "byte 0: an invalid field number");
}

/* After a failure the arena can be used for the next message. */
static void a_failed_decode_leaves_no_trace(void **state)
{
    nm_arena arena = NM_ARENA_INIT;
    const nm_codec_limits tight = {0, 64};
    ProtobufCMessage *message = NULL;
    uint8_t bytes[100] = {0x0a, 98};

    (void)state;
    memset(bytes + 2, 'x', 98);
    assert_int_equal(nm_decode(NESTED, bytes, 100, &tight, &arena, &message, NULL),
                     NATSMICRO_RESOURCE_EXHAUSTED);
    assert_null(message);
    assert_int_equal(nm_decode(NESTED, bytes, 100, &limits, &arena, &message, NULL), NATSMICRO_OK);
    assert_int_equal(strlen(((const Codectest__V1__Nested *)message)->text), 98);
    nm_arena_free(&arena);
}

static void assert_encode_fails(const ProtobufCMessageDescriptor *descriptor, const void *message,
                                const char *text)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;

    nm_buffer_append_string(&buffer, "from before");
    assert_int_equal(nm_encode(descriptor, message, &buffer, &error), NATSMICRO_INVALID_ARGUMENT);
    assert_string_equal(nm_error_text(&error), text);
    assert_int_equal(buffer.length, 0);
    nm_error_clear(&error);
    nm_buffer_free(&buffer);
}

#define LACKS                                                                                    \
    " lacks a required field, an element of a repeated field, or the data of bytes that have a " \
    "length"

static void users_mistakes_are_told(void **state)
{
    Codectest__V1__One one = CODECTEST__V1__ONE__INIT;
    Codectest__V1__Nested nested = CODECTEST__V1__NESTED__INIT;
    Codectest__V2__Required required = CODECTEST__V2__REQUIRED__INIT;
    Codectest__V1__One zeroed = {{NULL, 0, NULL}, 0};
    Codectest__V1__Nested *no_elements[1] = {NULL};

    (void)state;
    assert_encode_fails(ONE, NULL, "the codectest.v1.One to send is NULL");
    assert_encode_fails(ONE, &nested,
                        "the message to send is a codectest.v1.Nested, not a codectest.v1.One");
    assert_encode_fails(ONE, &zeroed,
                        "the codectest.v1.One to send was not initialized with its __INIT macro");
    assert_encode_fails(&codectest__v2__required__descriptor, &required,
                        "the codectest.v2.Required to send" LACKS);
    nested.text = (char *)"\xff";
    assert_encode_fails(NESTED, &nested,
                        "the codectest.v1.Nested to send: field "
                        "codectest.v1.Nested.text: not UTF-8");
    nested.text = (char *)"";
    nested.n_inners = 1;
    nested.inners = no_elements;
    assert_encode_fails(NESTED, &nested, "the codectest.v1.Nested to send" LACKS);
    assert_int_equal(one.number, 0);
}

/* protobuf-c's own check finds none of these, and its pack crashes. */
static void bytes_without_data_are_told(void **state)
{
    static const char *const text = "the codectest.v1.All to send" LACKS;
    Codectest__V1__All all = CODECTEST__V1__ALL__INIT;
    ProtobufCBinaryData elements[2] = {{1, (uint8_t *)"x"}, {1, NULL}};

    (void)state;
    all.bytes_value.len = 1;
    assert_encode_fails(ALL, &all, text);
    all.bytes_value.len = 0;
    all.choice_case = CODECTEST__V1__ALL__CHOICE_CHOICE_BYTES;
    all.choice_bytes.len = 1;
    assert_encode_fails(ALL, &all, text);
    all.choice_case = CODECTEST__V1__ALL__CHOICE__NOT_SET;
    all.n_bytes_list = 2;
    all.bytes_list = elements;
    assert_encode_fails(ALL, &all, text);
    elements[1].data = (uint8_t *)"y";
    nm_buffer buffer = NM_BUFFER_INIT;
    assert_int_equal(nm_encode(ALL, &all, &buffer, NULL), NATSMICRO_OK);
    nm_buffer_free(&buffer);
}

static void a_second_copy_of_a_type_is_the_same(void **state)
{
    ProtobufCMessageDescriptor copy = codectest__v1__one__descriptor;
    Codectest__V1__One one = CODECTEST__V1__ONE__INIT;
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    one.number = 5;
    one.base.descriptor = &copy;
    assert_int_equal(nm_encode(ONE, &one, &buffer, NULL), NATSMICRO_OK);
    assert_int_equal(buffer.length, 2);
    assert_memory_equal(buffer.data, "\x08\x05", 2);
    copy.sizeof_message++;
    assert_int_equal(nm_encode(ONE, &one, &buffer, NULL), NATSMICRO_INVALID_ARGUMENT);
    nm_buffer_free(&buffer);
}

static void null_strings_and_messages_are_left_out(void **state)
{
    Codectest__V1__Nested nested = CODECTEST__V1__NESTED__INIT;
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    nested.text = NULL;
    assert_int_equal(nm_encode(NESTED, &nested, &buffer, NULL), NATSMICRO_OK);
    assert_int_equal(buffer.length, 0);
    nm_buffer_free(&buffer);
}

static void types_without_names_are_told_apart_and_named_by_number(void **state)
{
    Namelesstest__V1__One one = NAMELESSTEST__V1__ONE__INIT;
    Namelesstest__V1__Other other = NAMELESSTEST__V1__OTHER__INIT;
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_encode_fails(&namelesstest__v1__one__descriptor, &other,
                        "the message to send is a message, not a message");
    one.text = (char *)"\xff";
    assert_encode_fails(&namelesstest__v1__one__descriptor, &one,
                        "the message to send: field message.5: not UTF-8");
    ProtobufCMessage *message;
    assert_int_equal(nm_decode(&namelesstest__v1__one__descriptor, (const uint8_t *)"\x2a\x01\xff",
                               3, NULL, &arena, &message, &error),
                     NATSMICRO_INVALID_ARGUMENT);
    assert_string_equal(nm_error_text(&error), "field message.5: not UTF-8");
    nm_error_clear(&error);
    nm_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_out_as_it_went_in),
        cmocka_unit_test(an_empty_payload_is_an_empty_message),
        cmocka_unit_test(a_message_that_inflates_is_refused),
        cmocka_unit_test(a_megabyte_of_plain_data_is_decoded),
        cmocka_unit_test(bad_bytes_are_told_with_their_place),
        cmocka_unit_test(a_failed_decode_leaves_no_trace),
        cmocka_unit_test(users_mistakes_are_told),
        cmocka_unit_test(bytes_without_data_are_told),
        cmocka_unit_test(types_without_names_are_told_apart_and_named_by_number),
        cmocka_unit_test(a_second_copy_of_a_type_is_the_same),
        cmocka_unit_test(null_strings_and_messages_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
