/*
 * Events: faults that no call can report are told to the user's on_error and logged, and some are
 * counted.
 */
#ifndef NM_BASE_EVENTS_H
#define NM_BASE_EVENTS_H

#include "base/error.h"
#include "natsmicro/call.h"

#include <stdatomic.h>

typedef struct nm_events {
    natsmicro_on_error on_error; /* NULL: events are only counted */
    void *user_data;
    natsmicro_log_level log; /* chosen: not NATSMICRO_LOG_DEFAULT */
    atomic_ullong dropped;   /* messages so far */
    atomic_ullong refused_subjects;
} nm_events;

/* Sets the counters to 0. `log` is the user's option. There is nothing to free. */
void nm_events_init(nm_events *events, natsmicro_on_error on_error, void *user_data,
                    natsmicro_log_level log);

/*
 * Counts an event, logs it where that is wanted, and calls on_error with a printf text, which is
 * cut to 511 bytes. `subject` and `method` may be NULL. Any thread, but without locks: on_error is
 * the user's code.
 */
void nm_events_emit(nm_events *events, natsmicro_event_kind kind, const char *subject,
                    const char *method, const char *format, ...) NATSMICRO_PRINTF(5, 6);

/* Counts messages that were dropped, beside those that events tell of. */
void nm_events_count_dropped(nm_events *events, uint64_t count);

/*
 * Ends the making of a client, server or service that `what` names. If `status` is a failure, an
 * event and the thread's last error say why: with the text of `error`, if it has one. Clears
 * `error`; returns the status.
 */
natsmicro_status nm_events_setup_ended(nm_events *events, const char *what, natsmicro_status status,
                                       nm_error *error);

#endif
