/*
 * Figures: how much a test does, and what it measured. Under sanitizers, which make everything
 * slow, tests do less, and what they measure is not judged.
 */
#ifndef INTEGRATION_FIGURES_H
#define INTEGRATION_FIGURES_H

#include "support/sanitized.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Returns the value of the environment variable, if set; else `whole`, or `small` under sanitizers.
 */
uint64_t figure(const char *variable, uint64_t whole, uint64_t small);

/* Prints a line into the test's output. */
void report(const char *format, ...);

/* Returns the most memory that a process has ever had resident, in KiB. */
uint64_t peak_memory_kib(pid_t pid);

/* Returns what it has resident now, in KiB. */
uint64_t memory_kib(pid_t pid);

/* Makes what a process has resident now its peak. */
void forget_peak_memory(pid_t pid);

/* Returns how long a process has run on processors so far, in milliseconds. */
uint64_t cpu_ms(pid_t pid);

#endif
