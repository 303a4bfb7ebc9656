/*
 * Figures: how much the tests of reliable streams move, and where they say what they measured. Sanitizers
 * make everything slow; there the figures are small, and what is measured is not judged.
 */
#ifndef INTEGRATION_FIGURES_H
#define INTEGRATION_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef SANITIZED
#define SANITIZED 1
#endif
#endif

/* `whole`, or `small` under a sanitizer, or what the environment's variable of this name says. */
uint64_t figure(const char *variable, uint64_t whole, uint64_t small);

/* Prints a line for whoever reads the test's output. */
void report(const char *format, ...);

/* The most memory that a process has ever had resident, in KiB. */
uint64_t peak_memory_kib(pid_t pid);

/* What it has now. */
uint64_t memory_kib(pid_t pid);

#endif
