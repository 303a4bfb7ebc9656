/*
 * What the files of the reliable transport share: its state of a call.
 *
 * Rules that all of them keep:
 *
 * - All but what is marked otherwise is guarded by the stream's lock, which is never held around a
 *   call of nats.c. Frames without messages are therefore composed under the lock as a note and
 *   published after it.
 * - Segments are published in order by whoever holds the turn (`publishing`); others leave theirs
 *   to it.
 * - The user's threads are never waited for: frames are taken, acknowledged and answered on the
 *   link's dispatch thread, everything that time brings on its service thread.
 */
#ifndef NM_TRANSPORT_RELIABLE_H
#define NM_TRANSPORT_RELIABLE_H

#include "transport/transport.h"
#include "wire/digest.h"
#include "wire/frame.h"
#include "wire/offer.h"

#include <stdalign.h>

/* A partial frame waits this long at most for more messages. */
#define NM_RELIABLE_SEAL_AFTER (1000 * INT64_C(1000))

/* A message that comes this long after the last frame is lone: it is sent at once. */
#define NM_RELIABLE_LONE_AFTER (100 * INT64_C(1000))

#define NM_RELIABLE_ACK_DELAY          (20 * NM_NS_PER_MS)
#define NM_RELIABLE_FIRST_RETRANSMIT   (250 * NM_NS_PER_MS)
#define NM_RELIABLE_LONGEST_RETRANSMIT (5000 * NM_NS_PER_MS)

/*
 * Until a round trip is measured, progress takes back all doublings of the retransmit timer but so
 * many: 2 s.
 */
#define NM_RELIABLE_MOST_KEPT_BACKOFF 3

#define NM_RELIABLE_GONE_LIMIT         (5000 * NM_NS_PER_MS)
#define NM_RELIABLE_PROBE_WITHOUT_IDLE (5000 * NM_NS_PER_MS)

/*
 * After a loss so many frames are sent again, and twice as many whenever that has brought the peer
 * on: what it drops behind the next loss is no more than what the last ones got through.
 */
#define NM_RELIABLE_RESEND_FRAMES 4

/* How often the connection is looked at while it is down. */
#define NM_RELIABLE_RECONNECT_LOOK (20 * NM_NS_PER_MS)

/* Messages up to this together fill a frame. */
#define NM_RELIABLE_FILL ((size_t)32 * 1024)

/*
 * Of max_payload, what a frame keeps for its control fields, and the header of a server's first
 * ones.
 */
#define NM_RELIABLE_RESERVE ((size_t)128)

/*
 * What is sent and not acknowledged is kept; so much of it at most, or our own window where that is
 * larger, whatever the peer allows.
 */
#define NM_RELIABLE_MOST_KEPT_BYTES    ((uint64_t)4 * 1024 * 1024)
#define NM_RELIABLE_MOST_KEPT_MESSAGES ((uint64_t)1048576)

/* What different threads write for each message lies apart by this. */
#define NM_CACHE_LINE 64

/* A peer's address that is longer is refused. */
#define NM_RELIABLE_ADDRESS_SIZE 1024

typedef enum nm_reliable_state {
    NM_RELIABLE_UP,
    NM_RELIABLE_ENDING, /* server: END is out and not acknowledged */
    NM_RELIABLE_OVER
} nm_reliable_state;

/* Messages on their way, as they lie in a frame, kept until they are acknowledged. */
typedef struct nm_segment {
    struct nm_segment *next;
    uint64_t first; /* number of its first message, or of the end */
    uint32_t count; /* messages */
    uint64_t message_bytes;
    bool has_end;
    bool published;    /* once at least */
    bool acknowledged; /* while it is being published: who publishes frees it */
    size_t messages;   /* where their encodings begin */
    size_t full;       /* a length from which on it goes out */
    size_t length;     /* behind messages and end: the control fields are put here */
    size_t capacity;   /* of what may lie before the control fields */
    uint8_t *bytes;    /* of capacity and NM_FRAME_CONTROL_SIZE */
} nm_segment;

/* What a segment takes beside its messages: it may hold only one. */
#define NM_SEGMENT_OVERHEAD (sizeof(nm_segment) + NM_FRAME_CONTROL_SIZE + 32)

/* A received frame that waits to be read, or messages that were copied out of several. */
typedef struct nm_reliable_frame {
    nm_frame_cursor cursor; /* at the next message that is to be read */
    size_t count;           /* of those */
    natsMsg *message;       /* owns the bytes; NULL: `copy` does, if there is anything */
    uint8_t *copy;
    size_t copy_capacity;
} nm_reliable_frame;

typedef struct nm_reliable {
    nm_reliable_state state;
    bool peer_heard; /* server: a frame of the client has come; client: always */
    char address[NM_RELIABLE_ADDRESS_SIZE];

    /* ---- our direction ---- */
    nm_segment *kept; /* sealed and not acknowledged, the oldest first */
    nm_segment *kept_last;
    nm_segment *unpublished; /* the first of `kept` that is to be published next; NULL: none */
    nm_segment *spare;       /* for the next messages */
    size_t spare_bytes;
    bool publishing;
    nm_segment *in_publication;
    bool rewind;         /* publish again from the oldest, once the turn comes round */
    bool time_resend;    /* and time it */
    uint32_t burst;      /* frames at a time after a loss; 0: no loss is being mended */
    uint32_t burst_left; /* of those; the last wants an answer, and nothing goes out before it */
    uint64_t mended_at;  /* the number that was the last one published when the loss was found */
    bool sender_waits;   /* for the window */
    bool ended;
    bool end_was_cut;   /* what did not fit was left out */
    uint64_t published; /* highest number that was ever published */
    size_t fill;        /* what a frame is filled to; the first may have less room, for headers */
    nm_digest digest_out;
    uint64_t gap_honoured; /* the acknowledged number that a gap was last honoured for, plus 1 */

    /* ---- the peer's direction ---- */
    uint64_t received; /* number of the last message taken, or of the end */
    uint64_t received_bytes;
    bool received_end;
    nm_digest digest_in;
    nm_reliable_frame *queue; /* a ring */
    size_t queue_capacity;
    size_t queue_first;
    size_t queue_count;
    uint64_t window_messages; /* 0: the peer may send nothing */
    uint64_t window_bytes;
    uint64_t told_received; /* what our last frame said, as do the next */
    uint64_t told_received_bytes;
    uint64_t told_max_messages;
    uint64_t told_max_bytes;
    uint64_t gap_told;       /* the number received when a gap was last told of, plus 1 */
    atomic_ullong told_used; /* what the limits were last told for */
    atomic_ullong told_used_bytes;

    /* ---- what a send touches for each message ---- */
    alignas(NM_CACHE_LINE) nm_segment *open; /* still being filled; not in `kept` */
    uint64_t made;                           /* number of our last message or, once `ended`, end */
    uint64_t made_bytes;                     /* of all our messages */
    uint64_t kept_bytes; /* of those that are not acknowledged, and of their segments */
    uint64_t acknowledged;
    uint64_t max_messages;
    uint64_t max_bytes;
    uint64_t most_kept_messages;
    uint64_t most_kept_bytes;

    /* ---- what a recv touches for each message, without the lock ---- */
    alignas(NM_CACHE_LINE) atomic_ullong used; /* others read these two */
    atomic_ullong used_bytes;
    /* By then half of the window may be free that the peer was not told of. */
    uint64_t look_at_used;
    uint64_t look_at_used_bytes;
    nm_reliable_frame reading; /* count 0: none */

    /* ---- clocks, ns; NM_NEVER: off ---- */
    int64_t timer_at; /* what the inbox's timer was last hastened to */
    int64_t last_heard;
    int64_t last_probe;
    int64_t last_publish;
    int64_t last_progress;   /* `acknowledged` grew, or something came to wait for it */
    int64_t last_retransmit; /* or last_progress, whichever is later */
    unsigned backoff;        /* how often the retransmit timer was doubled */
    int64_t gone_since;
    int64_t ack_due;
    int64_t seal_due;
    bool disconnected;
    int64_t round_trip; /* 0: not known */
    uint64_t timed_number;
    int64_t timed_at; /* 0: nothing is being timed */

    natsmicro_stream_metrics metrics;
} nm_reliable;

/* A frame without messages, composed under the lock, to be published after it. */
typedef struct nm_note {
    char subject[NM_RELIABLE_ADDRESS_SIZE];
    uint8_t bytes[NM_FRAME_CONTROL_SIZE > NM_FRAME_RESET_SIZE ? NM_FRAME_CONTROL_SIZE
                                                              : NM_FRAME_RESET_SIZE];
    size_t length;
    bool first;  /* with the header and our inbox: the client is yet to be heard */
    bool ask;    /* with our inbox */
    bool wanted; /* whether there is anything to publish */
    bool flush;  /* at once; what nobody waits for is left to nats.c, which takes a millisecond */
} nm_note;

/*
 * A note that says nothing yet. Its bytes stay as they are: there are many notes, and most stay
 * empty.
 */
static inline void nm_note_clear(nm_note *note)
{
    note->length = 0;
    note->first = note->ask = note->wanted = note->flush = false;
}

static inline nm_reliable *nm_reliable_of(const nm_stream *stream)
{
    return stream->state;
}

/* ---- reliable.c ---- */

/* Makes the state of a call that has been agreed to be reliable. False: memory. */
bool nm_reliable_begin(nm_stream *stream, const nm_stream_offer *peer);

/* Under the lock: forgets what is to be sent. The call is over on the wire. */
void nm_reliable_over(nm_stream *stream);

/* Under the lock: the call ends here and now, with `status`, and `note` tells the peer. */
void nm_reliable_end_call(nm_stream *stream, nm_note *note, natsmicro_status status,
                          const char *text);

/* ---- note.c ---- */

/* Under the lock: an acknowledgement; `ask`: as a probe. */
void nm_note_acknowledge(nm_stream *stream, nm_note *note, bool gap, bool ask);
/* Under the lock: a reset; NULL: "I know no such call". */
void nm_note_reset(nm_stream *stream, nm_note *note, const nm_error *error);
/* With the lock free: publishes it, if there is one. */
void nm_note_publish(nm_stream *stream, const nm_note *note);
/* Under the lock: the control fields as they are now; writes at `at`, returns the end. */
uint8_t *nm_note_write_control(nm_stream *stream, uint8_t *at, uint64_t seq, bool gap);

/* ---- send.c ---- */

/* A new call: sets what bounds its sending. */
void nm_reliable_begin_sending(nm_stream *stream);
natsmicro_status nm_reliable_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                  nm_error *error);
nm_buffer nm_reliable_reserve(nm_stream *stream);
void nm_reliable_commit(nm_stream *stream, const nm_buffer *message);
bool nm_reliable_can_send(nm_stream *stream);
size_t nm_reliable_max_message(nm_stream *stream);
natsmicro_status nm_reliable_close_send(nm_stream *stream, nm_error *error);
natsmicro_status nm_reliable_answer(nm_stream *stream, const void *message, size_t length,
                                    nm_error *error);
/* Under the lock: our direction ends with this. False: memory. */
bool nm_reliable_append_end(nm_stream *stream, const nm_error *failure);
/* With the lock free, from who appended the end: tells the user what could not go with it. */
void nm_reliable_report_cut(nm_stream *stream);
/* Under the lock: what is open goes to those that are to be published. */
void nm_reliable_seal(nm_stream *stream);
/* Under the lock, which it frees meanwhile: that, and publishes. */
void nm_reliable_send_open(nm_stream *stream);

/* ---- publish.c ---- */

/* Under the lock: a segment is complete, and to be published behind the others. */
void nm_reliable_keep(nm_reliable *reliable, nm_segment *segment);
/* Under the lock, which it frees meanwhile: publishes what is sealed, unless somebody is at it. */
void nm_reliable_publish(nm_stream *stream);
/*
 * Under the lock: something was lost; to be published again from the oldest. `reported`: the peer
 * told that it lacks that one.
 */
void nm_reliable_resend(nm_stream *stream, bool reported, int64_t now);
/* Under the lock: the peer has everything up to `number`. */
void nm_reliable_acknowledged(nm_stream *stream, uint64_t number, int64_t now);
/* Under the lock: nothing is to be sent any more. */
void nm_reliable_drop_unacknowledged(nm_reliable *reliable);

/* ---- segment.c ---- */

/*
 * Under the lock: a segment for `room` bytes of messages and end, one that was spared if it may be
 * filled, else a new one. NULL: memory.
 */
nm_segment *nm_segment_take(nm_reliable *reliable, size_t room);
/* Under the lock: done with; one that can be filled is kept for the next messages. */
void nm_segment_spare(nm_reliable *reliable, nm_segment *segment);
/* Makes its memory as large as that. False: it stays as it is. */
bool nm_segment_resize(nm_segment *segment, size_t capacity);
/* The number of the last thing in it, message or end. */
uint64_t nm_segment_last(const nm_segment *segment);
/*
 * Under the lock: short ones that wait behind it become one with it: what goes out late, or again,
 * goes in few frames.
 */
void nm_segment_join(nm_reliable *reliable, nm_segment *segment);
/* Gives back what was spared: a call that waits to be used again holds little. */
void nm_segment_free_spare(nm_reliable *reliable);

/* ---- receive.c ---- */

void nm_reliable_on_message(nm_stream *stream, natsMsg *message);
natsmicro_status nm_reliable_recv(nm_stream *stream, nm_span *span);

/* ---- receive_queue.c ---- */

/*
 * Under the lock: queues the messages from the cursor on, `size` bytes of encodings. *kept: the
 * queue owns `message` now. False: memory; nothing was queued.
 */
bool nm_reliable_enqueue(nm_reliable *reliable, natsMsg *message, nm_frame_cursor messages,
                         size_t count, size_t size, bool *kept);
/* Under the lock: takes the oldest out, to be freed. False: there is none. */
bool nm_reliable_dequeue(nm_reliable *reliable, nm_reliable_frame *frame);
void nm_reliable_frame_free(nm_reliable_frame *frame);
void nm_reliable_drop_received(nm_reliable *reliable);
/* Between two calls, when nothing is queued: gives back a long queue. */
void nm_reliable_trim_queue(nm_reliable *reliable);

/* ---- timer.c ---- */

void nm_reliable_on_timer(nm_stream *stream);
/* Under the lock: the timer fires no later than what is due next. */
void nm_reliable_schedule(nm_stream *stream);

#endif
