/*
 * Torture: which of the tests that take minutes run. TORTURE in the environment is "short" or
 * "long"; without it they are long.
 */
#ifndef TORTURE_TORTURE_H
#define TORTURE_TORTURE_H

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

static inline bool torture_is_short(void)
{
    const char *length = getenv("TORTURE");
    return length != NULL && strcmp(length, "short") == 0;
}

/* At the beginning of a test that only the long form has. */
#define skip_unless_long()      \
    do {                        \
        if (torture_is_short()) \
            skip();             \
    } while (0)

#endif
