/*
 * Decimal: takes JSON's numbers apart and makes integers, doubles and floats of them, correctly
 * rounded, whatever the locale. Pure functions.
 */
#ifndef NM_JSON_DECIMAL_H
#define NM_JSON_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mantissa * 10^exponent, as far as the mantissa can hold it. */
typedef struct nm_json_decimal {
    const uint8_t *text; /* from the sign on */
    size_t length;
    uint64_t mantissa;
    int64_t exponent;
    bool is_negative;
    bool is_cut; /* digits that are not 0 did not fit into the mantissa */
} nm_json_decimal;

/* Takes the number that the bytes begin with; returns its length, or 0 if there is none. */
size_t nm_json_take_decimal(const uint8_t *at, size_t length, nm_json_decimal *decimal);

/*
 * Make an integer of a number that is one, such as 1, 1.0 or 1e3. Return the fault, or NULL; it
 * follows on the number in a sentence.
 */
const char *nm_json_to_signed(const nm_json_decimal *decimal, int64_t smallest, int64_t largest,
                              int64_t *value);
const char *nm_json_to_unsigned(const nm_json_decimal *decimal, uint64_t largest, uint64_t *value);

/* The nearest numbers; infinite if the decimal is too large. */
double nm_json_to_double(const nm_json_decimal *decimal);
float nm_json_to_float(const nm_json_decimal *decimal);

/* The same for at most 19 digits, times 10 to the power of `exponent`. */
double nm_json_digits_to_double(const char *digits, size_t count, int exponent);
float nm_json_digits_to_float(const char *digits, size_t count, int exponent);

/*
 * Whether a decimal of which `value` is the nearest double has `expected` as its nearest float.
 * False also where this cannot be told.
 */
bool nm_json_narrows_to(double value, float expected);

#endif
