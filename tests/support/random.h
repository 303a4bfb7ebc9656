/*
 * Random: pseudo-random numbers that follow from a seed, on every machine, so that a seed is enough
 * to repeat a failure.
 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct random_source {
    uint64_t state; /* not 0 */
} random_source;

/* Seeds from the environment variable, or else the time, and prints the seed. */
random_source random_from(const char *variable);

uint64_t random_next(random_source *source);

/* Returns a number below `limit`, which is at most 2^31. */
size_t random_below(random_source *source, size_t limit);

#endif
