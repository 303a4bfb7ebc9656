/*
 * Report: what became of each recording, in the Test Anything Protocol that tests/run reads, and
 * the entries of the list of differences that were never met.
 */
#ifndef VECTORS_REPORT_H
#define VECTORS_REPORT_H

#include "vectors/differences.h"

typedef struct report {
    int number;
    int failed;
    int skipped;
} report;

void report_begin(report *self, size_t planned);
void report_result(report *self, const char *name, bool passed);
void report_skip(report *self, const char *name, const char *reason);

/* A test per entry of one side: it has changed a recording. */
void report_differences(report *self, difference_side side, const unsigned *counts);

/* How many tests report_differences makes. */
size_t report_differences_of(difference_side side);

/* The exit status. */
int report_end(const report *self);

#endif
