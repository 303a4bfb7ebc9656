/*
 * Outcomes: what a caller must see in each recorded scenario. Written as words: the payloads
 * received, as hexadecimal digits, then what the call ended with.
 */
#ifndef VECTORS_OUTCOMES_H
#define VECTORS_OUTCOMES_H

#include "vectors/recording.h"

/* How long a service is waited for that says nothing, or falls silent, in milliseconds. */
#define SILENCE_MS      50
#define FALLS_SILENT_MS 500

/* What a caller writes that ended the call itself. */
#define GIVEN_UP "given up"

/*
 * The outcome that this recording must have; NULL when the table has none: the test is incomplete
 * then.
 */
const char *outcome_of(const recorded_call *recording);

/* Whether each entry of the tables was asked for; prints those that were not. */
bool outcomes_all_met(void);

/* Whether the service never said anything. */
bool service_is_silent(const recorded_call *recording);

/* Whether the service ended the call. */
bool service_ended(const recorded_call *recording);

/* Whether the recorded caller left an open call without ending its half. */
bool caller_left(const recorded_call *recording);

#endif
