/*
 * Duration: durations in words, for comments, errors and warnings.
 */
#ifndef GEN_DURATION_H
#define GEN_DURATION_H

#include <stdint.h>

#define GEN_NS_PER_MS     INT64_C(1000000)
#define GEN_NS_PER_SECOND INT64_C(1000000000)

typedef struct gen_words {
    char text[32];
} gen_words;

/* "30 days", "90 minutes", "1500 ms": in the largest unit that it is a multiple of. */
gen_words gen_duration_in_words(int64_t ns);

#endif
