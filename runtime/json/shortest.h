/*
 * Shortest: the fewest decimal digits that read back as the same number, whatever the locale. How
 * they are laid out is left to who writes them. Pure functions.
 */
#ifndef NM_JSON_SHORTEST_H
#define NM_JSON_SHORTEST_H

#include <stdbool.h>

#define NM_JSON_MOST_DIGITS 17

/* 0.d1d2d3… times 10 to the power of `point`; the first digit is not 0, nor is the last. */
typedef struct nm_json_digits {
    char digits[NM_JSON_MOST_DIGITS + 1];
    int count;
    int point;
} nm_json_digits;

/* Of a positive, finite number; `is_float`: it is read back as a float, which it is. */
void nm_json_shortest(nm_json_digits *d, double value, bool is_float);

#endif
