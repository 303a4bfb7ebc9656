/*
 * ASCII: letters and digits, whatever the locale says. Names in .proto files have no others.
 */
#ifndef GEN_ASCII_H
#define GEN_ASCII_H

#include <stdbool.h>

static inline bool gen_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool gen_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool gen_is_letter(char c)
{
    return gen_is_upper(c) || gen_is_lower(c);
}

static inline bool gen_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char gen_to_upper(char c)
{
    return gen_is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static inline char gen_to_lower(char c)
{
    return gen_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

#endif
