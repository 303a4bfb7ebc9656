/*
 * Measure: what all benches share: which of them to run, the clock, rounds in which ours and raw
 * take turns, medians, and the report. The benches themselves know what is measured.
 *
 * BENCH in the environment names the benches to run (all of them otherwise); BENCH_QUICK=1 makes
 * each as short as it can be and still say something.
 */
#ifndef BENCH_SUPPORT_MEASURE_H
#define BENCH_SUPPORT_MEASURE_H

#include <nats/nats.h>
#include <natsmicro/natsmicro.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often ours and raw run, in turns. */
#define ROUNDS 7

/* Returns the microseconds of CLOCK_MONOTONIC. */
double now_us(void);

/* Prints why there is no figure, and ends the program. */
void give_up(const char *format, ...) NATSMICRO_PRINTF(1, 2);

/* End the program, after a line that names what was tried, unless that went well. */
void need_nats(natsStatus status, const char *what);
void need(natsmicro_status status, const char *what);

/* Returns whether this bench is to run. */
bool is_chosen(const char *bench);

/* Returns the first value, or the second one with BENCH_QUICK=1. */
int full_or_quick(int full, int quick);

/* Returns the median, and sorts the values. */
double median(double *values, size_t count);

/* Measures one figure, for one round. Below 0: messages were lost, so the run is void. */
typedef double (*measurement)(void *data);

/*
 * Measures ROUNDS figures of each, in turns, and reports them. The ratio is the median of the
 * rounds' ratios, so that what disturbs the machine for a while disturbs both.
 */
void compare(const char *bench, const char *unit, measurement ours, measurement raw, void *data);

/* Sets the version of the broker that the next figures are measured with. */
void measure_with_broker(const char *version);

/*
 * Prints one figure: as a line of the table to stderr, and as a line of JSON to stdout, which also
 * names what it was measured with.
 */
void report(const char *bench, const char *unit, double ours, double raw, double ratio,
            int void_runs);

#endif
