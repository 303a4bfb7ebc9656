/*
 * What peers send as JSON is read as protobuf's mapping says, and what it does not allow is refused
 * with a text that names field and place: whoever wrote the JSON has nothing else to go by.
 */
#include "unit/cmocka_test.h"
#include "unit/json_fixture.h"

#include "json_test.pb-c.h"
#include "json_test_proto2.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALARS   (&jsontest__v1__scalars__descriptor)
#define OPTIONALS (&jsontest__v1__optionals__descriptor)
#define LISTS     (&jsontest__v1__lists__descriptor)
#define MAPS      (&jsontest__v1__maps__descriptor)
#define CHOICE    (&jsontest__v1__choice__descriptor)
#define TREE      (&jsontest__v1__tree__descriptor)
#define NAMES     (&jsontest__v1__names__descriptor)
#define WIDE      (&jsontest__v1__wide__descriptor)
#define OLD       (&jsontest__v2__old__descriptor)

static void numbers_are_read_in_all_their_forms(void **state)
{
    (void)state;
    assert_reads(SCALARS, "{\"anInt32\":\"-12\",\"aUint32\":1e5,\"anInt64\":-9223372036854775808}",
                 "{\"anInt32\":-12,\"aUint32\":100000,\"anInt64\":\"-9223372036854775808\"}");
    assert_reads(SCALARS, "{\"anInt32\":2.147483647e9,\"aSint32\":\"1.0\",\"aSfixed32\":100.000}",
                 "{\"anInt32\":2147483647,\"aSint32\":1,\"aSfixed32\":100}");
    assert_reads(SCALARS,
                 "{\"aUint64\":18446744073709551615,\"aFixed64\":\"1.8446744073709551615e19\"}",
                 "{\"aUint64\":\"18446744073709551615\",\"aFixed64\":\"18446744073709551615\"}");
    assert_reads(SCALARS, "{\"anInt32\":-0,\"aUint32\":-0,\"aUint64\":10e-1}",
                 "{\"aUint64\":\"1\"}");
    assert_reads(SCALARS, "{\"aFloat\":\"NaN\",\"aDouble\":\"-Infinity\"}",
                 "{\"aFloat\":\"NaN\",\"aDouble\":\"-Infinity\"}");
    assert_reads(SCALARS, "{\"aFloat\":\"1.5\",\"aDouble\":-0}",
                 "{\"aFloat\":1.5,\"aDouble\":-0.0}");
    assert_reads(SCALARS, "{\"anInt32\":\"\\u0031\\u0032\"}", "{\"anInt32\":12}");
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    assert_refused(SCALARS, "{\"anInt32\":2147483648}",
                   "field anInt32: 2147483648 is out of range (line 1, column 12)");
    assert_refused(SCALARS, "{\"aUint64\":18446744073709551616}",
                   "field aUint64: 18446744073709551616 is out of range (line 1, column 12)");
    assert_refused(SCALARS, "{\"aUint32\":-1}",
                   "field aUint32: -1 is out of range (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":0.5}",
                   "field anInt32: 0.5 is not an integer (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":1e999999999999999999999}",
                   "field anInt32: 1e999999999999999999999 is out of range (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":1e-999999999999999999999}",
                   "field anInt32: 1e-999999999999999999999 is not an integer (line 1, column 12)");
    assert_refused(SCALARS, "{\"aDouble\":1e400}",
                   "field aDouble: 1e400 is out of range (line 1, column 12)");
    assert_refused(SCALARS, "{\"aFloat\":3.502823e+38}",
                   "field aFloat: 3.502823e+38 is out of range (line 1, column 11)");
    assert_refused(SCALARS, "{\"anInt32\":\"x\"}",
                   "field anInt32: \"x\" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":\"\"}",
                   "field anInt32: \"\" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":\" 1\"}",
                   "field anInt32: \" 1\" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"aDouble\":\"1 \"}",
                   "field aDouble: \"1 \" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":\"0x1f\"}",
                   "field anInt32: \"0x1f\" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":\"NaN\"}",
                   "field anInt32: \"NaN\" is not a number (line 1, column 12)");
    assert_refused(SCALARS, "{\"anInt32\":01}",
                   "field anInt32: 01 is not a number as JSON has them (line 1, column 12)");
    assert_refused(SCALARS, "{\"aDouble\":NaN}",
                   "field aDouble: expected a number, not 'N' (line 1, column 12)");
    assert_refused(SCALARS, "{\"aDouble\":+1}",
                   "field aDouble: expected a number, not '+' (line 1, column 12)");
    assert_refused(SCALARS, "{\"aDouble\":[]}",
                   "field aDouble: expected a number, not an array (line 1, column 12)");
}

static void strings_and_bytes_are_read(void **state)
{
    (void)state;
    assert_reads(SCALARS,
                 "{\"aString\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\ud83d\\ude00ü\"}",
                 "{\"aString\":\"\\\"\\\\/\\b\\f\\n\\r\\tä€😀ü\"}");
    assert_reads(SCALARS, "{\"aBytes\":\"-_8\"}", "{\"aBytes\":\"+/8=\"}");
    assert_reads(SCALARS, "{\"aBytes\":\"\\u0041QID\"}", "{\"aBytes\":\"AQID\"}");
    assert_reads(SCALARS, "{\"aBytes\":\"AQ\\/\\/\"}", "{\"aBytes\":\"AQ//\"}");
    assert_reads(SCALARS, "{\"aString\":\"\",\"aBytes\":\"\"}", "{}");
    assert_refused(SCALARS, "{\"aBytes\":\"A*==\"}",
                   "field aBytes: \"A*==\" is not base64 (line 1, column 11)");
    assert_refused(SCALARS, "{\"aString\":\"a\\u0000b\"}",
                   "field aString: a string that contains NUL (line 1, column 12)");
    assert_refused(SCALARS, "{\"aString\":\"\\ud800\"}",
                   "field aString: a string with an invalid escape (line 1, column 13)");
    assert_refused(SCALARS, "{\"aString\":\"\\ude00\\ud83d\"}",
                   "field aString: a string with an invalid escape (line 1, column 13)");
    assert_refused(SCALARS, "{\"aString\":\"\\ud83dx\"}",
                   "field aString: a string with an invalid escape (line 1, column 13)");
    assert_refused(SCALARS, "{\"aString\":\"\\x\"}",
                   "field aString: a string with an invalid escape (line 1, column 13)");
    assert_refused(
        SCALARS, "{\"aString\":\"a\nb\"}",
        "field aString: a string with a control character, which must be escaped (line 1, "
        "column 14)");
    assert_refused(SCALARS, "{\"aString\":\"ä\xff\"}",
                   "field aString: a string that is not UTF-8 (line 1, column 14)");
    assert_refused(SCALARS, "{\"aString\":\"abc",
                   "field aString: a string without its end (line 1, column 12)");
    assert_refused(SCALARS, "{\"aString\":1}",
                   "field aString: expected a string, not a number (line 1, column 12)");
}

static void enums_and_bools_are_read(void **state)
{
    (void)state;
    assert_reads(SCALARS, "{\"aColor\":\"COLOR_ROUGE\",\"aBool\":true}",
                 "{\"aBool\":true,\"aColor\":\"COLOR_RED\"}");
    assert_reads(SCALARS, "{\"aColor\":-7}", "{\"aColor\":\"COLOR_BELOW\"}");
    assert_reads(SCALARS, "{\"aColor\":77}", "{\"aColor\":77}");
    assert_refused(
        SCALARS, "{\"aColor\":\"COLOR_PINK\"}",
        "field aColor: jsontest.v1.Color has no value \"COLOR_PINK\" (line 1, column 11)");
    assert_refused(
        SCALARS, "{\"aColor\":\"color_red\"}",
        "field aColor: jsontest.v1.Color has no value \"color_red\" (line 1, column 11)");
    assert_refused(SCALARS, "{\"aColor\":true}",
                   "field aColor: expected a name or a number, not a bool (line 1, column 11)");
    assert_refused(SCALARS, "{\"aBool\":1}",
                   "field aBool: expected true or false, not a number (line 1, column 10)");
    assert_refused(SCALARS, "{\"aBool\":\"true\"}",
                   "field aBool: expected true or false, not a string (line 1, column 10)");
    assert_refused(SCALARS, "{\"aBool\":tru}", "field aBool: expected true (line 1, column 10)");
}

static void members_have_either_name_and_come_once(void **state)
{
    (void)state;
    assert_reads(SCALARS, "{\"a_double\":1,\"an_int32\":2}", "{\"anInt32\":2,\"aDouble\":1}");
    assert_reads(SCALARS, "{\"an\\u0049nt32\":2}", "{\"anInt32\":2}");
    assert_reads(SCALARS, " { \"anInt32\" : 2 ,\r\n\t\"aBool\":true } ",
                 "{\"anInt32\":2,\"aBool\":true}");
    assert_same(NAMES, "{\"snakeCaseName\":1,\"mixedCase\":2,\"Leading\":3,\"doubleUnderscore\":4,"
                       "\"with3Digits\":5,\"@chosen \\\"ü\\\"\":6,\"other\":7,\"firstName\":8}");
    assert_reads(NAMES, "{\"first_name\":1,\"_leading\":2}", "{\"Leading\":2,\"other\":1}");
    assert_refused(SCALARS, "{\"anInt32\":1,\"an_int32\":1}",
                   "field anInt32: the member is there twice (line 1, column 14)");
    assert_refused(SCALARS, "{\"anInt32\":null,\"anInt32\":1}",
                   "field anInt32: the member is there twice (line 1, column 17)");
    assert_refused(SCALARS, "{\"AnInt32\":1}",
                   "jsontest.v1.Scalars has no field \"AnInt32\" (line 1, column 2)");
    assert_refused(
        TREE, "{\"only\":{\"branches\":[{},\n{\"nmae\":1}]}}",
        "field only.branches[1]: jsontest.v1.Tree has no field \"nmae\" (line 2, column 2)");
    assert_refused(WIDE, "{\"f70\":1,\"f5\":2,\"f70\":3}",
                   "field f70: the member is there twice (line 1, column 17)");
    assert_reads(WIDE, "{\"f70\":1,\"f6\":2,\"f64\":4,\"f65\":3}",
                 "{\"f6\":2,\"f64\":4,\"f65\":3,\"f70\":1}");
}

/* Such a text goes to logs and terminals. */
static void errors_show_no_control_characters(void **state)
{
    (void)state;
    assert_refused(MAPS, "{\"byString\":{\"a\\n\\u001b[2J\":{},\"a\\n\\u001b[2J\":{}}}",
                   "field byString[\"a…\"]: the key is there twice (line 1, column 50)");
    assert_refused(MAPS, "{\"byString\":{\"\\u009b2J\":{\"anInt32\":\"\xc2\x9b\"}}}",
                   "field byString[\"…\"].anInt32: \"… is not a number (line 1, column 36)");
}

static void null_is_absence(void **state)
{
    (void)state;
    assert_reads(SCALARS, "{\"anInt32\":null,\"aString\":null,\"aColor\":null,\"aBytes\":null}",
                 "{}");
    assert_reads(LISTS, "{\"int32s\":null,\"scalars\":null}", "{}");
    assert_reads(MAPS, "{\"byInt32\":null}", "{}");
    assert_reads(OPTIONALS, "{\"anInt32\":null,\"scalars\":null}", "{}");
    assert_refused(LISTS, "{\"int32s\":[1,null]}",
                   "field int32s[1]: expected a number, not null (line 1, column 14)");
    assert_refused(LISTS, "{\"scalars\":[null]}",
                   "field scalars[0]: expected an object, not null (line 1, column 13)");
    assert_refused(MAPS, "{\"byInt32\":{\"1\":null}}",
                   "field byInt32[1]: expected a number, not null (line 1, column 17)");
    assert_refused(SCALARS, "null", "expected an object, not null (line 1, column 1)");
}

static void presence_is_kept(void **state)
{
    (void)state;
    assert_same(OPTIONALS, "{\"anInt32\":0,\"aSint64\":\"0\",\"aUint32\":0,\"aFixed64\":\"0\","
                           "\"aFloat\":0,\"aDouble\":0,\"aBool\":false,\"aColor\":\"COLOR_NONE\","
                           "\"aString\":\"\",\"aBytes\":\"\",\"scalars\":{}}");
    assert_same(OPTIONALS, "{}");
}

static void one_member_of_a_oneof_may_be_there(void **state)
{
    (void)state;
    assert_same(CHOICE, "{\"number\":0}");
    assert_same(CHOICE, "{\"text\":\"\"}");
    assert_same(CHOICE, "{\"data\":\"\"}");
    assert_same(CHOICE, "{\"scalars\":{}}");
    assert_same(CHOICE, "{\"nothing\":null}");
    assert_same(CHOICE, "{\"value\":null}");
    assert_reads(CHOICE, "{\"nothing\":\"NULL_VALUE\"}", "{\"nothing\":null}");
    assert_reads(CHOICE, "{\"number\":null,\"text\":\"a\",\"data\":null}", "{\"text\":\"a\"}");
    assert_refused(CHOICE, "{\"number\":1,\"text\":\"a\"}",
                   "field text: another member of its oneof is there, too (line 1, column 20)");
    assert_refused(CHOICE, "{\"number\":1,\"value\":null}",
                   "field value: another member of its oneof is there, too (line 1, column 21)");
}

static void lists_are_read(void **state)
{
    (void)state;
    assert_same(
        LISTS,
        "{\"int32s\":[1,-2,3],\"uint32s\":[4294967295],\"int64s\":[\"-1\"],\"uint64s\":[\"1\"],"
        "\"floats\":[0.1,\"NaN\"],\"doubles\":[0.1,1e+100],\"bools\":[true,false],\"colors\":"
        "[\"COLOR_RED\",5],\"strings\":[\"\",\"a\"],\"manyBytes\":[\"\",\"AQID\"],\"scalars\":"
        "[{},{\"anInt32\":1}],\"unpacked\":[7,8]}");
    assert_reads(LISTS, "{\"int32s\":[ ],\"strings\":[]}", "{}");
    assert_refused(LISTS, "{\"int32s\":[1,]}",
                   "field int32s[1]: expected a number, not ']' (line 1, column 14)");
    assert_refused(LISTS, "{\"int32s\":[1 2]}",
                   "field int32s[0]: expected ',' or ']', not a number (line 1, column 14)");
    assert_refused(LISTS, "{\"int32s\":1}",
                   "field int32s: expected an array, not a number (line 1, column 11)");
    assert_refused(LISTS, "{\"scalars\":[{},{\"anInt32\":1},{\"anInt32\":[]}]}",
                   "field scalars[2].anInt32: expected a number, not an array (line 1, column 41)");
}

static void maps_are_read(void **state)
{
    (void)state;
    assert_same(
        MAPS,
        "{\"byInt32\":{\"-1\":1,\"0\":0,\"7\":3},\"bySint32\":{\"-2\":\"5\"},\"bySfixed32\":{\"3\":0.5},"
        "\"byUint32\":{\"4294967295\":\"Infinity\"},\"byFixed32\":{\"1\":true},\"byInt64\":{"
        "\"-9223372036854775808\":\"a\",\"9223372036854775807\":\"\"},\"bySint64\":{\"1\":\"AQ==\"},"
        "\"bySfixed64\":{\"1\":\"COLOR_RED\"},\"byUint64\":{\"18446744073709551615\":{}},\"byFixed64\":"
        "{\"9\":\"b\",\"10\":\"a\"},\"byBool\":{\"false\":\"0\",\"true\":\"1\"},\"byString\":{\"\":{},"
        "\"a\":{\"anInt32\":1},\"ab\":{},\"ä\":{}}}");
    assert_reads(MAPS, "{\"byString\":{\"b\":{},\"a\":{},\"aaaaaaaab\":{},\"aaaaaaaaa\":{}}}",
                 "{\"byString\":{\"a\":{},\"aaaaaaaaa\":{},\"aaaaaaaab\":{},\"b\":{}}}");
    assert_reads(MAPS, "{\"byInt32\":{\"\\u0031\":2},\"byBool\":{\"tr\\u0075e\":\"\"}}",
                 "{\"byInt32\":{\"1\":2},\"byBool\":{\"true\":\"\"}}");
    assert_refused(MAPS, "{\"byString\":{\"a\":{},\"b\":{},\"a\":{}}}",
                   "field byString[\"a\"]: the key is there twice (line 1, column 35)");
    assert_refused(MAPS, "{\"byInt64\":{\"1\":\"\",\"1.0\":\"\"}}",
                   "field byInt64[1]: the key is there twice (line 1, column 29)");
    assert_refused(
        MAPS, "{\"byInt32\":{1:2}}",
        "field byInt32: expected a key, which is a string, not a number (line 1, column 13)");
    assert_refused(
        MAPS, "{\"byBool\":{\"True\":\"\"}}",
        "field byBool: \"True\" is not a key of bool: \"true\" or \"false\" (line 1, column "
        "12)");
    assert_refused(MAPS, "{\"byInt32\":{\"a\":1}}",
                   "field byInt32: \"a\" is not a number (line 1, column 13)");
    assert_refused(MAPS, "{\"byString\":{\"key\":{\"anInt32\":\"b\"}}}",
                   "field byString[\"key\"].anInt32: \"b\" is not a number (line 1, column 31)");
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    assert_refused(SCALARS, "", "an empty payload is not JSON: an empty message is {}");
    assert_refused(SCALARS, " ", "expected an object, not the end of the text (line 1, column 2)");
    assert_refused(SCALARS, "{",
                   "expected a member's name, not the end of the text (line 1, column 2)");
    assert_refused(SCALARS, "[]", "expected an object, not an array (line 1, column 1)");
    assert_refused(SCALARS, "{\"aBool\":true,}",
                   "expected a member's name, not '}' (line 1, column 15)");
    assert_refused(SCALARS, "{,}", "expected a member's name, not ',' (line 1, column 2)");
    assert_refused(SCALARS, "{'aBool':true}",
                   "expected a member's name, not ''' (line 1, column 2)");
    assert_refused(SCALARS, "{aBool:true}", "expected a member's name, not 'a' (line 1, column 2)");
    assert_refused(SCALARS, "{\"aBool\" true}", "expected ':', not a bool (line 1, column 10)");
    assert_refused(SCALARS, "{\"aBool\":true \"aFloat\":1}",
                   "field aBool: expected ',' or '}', not a string (line 1, column 15)");
    assert_refused(SCALARS, "{} {}", "more text after the end of the message (line 1, column 4)");
    assert_refused(SCALARS, "{}\n}", "more text after the end of the message (line 2, column 1)");
    assert_refused(SCALARS, "// a\n{}", "expected an object, not '/' (line 1, column 1)");
    assert_refused(SCALARS, "\xef\xbb\xbf{}",
                   "expected an object, not the byte 0xef (line 1, column 1)");
    assert_bytes_refused(SCALARS, "{}\0", 3, NULL, NATSMICRO_INVALID_ARGUMENT,
                         "more text after the end of the message (line 1, column 3)");
}

/* A peer that does not know of `json: true` sends this. */
static void binary_is_told_as_such(void **state)
{
    static const char text[] = "this looks like binary protobuf, not JSON: a jsontest.v1.Tree was "
                               "expected as JSON";

    (void)state;
    assert_refused(TREE, "\x0a\x05hello", text);
    assert_refused(TREE, "\x0a\x0ahellohello", text);
    assert_refused(TREE, "\x12\x00", "expected an object, not the byte 0x12 (line 1, column 1)");
    assert_bytes_refused(TREE, "\x12\x00", 2, NULL, NATSMICRO_INVALID_ARGUMENT, text);
    assert_refused(TREE, "\"\x01", "expected an object, not a string (line 1, column 1)");
}

static const nm_json_options ignoring = {.ignore_unknown = true};

static void unknown_members_and_names_can_be_ignored(void **state)
{
    (void)state;
    assert_reads_with(
        &ignoring, SCALARS,
        "{\"x\":{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\\u0000\",null,true,false,{}],\"a\":1},"
        "\"aBool\":true,\"x\":0,\"aColor\":\"?\"}",
        "{\"aBool\":true}");
    assert_reads_with(&ignoring, LISTS, "{\"colors\":[\"COLOR_RED\",\"?\",\"COLOR_NONE\"]}",
                      "{\"colors\":[\"COLOR_RED\",\"COLOR_NONE\"]}");
    assert_reads_with(&ignoring, MAPS, "{\"bySfixed64\":{\"1\":\"?\",\"2\":\"COLOR_RED\"}}",
                      "{\"bySfixed64\":{\"2\":\"COLOR_RED\"}}");
    assert_reads_with(&ignoring, CHOICE, "{\"color\":\"?\",\"number\":1}", "{\"number\":1}");
}

static void assert_not_ignored(const char *text, const char *expected)
{
    assert_refused_with(&ignoring, SCALARS, text, expected);
}

static void what_is_ignored_must_be_json(void **state)
{
    (void)state;
    assert_not_ignored("{\"x\":[1,]}", "expected a value, not ']' (line 1, column 9)");
    assert_not_ignored("{\"x\":{\"a\":01}}", "expected a value, not a number (line 1, column 11)");
    assert_not_ignored("{\"x\":{\"a\"}}", "expected ':', not '}' (line 1, column 10)");
    assert_not_ignored("{\"x\":\"\\u12\"}", "a string with an invalid escape (line 1, column 7)");
    assert_not_ignored("{\"x\":nul}", "expected null (line 1, column 6)");
    assert_not_ignored("{\"x\":[}", "expected a value, not '}' (line 1, column 7)");
    assert_not_ignored("{\"x\":[", "expected a value, not the end of the text (line 1, column 7)");
    assert_not_ignored("{\"aColor\":\"?\"",
                       "field aColor: expected ',' or '}', not the end of the text "
                       "(line 1, column 14)");
}

/* ---- limits ---- */

static char *repeat(const char *first, const char *again, size_t count, const char *last)
{
    size_t size = strlen(again);
    char *text = malloc(strlen(first) + count * size + strlen(last) + 1);

    assert_non_null(text);
    char *at = text + sprintf(text, "%s", first);
    for (size_t i = 0; i < count; i++, at += size)
        memcpy(at, again, size);
    strcpy(at, last);
    return text;
}

static char *nested(const char *open, size_t depth, const char *middle, const char *close)
{
    char *front = repeat("", open, depth, middle);
    char *text = repeat(front, close, depth, "");

    free(front);
    return text;
}

/* As the binary decoder counts: an entry of a map is a message, too. */
static void messages_nest_as_deep_as_the_limit(void **state)
{
    (void)state;
    char *text = nested("{\"only\":", 99, "{\"name\":\"x\"}", "}");
    assert_same(TREE, text);
    free(text);
    text = nested("{\"only\":", 100, "{}", "}");
    assert_refused(TREE, text,
                   "field ….only.only.only.only.only.only.only.only.only.only.only.only: messages "
                   "nested deeper than the 100 of max_depth (line 1, column 801)");
    free(text);
    text = nested("{\"byName\":{\"\":", 49, "{\"only\":{}}", "}}");
    assert_same(TREE, text);
    free(text);
    text = nested("{\"byName\":{\"\":", 49, "{\"byName\":{\"\":{}}}", "}}");
    assert_refused(TREE, text,
                   "field ….byName[\"\"].byName[\"\"].byName[\"\"].byName[\"\"].byName[\"\"]."
                   "byName[\"\"].byName[\"\"].byName[\"\"].byName[\"\"].byName[\"\"].byName[\"\"]."
                   "byName[\"\"]: messages nested deeper than the 100 of max_depth (line 1, column "
                   "701)");
    free(text);
}

static void hostile_nesting_is_refused(void **state)
{
    static const nm_codec_limits limits = {20, 0};

    (void)state;
    char *text = repeat("{\"x\":", "[", 1000000, "");
    assert_not_ignored(text, "nested deeper than the 100 of max_depth (line 1, column 106)");
    free(text);
    text = repeat("", "{\"only\":", 1000000, "");
    assert_bytes_refused(TREE, text, strlen(text), &limits, NATSMICRO_INVALID_ARGUMENT,
                         "field ….only.only.only.only.only.only.only.only.only.only.only.only: "
                         "messages nested deeper than the 20 of max_depth (line 1, column 161)");
    free(text);
}

/* The text of a megabyte would take tens of megabytes. */
static void a_message_that_inflates_is_refused(void **state)
{
    static const nm_codec_limits limits = {0, (size_t)4 << 20};
    static const char of_tree[] = "jsontest.v1.Tree: decoding it takes more memory than the limit "
                                  "max_decode_bytes of 4194304 bytes";
    static const char of_lists[] =
        "jsontest.v1.Lists: decoding it takes more memory than the limit "
        "max_decode_bytes of 4194304 bytes";

    (void)state;
    char *text = repeat("{\"branches\":[{}", ",{}", 300000, "]}");
    assert_bytes_refused(TREE, text, strlen(text), &limits, NATSMICRO_RESOURCE_EXHAUSTED, of_tree);
    free(text);
    text = repeat("{\"int64s\":[0", ",1", 600000, "]}");
    assert_bytes_refused(LISTS, text, strlen(text), &limits, NATSMICRO_RESOURCE_EXHAUSTED,
                         of_lists);
    free(text);
    text = repeat("{\"int32s\":[0", ",1", 600000, "]}");
    assert_same(LISTS, text);
    free(text);
}

/* A list takes as much memory as its elements do, not twice that. */
static void a_list_is_read_up_to_the_limit(void **state)
{
    static const nm_codec_limits limits = {0, 1000 * sizeof(int32_t) + 512};
    nm_arena arena = NM_ARENA_INIT;

    (void)state;
    char *text = repeat("{\"int32s\":[0", ",1", 999, "]}");
    ProtobufCMessage *message;
    assert_int_equal(nm_json_read(json_type(LISTS), (const uint8_t *)text, strlen(text), NULL,
                                  &limits, &arena, &message, NULL),
                     NATSMICRO_OK);
    assert_int_equal(((const Jsontest__V1__Lists *)message)->n_int32s, 1000);
    free(text);
    nm_arena_free(&arena);
}

/* ---- proto2 ---- */

static void messages_of_proto2_are_read(void **state)
{
    (void)state;
    assert_same(OLD, "{\"needed\":0,\"label\":\"none\"}");
    assert_same(
        OLD,
        "{\"needed\":1,\"number\":7,\"text\":\"\",\"data\":\"\",\"level\":\"LEVEL_LOW\",\"flag\":"
        "false,\"real\":0,\"inner\":{\"needed\":2,\"label\":\"x\"},\"packed\":[1,-1],"
        "\"unpacked\":[\"5\"],\"olds\":{\"k\":{\"needed\":3,\"label\":\"none\"}},\"label\":"
        "\"l\",\"code\":0}");
    assert_reads(OLD, "{\"needed\":1}", "{\"needed\":1,\"label\":\"none\"}");
    assert_refused(OLD, "{}", "field needed: required, but missing (line 1, column 3)");
    assert_refused(OLD, "{\"needed\":1,\"inner\":{\"needed\":null}}",
                   "field inner.needed: required, but missing (line 1, column 31)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_in_all_their_forms),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(strings_and_bytes_are_read),
        cmocka_unit_test(enums_and_bools_are_read),
        cmocka_unit_test(members_have_either_name_and_come_once),
        cmocka_unit_test(errors_show_no_control_characters),
        cmocka_unit_test(null_is_absence),
        cmocka_unit_test(presence_is_kept),
        cmocka_unit_test(one_member_of_a_oneof_may_be_there),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(maps_are_read),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(binary_is_told_as_such),
        cmocka_unit_test(unknown_members_and_names_can_be_ignored),
        cmocka_unit_test(what_is_ignored_must_be_json),
        cmocka_unit_test(messages_nest_as_deep_as_the_limit),
        cmocka_unit_test(hostile_nesting_is_refused),
        cmocka_unit_test(a_message_that_inflates_is_refused),
        cmocka_unit_test(a_list_is_read_up_to_the_limit),
        cmocka_unit_test(messages_of_proto2_are_read),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
