/*
 * Integer: writes integers in decimal. Each function writes at most NM_LONGEST_INTEGER characters
 * and returns their end.
 */
#ifndef NM_JSON_INTEGER_H
#define NM_JSON_INTEGER_H

#include <stdint.h>

#define NM_LONGEST_INTEGER 20

uint8_t *nm_json_put_unsigned(uint8_t *at, uint64_t value);
uint8_t *nm_json_put_signed(uint8_t *at, int64_t value);

#endif
