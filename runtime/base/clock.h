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

/* now + ms without overflow; ms < 0 is NM_NEVER. */
int64_t nm_deadline_in(int64_t ms);

/* Milliseconds until a deadline, rounded up; 0 when it has passed; INT64_MAX for NM_NEVER. */
int64_t nm_remaining_ms(int64_t deadline);

/* A condition that waits on CLOCK_MONOTONIC. 0 or an errno. */
int nm_cond_init(pthread_cond_t *cond);

/* Waits until `deadline` (ns of nm_now, NM_NEVER: for ever) or a signal. 0 or ETIMEDOUT. */
int nm_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline);

#endif
