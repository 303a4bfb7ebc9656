/*
 * With nats: opens nats.c before a program's tests and closes it after them, for tests that make
 * and destroy messages: cmocka_run_group_tests(tests, open_nats, close_nats).
 */
#ifndef TESTS_UNIT_WITH_NATS_H
#define TESTS_UNIT_WITH_NATS_H

#include <nats/nats.h>

static inline int open_nats(void **state)
{
    (void)state;
    return nats_Open(-1) == NATS_OK ? 0 : -1;
}

static inline int close_nats(void **state)
{
    (void)state;
    return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

#endif
