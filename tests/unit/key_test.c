/*
 * Keys of stores: another service or client, in Go too, finds a response only under the very key
 * that it makes of the same request.
 */
#include "call/key.h"

#include "base/last_error.h"
#include "direct_test_proto2.pb-c.h"
#include "json_test.pb-c.h"
#include "nameless_test.pb-c.h"

#include "unit/cmocka_test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the vocabulary ---- */

#define MOST_PARTS 4

static natsmicro_stub_store store_of(natsmicro_stub_bucket_kind kind,
                                     const natsmicro_stub_key_part *parts)
{
    size_t count = 0;
    while (count < MOST_PARTS && parts[count].text != NULL)
        count++;
    return (natsmicro_stub_store){
        .bucket = {.kind = kind, .name = "things"}, .key = parts, .n_key = count};
}

static void assert_key(const natsmicro_stub_key_part *parts, const void *request,
                       const char *expected)
{
    const natsmicro_stub_store store = store_of(NATSMICRO_STORE_OBJECT, parts);
    nm_buffer key = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    if (nm_key_write(&store, request, &key, &error) != NATSMICRO_OK)
        fail_msg("no key: %s", nm_error_text(&error));
    assert_string_equal(nm_buffer_string(&key), expected);
    nm_buffer_free(&key);
}

/* Of one field, with a text in front so that an empty one makes a key, too. */
static void assert_field(uint32_t field, const void *request, const char *expected)
{
    const natsmicro_stub_key_part parts[MOST_PARTS] = {{"=", 0}, {"field", field}};
    char key[128];
    snprintf(key, sizeof(key), "=%s", expected);
    assert_key(parts, request, key);
}

static void assert_refused(natsmicro_stub_bucket_kind kind, const natsmicro_stub_key_part *parts,
                           const void *request, natsmicro_status status, const char *text)
{
    const natsmicro_stub_store store = store_of(kind, parts);
    nm_buffer key = NM_BUFFER_INIT;
    nm_error error = NM_ERROR_INIT;
    assert_int_equal(nm_key_write(&store, request, &key, &error), status);
    assert_string_equal(nm_error_text(&error), text);
    nm_error_clear(&error);
    nm_buffer_free(&key);
}

/* ---- values ---- */

static void integers_are_decimal(void **state)
{
    (void)state;
    Jsontest__V1__Scalars all = JSONTEST__V1__SCALARS__INIT;
    all.an_int32 = INT32_MIN;
    all.a_sint32 = -1;
    all.a_sfixed32 = INT32_MAX;
    all.a_uint32 = UINT32_MAX;
    all.a_fixed32 = 7;
    all.an_int64 = INT64_MIN;
    all.a_sint64 = -7;
    all.a_sfixed64 = INT64_MAX;
    all.a_uint64 = UINT64_MAX;
    static const char *const expected[] = {
        "-2147483648",          "-1", "2147483647",          "4294967295",           "7",
        "-9223372036854775808", "-7", "9223372036854775807", "18446744073709551615", "0"};
    for (uint32_t field = 1; field <= 10; field++)
        assert_field(field, &all, expected[field - 1]);
}

static void strings_are_as_they_are_and_bools_are_words(void **state)
{
    (void)state;
    Jsontest__V1__Scalars all = JSONTEST__V1__SCALARS__INIT;
    all.a_string = "w\xc3\xb6rter und %s";
    assert_field(15, &all, "w\xc3\xb6rter und %s");
    all.a_string = NULL;
    assert_field(15, &all, "");
    assert_field(13, &all, "false");
    all.a_bool = true;
    assert_field(13, &all, "true");
}

static void enums_go_by_name(void **state)
{
    (void)state;
    Jsontest__V1__Scalars all = JSONTEST__V1__SCALARS__INIT;
    assert_field(14, &all, "COLOR_NONE");
    all.a_color = JSONTEST__V1__COLOR__COLOR_ROUGE; /* an alias; the first name counts, as in Go */
    assert_field(14, &all, "COLOR_RED");
    all.a_color = JSONTEST__V1__COLOR__COLOR_BELOW;
    assert_field(14, &all, "COLOR_BELOW");
    all.a_color = (Jsontest__V1__Color)-99;
    assert_field(14, &all, "-99");
}

static const natsmicro_stub_key_part kind_part[MOST_PARTS] = {{"kind", 1}};

static void an_enum_without_names_is_refused(void **state)
{
    (void)state;
    Namelesstest__V1__Kinds kinds = NAMELESSTEST__V1__KINDS__INIT;
    assert_refused(NATSMICRO_STORE_KV, kind_part, &kinds, NATSMICRO_FAILED_PRECONDITION,
                   "a key has the names of an enum, which optimize_for = CODE_SIZE in its .proto "
                   "leaves out");
}

/* What Go's fmt prints of them with %v. */
static void doubles_are_as_go_prints_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100"},
        {0.0001, "0.0001"},
        {0.00015, "0.00015"},
        {0.000099, "9.9e-05"},
        {1e-7, "1e-07"},
        {123456, "123456"},
        {123456.5, "123456.5"},
        {999999, "999999"},
        {999999.5, "999999.5"},
        {1e6, "1e+06"},
        {1234567.5, "1.2345675e+06"},
        {12345678.9, "1.23456789e+07"},
        {9007199254740993.0, "9.007199254740992e+15"},
        {1e20, "1e+20"},
        {123456789012345678901.0, "1.2345678901234568e+20"},
        {1e21, "1e+21"},
        {1e23, "1e+23"},
        {1e100, "1e+100"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {(double)NAN, "NaN"},
        {(double)INFINITY, "+Inf"},
        {(double)-INFINITY, "-Inf"},
    };
    Jsontest__V1__Scalars all = JSONTEST__V1__SCALARS__INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        all.a_double = cases[i].value;
        assert_field(12, &all, cases[i].text);
    }
}

/* As few digits as make the same float, not the same double. */
static void floats_are_as_go_prints_them(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        {-0.0F, "-0"},
        {0.1F, "0.1"},
        {0.3F, "0.3"},
        {1.0F / 3, "0.33333334"},
        {0.0001F, "0.0001"},
        {0.000099F, "9.9e-05"},
        {123456.7F, "123456.7"},
        {16777216.0F, "1.6777216e+07"},
        {1e6F, "1e+06"},
        {1e20F, "1e+20"},
        {1e21F, "1e+21"},
        {3.4e38F, "3.4e+38"},
        {FLT_MAX, "3.4028235e+38"},
        {1e-45F, "1e-45"},
        {(float)NAN, "NaN"},
        {(float)INFINITY, "+Inf"},
        {(float)-INFINITY, "-Inf"},
    };
    Jsontest__V1__Scalars all = JSONTEST__V1__SCALARS__INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        all.a_float = cases[i].value;
        assert_field(11, &all, cases[i].text);
    }
}

/* A comma would be another key. */
static void a_locale_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found)
        skip();
    doubles_are_as_go_prints_them(state);
    floats_are_as_go_prints_them(state);
    integers_are_decimal(state);
    setlocale(LC_ALL, "C");
}

/* ---- fields that are not set ---- */

static void what_is_not_set_is_zero(void **state)
{
    (void)state;
    static const char *const zeros[] = {"0", "0", "0", "0", "0", "0", "false", "COLOR_NONE", ""};
    Jsontest__V1__Optionals none = JSONTEST__V1__OPTIONALS__INIT;
    for (uint32_t field = 1; field <= 9; field++)
        assert_field(field, &none, zeros[field - 1]);
}

static void a_proto2_field_that_is_not_set_has_its_default(void **state)
{
    (void)state;
    Directtest__V2__Default none = DIRECTTEST__V2__DEFAULT__INIT;
    none.int32_value = 12; /* left by a program that has cleared has_int32_value */
    assert_field(1, &none, "-5");
    assert_field(2, &none, "7");
    assert_field(3, &none, "0.5");
    assert_field(4, &none, "true");
    assert_field(5, &none, "usual");
    none.has_int32_value = true;
    none.string_value = "rare";
    assert_field(1, &none, "12");
    assert_field(5, &none, "rare");
}

static void another_member_of_a_oneof_is_not_read(void **state)
{
    (void)state;
    Directtest__V2__Either either = DIRECTTEST__V2__EITHER__INIT;
    either.choice_case = DIRECTTEST__V2__EITHER__CHOICE_NUMBER;
    either.number = 41;
    assert_field(1, &either, "41");
    assert_field(2, &either, "usual");
    either.choice_case = DIRECTTEST__V2__EITHER__CHOICE_TEXT;
    either.text = "mine";
    assert_field(1, &either, "-5");
    assert_field(2, &either, "mine");
}

/* ---- whole keys ---- */

static const natsmicro_stub_key_part user_parts[MOST_PARTS] = {
    {"user.", 0}, {"a_string", 15}, {".", 0}, {"an_int32", 1}};

static void a_key_is_made_of_all_its_parts(void **state)
{
    (void)state;
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    request.a_string = "ada";
    request.an_int32 = 7;
    assert_key(user_parts, &request, "user.ada.7");
    static const natsmicro_stub_key_part fixed[MOST_PARTS] = {{"the one", 0}};
    assert_key(fixed, &request, "the one");
}

static void a_value_that_no_key_can_have_is_named(void **state)
{
    (void)state;
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    request.a_string = "ada lovelace";
    assert_refused(NATSMICRO_STORE_KV, user_parts, &request, NATSMICRO_INVALID_ARGUMENT,
                   "the request's a_string \"ada lovelace\" makes no key of the bucket \"things\": "
                   "it must have letters, digits, - / _ = and . only");
    request.a_string = "";
    assert_refused(
        NATSMICRO_STORE_KV, user_parts, &request, NATSMICRO_INVALID_ARGUMENT,
        "the request's a_string \"\" makes no key of the bucket \"things\": it must have "
        "a name before and after each dot");
    static const natsmicro_stub_key_part price[MOST_PARTS] = {
        {"a_string", 15}, {"a_double", 12}, {".x", 0}};
    request.a_double = 1e9;
    assert_refused(
        NATSMICRO_STORE_KV, price, &request, NATSMICRO_INVALID_ARGUMENT,
        "the request's a_double \"1e+09\" makes no key of the bucket \"things\": it must "
        "have letters, digits, - / _ = and . only");
    static const natsmicro_stub_key_part fixed[MOST_PARTS] = {{"a b", 0}};
    assert_refused(
        NATSMICRO_STORE_KV, fixed, &request, NATSMICRO_INVALID_ARGUMENT,
        "no key of the bucket \"things\" is \"a b\": it must have letters, digits, - / _ = "
        "and . only");
}

/* The text goes into a header of the answer. */
static void a_long_value_is_cut(void **state)
{
    (void)state;
    char *value = malloc(5001);
    memset(value, 'x', 5000);
    value[5000] = '\0';
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    request.a_string = value;
    assert_refused(
        NATSMICRO_STORE_KV, user_parts, &request, NATSMICRO_INVALID_ARGUMENT,
        "the request's a_string \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\" makes no key "
        "of the bucket \"things\": it must not be longer than 1024 bytes");
    free(value);
}

static void an_object_has_any_name_but_none(void **state)
{
    (void)state;
    static const natsmicro_stub_key_part name[MOST_PARTS] = {{"a_string", 15}};
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    request.a_string = "a b..c/\xc3\xa4*>";
    assert_key(name, &request, "a b..c/\xc3\xa4*>");
    request.a_string = "";
    assert_refused(
        NATSMICRO_STORE_OBJECT, name, &request, NATSMICRO_INVALID_ARGUMENT,
        "the request's a_string \"\" makes no object's name of the bucket \"things\": it "
        "must not be empty");
}

static void tables_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    static const natsmicro_stub_key_part gone[MOST_PARTS] = {{"gone", 99}};
    static const natsmicro_stub_key_part bytes[MOST_PARTS] = {{"a_bytes", 16}};
    assert_refused(NATSMICRO_STORE_KV, gone, &request, NATSMICRO_FAILED_PRECONDITION,
                   "a key needs \"gone\", which is no single field of the request");
    assert_refused(NATSMICRO_STORE_KV, bytes, &request, NATSMICRO_FAILED_PRECONDITION,
                   "a key cannot have a message or bytes");
}

/* ---- what generated code calls ---- */

static const natsmicro_stub_method methods[] = {
    {.name = "Plain", .request = &jsontest__v1__scalars__descriptor},
    {.name = "Stored", .request = &jsontest__v1__scalars__descriptor},
};

static const natsmicro_stub_store stores[] = {
    {.method_index = 1, .bucket = {NATSMICRO_STORE_KV, "things"}, .key = user_parts, .n_key = 4}};

static natsmicro_stub_service service_of(int version)
{
    return (natsmicro_stub_service){.stub_version = version,
                                    .full_name = "test.v1.Things",
                                    .methods = methods,
                                    .n_methods = 2,
                                    .stores = stores,
                                    .n_stores = 1};
}

static void a_program_can_make_the_key(void **state)
{
    (void)state;
    const natsmicro_stub_service service = service_of(NATSMICRO_STUB_VERSION);
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    request.a_string = "ada";
    char key[16];
    assert_int_equal(
        natsmicro_stub_key(&service, 1, NATSMICRO_STORE_KV, &request, key, sizeof(key)),
        NATSMICRO_OK);
    assert_string_equal(key, "user.ada.0");
    assert_int_equal(natsmicro_stub_key(&service, 1, NATSMICRO_STORE_KV, &request, key, 11),
                     NATSMICRO_OK);
    memset(key, '#', sizeof(key));
    assert_int_equal(natsmicro_stub_key(&service, 1, NATSMICRO_STORE_KV, &request, key, 10),
                     NATSMICRO_RESOURCE_EXHAUSTED);
    assert_int_equal(key[0], '#');
    assert_string_equal(natsmicro_last_error(), "test.v1.Things: a key of 10 bytes and a 0 do not "
                                                "fit into 10 bytes");
}

static void assert_no_key(int version, size_t method, natsmicro_stub_bucket_kind kind,
                          const void *request, natsmicro_status status, const char *text)
{
    const natsmicro_stub_service service = service_of(version);
    char key[16];
    assert_int_equal(natsmicro_stub_key(&service, method, kind, request, key, sizeof(key)), status);
    assert_string_equal(natsmicro_last_error(), text);
}

static void a_wrong_use_is_told(void **state)
{
    (void)state;
    Jsontest__V1__Scalars request = JSONTEST__V1__SCALARS__INIT;
    Directtest__V2__Default other = DIRECTTEST__V2__DEFAULT__INIT;
    request.a_string = "a b";
    assert_no_key(3, 0, NATSMICRO_STORE_KV, &request, NATSMICRO_FAILED_PRECONDITION,
                  "test.v1.Things: Plain has no kv_store");
    assert_no_key(3, 1, NATSMICRO_STORE_OBJECT, &request, NATSMICRO_FAILED_PRECONDITION,
                  "test.v1.Things: Stored has no object_store");
    assert_no_key(2, 1, NATSMICRO_STORE_KV, &request, NATSMICRO_FAILED_PRECONDITION,
                  "test.v1.Things: Stored has no kv_store"); /* its tables end before */
    assert_no_key(3, 1, NATSMICRO_STORE_KV, NULL, NATSMICRO_INVALID_ARGUMENT,
                  "test.v1.Things: the request is NULL");
    assert_no_key(3, 1, NATSMICRO_STORE_KV, &other, NATSMICRO_INVALID_ARGUMENT,
                  "test.v1.Things: the request is not a jsontest.v1.Scalars");
    assert_no_key(3, 1, NATSMICRO_STORE_KV, &request, NATSMICRO_INVALID_ARGUMENT,
                  "test.v1.Things: the request's a_string \"a b\" makes no key of the bucket "
                  "\"things\": it must have letters, digits, - / _ = and . only");
    const natsmicro_stub_service service = service_of(3);
    assert_int_equal(natsmicro_stub_key(&service, 1, NATSMICRO_STORE_KV, &request, NULL, 0),
                     NATSMICRO_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_decimal),
        cmocka_unit_test(strings_are_as_they_are_and_bools_are_words),
        cmocka_unit_test(enums_go_by_name),
        cmocka_unit_test(an_enum_without_names_is_refused),
        cmocka_unit_test(doubles_are_as_go_prints_them),
        cmocka_unit_test(floats_are_as_go_prints_them),
        cmocka_unit_test(a_locale_changes_nothing),
        cmocka_unit_test(what_is_not_set_is_zero),
        cmocka_unit_test(a_proto2_field_that_is_not_set_has_its_default),
        cmocka_unit_test(another_member_of_a_oneof_is_not_read),
        cmocka_unit_test(a_key_is_made_of_all_its_parts),
        cmocka_unit_test(a_value_that_no_key_can_have_is_named),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(an_object_has_any_name_but_none),
        cmocka_unit_test(tables_that_do_not_fit_are_refused),
        cmocka_unit_test(a_program_can_make_the_key),
        cmocka_unit_test(a_wrong_use_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
