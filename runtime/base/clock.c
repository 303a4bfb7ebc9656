/*
 * Clock: see clock.h. Waiting on a condition is here too, because a condition must be made for the
 * clock that it waits by.
 */
#include "base/clock.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

int64_t nm_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t nm_deadline_in(int64_t ms)
{
    return nm_after(nm_now(), nm_duration(ms));
}

int64_t nm_remaining_ms(int64_t deadline)
{
    if (deadline == NM_NEVER)
        return INT64_MAX;
    int64_t now = nm_now();
    if (deadline <= now)
        return 0;
    return (deadline - now - 1) / NM_NS_PER_MS + 1;
}

int nm_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);

    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
}

int nm_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline)
{
    if (deadline == NM_NEVER)
        return pthread_cond_wait(cond, mutex);
    if (deadline < 0)
        deadline = 0;
    struct timespec until;
    until.tv_sec = (time_t)(deadline / NS_PER_S);
    until.tv_nsec = (long)(deadline % NS_PER_S);
    return pthread_cond_timedwait(cond, mutex, &until);
}
