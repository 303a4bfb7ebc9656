/*
 * Number: writes numbers as JSON has them, whatever the locale. Each function writes at most
 * NM_JSON_NUMBER_SIZE characters and returns their end.
 */
#ifndef NM_JSON_NUMBER_H
#define NM_JSON_NUMBER_H

#include "json/integer.h"

#define NM_JSON_NUMBER_SIZE 32

/*
 * The shortest text that reads back as the same number, laid out as ECMAScript does; "NaN" and
 * "Infinity" are strings.
 */
uint8_t *nm_json_put_double(uint8_t *at, double value);
uint8_t *nm_json_put_float(uint8_t *at, float value);

#endif
