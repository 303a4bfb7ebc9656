/*
 * A message's JSON is what every other implementation of protobuf reads, and what none of them can
 * read is not written.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"

#include "json_test.pb-c.h"
#include "json_test_proto2.pb-c.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *text(const char *literal)
{
    return (char *)literal;
}

static void scalars_are_written(void **state)
{
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;
    uint8_t bytes[] = {0, 0xff, 0x10, 0x20};

    (void)state;
    assert_writes(&scalars, "{}");
    scalars.an_int32 = INT32_MIN;
    scalars.a_sint32 = -1;
    scalars.a_sfixed32 = INT32_MAX;
    scalars.a_uint32 = UINT32_MAX;
    scalars.a_fixed32 = 1000000;
    scalars.an_int64 = INT64_MIN;
    scalars.a_sint64 = -1;
    scalars.a_sfixed64 = INT64_MAX;
    scalars.a_uint64 = UINT64_MAX;
    scalars.a_fixed64 = UINT64_C(12345678909876543210);
    scalars.a_float = 0.1f;
    scalars.a_double = 0.1;
    scalars.a_bool = 1;
    scalars.a_color = JSONTEST__V1__COLOR__COLOR_BELOW;
    scalars.a_string = text("gr\xc3\xbc\xc3\x9f");
    scalars.a_bytes = (ProtobufCBinaryData){sizeof(bytes), bytes};
    assert_writes(&scalars,
                  "{\"anInt32\":-2147483648,\"aSint32\":-1,\"aSfixed32\":2147483647,\"aUint32\":"
                  "4294967295,\"aFixed32\":1000000,\"anInt64\":\"-9223372036854775808\","
                  "\"aSint64\":\"-1\",\"aSfixed64\":\"9223372036854775807\",\"aUint64\":"
                  "\"18446744073709551615\",\"aFixed64\":\"12345678909876543210\",\"aFloat\":0.1,"
                  "\"aDouble\":0.1,\"aBool\":true,\"aColor\":\"COLOR_BELOW\",\"aString\":\"grüß\","
                  "\"aBytes\":\"AP8QIA==\"}");
}

static void assert_double(double value, const char *expected)
{
    Jsontest__V1__Lists lists = JSONTEST__V1__LISTS__INIT;
    char whole[100] = "{\"doubles\":[";

    lists.n_doubles = 1;
    lists.doubles = &value;
    strcat(strcat(whole, expected), "]}");
    assert_writes(&lists, whole);
}

static void assert_float(float value, const char *expected)
{
    Jsontest__V1__Lists lists = JSONTEST__V1__LISTS__INIT;
    char whole[100] = "{\"floats\":[";

    lists.n_floats = 1;
    lists.floats = &value;
    strcat(strcat(whole, expected), "]}");
    assert_writes(&lists, whole);
}

/* These are what Go's protojson writes, but for -0.0, of which Python's reader would make 0. */
static void numbers_have_their_shortest_form(void **state)
{
    (void)state;
    assert_double(0, "0");
    assert_double(-0.0, "-0.0");
    assert_double(1, "1");
    assert_double(-1.5, "-1.5");
    assert_double(100, "100");
    assert_double(123456.789, "123456.789");
    assert_double(1e20, "100000000000000000000");
    assert_double(1e21, "1e+21");
    assert_double(1e-6, "0.000001");
    assert_double(1e-7, "1e-7");
    assert_double(1.25e-7, "1.25e-7");
    assert_double(5e-324, "5e-324");
    assert_double(DBL_MAX, "1.7976931348623157e+308");
    assert_double(DBL_MIN, "2.2250738585072014e-308");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(2.0 / 3, "0.6666666666666666");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(9007199254740992, "9007199254740992");
    assert_double((double)(INT64_C(1) << 62), "4611686018427388000");
    assert_double(NAN, "\"NaN\"");
    assert_double(INFINITY, "\"Infinity\"");
    assert_double(-INFINITY, "\"-Infinity\"");
    assert_float(0.1f, "0.1");
    assert_float(16777216, "16777216");
    assert_float(3.4028235e38f, "3.4028235e+38");
    assert_float(1e-45f, "1e-45");
    assert_float(1.0f / 3, "0.33333334");
    assert_float(-0.0f, "-0.0");
    assert_float(NAN, "\"NaN\"");
    assert_float(-INFINITY, "\"-Infinity\"");
}

/* -0.0 differs from the default. */
static void minus_zero_is_no_default(void **state)
{
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;

    (void)state;
    scalars.a_double = -0.0;
    scalars.a_float = -0.0f;
    assert_writes(&scalars, "{\"aFloat\":-0.0,\"aDouble\":-0.0}");
}

static void only_what_must_be_is_escaped(void **state)
{
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;

    (void)state;
    scalars.a_string = text("\"\\/\b\f\n\r\t\x01\x1f\x7f<>&'\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80");
    assert_writes(&scalars, "{\"aString\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f<>&'"
                            "\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80\"}");
    scalars.a_string = text("eight bytes, then an end\"of a word");
    assert_writes(&scalars, "{\"aString\":\"eight bytes, then an end\\\"of a word\"}");
}

static void an_unknown_enum_is_its_number(void **state)
{
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;

    (void)state;
    scalars.a_color = (Jsontest__V1__Color)-77;
    assert_writes(&scalars, "{\"aColor\":-77}");
}

/* A user's program may append entries in any order, and replace one by appending another. */
static void maps_are_sorted_and_the_last_entry_counts(void **state)
{
    Jsontest__V1__Maps maps = JSONTEST__V1__MAPS__INIT;
    static const int32_t keys[] = {5, -3, 5, 0};

    (void)state;
    Jsontest__V1__Maps__ByInt32Entry entries[4];
    Jsontest__V1__Maps__ByInt32Entry *pointers[4];
    for (int i = 0; i < 4; i++) {
        jsontest__v1__maps__by_int32_entry__init(&entries[i]);
        entries[i].key = keys[i];
        entries[i].value = i;
        pointers[i] = &entries[i];
    }
    maps.n_by_int32 = 4;
    maps.by_int32 = pointers;
    assert_writes(&maps, "{\"byInt32\":{\"-3\":1,\"0\":3,\"5\":2}}");
}

static void an_entry_without_a_value_has_its_default(void **state)
{
    Jsontest__V1__Maps maps = JSONTEST__V1__MAPS__INIT;
    Jsontest__V1__Maps__ByStringEntry messages = JSONTEST__V1__MAPS__BY_STRING_ENTRY__INIT;
    Jsontest__V1__Maps__ByStringEntry *by_string[] = {&messages};
    Jsontest__V1__Maps__BySfixed64Entry colors = JSONTEST__V1__MAPS__BY_SFIXED64_ENTRY__INIT;
    Jsontest__V1__Maps__BySfixed64Entry *by_sfixed64[] = {&colors};
    Jsontest__V1__Maps__ByBoolEntry strings = JSONTEST__V1__MAPS__BY_BOOL_ENTRY__INIT;
    Jsontest__V1__Maps__ByBoolEntry *by_bool[] = {&strings};

    (void)state;
    maps.n_by_string = 1;
    maps.by_string = by_string;
    maps.n_by_sfixed64 = 1;
    maps.by_sfixed64 = by_sfixed64;
    maps.n_by_bool = 1;
    maps.by_bool = by_bool;
    assert_writes(&maps, "{\"bySfixed64\":{\"0\":\"COLOR_NONE\"},\"byBool\":{\"false\":\"\"},"
                         "\"byString\":{\"\":{}}}");
    messages.key = NULL;
    strings.value = NULL;
    assert_writes(&maps, "{\"bySfixed64\":{\"0\":\"COLOR_NONE\"},\"byBool\":{\"false\":\"\"},"
                         "\"byString\":{\"\":{}}}");
}

static void options_change_names_and_defaults(void **state)
{
    static const nm_json_options both = {.emit_defaults = true, .proto_names = true};
    static const nm_json_options defaults = {.emit_defaults = true};
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;
    Jsontest__V1__Choice choice = JSONTEST__V1__CHOICE__INIT;
    Jsontest__V1__Tree tree = JSONTEST__V1__TREE__INIT;

    (void)state;
    assert_writes_with(&both, &scalars,
                       "{\"an_int32\":0,\"a_sint32\":0,\"a_sfixed32\":0,\"a_uint32\":0,"
                       "\"a_fixed32\":0,\"an_int64\":\"0\",\"a_sint64\":\"0\",\"a_sfixed64\":\"0\","
                       "\"a_uint64\":\"0\",\"a_fixed64\":\"0\",\"a_float\":0,\"a_double\":0,"
                       "\"a_bool\":false,\"a_color\":\"COLOR_NONE\",\"a_string\":\"\","
                       "\"a_bytes\":\"\"}");
    assert_writes_with(&defaults, &choice, "{\"beside\":0}");
    assert_writes_with(&defaults, &tree, "{\"name\":\"\",\"branches\":[],\"byName\":{}}");
}

static void messages_of_proto2_are_written(void **state)
{
    Jsontest__V2__Old old = JSONTEST__V2__OLD__INIT;

    (void)state;
    assert_writes(&old, "{\"needed\":0,\"label\":\"none\"}");
    old.has_number = 1;
    old.text = text("");
    old.has_level = 1;
    old.has_data = 1;
    assert_writes(&old, "{\"needed\":0,\"number\":7,\"text\":\"\",\"data\":\"cmF3\",\"level\":"
                        "\"LEVEL_HIGH\",\"label\":\"none\"}");
    old.choice_case = JSONTEST__V2__OLD__CHOICE_CODE;
    assert_writes(&old, "{\"needed\":0,\"number\":7,\"text\":\"\",\"data\":\"cmF3\",\"level\":"
                        "\"LEVEL_HIGH\",\"label\":\"none\",\"code\":0}");
}

/* ---- what cannot be written ---- */

static void mistakes_of_a_user_are_refused(void **state)
{
    Jsontest__V1__Tree root = JSONTEST__V1__TREE__INIT;
    Jsontest__V1__Tree branch = JSONTEST__V1__TREE__INIT;
    Jsontest__V1__Tree *branches[] = {&branch, NULL};
    Jsontest__V2__Old old = JSONTEST__V2__OLD__INIT;
    Jsontest__V1__Lists lists = JSONTEST__V1__LISTS__INIT;
    char *strings[] = {text("a"), NULL};
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;

    (void)state;
    root.n_branches = 2;
    assert_not_written(&root, "field branches: a list that has a count, and no elements");
    root.branches = branches;
    assert_not_written(&root, "field branches[1]: a message that is NULL");
    Jsontest__V1__Tree raw;
    memset(&raw, 0, sizeof(raw));
    branches[1] = &raw;
    assert_not_written(&root, "field branches[1]: a message that was not initialized with its "
                              "__INIT macro");
    branches[1] = (Jsontest__V1__Tree *)&old;
    assert_not_written(&root, "field branches[1]: a jsontest.v2.Old, not a jsontest.v1.Tree");
    root.n_branches = 1;
    branch.name = text("gr\xfc\xdf");
    assert_not_written(&root, "field branches[0].name: not UTF-8");
    old.label = NULL;
    assert_not_written(&old, "field label: a string that is NULL");
    lists.n_strings = 2;
    lists.strings = strings;
    assert_not_written(&lists, "field strings[1]: a string that is NULL");
    scalars.a_bytes.len = 1;
    assert_not_written(&scalars, "field a_bytes: bytes that have a length, and no data");
}

static void no_message_is_refused(void **state)
{
    nm_buffer buffer = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;

    (void)state;
    assert_int_equal(
        nm_json_write(json_type(&jsontest__v1__tree__descriptor), NULL, NULL, &buffer, &error),
        NATSMICRO_INVALID_ARGUMENT);
    assert_string_equal(nm_error_text(&error), "the jsontest.v1.Tree to send is NULL");
    nm_error_clear(&error);
}

/* The stack must not overflow. */
static void a_message_in_itself_is_refused(void **state)
{
    Jsontest__V1__Tree tree = JSONTEST__V1__TREE__INIT;

    (void)state;
    tree.only = &tree;
    assert_not_written(&tree,
                       "field ….only.only.only.only.only.only.only.only.only.only.only.only: "
                       "messages nested deeper than 1000");
}

static void short_memory_is_told(void **state)
{
    Jsontest__V1__Scalars scalars = JSONTEST__V1__SCALARS__INIT;
    uint8_t room[20];
    nm_buffer buffer = {room, 0, sizeof(room), false, true};
    nm_error error = NM_ERROR_INIT;

    (void)state;
    nm_buffer_append_string(&buffer, "ab");
    scalars.a_string = text("longer than the buffer is");
    assert_int_equal(nm_json_write(json_type(&jsontest__v1__scalars__descriptor), &scalars, NULL,
                                   &buffer, &error),
                     NATSMICRO_RESOURCE_EXHAUSTED);
    assert_string_equal(nm_error_text(&error), "no memory for the JSON of the "
                                               "jsontest.v1.Scalars");
    assert_int_equal(buffer.length, 2);
    nm_error_clear(&error);
}

/* Ten thousand entries in reverse, all of them twice. */
static void a_large_map_is_written_quickly(void **state)
{
    enum { COUNT = 20000 };
    Jsontest__V1__Maps maps = JSONTEST__V1__MAPS__INIT;
    Jsontest__V1__Maps__ByInt32Entry *entries = malloc(COUNT * sizeof(*entries));
    Jsontest__V1__Maps__ByInt32Entry **pointers = malloc(COUNT * sizeof(*pointers));
    nm_buffer buffer = NM_BUFFER_INIT;

    (void)state;
    assert_non_null(entries);
    assert_non_null(pointers);
    for (int i = 0; i < COUNT; i++) {
        jsontest__v1__maps__by_int32_entry__init(&entries[i]);
        entries[i].key = (COUNT - i) / 2 + 10000;
        pointers[i] = &entries[i];
    }
    maps.n_by_int32 = COUNT;
    maps.by_int32 = pointers;
    assert_int_equal(
        nm_json_write(json_type(&jsontest__v1__maps__descriptor), &maps, NULL, &buffer, NULL),
        NATSMICRO_OK);
    /* {"byInt32":{}} and 10,001 of "12345":0 with commas between them. */
    assert_int_equal(buffer.length, 14 + 10001 * 10 - 1);
    free(entries);
    free(pointers);
    nm_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_written),
        cmocka_unit_test(numbers_have_their_shortest_form),
        cmocka_unit_test(minus_zero_is_no_default),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(an_unknown_enum_is_its_number),
        cmocka_unit_test(maps_are_sorted_and_the_last_entry_counts),
        cmocka_unit_test(an_entry_without_a_value_has_its_default),
        cmocka_unit_test(options_change_names_and_defaults),
        cmocka_unit_test(messages_of_proto2_are_written),
        cmocka_unit_test(mistakes_of_a_user_are_refused),
        cmocka_unit_test(no_message_is_refused),
        cmocka_unit_test(a_message_in_itself_is_refused),
        cmocka_unit_test(short_memory_is_told),
        cmocka_unit_test(a_large_map_is_written_quickly),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
