/*
 * Clock: the one clock of the runtime, for deadlines, timers and durations. It is monotonic, as the
 * wall clock may jump. Times and durations are nanoseconds.
 */
#ifndef NM_BASE_CLOCK_H
#define NM_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define NM_NS_PER_MS INT64_C(1000000)
#define NM_NEVER     INT64_MAX

/* The time of CLOCK_MONOTONIC. */
int64_t nm_now(void);

/*
 * Milliseconds as a duration. A negative one, or one of more than 146 years, becomes NM_NEVER, so
 * that any other can be added to any time. All milliseconds from users go through here.
 */
static inline int64_t nm_duration(int64_t ms)
{
    if (ms < 0 || ms > NM_NEVER / 2 / NM_NS_PER_MS)
        return NM_NEVER;
    return ms * NM_NS_PER_MS;
}

/* The time that is `duration` after `since`; NM_NEVER if one of them is. */
static inline int64_t nm_after(int64_t since, int64_t duration)
{
    return duration == NM_NEVER || since == NM_NEVER ? NM_NEVER : since + duration;
}

static inline int64_t nm_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t nm_later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The time that is nm_duration(ms) from now. */
int64_t nm_deadline_in(int64_t ms);

/* Milliseconds until a deadline, rounded up: 0 if it has passed, INT64_MAX for NM_NEVER. */
int64_t nm_remaining_ms(int64_t deadline);

/* Makes a condition that waits by this clock. Returns 0 or an errno. */
int nm_cond_init(pthread_cond_t *cond);

/*
 * Waits for a signal until `deadline`, with NM_NEVER for ever. Returns 0 or ETIMEDOUT; like
 * pthread_cond_wait it may return 0 without a signal.
 */
int nm_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline);

#endif
