/*
 * Report: see report.h.
 */
#include "vectors/report.h"

#include <stdio.h>

void report_begin(report *self, size_t planned)
{
    *self = (report){0, 0, 0};
    printf("1..%zu\n", planned);
}

void report_result(report *self, const char *name, bool passed)
{
    printf("%s %d - %s\n", passed ? "ok" : "not ok", ++self->number, name);
    self->failed += passed ? 0 : 1;
}

void report_skip(report *self, const char *name, const char *reason)
{
    printf("ok %d # SKIP %s: %s\n", ++self->number, name, reason);
    self->skipped++;
}

void report_differences(report *self, difference_side side, const unsigned *counts)
{
    for (size_t i = 0; i < difference_count; i++) {
        if (differences[i].side != side)
            continue;
        char name[160];
        snprintf(name, sizeof(name), "difference: %s", differences[i].name);
        report_result(self, name, counts[i] > 0);
    }
}

size_t report_differences_of(difference_side side)
{
    size_t count = 0;
    for (size_t i = 0; i < difference_count; i++)
        if (differences[i].side == side)
            count++;
    return count;
}

int report_end(const report *self)
{
    printf("# %d passed, %d skipped, %d failed\n", self->number - self->failed - self->skipped,
           self->skipped, self->failed);
    return self->failed == 0 ? 0 : 1;
}
