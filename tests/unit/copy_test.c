/*
 * A copy must hold all that the message holds, and nothing of its memory: the message is gone when
 * the copy is read.
 */
#include "unit/cmocka_test.h"

#include "codec/codec.h"
#include "codec/copy.h"

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"
#include "direct_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ALL      (&codectest__v1__all__descriptor)
#define REQUIRED (&codectest__v2__required__descriptor)

/* Reads bytes, copies the message, frees it, and expects the copy to have the same bytes. */
static ProtobufCMessage *copy_of(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
                                 size_t length)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, length, bytes);
    assert_non_null(message);
    ProtobufCMessage *copy = nm_copy_owned(message);
    assert_non_null(copy);
    protobuf_c_message_free_unpacked(message, NULL);
    return copy;
}

static void assert_copied(const void *message)
{
    const ProtobufCMessageDescriptor *descriptor = ((const ProtobufCMessage *)message)->descriptor;
    nm_buffer before = NM_BUFFER_INIT;
    nm_buffer after = NM_BUFFER_INIT;

    assert_int_equal(nm_encode(descriptor, message, &before, NULL), NATSMICRO_OK);
    ProtobufCMessage *copy = copy_of(descriptor, before.data, before.length);
    assert_int_equal(nm_encode(descriptor, copy, &after, NULL), NATSMICRO_OK);
    assert_int_equal(after.length, before.length);
    assert_memory_equal(after.data, before.data, before.length);
    protobuf_c_message_free_unpacked(copy, NULL);
    nm_buffer_free(&before);
    nm_buffer_free(&after);
}

static void all_types_are_copied(void **state)
{
    Codectest__V1__All all = CODECTEST__V1__ALL__INIT;
    Codectest__V1__Nested inner = CODECTEST__V1__NESTED__INIT;
    Codectest__V1__Nested *inners[] = {&inner, &inner};
    Codectest__V1__Nested outer = CODECTEST__V1__NESTED__INIT;
    char *strings[] = {(char *)"one", (char *)"", (char *)"three"};
    ProtobufCBinaryData bytes[] = {{3, (uint8_t *)"\0\1\2"}, {0, NULL}};
    double doubles[] = {1.5, -2.25};
    protobuf_c_boolean booleans[] = {1, 0, 1};

    (void)state;
    inner.text = (char *)"inner";
    outer.inner = &inner;
    outer.n_inners = 2;
    outer.inners = inners;
    all.int32_value = -1;
    all.uint64_value = UINT64_MAX;
    all.double_value = 0.1;
    all.float_value = 1.5F;
    all.bool_value = 1;
    all.string_value = (char *)"text";
    all.bytes_value = bytes[0];
    all.color = CODECTEST__V1__COLOR__COLOR_RED;
    all.nested = &outer;
    all.n_string_list = 3;
    all.string_list = strings;
    all.n_bytes_list = 2;
    all.bytes_list = bytes;
    all.n_double_list = 2;
    all.double_list = doubles;
    all.n_bool_list = 3;
    all.bool_list = booleans;
    assert_copied(&all);
}

static void each_member_of_a_oneof_is_copied(void **state)
{
    Codectest__V1__All all = CODECTEST__V1__ALL__INIT;
    Codectest__V1__Nested nested = CODECTEST__V1__NESTED__INIT;

    (void)state;
    nested.text = (char *)"chosen";
    all.choice_case = CODECTEST__V1__ALL__CHOICE_CHOICE_TEXT;
    all.choice_text = (char *)"";
    assert_copied(&all);
    all.choice_case = CODECTEST__V1__ALL__CHOICE_CHOICE_NUMBER;
    all.choice_number = 0;
    assert_copied(&all);
    all.choice_case = CODECTEST__V1__ALL__CHOICE_CHOICE_NESTED;
    all.choice_nested = &nested;
    assert_copied(&all);
    all.choice_case = CODECTEST__V1__ALL__CHOICE_CHOICE_BYTES;
    all.choice_bytes = (ProtobufCBinaryData){2, (uint8_t *)"ab"};
    assert_copied(&all);
}

static void an_empty_message_stays_empty(void **state)
{
    (void)state;
    Codectest__V1__All *copy = (Codectest__V1__All *)copy_of(ALL, "", 0);
    assert_string_equal(copy->string_value, "");
    assert_null(copy->nested);
    assert_int_equal(copy->choice_case, CODECTEST__V1__ALL__CHOICE__NOT_SET);
    protobuf_c_message_free_unpacked((ProtobufCMessage *)copy, NULL);
}

static void presence_and_defaults_of_proto2_stay(void **state)
{
    Codectest__V2__Required required = CODECTEST__V2__REQUIRED__INIT;
    Codectest__V2__Required inner = CODECTEST__V2__REQUIRED__INIT;
    Directtest__V2__Default usual = DIRECTTEST__V2__DEFAULT__INIT;
    Directtest__V2__Default unusual = DIRECTTEST__V2__DEFAULT__INIT;
    Directtest__V2__Either either = DIRECTTEST__V2__EITHER__INIT;

    (void)state;
    inner.text = (char *)"inner";
    required.number = 0;
    required.text = (char *)"";
    required.inner = &inner;
    assert_copied(&required);
    assert_copied(&usual);
    unusual.has_int32_value = 1;
    unusual.int32_value = 0;
    unusual.string_value = (char *)"";
    unusual.has_bytes_value = 1;
    assert_copied(&unusual);
    either.choice_case = DIRECTTEST__V2__EITHER__CHOICE_DATA;
    either.data = (ProtobufCBinaryData){1, (uint8_t *)"x"};
    assert_copied(&either);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_are_copied),
        cmocka_unit_test(each_member_of_a_oneof_is_copied),
        cmocka_unit_test(an_empty_message_stays_empty),
        cmocka_unit_test(presence_and_defaults_of_proto2_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
