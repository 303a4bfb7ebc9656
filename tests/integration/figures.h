/*
 * Figures: how much tests move, and where they say what they measured. Sanitizers
 * make everything slow; there the figures are small, and what is measured is not judged.
 */
#ifndef INTEGRATION_FIGURES_H
#define INTEGRATION_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Sanitizers make everything slow: what is about amounts gets by with less of them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAIN_OR_SANITIZED(plain, sanitized) (sanitized)
#else
#define PLAIN_OR_SANITIZED(plain, sanitized) (plain)
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
