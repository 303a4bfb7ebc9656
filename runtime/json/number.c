/*
 * Number: see number.h.
 */
#include "json/number.h"

#include "json/decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- integers ---- */

static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

#define LONGEST_INTEGER 20

uint8_t *nm_json_put_unsigned(uint8_t *at, uint64_t value)
{
    char digits[LONGEST_INTEGER];
    size_t first = sizeof(digits);

    while (value >= 100) {
        first -= 2;
        memcpy(digits + first, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(digits + first, pairs + 2 * value, 2);
    } else {
        digits[--first] = (char)('0' + value);
    }
    memcpy(at, digits + first, sizeof(digits) - first);
    return at + sizeof(digits) - first;
}

uint8_t *nm_json_put_signed(uint8_t *at, int64_t value)
{
    if (value >= 0)
        return nm_json_put_unsigned(at, (uint64_t)value);
    *at++ = '-';
    return nm_json_put_unsigned(at, -(uint64_t)value);
}

/* ---- shortest digits ---- */

#define MOST_DIGITS 17

/* 0.d1d2d3… times 10 to the power of `point`; the first digit is not 0, nor is the last. */
typedef struct digits {
    char digits[MOST_DIGITS + 1];
    int count;
    int point;
} digits;

static void trim(digits *d)
{
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

/* The digits of an integer that is not 0, divided by 10 to the power of `places`. */
static void digits_of_integer(digits *d, uint64_t value, int places)
{
    uint8_t text[LONGEST_INTEGER];

    d->count = (int)(nm_json_put_unsigned(text, value) - text);
    memcpy(d->digits, text, (size_t)d->count);
    d->point = d->count - places;
    trim(d);
}

/*
 * Tries whether the number is a decimal of few digits, most of which are. A decimal of at most 15
 * digits (6 for a float) that reads back as the number is the only one, so it is the shortest. It
 * reads back if the quotient, which is rounded as reading rounds, is the number.
 */
static bool short_digits(digits *d, double value, double largest, bool is_float)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

    for (int places = 0; places < (int)(sizeof(powers) / sizeof(powers[0])); places++) {
        double scaled = value * powers[places];
        if (scaled >= largest)
            return false;
        double whole = (double)(int64_t)(scaled + 0.5);
        double quotient = whole / powers[places];
        if (whole > 0 &&
            (is_float ? nm_json_narrows_to(quotient, (float)value) : quotient == value)) {
            digits_of_integer(d, (uint64_t)whole, places);
            return true;
        }
    }
    return false;
}

/* Fills in the first `count` digits of the number. */
static void digits_of(digits *d, double value, int count)
{
    char text[40];
    snprintf(text, sizeof(text), "%.*e", count - 1, value);
    d->digits[0] = text[0];
    d->count = 1;
    const char *at = text + 1;
    /* The character between the digits depends on the locale, and may be several bytes. */
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            d->digits[d->count++] = *at;
    d->point = atoi(at + 1) + 1;
    trim(d);
}

static bool reads_back(const digits *d, double value, bool is_float)
{
    int exponent = d->point - d->count;

    if (is_float)
        return nm_json_digits_to_float(d->digits, (size_t)d->count, exponent) == (float)value;
    return nm_json_digits_to_double(d->digits, (size_t)d->count, exponent) == value;
}

/* Adds one to the last digit; 999 becomes 1, with the point further to the right. */
static void add_one(digits *d)
{
    while (d->count > 0 && d->digits[d->count - 1] == '9')
        d->count--;
    if (d->count == 0) {
        d->digits[d->count++] = '1';
        d->point++;
    } else {
        d->digits[d->count - 1]++;
    }
}

/*
 * Rounds digits to fewer of them, which is much faster than digits_of. False: what is cut off is
 * just a half, so that it depends on digits that are not known.
 */
static bool round_to(const digits *all, int count, digits *d)
{
    *d = *all;
    if (all->count <= count)
        return true;
    bool is_half = all->digits[count] == '5' && all->count == count + 1;
    d->count = count;
    if (all->digits[count] >= '5')
        add_one(d);
    trim(d);
    return !is_half;
}

/*
 * `value` is positive and finite. All decimals of DBL_DIG digits (FLT_DIG for a float) are told
 * apart, but not near 0, where numbers have fewer bits.
 */
static void shortest(digits *d, double value, bool is_float)
{
    bool is_subnormal = value < (is_float ? (double)FLT_MIN : DBL_MIN);
    int count = is_subnormal ? 1 : is_float ? FLT_DIG : DBL_DIG;
    int most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;

    if (short_digits(d, value, is_float ? 1e6 : 1e15, is_float))
        return;
    digits all;
    digits_of(&all, value, most);
    for (; count < most; count++) {
        if (!round_to(&all, count, d))
            digits_of(d, value, count);
        if (reads_back(d, value, is_float))
            return;
    }
    *d = all;
}

/* ---- layout ---- */

/* Numbers from 1e-6 on and below 1e21 are written without an exponent. */
#define LARGEST_POINT  21
#define SMALLEST_POINT (-5)

static uint8_t *put(uint8_t *at, const char *bytes, int count)
{
    memcpy(at, bytes, (size_t)count);
    return at + count;
}

static uint8_t *put_zeros(uint8_t *at, int count)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

static uint8_t *put_with_exponent(uint8_t *at, const digits *d)
{
    *at++ = (uint8_t)d->digits[0];
    if (d->count > 1) {
        *at++ = '.';
        at = put(at, d->digits + 1, d->count - 1);
    }
    *at++ = 'e';
    if (d->point > 0)
        *at++ = '+';
    return nm_json_put_signed(at, d->point - 1);
}

static uint8_t *put_digits(uint8_t *at, const digits *d)
{
    if (d->point > LARGEST_POINT || d->point < SMALLEST_POINT)
        return put_with_exponent(at, d);
    if (d->point <= 0)
        return put(put_zeros(put(at, "0.", 2), -d->point), d->digits, d->count);
    if (d->count <= d->point)
        return put_zeros(put(at, d->digits, d->count), d->point - d->count);
    at = put(at, d->digits, d->point);
    *at++ = '.';
    return put(at, d->digits + d->point, d->count - d->point);
}

static uint8_t *put_number(uint8_t *at, double value, bool is_float)
{
    if (isnan(value))
        return put(at, "\"NaN\"", 5);
    if (isinf(value))
        return value > 0 ? put(at, "\"Infinity\"", 10) : put(at, "\"-Infinity\"", 11);
    if (signbit(value))
        *at++ = '-';
    if (value == 0) /* Python reads -0 as an integer, which has no sign */
        return signbit(value) ? put(at, "0.0", 3) : put(at, "0", 1);
    digits d;
    shortest(&d, fabs(value), is_float);
    return put_digits(at, &d);
}

uint8_t *nm_json_put_double(uint8_t *at, double value)
{
    return put_number(at, value, false);
}

uint8_t *nm_json_put_float(uint8_t *at, float value)
{
    return put_number(at, (double)value, true);
}
