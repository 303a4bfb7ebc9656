/*
 * Measure: what every bench needs around what it measures: which benches to run, the clock, rounds
 * in which ours and raw take turns, medians, and the report. What is measured is left to the
 * benches.
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

/* Ours and raw run this often, in turns. */
#define ROUNDS 7

/* Microseconds on CLOCK_MONOTONIC. */
double now_us(void);

/* Says why there is no figure and ends the program. */
void give_up(const char *format, ...) NATSMICRO_PRINTF(1, 2);

/* Ends the program, with the text of what was tried, unless it went well. */
void need_nats(natsStatus status, const char *what);
void need(natsmicro_status status, const char *what);

/* Whether the environment asks for this bench. */
bool is_chosen(const char *bench);

/* The first of both, or the second with BENCH_QUICK. */
int full_or_quick(int full, int quick);

/* The middle one; sorts the values. */
double median(double *values, size_t count);

/* Takes one figure, one round. Below 0: void, messages were lost, it has to be done again. */
typedef double (*measurement)(void *data);

/*
 * Takes ROUNDS figures of each in turns and reports them. The ratio is the median of the rounds'
 * ratios, so that what disturbs the machine for a while disturbs both.
 */
void compare(const char *bench, const char *unit, measurement ours, measurement raw, void *data);

/* Prints one figure: a line of the table on stderr, a line of JSON on stdout. */
void report(const char *bench, const char *unit, double ours, double raw, double ratio,
            int void_runs);

#endif
