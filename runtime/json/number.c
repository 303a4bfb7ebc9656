/*
 * Number: see number.h.
 */
#include "json/number.h"

#include "json/shortest.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

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

static uint8_t *put_with_exponent(uint8_t *at, const nm_json_digits *d)
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

static uint8_t *put_digits(uint8_t *at, const nm_json_digits *d)
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
    nm_json_digits d;
    nm_json_shortest(&d, fabs(value), is_float);
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
