/*
 * Random: see random.h.
 */
#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

random_source random_from(const char *variable)
{
    const char *given = getenv(variable);
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

    printf("%s=%llu\n", variable, (unsigned long long)seed);
    fflush(stdout);
    return (random_source){seed | 1};
}

/* xorshift64* */
uint64_t random_next(random_source *source)
{
    source->state ^= source->state >> 12;
    source->state ^= source->state << 25;
    source->state ^= source->state >> 27;
    return source->state * UINT64_C(2685821657736338717);
}

size_t random_below(random_source *source, size_t limit)
{
    return (size_t)(random_next(source) >> 33) % limit;
}
