/*
 * Decimal: see decimal.h. Short decimals take one multiplication or division of exact doubles,
 * which rounds correctly. strtod has the others, as an integer with an exponent: so they contain no
 * decimal point, which would depend on the locale.
 */
#include "json/decimal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the grammar ---- */

static inline bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool has_room(uint64_t mantissa, uint8_t digit)
{
    return mantissa < UINT64_MAX / 10 ||
           (mantissa == UINT64_MAX / 10 && digit - '0' <= (int)(UINT64_MAX % 10));
}

/* Takes digits into the mantissa, as long as it has room; then only the exponent changes. */
static const uint8_t *take_digits(const uint8_t *at, const uint8_t *end, bool is_fraction,
                                  nm_json_decimal *d)
{
    for (; at < end && is_digit(*at); at++) {
        if (has_room(d->mantissa, *at) && !d->is_cut) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*at - '0');
            d->exponent -= is_fraction;
            continue;
        }
        d->is_cut = d->is_cut || *at != '0';
        d->exponent += !is_fraction;
    }
    return at;
}

/* No text is so long that its digits could make up for such an exponent. */
#define LARGEST_EXPONENT (INT64_C(1) << 60)

static const uint8_t *take_exponent(const uint8_t *at, const uint8_t *end, nm_json_decimal *d)
{
    bool is_negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++)
        if (value < LARGEST_EXPONENT / 10)
            value = value * 10 + (*at - '0');
    d->exponent += is_negative ? -value : value;
    return at;
}

size_t nm_json_take_decimal(const uint8_t *at, size_t length, nm_json_decimal *decimal)
{
    const uint8_t *start = at;
    const uint8_t *end = at + length;

    *decimal = (nm_json_decimal){.text = at};
    decimal->is_negative = at < end && *at == '-';
    at += decimal->is_negative;
    if (at == end || !is_digit(*at))
        return 0;
    const uint8_t *digits = at;
    at = take_digits(at, end, false, decimal);
    if (*digits == '0' && at - digits > 1)
        return 0;
    if (at < end && *at == '.') {
        digits = ++at;
        at = take_digits(at, end, true, decimal);
        if (at == digits)
            return 0;
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = take_exponent(at + 1, end, decimal);
    if (at == NULL)
        return 0;
    decimal->length = (size_t)(at - start);
    return decimal->length;
}

/* ---- integers ---- */

static const char not_whole[] = "is not an integer";
static const char too_large[] = "is out of range";

static const char *whole(const nm_json_decimal *d, uint64_t *value)
{
    uint64_t mantissa = d->mantissa;
    int64_t exponent = mantissa == 0 ? 0 : d->exponent;

    if (d->is_cut)
        return exponent < 0 ? not_whole : too_large;
    for (; exponent < 0 && mantissa % 10 == 0; exponent++)
        mantissa /= 10;
    if (exponent < 0)
        return not_whole;
    for (; exponent > 0; exponent--) {
        if (mantissa > UINT64_MAX / 10)
            return too_large;
        mantissa *= 10;
    }
    *value = mantissa;
    return NULL;
}

const char *nm_json_to_signed(const nm_json_decimal *decimal, int64_t smallest, int64_t largest,
                              int64_t *value)
{
    uint64_t magnitude;
    const char *fault = whole(decimal, &magnitude);

    if (fault != NULL)
        return fault;
    if (magnitude > (decimal->is_negative ? -(uint64_t)smallest : (uint64_t)largest))
        return too_large;
    *value = (int64_t)(decimal->is_negative ? -magnitude : magnitude);
    return NULL;
}

const char *nm_json_to_unsigned(const nm_json_decimal *decimal, uint64_t largest, uint64_t *value)
{
    const char *fault = whole(decimal, value);

    if (fault != NULL)
        return fault;
    if (*value > largest || (decimal->is_negative && *value != 0))
        return too_large;
    return NULL;
}

/* ---- the nearest double and float ---- */

/* More digits decide nothing, but for whether one of them is not 0. */
#define MOST_DIGITS 800

/* Beyond these, whatever the digits are, a double is infinite, or 0. */
#define MOST_EXPONENT 5000

/* Writes digits and exponent as strtod reads them. */
static void put_for_strtod(char text[MOST_DIGITS + 16], const char *digits, size_t count,
                           int64_t exponent)
{
    int64_t clamped = exponent > MOST_EXPONENT    ? MOST_EXPONENT
                      : exponent < -MOST_EXPONENT ? -MOST_EXPONENT
                                                  : exponent;

    memcpy(text, digits, count);
    snprintf(text + count, 16, "e%d", (int)clamped);
}

/* Collects the digits of a decimal's text without zeros at the front. */
static size_t collect_digits(const nm_json_decimal *d, char digits[MOST_DIGITS + 1],
                             int64_t *exponent)
{
    size_t count = 0;
    size_t all = 0;
    size_t i = d->is_negative ? 1 : 0;
    bool is_cut = false;

    for (; i < d->length && (d->text[i] | 0x20) != 'e'; i++) {
        if (d->text[i] == '.' || (all == 0 && d->text[i] == '0'))
            continue;
        all++;
        if (count < MOST_DIGITS)
            digits[count++] = (char)d->text[i];
        else
            is_cut = is_cut || d->text[i] != '0';
    }
    /* The exponent is that of the mantissa's last digit. */
    uint8_t mantissa_digits = 0;
    for (uint64_t m = d->mantissa; m > 0; m /= 10)
        mantissa_digits++;
    *exponent = d->exponent + mantissa_digits - (int64_t)count;
    if (is_cut) {
        digits[count++] = '1';
        (*exponent)--;
    }
    return count;
}

/* The text of a decimal that is not 0 for strtod, without its sign. */
static void put_decimal(const nm_json_decimal *d, char text[MOST_DIGITS + 17])
{
    char digits[MOST_DIGITS + 1];
    int64_t exponent;
    size_t count = collect_digits(d, digits, &exponent);

    put_for_strtod(text, digits, count, exponent);
}

/* The largest integer below which all are doubles, and the largest power of ten that is one. */
#define EXACT_MANTISSA (UINT64_C(1) << DBL_MANT_DIG)
#define EXACT_POWER    22

/* A double is rounded once only where it is computed as one. */
static bool short_double(const nm_json_decimal *d, double *value)
{
    static const double powers[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (FLT_EVAL_METHOD != 0 || d->is_cut || d->mantissa > EXACT_MANTISSA ||
        d->exponent > EXACT_POWER || d->exponent < -EXACT_POWER)
        return false;
    double mantissa = (double)d->mantissa;
    *value = d->exponent < 0 ? mantissa / powers[-d->exponent] : mantissa * powers[d->exponent];
    return true;
}

double nm_json_to_double(const nm_json_decimal *decimal)
{
    double value = 0;
    char text[MOST_DIGITS + 17];

    if (decimal->mantissa != 0 && !short_double(decimal, &value)) {
        put_decimal(decimal, text);
        value = strtod(text, NULL);
    }
    return decimal->is_negative ? -value : value;
}

/*
 * The nearest double lies on the same side of the middle between two floats as the decimal does,
 * unless it is that middle.
 */
static bool is_middle(double value)
{
    const uint64_t lost = (UINT64_C(1) << (DBL_MANT_DIG - FLT_MANT_DIG)) - 1;

    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (bits & lost) == (lost + 1) / 2;
}

static bool narrows(double value)
{
    return value == 0 ||
           (value >= (double)FLT_MIN && value <= (double)FLT_MAX && !is_middle(value));
}

bool nm_json_narrows_to(double value, float expected)
{
    return FLT_EVAL_METHOD == 0 && narrows(value) && (float)value == expected;
}

float nm_json_to_float(const nm_json_decimal *decimal)
{
    double nearest = 0;
    float value = 0;
    char text[MOST_DIGITS + 17];

    if (decimal->mantissa != 0 && short_double(decimal, &nearest) && narrows(nearest)) {
        value = (float)nearest;
    } else if (decimal->mantissa != 0) {
        put_decimal(decimal, text);
        value = strtof(text, NULL);
    }
    return decimal->is_negative ? -value : value;
}

/* At most 19 digits: more do not fit into the mantissa. */
static nm_json_decimal decimal_of(const char *digits, size_t count, int exponent)
{
    nm_json_decimal d = {.exponent = exponent};

    for (size_t i = 0; i < count; i++)
        d.mantissa = d.mantissa * 10 + (uint64_t)(digits[i] - '0');
    return d;
}

double nm_json_digits_to_double(const char *digits, size_t count, int exponent)
{
    nm_json_decimal d = decimal_of(digits, count, exponent);
    double value;

    if (short_double(&d, &value))
        return value;
    char text[MOST_DIGITS + 17];
    put_for_strtod(text, digits, count, exponent);
    return strtod(text, NULL);
}

float nm_json_digits_to_float(const char *digits, size_t count, int exponent)
{
    nm_json_decimal d = decimal_of(digits, count, exponent);
    double value;

    if (short_double(&d, &value) && narrows(value))
        return (float)value;
    char text[MOST_DIGITS + 17];
    put_for_strtod(text, digits, count, exponent);
    return strtof(text, NULL);
}
