/*
 * Intake: the receiving half of a reliable stream. It takes what continues the stream, keeps what
 * waits to be read, advertises a window to the peer, and says when an acknowledgement is owed.
 *
 * It knows no call, no connection and no clock, and takes no lock. Two threads may use it at once:
 * the reader has its own members and functions, and shares the two counters of what was consumed;
 * for everything else the owner's lock is held.
 */
#ifndef NM_TRANSPORT_RELIABLE_INTAKE_H
#define NM_TRANSPORT_RELIABLE_INTAKE_H

#include "base/cache_line.h"
#include "transport/reliable/receive_queue.h"
#include "wire/digest.h"

#include <stdatomic.h>

/* All zero before the first nm_intake_begin. */
typedef struct nm_intake {
    /* ---- the reader's, touched by each message ---- */
    alignas(NM_CACHE_LINE) atomic_ullong consumed; /* messages read; other threads read these two */
    atomic_ullong consumed_bytes;                  /* of their encodings */
    uint64_t look_at;          /* half of the window may be free once this much was consumed */
    uint64_t look_at_bytes;    /* or this */
    nm_received_frame reading; /* without messages: none */
    uint64_t gap_reported;     /* under the lock: `received` at the last gap reported, plus 1 */

    /* ---- under the owner's lock ---- */
    alignas(NM_CACHE_LINE) uint64_t received; /* number of the last message taken, or of the end */
    uint64_t received_bytes;                  /* of the messages' encodings */
    uint64_t window_messages;                 /* 0: the peer may send nothing */
    uint64_t window_bytes;                    /* only the reader changes it */
    uint64_t acknowledged;                    /* `received` as our last frame said it */
    uint64_t acknowledged_bytes;
    uint64_t advertised_messages; /* the limits as our last frame said them */
    uint64_t advertised_bytes;
    bool ended;
    nm_receive_queue queue;
    nm_digest *digest; /* of all messages taken; NULL: none was. Owned */

    /* The two counters as they were when the limits were last advertised. The reader reads them. */
    atomic_ullong advertised_consumed;
    atomic_ullong advertised_consumed_bytes;
} nm_intake;

/*
 * A new stream; what an earlier one left must have been cleared. `window_messages` 0: the peer may
 * send nothing.
 */
void nm_intake_begin(nm_intake *intake, uint64_t window_messages, uint64_t window_bytes);

/* One that began with a window of 0 has this one from the next acknowledgement on. */
void nm_intake_open(nm_intake *intake, uint64_t window_messages, uint64_t window_bytes);

/* The opening of the call was the peer's end, number 1. */
void nm_intake_begin_ended(nm_intake *intake);

/* Nobody reads any more: what waits is dropped. */
void nm_intake_drop(nm_intake *intake);

/* Between two calls: gives back all memory but that of a short queue. */
void nm_intake_clear(nm_intake *intake);

/* Frees that, too. */
void nm_intake_free(nm_intake *intake);

/* ---- a frame of the peer, under the lock ---- */

/* How a frame's numbers continue the stream. */
typedef enum nm_novelty {
    NM_UNNUMBERED, /* there are none */
    NM_NOTHING_NEW,
    NM_SOMETHING_NEW,
    NM_A_GAP /* numbers before them are missing */
} nm_novelty;

nm_novelty nm_intake_novelty(const nm_intake *intake, const nm_frame *frame);

/* An end at another number than the one that was taken, or messages after it. */
bool nm_intake_contradicts_end(const nm_intake *intake, const nm_frame *frame);

/* A new message that begins beyond the limits that were advertised. */
bool nm_intake_is_beyond_window(const nm_intake *intake, const nm_frame *frame);

/* Whether any of the frame's messages is new, where there is no gap. */
bool nm_intake_has_new_messages(const nm_intake *intake, const nm_frame *frame);

/*
 * Takes the new messages of a frame without a gap. `message` owns them and takes `memory` bytes;
 * NULL: nobody reads, and they only count. *taken: the intake owns it now. False: no memory, and
 * nothing was taken.
 */
bool nm_intake_take_messages(nm_intake *intake, const nm_frame *frame, natsMsg *message,
                             size_t memory, bool *taken);

/*
 * Takes a frame's end, which is the next number. False: its digest is not that of the messages that
 * were taken.
 */
bool nm_intake_take_end(nm_intake *intake, const nm_frame *frame);

/* ---- acknowledgements and the window, under the lock ---- */

typedef enum nm_owed {
    NM_OWED_NOTHING,
    NM_OWED_LATER, /* with the next frame, or after the delay */
    NM_OWED_NOW
} nm_owed;

/* Whether the frame that was taken is to be acknowledged. `asked`: it wants an answer. */
nm_owed nm_intake_owes(nm_intake *intake, const nm_frame *frame, nm_novelty novelty, bool asked);

/* What the peer may still send, as it was told. */
uint64_t nm_intake_allowed(const nm_intake *intake);

/*
 * The reader's: the window has another size from the next acknowledgement on. What the peer was
 * told is not taken back.
 */
void nm_intake_set_window(nm_intake *intake, uint64_t window_bytes);

/* Acknowledges everything and advertises the window in a frame's control fields. */
void nm_intake_acknowledge(nm_intake *intake, nm_frame_control *control);

/* ---- the reader ---- */

static inline bool nm_intake_has_message(const nm_intake *intake)
{
    return intake->reading.count > 0;
}

/*
 * The next message; there must be one. It lives until its frame is given back. True: half of the
 * window may be free (nm_intake_window_is_half_free).
 */
static inline bool nm_intake_read(nm_intake *intake, const uint8_t **data, size_t *length)
{
    nm_frame_next_message(&intake->reading.cursor, data, length);
    intake->reading.count--;
    uint64_t consumed = atomic_load_explicit(&intake->consumed, memory_order_relaxed) + 1;
    uint64_t bytes = atomic_load_explicit(&intake->consumed_bytes, memory_order_relaxed) +
                     nm_frame_message_size(*length);
    atomic_store_explicit(&intake->consumed, consumed, memory_order_relaxed);
    atomic_store_explicit(&intake->consumed_bytes, bytes, memory_order_relaxed);
    return consumed >= intake->look_at || bytes >= intake->look_at_bytes;
}

/*
 * Whether half of the window is free and the peer was not told; else other frames have told it, and
 * nm_intake_read says when to ask again.
 */
bool nm_intake_window_is_half_free(nm_intake *intake);

/* nm_intake_read asks again half a window after what was advertised last. */
void nm_intake_look_again(nm_intake *intake);

/* nm_intake_read does not ask again: the peer wants no room any more. */
void nm_intake_look_no_more(nm_intake *intake);

/* Gives back the frame that was read; the caller frees it. */
nm_received_frame nm_intake_end_frame(nm_intake *intake);

/* Under the lock: the next frame is the one to be read. False: none waits. */
bool nm_intake_begin_frame(nm_intake *intake);

#endif
