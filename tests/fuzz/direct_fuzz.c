/*
 * Fuzzes the direct way beside the library's: whatever the bytes, both must do the same. The first
 * byte chooses the type, the second how much memory there is.
 */
#include "support/both_ways.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: a call keeps its plans, too. */
static const nm_plan *plan_of(size_t type)
{
    static nm_plan *plans[16];

    if (plans[type] == NULL)
        plans[type] = nm_plan_new(both_ways_types[type]);
    if (plans[type] == NULL)
        abort();
    return plans[type];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const nm_codec_limits limits = {20, (size_t)data[1] * 64};
    const char *different =
        both_ways_decode(plan_of(data[0] % n_both_ways_types), data + 2, size - 2, &limits);
    if (different != NULL) {
        fprintf(stderr, "both ways: %s\n", different);
        abort();
    }
    return 0;
}
