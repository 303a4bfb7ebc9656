/* Hostile bytes must be refused before protobuf-c sees them, with a place; good ones must pass. */
#include "unit/cmocka_test.h"

#include "codec/codec.h"
#include "codec/scan.h"

#include "codec_test.pb-c.h"
#include "codec_test_proto2.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ALL      (&codectest__v1__all__descriptor)
#define NESTED   (&codectest__v1__nested__descriptor)
#define REQUIRED (&codectest__v2__required__descriptor)

static natsmicro_status scan(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
                             size_t length, nm_error *error)
{
    return nm_scan(descriptor, bytes, length, NM_DEFAULT_MAX_DEPTH, NULL, error);
}

static bool unpacks(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t length)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, length, bytes);
    bool unpacked = message != NULL;

    protobuf_c_message_free_unpacked(message, NULL);
    return unpacked;
}

static void assert_good(const ProtobufCMessageDescriptor *descriptor, const char *bytes,
                        size_t length)
{
    assert_int_equal(scan(descriptor, bytes, length, NULL), NATSMICRO_OK);
    assert_true(unpacks(descriptor, bytes, length));
}

static void assert_bad(const ProtobufCMessageDescriptor *descriptor, const char *bytes,
                       size_t length, const char *text)
{
    nm_error error = NM_ERROR_INIT;

    assert_int_equal(scan(descriptor, bytes, length, &error), NATSMICRO_INVALID_ARGUMENT);
    assert_string_equal(nm_error_text(&error), text);
    nm_error_clear(&error);
}

/* Take the length of the literal, which may contain NUL. */
#define GOOD(descriptor, literal)      assert_good(descriptor, literal, sizeof(literal) - 1)
#define BAD(descriptor, literal, text) assert_bad(descriptor, literal, sizeof(literal) - 1, text)

static void good_bytes_pass(void **state)
{
    (void)state;
    assert_good(ALL, NULL, 0);
    GOOD(ALL, "\x08\x01");
    GOOD(ALL, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");           /* int32 -1 */
    GOOD(ALL, "\x3d\x01\x02\x03\x04\x41\x01\x02\x03\x04\x05\x06\x07\x08" /* fixed32, fixed64 */
              "\x5d\x00\x00\x80\x3f");                                   /* float */
    GOOD(ALL, "\x72\x03\xe2\x82\xac\x7a\x02\xff\x00");                   /* string, bytes */
    GOOD(ALL, "\x80\x01\x63");                          /* an enum's unknown number */
    GOOD(ALL, "\x8a\x01\x04\x0a\x02hi");                /* a message */
    GOOD(ALL, "\xfa\xff\xff\xff\x0f\x01z");             /* the largest field number */
    GOOD(ALL, "\xba\x02\x07\x0a\x01k\x12\x02\x0a\x00"); /* a map's entry */
    GOOD(ALL, "\xd0\x02\x01\xca\x02\x01x");             /* one choice, then another */
}

static void repeated_fields_may_be_packed_or_not(void **state)
{
    (void)state;
    GOOD(ALL, "\xaa\x01\x03\x01\x80\x01");                     /* int32 packed */
    GOOD(ALL, "\xa8\x01\x01\xa8\x01\x02");                     /* and not */
    GOOD(ALL, "\xb2\x02\x02\x01\x02");                         /* packed, though not declared so */
    GOOD(ALL, "\xda\x01\x08\x01\x00\x00\x00\x02\x00\x00\x00"); /* fixed32 packed */
    GOOD(ALL, "\xdd\x01\x01\x00\x00\x00");
    GOOD(ALL, "\x8a\x02\x02\x01\x00"); /* bool packed */
    GOOD(ALL, "\xaa\x01\x00");
    BAD(ALL, "\xaa\x01\x01\x80", "field codectest.v1.All.int32_list: packed: truncated varint");
    BAD(ALL, "\xc2\x01\x0b\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        "field codectest.v1.All.uint64_list: packed: a varint of more than 10 bytes");
    BAD(ALL, "\xda\x01\x03\x01\x02\x03",
        "field codectest.v1.All.fixed32_list: packed: not a multiple of 4 bytes");
    BAD(ALL, "\x82\x02\x04\x01\x02\x03\x04",
        "field codectest.v1.All.double_list: packed: not a multiple of 8 bytes");
    BAD(ALL, "\xad\x01\x01\x00\x00\x00",
        "field codectest.v1.All.int32_list: a value of the wrong type");
}

static void cut_off_bytes_are_refused(void **state)
{
    (void)state;
    BAD(ALL, "\x08", "byte 0: truncated varint");
    BAD(ALL, "\x08\x01\x80", "byte 2: truncated tag");
    BAD(ALL, "\x08\x80", "byte 0: truncated varint");
    BAD(ALL, "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "byte 0: truncated varint");
    BAD(ALL, "\x3d\x01\x02\x03", "byte 0: truncated 32-bit value");
    BAD(ALL, "\x41\x01\x02\x03\x04\x05\x06\x07", "byte 0: truncated 64-bit value");
    BAD(ALL, "\x72", "byte 0: truncated length");
    BAD(ALL, "\x72\x05hi", "byte 0: a length that reaches past the end");
    BAD(ALL, "\x72\xff\xff\xff\xff\x0f", "byte 0: a length that reaches past the end");
    BAD(ALL, "\x72\xff\xff\xff\xff\xff\x0f", "byte 0: truncated length");
    BAD(ALL, "\x8a\x01\x04\x0a\x05hi", "byte 3: a length that reaches past the end");
}

static void tags_that_are_none_are_refused(void **state)
{
    (void)state;
    BAD(ALL, "\x00\x01", "byte 0: an invalid field number");
    BAD(ALL, "\x80\x00\x01", "byte 0: an invalid field number");
    BAD(ALL, "\x80\x80\x80\x80\x10\x01", "byte 0: an invalid field number"); /* 2^29 */
    BAD(ALL, "\x88\x80\x80\x80\x80\x00\x01", "byte 0: truncated tag");
    BAD(ALL, "\x0e", "byte 0: unknown wire type");
    BAD(ALL, "\x0f", "byte 0: unknown wire type");
}

static void groups_are_refused(void **state)
{
    (void)state;
    BAD(ALL, "\xa3\x06\xa4\x06", "byte 0: a group, which protobuf-c cannot decode");
    BAD(ALL, "\x08\x01\x0c", "byte 2: a group, which protobuf-c cannot decode");
}

static void another_type_is_refused(void **state)
{
    (void)state;
    BAD(ALL, "\x0d\x01\x00\x00\x00",
        "field codectest.v1.All.int32_value: a value of the wrong type");
    BAD(ALL, "\x0a\x01x", "field codectest.v1.All.int32_value: a value of the wrong type");
    BAD(ALL, "\x70\x01", "field codectest.v1.All.string_value: a value of the wrong type");
    BAD(ALL, "\x88\x01\x01", "field codectest.v1.All.nested: a value of the wrong type");
    /* protobuf-c would take any bytes for a bool. */
    BAD(ALL, "\x6a\x01x", "field codectest.v1.All.bool_value: a value of the wrong type");
}

static void unknown_fields_are_walked_over(void **state)
{
    (void)state;
    GOOD(ALL, "\xa0\x06\x01\xa2\x06\x02\xff\xff\xa5\x06\x01\x02\x03\x04"
              "\xa1\x06\x01\x02\x03\x04\x05\x06\x07\x08");
    GOOD(&codectest__v1__empty__descriptor, "\x08\x01\x12\x01x");
    BAD(ALL, "\xa2\x06\x02\xff", "byte 0: a length that reaches past the end");
}

static void strings_are_utf8_without_nul(void **state)
{
    (void)state;
    BAD(ALL, "\x72\x01\xff", "field codectest.v1.All.string_value: not UTF-8");
    BAD(ALL, "\x72\x02\xe2\x82", "field codectest.v1.All.string_value: not UTF-8");
    BAD(ALL,
        "\x72\x03"
        "a\0b",
        "field codectest.v1.All.string_value: a string that contains NUL");
    BAD(ALL, "\x92\x02\x01\xff", "field codectest.v1.All.string_list: not UTF-8");
    BAD(ALL, "\xca\x02\x01\xff", "field codectest.v1.All.choice_text: not UTF-8");
    BAD(ALL, "\x8a\x01\x03\x0a\x01\xff", "field codectest.v1.Nested.text: not UTF-8");
    BAD(ALL, "\xba\x02\x03\x0a\x01\xff", "field codectest.v1.All.MapEntry.key: not UTF-8");
    BAD(REQUIRED, "\x12\x01\xff", "field codectest.v2.Required.text: not UTF-8");
    /* A value is checked even if a later one replaces it. */
    BAD(ALL, "\x72\x01\xff\x72\x01z", "field codectest.v1.All.string_value: not UTF-8");
}

static void required_fields_must_be_there(void **state)
{
    (void)state;
    GOOD(REQUIRED, "\x08\x01\x12\x01z");
    BAD(REQUIRED, "\x12\x01z", "field codectest.v2.Required.number: required, but missing");
    BAD(REQUIRED, "\x08\x01", "field codectest.v2.Required.text: required, but missing");
    assert_bad(REQUIRED, NULL, 0, "field codectest.v2.Required.number: required, but missing");
    BAD(REQUIRED, "\x08\x01\x12\x01z\x1a\x02\x08\x01",
        "field codectest.v2.Required.text: required, but missing");
}

/* Writes `depth` messages, one inside the other, backwards from `end`. Returns where they begin. */
static uint8_t *nest(uint8_t *end, size_t depth)
{
    uint8_t *at = end;

    for (size_t i = 1; i < depth; i++) {
        uint8_t prefix[6] = {0x12};
        size_t length = (size_t)(end - at);
        size_t n = 1;

        for (; length >= 0x80; length >>= 7)
            prefix[n++] = (uint8_t)(length | 0x80);
        prefix[n++] = (uint8_t)length;
        at -= n;
        memcpy(at, prefix, n);
    }
    return at;
}

static void nesting_is_bounded(void **state)
{
    enum { SIZE = 100000 };
    uint8_t *bytes = malloc(SIZE);
    uint8_t *end = bytes + SIZE;
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_non_null(bytes);
    uint8_t *at = nest(end, 100);
    assert_int_equal(scan(NESTED, at, (size_t)(end - at), NULL), NATSMICRO_OK);
    at = nest(end, 101);
    assert_int_equal(scan(NESTED, at, (size_t)(end - at), &error), NATSMICRO_INVALID_ARGUMENT);
    assert_non_null(strstr(nm_error_text(&error), "nested deeper than the 100 of max_depth"));
    at = nest(end, 20000);
    assert_int_equal(scan(NESTED, at, (size_t)(end - at), NULL), NATSMICRO_INVALID_ARGUMENT);
    assert_int_equal(nm_scan(NESTED, at, (size_t)(end - at), 200, NULL, NULL),
                     NATSMICRO_INVALID_ARGUMENT);
    nm_error_clear(&error);
    free(bytes);
}

/* What protobuf-c refuses must be refused before, because it says neither why nor where. */
static void nothing_passes_that_protobuf_c_refuses(void **state)
{
    static const char good[] = "\x08\x01\x72\x03\xe2\x82\xac\x8a\x01\x04\x0a\x02hi\xaa\x01\x03\x01"
                               "\x80\x01\xba\x02\x07\x0a\x01k\x12\x02\x0a\x00\xca\x02\x01x";
    uint32_t random = 12345;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[sizeof(good) - 1];
        size_t length = sizeof(bytes);

        memcpy(bytes, good, length);
        for (int i = 0; i <= round % 4; i++) {
            random = random * 1664525 + 1013904223;
            bytes[(random >> 8) % length] = (uint8_t)(random >> 24);
        }
        length -= (random >> 4) % 5;
        if (scan(ALL, bytes, length, NULL) == NATSMICRO_OK)
            assert_true(unpacks(ALL, bytes, length));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bytes_pass),
        cmocka_unit_test(repeated_fields_may_be_packed_or_not),
        cmocka_unit_test(cut_off_bytes_are_refused),
        cmocka_unit_test(tags_that_are_none_are_refused),
        cmocka_unit_test(groups_are_refused),
        cmocka_unit_test(another_type_is_refused),
        cmocka_unit_test(unknown_fields_are_walked_over),
        cmocka_unit_test(strings_are_utf8_without_nul),
        cmocka_unit_test(required_fields_must_be_there),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(nothing_passes_that_protobuf_c_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
