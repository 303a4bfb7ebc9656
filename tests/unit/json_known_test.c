/*
 * Well-known types have JSON forms of their own, both ways: peers write and expect these.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"

#include "json_test.pb-c.h"

#include <google/protobuf/any.pb-c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN (&jsontest__v1__known__descriptor)
#define TREE  (&jsontest__v1__tree__descriptor)

/* ---- Timestamp and Duration ---- */

static void assert_timestamp(int64_t seconds, int32_t nanos, const char *expected)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    time.seconds = seconds;
    time.nanos = nanos;
    assert_writes(&time, expected);
    assert_same(&google__protobuf__timestamp__descriptor, expected);
}

static void timestamps_are_written(void **state)
{
    (void)state;
    assert_timestamp(0, 0, "\"1970-01-01T00:00:00Z\"");
    assert_timestamp(1, 500000000, "\"1970-01-01T00:00:01.500Z\"");
    assert_timestamp(1, 500000, "\"1970-01-01T00:00:01.000500Z\"");
    assert_timestamp(1, 1, "\"1970-01-01T00:00:01.000000001Z\"");
    assert_timestamp(-1, 999999999, "\"1969-12-31T23:59:59.999999999Z\"");
    assert_timestamp(951782400, 0, "\"2000-02-29T00:00:00Z\"");
    assert_timestamp(4107542400, 0, "\"2100-03-01T00:00:00Z\"");
    assert_timestamp(1798761599, 0, "\"2026-12-31T23:59:59Z\"");
    assert_timestamp(-62135596800, 0, "\"0001-01-01T00:00:00Z\"");
    assert_timestamp(253402300799, 999999999, "\"9999-12-31T23:59:59.999999999Z\"");
}

static void assert_timestamp_refused(int64_t seconds, int32_t nanos)
{
    Jsontest__V1__Known known = JSONTEST__V1__KNOWN__INIT;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    known.timestamp = &time;
    time.seconds = seconds;
    time.nanos = nanos;
    char expected[200];
    snprintf(expected, sizeof(expected),
             "field timestamp: %lld seconds and %d nanos are no Timestamp of the years 1 to 9999",
             (long long)seconds, (int)nanos);
    assert_not_written(&known, expected);
}

static void timestamps_out_of_range_are_not_written(void **state)
{
    (void)state;
    assert_timestamp_refused(-62135596801, 0);
    assert_timestamp_refused(253402300800, 0);
    assert_timestamp_refused(INT64_MIN, 0);
    assert_timestamp_refused(INT64_MAX, 0);
    assert_timestamp_refused(0, -1);
    assert_timestamp_refused(0, 1000000000);
}

static void assert_no_timestamp(const char *text)
{
    char json[200];

    snprintf(json, sizeof(json), "{\"timestamp\":\"%s\"}", text);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "field timestamp: \"%s\" is not a time of the years 1 to 9999, such as "
             "\"2000-12-31T23:59:59Z\" (line 1, column 14)",
             text);
    assert_refused(KNOWN, json, expected);
}

static void timestamps_are_read(void **state)
{
    (void)state;
    assert_reads(KNOWN, "{\"timestamp\":\"2026-11-29T01:40:00.5+01:00\"}",
                 "{\"timestamp\":\"2026-11-29T00:40:00.500Z\"}");
    assert_reads(KNOWN, "{\"timestamp\":\"1969-12-31T23:59:59.25-23:59\"}",
                 "{\"timestamp\":\"1970-01-01T23:58:59.250Z\"}");
    assert_reads(KNOWN, "{\"timestamp\":\"1970-01-01T00:00:00\\u005a\"}",
                 "{\"timestamp\":\"1970-01-01T00:00:00Z\"}");
    assert_no_timestamp("");
    assert_no_timestamp("1970-01-01T00:00:00");
    assert_no_timestamp("1970-01-01T00:00:00z");
    assert_no_timestamp("1970-01-01t00:00:00Z");
    assert_no_timestamp("1970-01-01 00:00:00Z");
    assert_no_timestamp("1970-01-01T00:00:00ZZ");
    assert_no_timestamp("1970-01-01T00:00:00.Z");
    assert_no_timestamp("1970-01-01T00:00:00.1234567890Z");
    assert_no_timestamp("1970-01-01T00:00:00+0800");
    assert_no_timestamp("1970-01-01T00:00:00+24:00");
    assert_no_timestamp("1970-01-01T24:00:00Z");
    assert_no_timestamp("1970-01-01T00:60:00Z");
    assert_no_timestamp("1970-01-01T00:00:60Z");
    assert_no_timestamp("1970-13-01T00:00:00Z");
    assert_no_timestamp("1970-00-01T00:00:00Z");
    assert_no_timestamp("1970-01-32T00:00:00Z");
    assert_no_timestamp("2023-02-29T00:00:00Z");
    assert_no_timestamp("2100-02-29T00:00:00Z");
    assert_no_timestamp("0000-01-01T00:00:00Z");
    assert_no_timestamp("0001-01-01T00:00:00+00:01");
    assert_no_timestamp("9999-12-31T23:59:59-00:01");
    assert_no_timestamp("10000-01-01T00:00:00Z");
    assert_no_timestamp("-001-01-01T00:00:00Z");
    assert_refused(
        KNOWN, "{\"timestamp\":0}",
        "field timestamp: expected a time such as \"2000-12-31T23:59:59Z\", not a number "
        "(line 1, column 14)");
}

static void assert_duration(int64_t seconds, int32_t nanos, const char *expected)
{
    Google__Protobuf__Duration time = GOOGLE__PROTOBUF__DURATION__INIT;

    time.seconds = seconds;
    time.nanos = nanos;
    assert_writes(&time, expected);
    assert_same(&google__protobuf__duration__descriptor, expected);
}

static void durations_are_written(void **state)
{
    (void)state;
    assert_duration(0, 0, "\"0s\"");
    assert_duration(1, 0, "\"1s\"");
    assert_duration(1, 500000000, "\"1.500s\"");
    assert_duration(-1, -500000, "\"-1.000500s\"");
    assert_duration(0, -1, "\"-0.000000001s\"");
    assert_duration(315576000000, 999999999, "\"315576000000.999999999s\"");
    assert_duration(-315576000000, 0, "\"-315576000000s\"");
}

static void assert_duration_refused(int64_t seconds, int32_t nanos)
{
    Jsontest__V1__Known known = JSONTEST__V1__KNOWN__INIT;
    Google__Protobuf__Duration time = GOOGLE__PROTOBUF__DURATION__INIT;

    known.duration = &time;
    time.seconds = seconds;
    time.nanos = nanos;
    char expected[200];
    snprintf(expected, sizeof(expected),
             "field duration: %lld seconds and %d nanos are no Duration of less than 10,000 years "
             "with one sign",
             (long long)seconds, (int)nanos);
    assert_not_written(&known, expected);
}

static void durations_out_of_range_are_not_written(void **state)
{
    (void)state;
    assert_duration_refused(315576000001, 0);
    assert_duration_refused(-315576000001, 0);
    assert_duration_refused(INT64_MIN, 0);
    assert_duration_refused(0, 1000000000);
    assert_duration_refused(0, -1000000000);
    assert_duration_refused(0, INT32_MIN);
    assert_duration_refused(1, -1);
    assert_duration_refused(-1, 1);
}

static void assert_no_duration(const char *text)
{
    char json[200];

    snprintf(json, sizeof(json), "{\"duration\":\"%s\"}", text);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "field duration: \"%s\" is not a duration of less than 10,000 years, such as \"1.5s\" "
             "(line 1, column 13)",
             text);
    assert_refused(KNOWN, json, expected);
}

static void durations_are_read(void **state)
{
    (void)state;
    assert_reads(KNOWN, "{\"duration\":\"-1.5s\"}", "{\"duration\":\"-1.500s\"}");
    assert_no_duration("");
    assert_no_duration("s");
    assert_no_duration("1");
    assert_no_duration("1.s");
    assert_no_duration("--1s");
    assert_no_duration("1 s");
    assert_no_duration("1ss");
    assert_no_duration("1.1234567891s");
    assert_no_duration("315576000001s");
    assert_no_duration("99999999999999999999s");
}

/* ---- FieldMask ---- */

static void field_masks_are_in_camel_case(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"mask\":\"\"}");
    assert_same(KNOWN, "{\"mask\":\"fooBar,baz.quxQuux,a1\"}");
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)"foo_bar.b_c", (char *)"d"};
    mask.n_paths = 2;
    mask.paths = paths;
    assert_writes(&mask, "\"fooBar.bC,d\"");
    paths[1] = NULL;
    assert_not_written(&mask, "a path that is NULL");
}

static void assert_mask_refused(const char *path)
{
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)path};

    mask.n_paths = 1;
    mask.paths = paths;
    char expected[200];
    snprintf(expected, sizeof(expected), "the path \"%s\" cannot be written in lowerCamelCase",
             path);
    assert_not_written(&mask, expected);
}

static void paths_that_would_not_come_back_are_refused(void **state)
{
    (void)state;
    assert_mask_refused("fooBar");
    assert_mask_refused("foo_3_bar");
    assert_mask_refused("foo__bar");
    assert_mask_refused("foo_");
    assert_mask_refused("foo..bar");
    assert_mask_refused("foo.");
    assert_mask_refused("1foo");
    assert_mask_refused("a,b");
    assert_mask_refused("");
    assert_refused(KNOWN, "{\"mask\":\"foo,bar_bar\"}",
                   "field mask: \"foo,bar_bar\" is not a list of paths such as \"fooBar,baz.text\" "
                   "(line 1, column 9)");
    assert_refused(
        KNOWN, "{\"mask\":\"foo,\"}",
        "field mask: \"foo,\" is not a list of paths such as \"fooBar,baz.text\" (line 1, "
        "column 9)");
    assert_refused(KNOWN, "{\"mask\":[]}",
                   "field mask: expected a string of paths, not an array (line 1, column 9)");
}

/* ---- Struct, Value, ListValue, wrappers ---- */

static void values_are_any_json(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"structure\":{\"\":null,\"a\":[1,\"b\",true,{},[]],\"c\":{\"d\":-0.5}},"
                       "\"value\":[{\"x\":null}],\"list\":[[],null,1e+100]}");
    assert_same(KNOWN, "{\"structure\":{},\"value\":null,\"list\":[]}");
    assert_same(KNOWN, "{\"value\":false}");
    assert_same(KNOWN, "{\"value\":\"NaN\"}");
    assert_same(KNOWN, "{\"values\":[null,0,\"\",false,{},[]],\"nothings\":[null,null],"
                       "\"valueOf\":{\"a\":null,\"b\":1}}");
    assert_reads(KNOWN, "{\"nothing\":null,\"structure\":null,\"list\":null}", "{}");
    assert_reads(KNOWN, "{\"nothings\":[0,\"NULL_VALUE\",null]}",
                 "{\"nothings\":[null,null,null]}");
    assert_refused(KNOWN, "{\"structure\":[]}",
                   "field structure: expected an object, not an array (line 1, column 14)");
    assert_refused(KNOWN, "{\"structure\":{\"a\":{\"b\":01}}}",
                   "field structure[\"a\"][\"b\"]: 01 is not a "
                   "number as JSON has them (line 1, column 24)");
    assert_refused(KNOWN, "{\"structure\":{\"a\":1,\"a\":2}}",
                   "field structure[\"a\"]: the key is there twice (line 1, column 27)");
    assert_refused(KNOWN, "{\"value\":nul}", "field value: expected null (line 1, column 10)");
    assert_refused(KNOWN, "{\"value\":}",
                   "field value: expected a value, not '}' (line 1, column 10)");
    assert_refused(KNOWN, "{\"value\":1e400}",
                   "field value: 1e400 is out of range (line 1, column 10)");
}

static void values_without_a_meaning_are_not_written(void **state)
{
    Jsontest__V1__Known known = JSONTEST__V1__KNOWN__INIT;
    Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;

    (void)state;
    known.value = &value;
    assert_not_written(&known, "field value: a Value that has no kind");
    value.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value.number_value = NAN;
    assert_not_written(&known, "field value: a Value that is NaN or infinite");
    value.number_value = INFINITY;
    assert_not_written(&known, "field value: a Value that is NaN or infinite");
}

static void hostile_values_are_refused(void **state)
{
    char text[1000] = "{\"value\":";

    (void)state;
    memset(text + strlen(text), '[', 500);
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message;
    assert_int_equal(nm_json_read(json_type(KNOWN), (const uint8_t *)text, strlen(text), NULL, NULL,
                                  &arena, &message, &error),
                     NATSMICRO_INVALID_ARGUMENT);
    assert_non_null(strstr(nm_error_text(&error), "messages nested deeper than the 100"));
    nm_error_clear(&error);
    nm_arena_free(&arena);
}

static void wrappers_are_their_values(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"doubleValue\":0,\"floatValue\":0,\"int64Value\":\"0\",\"uint64Value\":"
                       "\"0\",\"int32Value\":0,\"uint32Value\":0,\"boolValue\":false,"
                       "\"stringValue\":\"\",\"bytesValue\":\"\",\"int32Values\":[0,1]}");
    assert_reads(KNOWN, "{\"int64Value\":5,\"int32Value\":null,\"bytesValue\":\"-_8\"}",
                 "{\"int64Value\":\"5\",\"bytesValue\":\"+/8=\"}");
    assert_refused(KNOWN, "{\"int32Values\":[null]}",
                   "field int32Values[0]: expected a number, not null (line 1, column 17)");
    assert_refused(KNOWN, "{\"int32Value\":{\"value\":1}}",
                   "field int32Value: expected a number, not an object (line 1, column 15)");
    Google__Protobuf__StringValue string = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
    string.value = NULL;
    assert_writes(&string, "\"\"");
}

static void empty_is_an_empty_object(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"empty\":{}}");
    assert_refused(KNOWN, "{\"empty\":{\"a\":1}}",
                   "field empty: google.protobuf.Empty has no field \"a\" (line 1, column 11)");
}

static void known_types_may_be_in_lists_and_maps(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"timestamps\":[\"1970-01-01T00:00:00Z\"],\"durations\":{\"a\":\"1s\"}}");
    assert_refused(
        KNOWN, "{\"timestamps\":[null]}",
        "field timestamps[0]: expected a time such as \"2000-12-31T23:59:59Z\", not null "
        "(line 1, column 16)");
    Jsontest__V1__Known known = JSONTEST__V1__KNOWN__INIT;
    Jsontest__V1__Known__DurationsEntry entry = JSONTEST__V1__KNOWN__DURATIONS_ENTRY__INIT;
    Jsontest__V1__Known__DurationsEntry *entries[] = {&entry};
    known.n_durations = 1;
    known.durations = entries;
    assert_writes(&known, "{\"durations\":{\"\":\"0s\"}}");
}

/* ---- Any ---- */

#define URL  "type.googleapis.com/"
#define TYPE "\"@type\":\"" URL

static void an_any_has_the_members_of_its_message(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"any\":{}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "jsontest.v1.Tree\"}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "jsontest.v1.Tree\",\"name\":\"a\",\"only\":{\"name\":"
                       "\"b\"}}}");
    assert_same(KNOWN, "{\"anys\":[{\"@type\":\"/jsontest.v1.Scalars\",\"anInt32\":1},{}]}");
    assert_reads(KNOWN,
                 "{\"any\":{\"name\":\"a\",\"only\":{\"name\":\"b\"}," TYPE "jsontest.v1.Tree\"}}",
                 "{\"any\":{" TYPE "jsontest.v1.Tree\",\"name\":\"a\",\"only\":{\"name\":\"b\"}}}");
    assert_reads(
        KNOWN,
        "{\"any\":{\"name\":\"a\",\"\\u0040type\":\"type.googleapis.com/jsontest.v1.Tree\"}}",
        "{\"any\":{" TYPE "jsontest.v1.Tree\",\"name\":\"a\"}}");
    assert_reads(KNOWN,
                 "{\"any\":{\"\\u0040type\":\"type.googleapis.com/google.protobuf.Duration\","
                 "\"v\\u0061lue\":\"1s\"}}",
                 "{\"any\":{" TYPE "google.protobuf.Duration\",\"value\":\"1s\"}}");
    assert_reads(KNOWN, "{\"any\":null}", "{}");
}

static void an_any_of_a_form_of_its_own_has_a_value(void **state)
{
    (void)state;
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Duration\",\"value\":\"1s\"}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Int32Value\",\"value\":0}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Value\",\"value\":null}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Struct\",\"value\":{\"a\":[1]}}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Any\",\"value\":{" TYPE
                       "google.protobuf.FieldMask\",\"value\":\"aB\"}}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Any\",\"value\":{}}}");
    assert_same(KNOWN, "{\"any\":{" TYPE "google.protobuf.Empty\"}}");
    assert_reads(KNOWN, "{\"any\":{\"value\":{}," TYPE "google.protobuf.Empty\"}}",
                 "{\"any\":{" TYPE "google.protobuf.Empty\"}}");
    assert_reads(KNOWN,
                 "{\"any\":{\"value\":{\"value\":\"1s\"," TYPE "google.protobuf.Duration\"}," TYPE
                 "google.protobuf.Any\"}}",
                 "{\"any\":{" TYPE "google.protobuf.Any\",\"value\":{" TYPE
                 "google.protobuf.Duration\",\"value\":\"1s\"}}}");
}

static void an_any_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused(KNOWN, "{\"any\":{\"name\":1}}",
                   "field any: an Any without \"@type\" (line 1, column 8)");
    assert_refused(KNOWN, "{\"any\":{\"a\":{" TYPE "jsontest.v1.Tree\"}}}",
                   "field any: an Any without \"@type\" (line 1, column 8)");
    assert_refused(KNOWN, "{\"any\":{\"@type\":\"\",\"value\":\"\"}}",
                   "field any: \"\" is no URL of a type, such as "
                   "\"type.googleapis.com/google.protobuf.Duration\" (line 1, column 17)");
    assert_refused(KNOWN, "{\"any\":{\"@type\":\"not_a_url\"}}",
                   "field any: \"not_a_url\" is no URL of a type, such as "
                   "\"type.googleapis.com/google.protobuf.Duration\" (line 1, column 17)");
    assert_refused(
        KNOWN, "{\"any\":{" TYPE "no.such.Type\"}}",
        "field any: the schema has no type \"no.such.Type\", which an Any holds (line 1, "
        "column 17)");
    assert_refused(
        KNOWN, "{\"any\":{" TYPE "google.protobuf.Duration\"}}",
        "field any: an Any of google.protobuf.Duration without \"value\" (line 1, column "
        "64)");
    assert_refused(KNOWN, "{\"any\":{" TYPE "google.protobuf.Duration\",\"value\":\"1s\",\"a\":1}}",
                   "field any: an Any of google.protobuf.Duration has members \"@type\" and "
                   "\"value\" only (line 1, column 77)");
    assert_refused(
        KNOWN, "{\"any\":{" TYPE "google.protobuf.Duration\",\"value\":\"1s\",\"value\":\"1s\"}}",
        "field any: the member is there twice (line 1, column 77)");
    assert_refused(KNOWN, "{\"any\":{" TYPE "jsontest.v1.Tree\"," TYPE "jsontest.v1.Tree\"}}",
                   "field any: the member is there twice (line 1, column 56)");
    assert_refused(KNOWN, "{\"any\":{\"name\":\"\"," TYPE "jsontest.v1.Tree\",\"x\":1}}",
                   "field any: jsontest.v1.Tree has no field \"x\" (line 1, column 66)");
    assert_refused(KNOWN, "{\"any\":{" TYPE "jsontest.v1.Tree\",\"only\":{\"name\":1}}}",
                   "field any.only.name: expected a string, not a number (line 1, column 71)");
}

static void an_any_that_cannot_be_opened_is_not_written(void **state)
{
    Jsontest__V1__Known known = JSONTEST__V1__KNOWN__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

    (void)state;
    known.any = &any;
    any.type_url = (char *)URL "no.such.Type";
    assert_not_written(&known, "field any: the schema has no type \"no.such.Type\", which an Any "
                               "holds");
    any.type_url = (char *)URL "jsontest.v1.Tree";
    any.value.len = 1;
    assert_not_written(&known, "field any: an Any without a type, or without the data that its "
                               "length says");
    any.value = (ProtobufCBinaryData){2, (uint8_t *)"\x0a\x01"};
    assert_not_written(&known, "field any: a jsontest.v1.Tree in an Any: byte 0: a length that "
                               "reaches past the end");
    any.type_url = NULL;
    assert_not_written(&known, "field any: an Any without a type, or without the data that its "
                               "length says");
}

/* In each of many, one in the other, the type is found after a content that has types, too. */
static void types_may_come_last_at_any_depth(void **state)
{
    enum { DEPTH = 45 };
    static const char any[] = TYPE "google.protobuf.Any\"";
    static const char tree[] = TYPE "jsontest.v1.Tree\"";
    static const char tree_first[] = "{" TYPE "jsontest.v1.Tree\",\"name\":\"x\"}";
    char last[DEPTH * 100] = "";
    char first[DEPTH * 100] = "";

    (void)state;
    for (int i = 0; i < DEPTH; i++) {
        strcat(last, "{\"value\":");
        strcat(strcat(strcat(first, "{"), any), ",\"value\":");
    }
    strcat(strcat(strcat(last, "{\"name\":\"x\","), tree), "}");
    strcat(first, tree_first);
    for (int i = 0; i < DEPTH; i++) {
        strcat(strcat(strcat(last, ","), any), "}");
        strcat(first, "}");
    }
    assert_reads(&google__protobuf__any__descriptor, last, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_written),
        cmocka_unit_test(timestamps_out_of_range_are_not_written),
        cmocka_unit_test(timestamps_are_read),
        cmocka_unit_test(durations_are_written),
        cmocka_unit_test(durations_out_of_range_are_not_written),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(field_masks_are_in_camel_case),
        cmocka_unit_test(paths_that_would_not_come_back_are_refused),
        cmocka_unit_test(values_are_any_json),
        cmocka_unit_test(values_without_a_meaning_are_not_written),
        cmocka_unit_test(hostile_values_are_refused),
        cmocka_unit_test(wrappers_are_their_values),
        cmocka_unit_test(empty_is_an_empty_object),
        cmocka_unit_test(known_types_may_be_in_lists_and_maps),
        cmocka_unit_test(an_any_has_the_members_of_its_message),
        cmocka_unit_test(an_any_of_a_form_of_its_own_has_a_value),
        cmocka_unit_test(an_any_that_is_none_is_refused),
        cmocka_unit_test(an_any_that_cannot_be_opened_is_not_written),
        cmocka_unit_test(types_may_come_last_at_any_depth),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
