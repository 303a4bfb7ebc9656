/*
 * Shortest: see shortest.h.
 */
#include "json/shortest.h"

#include "json/decimal.h"
#include "json/integer.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trim(nm_json_digits *d)
{
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

/* The digits of an integer that is not 0, divided by 10 to the power of `places`. */
static void digits_of_integer(nm_json_digits *d, uint64_t value, int places)
{
    uint8_t text[NM_LONGEST_INTEGER];

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
static bool short_digits(nm_json_digits *d, double value, double largest, bool is_float)
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
static void digits_of(nm_json_digits *d, double value, int count)
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

static bool reads_back(const nm_json_digits *d, double value, bool is_float)
{
    int exponent = d->point - d->count;

    if (is_float)
        return nm_json_digits_to_float(d->digits, (size_t)d->count, exponent) == (float)value;
    return nm_json_digits_to_double(d->digits, (size_t)d->count, exponent) == value;
}

/* Adds one to the last digit; 999 becomes 1, with the point further to the right. */
static void add_one(nm_json_digits *d)
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
static bool round_to(const nm_json_digits *all, int count, nm_json_digits *d)
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
 * All decimals of DBL_DIG digits (FLT_DIG for a float) are told apart, but not near 0, where
 * numbers have fewer bits.
 */
void nm_json_shortest(nm_json_digits *d, double value, bool is_float)
{
    bool is_subnormal = value < (is_float ? (double)FLT_MIN : DBL_MIN);
    int count = is_subnormal ? 1 : is_float ? FLT_DIG : DBL_DIG;
    int most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;

    if (short_digits(d, value, is_float ? 1e6 : 1e15, is_float))
        return;
    nm_json_digits all;
    digits_of(&all, value, most);
    for (; count < most; count++) {
        if (!round_to(&all, count, d))
            digits_of(d, value, count);
        if (reads_back(d, value, is_float))
            return;
    }
    *d = all;
}
