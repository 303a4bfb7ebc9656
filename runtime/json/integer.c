/*
 * Integer: see integer.h.
 */
#include "json/integer.h"

#include <stddef.h>
#include <string.h>

static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

uint8_t *nm_json_put_unsigned(uint8_t *at, uint64_t value)
{
    char digits[NM_LONGEST_INTEGER];
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
