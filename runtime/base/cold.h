/*
 * Cold: marks a function that is seldom called, so that it is not inlined. A fast path with a slow
 * one inlined saves and restores registers for both, and the fast path of a short message is a few
 * dozen instructions.
 */
#ifndef NM_BASE_COLD_H
#define NM_BASE_COLD_H

#if defined(__GNUC__)
#define NM_COLD __attribute__((cold, noinline))
#else
#define NM_COLD
#endif

#endif
