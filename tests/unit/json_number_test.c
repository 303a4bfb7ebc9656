/*
 * Numbers are written so that they read back, and are read as the nearest ones, in any locale: a
 * price that changes on its way is worse than an error.
 */
#include "unit/cmocka_test.h"

#include "support/random.h"
#include "json/decimal.h"
#include "json/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static random_source source;

static int restart(void **state)
{
    (void)state;
    source = (random_source){88172645463325252};
    return 0;
}

static nm_json_decimal decimal_of(const char *text)
{
    nm_json_decimal decimal;

    if (nm_json_take_decimal((const uint8_t *)text, strlen(text), &decimal) != strlen(text))
        fail_msg("%s", text);
    return decimal;
}

static double read_double(const char *text)
{
    nm_json_decimal decimal = decimal_of(text);
    return nm_json_to_double(&decimal);
}

static float read_float(const char *text)
{
    nm_json_decimal decimal = decimal_of(text);
    return nm_json_to_float(&decimal);
}

static void assert_same_double(const char *text, double expected)
{
    double value = read_double(text);
    if (memcmp(&value, &expected, sizeof(value)) != 0)
        fail_msg("%s is %a, not %a", text, value, expected);
}

static void assert_same_float(const char *text, float expected)
{
    float value = read_float(text);
    if (memcmp(&value, &expected, sizeof(value)) != 0)
        fail_msg("%s is %a, not %a", text, (double)value, (double)expected);
}

static void assert_reads_back(double value)
{
    char text[NM_JSON_NUMBER_SIZE + 1];
    *nm_json_put_double((uint8_t *)text, value) = '\0';
    assert_same_double(text, value);
}

static void assert_float_reads_back(float value)
{
    char text[NM_JSON_NUMBER_SIZE + 1];
    *nm_json_put_float((uint8_t *)text, value) = '\0';
    assert_same_float(text, value);
}

static double random_double(void)
{
    uint64_t bits;
    double value;

    do {
        bits = random_next(&source);
        memcpy(&value, &bits, sizeof(value));
    } while (!isfinite(value));
    return value;
}

static float random_float(void)
{
    uint32_t bits;
    float value;

    do {
        bits = (uint32_t)random_next(&source);
        memcpy(&value, &bits, sizeof(value));
    } while (!isfinite(value));
    return value;
}

/* A decimal as people write them. */
static double random_price(void)
{
    char text[40];
    snprintf(text, sizeof(text), "%llde-%d", (long long)(random_next(&source) % 100000000),
             (int)(random_next(&source) % 9));
    return strtod(text, NULL);
}

static void all_numbers_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        assert_reads_back(random_double());
        assert_reads_back(random_price());
        assert_float_reads_back(random_float());
        assert_float_reads_back((float)random_price());
    }
}

/* No shorter text reads back: one digit less does not. */
static void texts_are_the_shortest(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        double value = i % 2 == 0 ? random_double() : random_price();
        char text[NM_JSON_NUMBER_SIZE + 1];
        *nm_json_put_double((uint8_t *)text, value) = '\0';
        int digits = 0;
        int last = 0;
        for (const char *c = text; *c != '\0' && *c != 'e'; c++)
            if (*c >= '0' && *c <= '9' && (digits > 0 || *c != '0')) {
                digits++;
                last = *c == '0' ? last : digits;
            }
        if (last < 2)
            continue;
        char shorter[40];
        snprintf(shorter, sizeof(shorter), "%.*e", last - 2, value);
        if (strtod(shorter, NULL) == value)
            fail_msg("%s is longer than %s", text, shorter);
    }
}

static void decimals_are_read_as_the_nearest_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[80];
        snprintf(text, sizeof(text), "%llu.%llue%d",
                 (unsigned long long)(random_next(&source) >> (i % 64)),
                 (unsigned long long)random_next(&source), (int)(random_next(&source) % 700) - 350);
        assert_same_double(text, strtod(text, NULL));
        assert_same_float(text, strtof(text, NULL));
        snprintf(text, sizeof(text), "%llue%d",
                 (unsigned long long)(random_next(&source) >> (i % 64)),
                 (int)(random_next(&source) % 60) - 30);
        assert_same_double(text, strtod(text, NULL));
        assert_same_float(text, strtof(text, NULL));
    }
}

/* The one above a float that is not negative. */
static float next_float(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    bits++;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Decimals in the middle between two numbers, and just above. */
static void middles_are_rounded_correctly(void **state)
{
    (void)state;
    char text[1100];
    for (int i = 0; i < 2000; i++) {
        float low = fabsf(random_float());
        float high = next_float(low);
        if (!isfinite(high))
            continue;
        double middle = ((double)low + (double)high) / 2;
        int length = snprintf(text, sizeof(text), "%.200e", middle);
        char *exponent = strchr(text, 'e');
        assert_non_null(exponent);
        assert_true(length >= 1 && length <= 300);
        assert_same_float(text, strtof(text, NULL));
        exponent[-1] = '1';
        assert_same_float(text, high);
    }
    /* 2^53 + 1, then a digit far after the point. */
    assert_same_double("9007199254740993", 9007199254740992.0);
    strcpy(text, "9007199254740993.");
    memset(text + strlen(text), '0', 1000);
    text[1017] = '\0';
    assert_same_double(text, 9007199254740992.0);
    strcat(text, "1");
    assert_same_double(text, 9007199254740994.0);
}

static void extremes_are_read(void **state)
{
    (void)state;
    assert_same_double("0", 0);
    assert_same_double("-0", -0.0);
    assert_same_double("-0.000e999", -0.0);
    assert_same_double("0.0000000000000000000000000000001e31", 1);
    assert_same_double("10000000000000000000000000000000e-31", 1);
    assert_same_double("4.9e-324", 4.9e-324);
    assert_same_double("2.4703282292062327e-324", 0);
    assert_same_double("1e-400", 0);
    assert_same_double("1e400", INFINITY);
    assert_same_double("-1e99999999999999999999999", -INFINITY);
    assert_same_double("1e-99999999999999999999999", 0);
    assert_same_double("1.7976931348623158e308", 1.7976931348623157e308);
    assert_same_float("3.4028235677973367e38", INFINITY);
    assert_same_float("3.4028235677973366e38", 3.4028235e38f);
    assert_same_float("16777217", 16777216);
    assert_same_float("16777217.00000001", 16777218);
}

/* What JSON's grammar does not have. */
static void no_decimals_are_not_taken(void **state)
{
    static const char *const none[] = {"",   "-",   "+1",   ".5", "1.",    "01",  "-01",
                                       "1e", "1e+", "1.e1", "00", "1.5e-", "--1", "e1"};

    (void)state;
    nm_json_decimal decimal;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (nm_json_take_decimal((const uint8_t *)none[i], strlen(none[i]), &decimal) != 0)
            fail_msg("%s", none[i]);
    assert_int_equal(nm_json_take_decimal((const uint8_t *)"0x1f", 4, &decimal), 1);
    assert_int_equal(nm_json_take_decimal((const uint8_t *)"1.5,", 4, &decimal), 3);
}

static void integers_are_told_from_others(void **state)
{
    (void)state;
    nm_json_decimal decimal = decimal_of("-9223372036854775808");
    int64_t value;
    assert_null(nm_json_to_signed(&decimal, INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    decimal = decimal_of("-9223372036854775809");
    assert_string_equal(nm_json_to_signed(&decimal, INT64_MIN, INT64_MAX, &value),
                        "is out of range");
    decimal = decimal_of("9223372036854775808");
    assert_non_null(nm_json_to_signed(&decimal, INT64_MIN, INT64_MAX, &value));
    decimal = decimal_of("18446744073709551615.000000000000000000000000000000");
    uint64_t magnitude;
    assert_null(nm_json_to_unsigned(&decimal, UINT64_MAX, &magnitude));
    assert_true(magnitude == UINT64_MAX);
    decimal = decimal_of("18446744073709551616");
    assert_string_equal(nm_json_to_unsigned(&decimal, UINT64_MAX, &magnitude), "is out of range");
    decimal = decimal_of("1.00000000000000000000000000000000000001");
    assert_string_equal(nm_json_to_unsigned(&decimal, UINT64_MAX, &magnitude), "is not an integer");
    decimal = decimal_of("120000000000000000000000000000000e-30");
    assert_null(nm_json_to_unsigned(&decimal, UINT64_MAX, &magnitude));
    assert_true(magnitude == 120);
    decimal = decimal_of("0e999999999999999999");
    assert_null(nm_json_to_unsigned(&decimal, UINT64_MAX, &magnitude));
    assert_true(magnitude == 0);
}

/* A program that has set a locale with a decimal comma. Skipped where none is installed. */
static void a_decimal_comma_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR"};
    bool is_set = false;

    for (size_t i = 0; !is_set && i < sizeof(names) / sizeof(names[0]); i++)
        is_set = setlocale(LC_NUMERIC, names[i]) != NULL;
    if (!is_set)
        skip();
    for (int i = 0; i < 2000; i++) {
        double value = random_double();
        char text[NM_JSON_NUMBER_SIZE + 1];
        *nm_json_put_double((uint8_t *)text, value) = '\0';
        assert_null(strchr(text, ','));
        assert_same_double(text, value);
    }
    assert_same_double("1.5e-40", strtod("15e-41", NULL));
    setlocale(LC_NUMERIC, "C");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_numbers_read_back, restart),
        cmocka_unit_test_setup(texts_are_the_shortest, restart),
        cmocka_unit_test_setup(decimals_are_read_as_the_nearest_numbers, restart),
        cmocka_unit_test_setup(middles_are_rounded_correctly, restart),
        cmocka_unit_test(extremes_are_read),
        cmocka_unit_test(no_decimals_are_not_taken),
        cmocka_unit_test(integers_are_told_from_others),
        cmocka_unit_test_setup(a_decimal_comma_changes_nothing, restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
