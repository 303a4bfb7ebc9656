/*
 * The one clock of the runtime. Deadlines, timers and durations count on it; the wall clock may
 * jump.
 */
#ifndef NM_BASE_CLOCK_H
#define NM_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define NM_NS_PER_MS INT64_C(1000000)
#define NM_NEVER     INT64_MAX

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t nm_now(void);

/*
 * Milliseconds as a duration in ns. What is negative or longer than 146 years is NM_NEVER: so any
 * other duration can be added to any time of the clock. Milliseconds from outside go through here.
 */
static inline int64_t nm_duration(int64_t ms)
{
    if (ms < 0 || ms > NM_NEVER / 2 / NM_NS_PER_MS)
        return NM_NEVER;
    return ms * NM_NS_PER_MS;
}

/* The time that is a duration after another, or NM_NEVER. */
static inline int64_t nm_after(int64_t since, int64_t duration)
{
    return duration == NM_NEVER || since == NM_NEVER ? NM_NEVER : since + duration;
}

/* nm_duration(ms) from now. */
int64_t nm_deadline_in(int64_t ms);

/* Milliseconds until a deadline, rounded up; 0 when it has passed; INT64_MAX for NM_NEVER. */
int64_t nm_remaining_ms(int64_t deadline);

/* A condition that waits on CLOCK_MONOTONIC. 0 or an errno. */
int nm_cond_init(pthread_cond_t *cond);

/* Waits until `deadline` (ns of nm_now, NM_NEVER: for ever) or a signal. 0 or ETIMEDOUT. */
int nm_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline);

#endif
