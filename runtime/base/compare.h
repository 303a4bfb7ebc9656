/*
 * Compare: the smaller and the larger of two sizes. For times see clock.h.
 */
#ifndef NM_BASE_COMPARE_H
#define NM_BASE_COMPARE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t nm_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t nm_larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* For counts of a stream, which are 64 bits wide everywhere. */
static inline uint64_t nm_larger_count(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
