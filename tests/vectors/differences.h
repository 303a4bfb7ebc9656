/*
 * Differences: THE list of what this implementation puts on the wire otherwise than the recorded
 * programs. Each entry edits a recording of theirs into what is expected of us.
 * docs/wire-protocol.md has the same list for users; a test compares the two.
 *
 * An entry that fits no recording, or changes nothing in those it fits, fails the tests.
 */
#ifndef VECTORS_DIFFERENCES_H
#define VECTORS_DIFFERENCES_H

#include "vectors/recording.h"

typedef enum difference_side {
    OF_SERVICE, /* our service beside the recorded Go service */
    OF_CALLER   /* our caller beside the recorded callers */
} difference_side;

typedef struct difference {
    difference_side side;
    const char *name;   /* the first column of the table in docs/wire-protocol.md */
    const char *reason; /* its last */
    bool (*edit)(recorded_call *recording); /* whether the recording was one for this entry */
} difference;

extern const difference differences[];
extern const size_t difference_count;

/*
 * How long a stream may be silent and a handler may take where a recording waits for that; in
 * milliseconds.
 */
#define REPLAY_LIMIT_MS 300

/* Whether the call's recorded caller subscribes to its Reply-To only after its end. */
bool recorded_caller_listens_late(const recorded_call *recording);

/* Whether a message fails a call. */
bool is_error_message(const wire_message *message);

/* Whether a message ends a direction. */
bool is_end_message(const wire_message *message);

/* Applies one side's entries in order; counts[i] counts the recordings that entry i changed. */
void differences_apply(difference_side side, recorded_call *recording, unsigned *counts);

#endif
