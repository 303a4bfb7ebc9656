/*
 * Cold: marks what is seldom called, so that it is kept out of what calls it. A short way that
 * holds a long one otherwise saves and restores registers for both, and a short message's way is a
 * few dozen instructions.
 */
#ifndef NM_BASE_COLD_H
#define NM_BASE_COLD_H

#if defined(__GNUC__)
#define NM_COLD __attribute__((cold, noinline))
#else
#define NM_COLD
#endif

#endif
