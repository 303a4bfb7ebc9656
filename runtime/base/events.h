/*
 * Events: what no call can report goes to the user's on_error, and is counted.
 */
#ifndef NM_BASE_EVENTS_H
#define NM_BASE_EVENTS_H

#include "base/error.h"
#include "natsmicro/call.h"

#include <stdatomic.h>

typedef struct nm_events {
    natsmicro_on_error on_error; /* NULL: nobody listens, only the counters run */
    void *user_data;
    atomic_ullong dropped;
    atomic_ullong refused_subjects;
} nm_events;

void nm_events_init(nm_events *events, natsmicro_on_error on_error, void *user_data);

/* Counts and tells. `subject` and `method` may be NULL. Hold no lock: it calls the user. */
void nm_events_emit(nm_events *events, natsmicro_event_kind kind, const char *subject,
                    const char *method, const char *format, ...) NATSMICRO_PRINTF(5, 6);

/*
 * `what` was not made, for `status`: tells why, where that is an error, and clears `error`. Returns
 * the status.
 */
natsmicro_status nm_events_setup_ended(nm_events *events, const char *what, natsmicro_status status,
                                       nm_error *error);

#endif
