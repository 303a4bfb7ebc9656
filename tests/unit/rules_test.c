/*
 * What the generator lets through and the library refuses, or the other way round, is found by a
 * user at the start of a service instead of at its generation, or never.
 */
#include "unit/cmocka_test.h"

#include "base/rules.h"

#include <string.h>

static void services_names_are_letters_digits_and_two_signs(void **state)
{
    static const char *const wrong[] = {"", "a b", "a.b", "l\xc3\xa4", "a*", "$SRV", "a\n"};

    (void)state;
    assert_null(nm_service_name_fault("Lab-1_b"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_string_equal(nm_service_name_fault(wrong[i]),
                            "must have letters, digits, - and _ only");
}

static void a_services_name_is_bounded(void **state)
{
    (void)state;
    char name[NM_SERVICE_NAME_LIMIT + 2];
    memset(name, 'a', sizeof(name));
    name[NM_SERVICE_NAME_LIMIT + 1] = '\0';
    assert_string_equal(nm_service_name_fault(name), "must not be longer than 512 bytes");
    name[NM_SERVICE_NAME_LIMIT] = '\0';
    assert_null(nm_service_name_fault(name));
}

static void versions_are_semantic_ones(void **state)
{
    static const char *const right[] = {"0.0.0",      "1.2.3",         "10.20.30",
                                        "1.2.3-rc.1", "1.2.3-0",       "1.2.3-0a.-",
                                        "1.2.3+001",  "1.2.3-x-y+b.7", "1.2.3--01+-"};
    static const char *const wrong[] = {"",           "1",        "1.2",       "1.x",      "1.2.",
                                        "1.2.3.4",    "v1.2.3",   "01.2.3",    "1.02.3",   "1.2.03",
                                        "1.2.3-",     "1.2.3-.a", "1.2.3-a.",  "1.2.3-01", "1.2.3+",
                                        "1.2.3+a..b", "1.2.3 ",   "1.2.3-a_b", "1.2.3+a+b"};
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_null(nm_version_fault(right[i]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_string_equal(nm_version_fault(wrong[i]),
                            "must be a semantic version like 1.2.3 or 1.2.3-rc.1+build");
}

static void what_is_wrong_with_a_subject_is_said(void **state)
{
    (void)state;
    assert_null(nm_subject_fault("a.b"));
    assert_string_equal(nm_subject_fault(""), "must not be empty");
    assert_string_equal(nm_subject_fault(NULL), "must not be empty");
    assert_string_equal(nm_subject_fault("a b"), "must not contain a space");
    assert_string_equal(nm_subject_fault("a.*"), "must not contain a wildcard");
    assert_string_equal(nm_subject_fault("a.>"), "must not contain a wildcard");
    assert_string_equal(nm_subject_fault("a\n"), "must not contain a control character");
    assert_string_equal(nm_subject_fault(".a"), "must have a name before and after each dot");
    assert_string_equal(nm_subject_fault("a."), "must have a name before and after each dot");
    assert_string_equal(nm_subject_fault("\xff"), "must be UTF-8");
}

static void a_subject_is_bounded(void **state)
{
    (void)state;
    char subject[NM_SUBJECT_LIMIT + 2];
    memset(subject, 'a', sizeof(subject));
    subject[NM_SUBJECT_LIMIT + 1] = '\0';
    assert_string_equal(nm_subject_fault(subject), "must not be longer than 1024 bytes");
    subject[NM_SUBJECT_LIMIT] = '\0';
    assert_null(nm_subject_fault(subject));
}

/* A service under $SRV would be taken for discovery, one under $SYS for the broker. */
static void a_subject_prefix_is_not_the_systems(void **state)
{
    (void)state;
    assert_null(nm_subject_prefix_fault("lab.v1"));
    assert_null(nm_subject_prefix_fault("lab.$v1"));
    assert_string_equal(nm_subject_prefix_fault("$SRV.lab"), "must not begin with $");
    assert_string_equal(nm_subject_prefix_fault("$"), "must not begin with $");
    assert_string_equal(nm_subject_prefix_fault(""), "must not be empty");
    assert_string_equal(nm_subject_prefix_fault("lab."),
                        "must have a name before and after each dot");
}

static bool code_is_valid(const char *code)
{
    return nm_code_is_valid((const uint8_t *)code, strlen(code));
}

static void codes_are_visible_ascii(void **state)
{
    (void)state;
    assert_true(code_is_valid("NOT_FOUND"));
    assert_true(code_is_valid("!~"));
    assert_false(code_is_valid(""));
    assert_false(code_is_valid("NOT FOUND"));
    assert_false(code_is_valid("A\x7f"));
    assert_false(code_is_valid("A\x1f"));
    assert_false(code_is_valid("\xc3\xa4"));
    assert_false(nm_code_is_valid((const uint8_t *)"A", 2)); /* a NUL */
    uint8_t code[NM_CODE_LIMIT + 1];
    memset(code, 'A', sizeof(code));
    assert_true(nm_code_is_valid(code, NM_CODE_LIMIT));
    assert_false(nm_code_is_valid(code, NM_CODE_LIMIT + 1));
}

static void a_bucket_is_the_name_of_a_stream(void **state)
{
    static const char *const wrong[] = {"", "a b", "a.b", "b\xc3\xa4", "a*", "$KV", "a/b"};

    (void)state;
    assert_null(nm_bucket_fault("Users-1_b"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_string_equal(nm_bucket_fault(wrong[i]), "must have letters, digits, - and _ only");
    char name[NM_BUCKET_LIMIT + 2];
    memset(name, 'a', sizeof(name));
    name[NM_BUCKET_LIMIT + 1] = '\0';
    assert_string_equal(nm_bucket_fault(name), "must not be longer than 251 bytes");
    name[NM_BUCKET_LIMIT] = '\0';
    assert_null(nm_bucket_fault(name));
}

/* A key that a broker or another client refuses would be lost to them, or to us. */
static void what_is_wrong_with_a_key_is_said(void **state)
{
    static const char *const right[] = {"a", "user.7", "a/b=c-d_e.F0", "=", "-.-"};
    static const char *const signs[] = {"a b", "a*", "a.>", "{id}", "a\n", "\xc3\xa4", "a:b"};
    static const char *const dots[] = {".", ".a", "a.", "a..b"};

    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_null(nm_kv_key_fault(right[i]));
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        assert_string_equal(nm_kv_key_fault(signs[i]),
                            "must have letters, digits, - / _ = and . only");
    for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++)
        assert_string_equal(nm_kv_key_fault(dots[i]), "must have a name before and after each dot");
    assert_string_equal(nm_kv_key_fault(""), "must not be empty");
    assert_string_equal(nm_kv_key_fault(NULL), "must not be empty");
}

static void the_name_of_an_object_is_any_text(void **state)
{
    (void)state;
    assert_null(nm_object_name_fault("a b/\xc3\xa4*>..{}"));
    assert_string_equal(nm_object_name_fault(""), "must not be empty");
    assert_string_equal(nm_object_name_fault(NULL), "must not be empty");
    assert_string_equal(nm_object_name_fault("\xff"), "must be UTF-8");
}

static void keys_and_names_are_bounded(void **state)
{
    (void)state;
    char key[NM_KEY_LIMIT + 2];
    memset(key, 'a', sizeof(key));
    key[NM_KEY_LIMIT + 1] = '\0';
    assert_string_equal(nm_kv_key_fault(key), "must not be longer than 1024 bytes");
    assert_string_equal(nm_object_name_fault(key), "must not be longer than 1024 bytes");
    key[NM_KEY_LIMIT] = '\0';
    assert_null(nm_kv_key_fault(key));
    assert_null(nm_object_name_fault(key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_names_are_letters_digits_and_two_signs),
        cmocka_unit_test(a_services_name_is_bounded),
        cmocka_unit_test(versions_are_semantic_ones),
        cmocka_unit_test(what_is_wrong_with_a_subject_is_said),
        cmocka_unit_test(a_subject_is_bounded),
        cmocka_unit_test(a_subject_prefix_is_not_the_systems),
        cmocka_unit_test(codes_are_visible_ascii),
        cmocka_unit_test(a_bucket_is_the_name_of_a_stream),
        cmocka_unit_test(what_is_wrong_with_a_key_is_said),
        cmocka_unit_test(the_name_of_an_object_is_any_text),
        cmocka_unit_test(keys_and_names_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
